"""What a trusted receiver's seal is worth: honest mail, and everything that somebody may try with it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sealing import Signer, prefix_of, sign
from sealing import seal as sealed_as_told
from transforms.auth.key import parse_record
from transforms.model import PublicKey


def seal(mail: bytes, sealer: Signer, results: str, **how: Any) -> bytes:
    """A seal whose passing results name the first signature by its header.b, as Google's do."""
    prefix = prefix_of(mail)
    if prefix and "header.b" not in results:
        results = results.replace("dkim=pass", f"dkim=pass header.b={prefix}")
    return sealed_as_told(mail, sealer, results, **how)


CLUB = Signer("club.example", "s1", "campaign")
MX = Signer("mx.example", "arc", "newspaper")
OTHER = Signer("other.example", "arc", "impostor")
PASS = "mx.example; dkim=pass header.i=@club.example header.s=s1; spf=pass smtp.mailfrom=a@club.example"
MAIL = b"""Received: from out.club.example by mx.example; Mon, 24 Apr 2017 10:00:25 +0000
From: Ada <ada@club.example>
To: desk@paper.example
Subject: The hall on Friday
Date: Mon, 24 Apr 2017 10:00:00 +0000
Message-ID: <1@club.example>

The hall is booked for Friday at eight.
""".replace(b"\n", b"\r\n")
SIGNED = sign(MAIL, CLUB)
SEALED = seal(SIGNED, MX, PASS)
BARE = ["from", "to", "subject", "date", "message-id"]  # h= without dkim-signature

Judge = Callable[..., dict[str, Any]]


@pytest.fixture
def judge(tmp_path: Path, judged: Any) -> Judge:
    """The row of one message, with the receiver's key alone unless others are given."""

    def run(octets: bytes, *signers: Signer, sealers: tuple[str, ...] = ("mx.example",)) -> dict[str, Any]:
        (tmp_path / "m.eml").write_bytes(octets)
        keys = [
            PublicKey(parse_record(s.record()).key_id, s.domain, s.selector, s.record(), "archive", "keys.csv")
            for s in signers or (MX, OTHER)
        ]
        row: dict[str, Any] = judged(tmp_path, keys, sealers=sealers)["m.eml"]
        return row

    return run


def codes(row: dict[str, Any]) -> dict[str, str]:
    return {f["code"]: f["strength"] for f in row["findings"] if f["code"].startswith("arc.")}


def outcome(row: dict[str, Any]) -> tuple[str, str | None, str | None]:
    return row["verdict"], row["basis"], row["confidence"]


PROVEN = ("verified", "receiver_seal", "moderate")
LIMITED = ("verified", "receiver_seal", "limited")
OPEN = ("unverifiable", None, None)


# ---- proof ------------------------------------------------------------------------------------


def test_mail_whose_key_is_lost_is_verified_by_the_seal_of_its_receiver(judge: Judge) -> None:
    row = judge(SEALED)
    assert outcome(row) == PROVEN
    assert (row["rule"], row["reason_code"], row["arc_result"], row["dkim_result"]) == (
        "seal",
        "seal",
        "pass",
        "neutral",
    )
    assert row["headline"] == (
        "Exactly these octets were held by mx.example's mail system on 2017-04-24, which recorded that "
        "club.example's signature was valid."
    )
    assert codes(row) == {"arc.receiver_seal": "decisive"}
    assert [(s["type"], s["instance"], s["result"]) for s in row["signatures"]] == [
        ("dkim", None, "neutral"),
        ("arc-message", 1, "pass"),
        ("arc-seal", 1, "pass"),
    ]


def test_its_own_signature_comes_first(judge: Judge) -> None:
    row = judge(SEALED, MX, CLUB)
    assert (row["basis"], row["rule"], row["arc_result"]) == ("signature", "signature", "pass")


