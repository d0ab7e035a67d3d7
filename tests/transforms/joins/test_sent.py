"""A loose file that a verified message carried in exactly this form (VERDICT §3)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from prepared_signature import SIGNATURE
from transforms.auth.proof import Proof
from transforms.joins import sent
from transforms.model import Direction, Kind, Rule, SignatureResult, Status, Strength
from transforms.shard import ProvenShard, Signed

PROVEN = Proof("signature", "strong", "", 0, "campaign.example", "s1")
DEED = "d" * 64
MAIL = {
    "holds_messages": True,
    "from_email": "anna@campaign.example",
    "from_domain": "campaign.example",
    "date_utc": datetime(2017, 4, 24, tzinfo=UTC),
}
OUTSIDER = {**MAIL, "from_email": "x@other.example", "from_domain": "other.example"}
CARRIED = {"sha256": DEED, "covered": True, "exact": True}
LOOSE = {"sha256": DEED, "loose": True}


def joined(*units, protected: tuple[str, ...] = ()) -> dict[int, dict]:
    """row of the unit with the highest number -> its carrier"""
    last = units[-1].shard.unit.unit_id
    return {row["row"]: row for row in found(units, *protected) if row["unit_id"] == last}


def found(units, *protected: str) -> list[dict]:
    """The answers about all units, the same however many of them are held together."""
    parts = [sent.rows(unit, frozenset(protected)) for unit in units]
    answers = [row for part in sent.join([pa.concat_tables(parts)]) for row in part.to_pylist()]
    assert answers == [row for part in sent.join(parts) for row in part.to_pylist()]
    return answers


@pytest.fixture
def carrying(make_proven):
    """A verified message with the deed attached."""
    return make_proven(("a.eml", Kind.EMAIL, MAIL), ("a.eml!2", Kind.DOCUMENT, CARRIED), proofs={0: PROVEN}, sequence=0)


def test_a_loose_file_names_the_message_that_carried_it(make_proven, carrying) -> None:
    files = make_proven(("x.pdf", Kind.DOCUMENT, {"loose": True}), ("deed.pdf", Kind.DOCUMENT, LOOSE), sequence=1)
    (found,) = joined(carrying, files).values()
    assert found["row"] == 1
    assert (found["carrier_path"], found["author"], found["domain"], found["date"], found["protected"]) == (
        "a.eml", "anna@campaign.example", "campaign.example", "2017-04-24", False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("protected", "expected"),
    [
        ((), False),
        (("campaign.example",), True),
        (("example",), True),
        (("paign.example",), False),
        (("mail.campaign.example",), False),
    ],
)
def test_the_sender_is_protected_if_its_domain_or_one_above_was_named(
    make_proven, carrying, protected: tuple[str, ...], expected: bool
) -> None:
    files = make_proven(("deed.pdf", Kind.DOCUMENT, LOOSE), sequence=1)
    assert joined(carrying, files, protected=protected)[0]["protected"] is expected


def test_a_protected_sender_is_preferred_to_an_earlier_outsider(make_proven) -> None:
    outsider = make_proven(
        ("0.eml", Kind.EMAIL, OUTSIDER), ("0.eml!2", Kind.DOCUMENT, CARRIED), proofs={0: PROVEN}, sequence=0
    )
    insider = make_proven(
        ("9.eml", Kind.EMAIL, MAIL), ("9.eml!2", Kind.DOCUMENT, CARRIED), proofs={0: PROVEN}, sequence=1
    )
    files = make_proven(("deed.pdf", Kind.DOCUMENT, LOOSE), sequence=2)
    assert joined(insider, outsider, files)[0]["carrier_path"] == "0.eml"
    assert joined(insider, outsider, files, protected=("campaign.example",))[0]["carrier_path"] == "9.eml"


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (Kind.DOCUMENT, {"size": 63}),
        (Kind.DOCUMENT, {"loose": False}),
        (Kind.DOCUMENT, {"status": Status.PARTIAL}),
        (Kind.DOCUMENT, {"sha256": "e" * 64}),
        (Kind.OTHER, {"holds_messages": True}),
        (Kind.EMAIL, {}),
        (Kind.MAILBOX, {}),
        (Kind.ARCHIVE, {}),
        (Kind.GAP, {}),
    ],
)
def test_what_may_hold_messages_or_is_too_small_or_not_loose_names_no_carrier(
    make_proven, carrying, kind: Kind, facts: dict
) -> None:
    files = make_proven(("deed.pdf", kind, {**LOOSE, **facts}), sequence=1)
    assert joined(carrying, files) == {}


def test_sixty_four_octets_are_enough(make_proven) -> None:
    carrying = make_proven(
        ("a.eml", Kind.EMAIL, MAIL), ("a.eml!2", Kind.TEXT, {**CARRIED, "size": 64}), proofs={0: PROVEN}
    )
    assert joined(carrying, make_proven(("t.txt", Kind.TEXT, {**LOOSE, "size": 64}), sequence=1))


@pytest.mark.parametrize(
    "proof",
    [None, Proof(None, None, "key_unknown"), Proof("signature", "limited", "sha1", 0, "campaign.example")],
)
def test_a_message_that_proves_nothing_is_no_carrier(make_proven, proof: Proof | None) -> None:
    carrying = make_proven(
        ("a.eml", Kind.EMAIL, MAIL), ("a.eml!2", Kind.DOCUMENT, CARRIED), proofs={0: proof} if proof else {}
    )
    assert joined(carrying, make_proven(("deed.pdf", Kind.DOCUMENT, LOOSE), sequence=1)) == {}


def test_a_file_inside_an_attached_archive_was_sent_too(make_proven) -> None:
    carrying = make_proven(
        ("a.eml", Kind.EMAIL, MAIL),
        ("a.eml!2", Kind.ARCHIVE, {"covered": True, "exact": True}),
        ("a.eml!2!deed.pdf", Kind.DOCUMENT, CARRIED),
        proofs={0: PROVEN},
    )
    files = make_proven(("deed.pdf", Kind.DOCUMENT, LOOSE), sequence=1)
    assert joined(carrying, files)[0]["carrier_path"] == "a.eml"


def test_the_answer_does_not_depend_on_the_order_of_units(make_proven) -> None:
    carriers = [
        make_proven(
            (f"{n}.eml", Kind.EMAIL, MAIL), (f"{n}.eml!2", Kind.DOCUMENT, CARRIED), proofs={0: PROVEN}, sequence=n
        )
        for n in range(4)
    ]
    files = make_proven(("deed.pdf", Kind.DOCUMENT, LOOSE), sequence=9)
    answers = [joined(*order, files)[0] for order in (carriers, carriers[::-1], carriers[2:] + carriers[:2])]
    assert answers == [answers[0]] * 3
    assert answers[0]["carrier_path"] == "0.eml"


# ---- attachments that were taken out ------------------------------------------------------------

PUT_BACK = SIGNATURE._replace(
    body_hash=b"", repairs="detached_attachment", objections=("proven_except_added_text",), put_back=(DEED,)
)
PASS = SignatureResult(
    0, True, "ok", "k", "pass", "proven_except_added_text", "pass", 2048, doubts=("proven_except_added_text",)
)


def taken_out_of(make_proven, result: SignatureResult, sequence: int = 0) -> ProvenShard:
    made = make_proven(("m.eml", Kind.EMAIL, MAIL), ("m.eml!2", Kind.TEXT, {}), proofs={}, sequence=sequence)
    proof = Proof(None, None, "proven_except_added_text", 0, "campaign.example", "s1")
    return ProvenShard(made.shard, {0: Signed((PUT_BACK,), (result,), proof)})


def answers(*units) -> list[tuple[bool, str, bool]]:
    rows = found(units, "campaign.example")
    return [(row["put_back"], row["carrier_path"], row["protected"]) for row in rows]


def test_a_message_that_it_was_taken_out_of_is_named_beside_one_that_carries_it(make_proven, carrying) -> None:
    taken = taken_out_of(make_proven, PASS, 1)
    files = make_proven(("deed.pdf", Kind.DOCUMENT, LOOSE), sequence=2)
    assert answers(taken, files) == [(True, "m.eml", True)]
    assert answers(carrying, taken, files) == [(False, "a.eml", True), (True, "m.eml", True)]


@pytest.mark.parametrize(
    ("change", "supports"),
    [
        ({}, True),
        ({"doubts": (*PASS.doubts, "recipients_not_covered")}, True),
        ({"doubts": (*PASS.doubts, "key_first_seen_later")}, False),
        ({"doubts": ("key_recovered", *PASS.doubts), "reason": "key_recovered"}, False),
        ({"doubts": ("subject_not_signed", *PASS.doubts)}, False),
        ({"doubts": (), "result": "neutral", "reason": "key_unknown"}, False),
        ({"doubts": (), "result": "fail", "reason": "header_changed_after_signing"}, False),
    ],
)
def test_only_a_signature_without_other_doubts_supports_a_file(make_proven, change: dict, supports: bool) -> None:
    files = make_proven(("deed.pdf", Kind.DOCUMENT, LOOSE), sequence=1)
    found = answers(taken_out_of(make_proven, PASS._replace(**change)), files)
    assert bool(found) == supports


# ---- findings ------------------------------------------------------------------------------------


def test_a_loose_file_tells_who_sent_it_and_another_file_does_not(told, signed) -> None:
    deed = b"The deed of the hall, with its two annexes, as it was signed before the notary on the 24th of April.\n"
    mail = (
        b"From: Anna <anna@campaign.example>\nTo: desk@newsroom.example\nSubject: The deed\n"
        b"Date: Mon, 24 Apr 2017 10:00:00 +0000\nMessage-ID: <deed.1@campaign.example>\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="=-b"\n\n--=-b\nContent-Type: text/plain\n\nAttached.\n'
        b'--=-b\nContent-Type: text/plain\nContent-Disposition: attachment; filename="deed.txt"\n'
        b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(deed) + b"--=-b--\n"
    )
    files = {"m.eml": signed(mail), "deed.txt": deed, "forged.txt": deed.replace(b"two", b"nine")}
    rows = told(files, protect="campaign.example")
    found = rows["deed.txt"][sent.SENT.code]
    assert (found["direction"], found["strength"], rows["deed.txt"]["verdict"]) == ("supports", "weak", "verified")
    assert "anna@campaign.example in m.eml" in found["summary"]
    assert sent.SENT.code not in rows["forged.txt"] and rows["forged.txt"]["verdict"] == "unverifiable"


@pytest.mark.parametrize(
    ("domain", "rule", "strength"),
    [("campaign.example", sent.SIGNED, Strength.STRONG), ("other.example", sent.OUTSIDERS, Strength.WEAK)],
)
def test_a_file_that_was_taken_out_counts_if_its_sender_is_protected(
    make_proven, domain: str, rule: Rule, strength: Strength
) -> None:
    units = (taken_out_of(make_proven, PASS), make_proven(("deed.pdf", Kind.DOCUMENT, LOOSE), sequence=1))
    (answer,) = found(units, domain)
    assert answer["put_back"] and (sent.SIGNED if answer["protected"] else sent.OUTSIDERS) is rule
    assert (rule.direction, rule.strength) == (Direction.SUPPORTS, strength)