@pytest.mark.parametrize("sealers", [(), ("other.example",), ("example",)])
def test_a_sealer_that_nobody_trusts_proves_nothing(judge: Judge, sealers: tuple[str, ...]) -> None:
    row = judge(SEALED, sealers=sealers)
    assert outcome(row) == OPEN
    assert codes(row) == {"arc.sealer_not_trusted": "weak"}


def test_without_the_sealers_key_nothing_is_decided_and_the_key_is_asked_for(judge: Judge) -> None:
    row = judge(SEALED, OTHER)
    assert outcome(row) == OPEN and row["arc_result"] == "neutral"
    assert codes(row) == {"arc.key_unknown": "weak"}
    assert "selector arc of mx.example" in row["would_change"]


def test_the_seal_of_an_earlier_hop_proves_although_later_ones_changed_the_chain(judge: Judge) -> None:
    row = judge(seal(SEALED, OTHER, "other.example; arc=fail", instance=2, cv="fail"))
    assert outcome(row) == PROVEN and row["arc_result"] == "fail"


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("mx.example; dkim=pass header.d=club.example", PROVEN),
        ("mx.example; dkim=pass header.d=club.example header.i=@club.example header.s=s1", PROVEN),
        ("mx.example; dkim=fail header.d=other.example; dkim=pass header.d=club.example", PROVEN),
        ("mx.example; dkim=pass header.i=ada@club.example", OPEN),  # not the i= that stands here
        ("mx.example; dkim=fail header.d=club.example; dkim=pass header.d=club.example", OPEN),
        ("mx.example; dkim=pass header.d=club.example header.d=club.example", OPEN),
        ("mx.example; dkim=pass header.d=club.example header.b=AAAAAAAA", OPEN),
        ("mx.example; dkim=pass header.d=club.example header.b=A", OPEN),
        ("mx.example; dkim=pass header.d=mail.club.example", OPEN),
        ("mx.example; dkim=pass header.d=evil.example", OPEN),
        ("mx.example; dkim=pass header.d=example", OPEN),
        ("mx.example; dkim=none (dkim=pass header.d=club.example)", OPEN),
        ("mx.example; dkim=none; x=pass (dkim=pass) header.d=club.example", OPEN),
        ('mx.example; dkim=none reason="; dkim=pass header.d=club.example"', OPEN),
        ("mx.example; spf=none (of x); dkim=pass header.d=club.example (y@evil.example) smtp.mailfrom=y", OPEN),
        ("mx.example; dkim=pass header.d=club.example; dmarc=fail header.from=club.example", OPEN),
        ("mx.example; dkim=pass", OPEN),
        ("mx.example; dkim=neutral header.d=club.example", OPEN),
        ("mx.example; none", OPEN),
    ],
)
def test_what_must_be_recorded(judge: Judge, results: str, expected: tuple[Any, ...]) -> None:
    assert outcome(judge(seal(SIGNED, MX, results))) == expected


@pytest.mark.parametrize("results", ["spf=pass smtp.mailfrom=a@club.example", "dmarc=pass header.from=club.example"])
def test_spf_or_dmarc_alone_support(judge: Judge, results: str) -> None:
    row = judge(seal(MAIL, MX, f"mx.example; {results}"))
    assert outcome(row) == OPEN and row["rule"] == "corroborated"
    assert codes(row) == {"arc.receiver_recorded_pass": "strong"}


def test_spf_of_somebody_else_says_when_the_mail_was_there_and_no_more(judge: Judge) -> None:
    row = judge(seal(MAIL, MX, "mx.example; spf=pass smtp.mailfrom=a@evil.example"))
    assert codes(row) == {"arc.held_by_receiver": "weak"}


def test_a_body_changed_after_the_seal_leaves_support(judge: Judge) -> None:
    row = judge(SEALED + b"-- \r\nA footer.\r\n")
    assert outcome(row) == OPEN
    assert codes(row) == {"arc.recorded_before_a_change": "weak", "arc.chain_broken": "weak"}


# ---- what does not ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["From: Eve <eve@evil.example>", "Subject: Lost", "Date: Mon, 24 Apr 2017 11:00:00 +0000"]
)
def test_a_second_field_on_top_is_not_covered(judge: Judge, name: str) -> None:
    assert outcome(judge(name.encode() + b"\r\n" + SEALED)) == OPEN


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"ada@club", b"eve@club"), (b"Subject: The", b"Subject: No"), (b"10:00:00", b"11:00:00"), (b"eight", b"nine")],
)
def test_nothing_covered_can_be_edited(judge: Judge, old: bytes, new: bytes) -> None:
    assert outcome(judge(SEALED.replace(old, new))) == OPEN


@pytest.mark.parametrize("missing", ["from", "subject", "date"])
def test_the_message_signature_must_cover_author_subject_and_date(judge: Judge, missing: str) -> None:
    fields = [name for name in [*BARE, "dkim-signature"] if name != missing]
    assert outcome(judge(seal(SIGNED, MX, PASS, fields=fields))) == OPEN


def test_a_length_limit_proves_nothing_of_what_follows(judge: Judge) -> None:
    sealed = seal(SIGNED, MX, PASS, with_length=True)
    assert outcome(judge(sealed)) == PROVEN
    assert outcome(judge(sealed + b"Send the money today.\r\n")) == OPEN


def test_unsigned_recipients_limit_it(judge: Judge) -> None:
    row = judge(seal(SIGNED, MX, PASS, fields=["from", "subject", "date", "message-id", "dkim-signature"]))
    assert (outcome(row), row["reason_code"]) == (LIMITED, "recipients_not_covered")


def test_a_set_cannot_be_moved_to_another_message(judge: Judge) -> None:
    other = SIGNED.replace(b"Friday", b"Sunday")
    assert outcome(judge(SEALED.removesuffix(SIGNED) + other)) == OPEN


def test_the_record_of_one_sealer_in_the_set_of_another_proves_nothing(judge: Judge) -> None:
    assert outcome(judge(seal(SIGNED, OTHER, PASS))) == OPEN
    assert outcome(judge(seal(SIGNED, OTHER, PASS, seal_by=MX))) == OPEN
    assert outcome(judge(seal(SIGNED, MX, PASS, seal_by=OTHER))) == OPEN
    carried_on = seal(seal(SIGNED, OTHER, PASS), MX, "mx.example; dkim=none; arc=pass", instance=2)
    assert outcome(judge(carried_on)) == OPEN  # a trusted seal over what somebody else wrote


# A receiver checks what arrives and seals what it passes on: the two need not be the same.


def test_a_signature_that_left_the_body_open_was_not_a_check_of_this_body(judge: Judge) -> None:
    replayed = sign(MAIL, CLUB, with_length=True) + b"Send the money today.\r\n"
    assert outcome(judge(seal(replayed, MX, PASS))) == OPEN


def test_a_signature_that_left_the_subject_open_was_not_a_check_of_this_subject(judge: Judge) -> None:
    replayed = sign(MAIL, CLUB, fields=["from", "date"]).replace(b"Subject: The hall", b"Subject: Send money")
    assert outcome(judge(seal(replayed, MX, PASS))) == OPEN


def test_a_body_that_the_sealer_changed_before_sealing_proves_nothing(judge: Judge) -> None:
    assert outcome(judge(seal(SIGNED + b"A tenant's disclaimer.\r\n", MX, PASS))) == OPEN


def test_a_header_that_the_sealer_changed_before_sealing_proves_nothing(judge: Judge) -> None:
    tagged = SIGNED.replace(b"Subject: ", b"Subject: [Send money] ")
    assert outcome(judge(seal(tagged, MX, PASS), MX, CLUB)) == OPEN
    assert outcome(judge(seal(b"List-Id: <l.mx.example>\r\n" + tagged, MX, PASS))) == OPEN


@pytest.mark.parametrize("signed", [MAIL, SIGNED])
def test_a_signature_that_the_seal_does_not_hold_fast_proves_nothing(judge: Judge, signed: bytes) -> None:
    assert outcome(judge(seal(signed, MX, PASS, fields=BARE))) == OPEN


def test_a_result_without_header_b_counts_only_where_no_signature_can_have_been_taken_away(judge: Judge) -> None:
    assert outcome(judge(sealed_as_told(SIGNED, MX, PASS))) == OPEN
    held = [*BARE, "dkim-signature", "dkim-signature"]
    assert outcome(judge(sealed_as_told(SIGNED, MX, PASS, fields=held))) == PROVEN


def test_words_sealed_beside_an_honest_signature_that_covered_none_prove_nothing(judge: Judge) -> None:
    """What passed at the receiver covered no body; it is taken away since, one that never passed stays."""
    passed = b"DKIM-Signature: v=1; a=rsa-sha256; d=club.example; s=s1; l=0; h=from; bh=x; b=AAAAAAAAAAAA\r\n"
    words = sign(MAIL.replace(b"eight", b"nine"), OTHER).replace(b"d=other.example; s=arc", b"d=club.example; s=s1")
    sealed = sealed_as_told(passed + words, MX, PASS.replace("header.s", "header.b=AAAAAAAA header.s"))
    assert outcome(judge(sealed.replace(passed, b""))) == OPEN
    assert outcome(judge(sealed_as_told(passed + words, MX, PASS).replace(passed, b""))) == OPEN


# ---- attachments --------------------------------------------------------------------------------

_FILE = b"0123456789abcdef" * 8
_WITH_FILE = MAIL.replace(
    b"Message-ID", b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\nMessage-ID'
).partition(b"\r\n\r\n")[0] + (
    b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the list.\r\n"
    b"--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: attachment; filename=a.bin\r\n\r\n"
    + base64.encodebytes(_FILE).replace(b"\n", b"\r\n")
    + b"--b--\r\n"
)


def test_an_attachment_inherits_from_a_sealed_message_and_a_loose_file_does_not(
    tmp_path: Path, judge: Judge, judged: Any
) -> None:
    (tmp_path / "a.bin").write_bytes(_FILE)
    assert outcome(judge(seal(sign(_WITH_FILE, CLUB), MX, PASS))) == PROVEN
    keys = [PublicKey(parse_record(MX.record()).key_id, MX.domain, MX.selector, MX.record(), "archive", "k")]
    rows = judged(tmp_path, keys, protect=("club.example",), sealers=("mx.example",))
    inside = rows["m.eml!2"]
    assert outcome(inside) == ("verified", "inherited", "moderate")
    assert "mx.example held and sealed the message" in inside["headline"]
    assert outcome(rows["a.bin"]) == OPEN


@pytest.mark.parametrize(
    ("canonicalization", "reason"), [("relaxed/relaxed", "blanks_not_signed"), ("simple/simple", "inherited")]
)
def test_a_text_inherits_where_the_seals_own_signature_fixes_its_blanks(
    tmp_path: Path, judge: Judge, judged: Any, canonicalization: str, reason: str
) -> None:
    head, _, encoded = _WITH_FILE.partition(b"Content-Transfer-Encoding: base64\r\n")
    plain = head + encoded.replace(base64.encodebytes(_FILE).replace(b"\n", b"\r\n"), b"a\tb\r\n")
    assert outcome(judge(seal(sign(plain, CLUB), MX, PASS, canonicalization=canonicalization))) == PROVEN
    keys = [PublicKey(parse_record(MX.record()).key_id, MX.domain, MX.selector, MX.record(), "archive", "k")]
    assert judged(tmp_path, keys, sealers=("mx.example",))["m.eml!2"]["reason_code"] == reason
