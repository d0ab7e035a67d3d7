"""What a message's signatures say: support for what is signed, and never a contradiction."""

from __future__ import annotations

import pytest

from prepared_signature import SIGNATURE
from transforms.auth.proof import NO_SIGNATURE, best_proof
from transforms.case import ItemView
from transforms.checks import signatures
from transforms.model import Direction, Finding, Kind, PreparedSignature, SignatureResult, Strength

VALID = SignatureResult(0, True, "ok", "k" * 64, "pass", None, "", 2048)
BODY = SignatureResult(0, True, "ok", "k" * 64, "fail", None, "body_changed_after_signing", 2048)
HEADER = SignatureResult(0, False, "ok", "k" * 64, "fail", None, "header_changed_after_signing", 2048)
MISSING = SignatureResult(0, None, "missing", None, "neutral", None, "key_unknown")
REVOKED = SignatureResult(0, None, "revoked", None, "permerror", None, "key_revoked")
RESULTS = (VALID, BODY, HEADER, MISSING, REVOKED)


def view(*pairs: tuple[PreparedSignature, SignatureResult]) -> ItemView:
    ours, results = tuple(one for one, _ in pairs), tuple(two for _, two in pairs)
    return ItemView(Kind.EMAIL, (), None, True, best_proof(ours, results), ours, results)


def findings(*pairs: tuple[PreparedSignature, SignatureResult]) -> list[Finding]:
    return list(signatures.check(view(*pairs)))


def test_a_message_without_a_signature_is_told_so_once() -> None:
    found = list(signatures.check(ItemView(Kind.EMAIL, (), None, True, NO_SIGNATURE)))
    assert [one.code for one in found] == ["dkim.absent"]


def test_other_items_have_no_signatures() -> None:
    assert list(signatures.check(ItemView(Kind.DOCUMENT, (), None, False, None))) == []


def test_the_signature_that_proves_is_decisive_support() -> None:
    (found,) = findings((SIGNATURE, VALID))
    assert (found.code, found.direction, found.strength) == (
        "dkim.valid", Direction.SUPPORTS, Strength.DECISIVE,
    )  # fmt: skip
    assert "d=campaign.example" in found.summary and "from:date:subject" in found.summary


@pytest.mark.parametrize(
    "signature",
    [
        SIGNATURE._replace(objections=("body_length_limit",)),
        SIGNATURE._replace(aligned="none", objections=("not_aligned",)),
        SIGNATURE._replace(objections=("from_ambiguous",)),
    ],
)
def test_a_valid_signature_that_leaves_something_open_is_weak(signature: PreparedSignature) -> None:
    (found,) = findings((signature, VALID))
    assert (found.code, found.strength) == ("dkim.valid_in_part", Strength.WEAK)
    assert signature.objections[0] in found.summary


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (BODY, "dkim.body_changed"),
        (HEADER, "dkim.header_changed"),
        (MISSING, "dkim.key_unknown"),
        (REVOKED, "dkim.unusable"),
    ],
)
def test_a_signature_that_proves_nothing_weighs_nothing(result: SignatureResult, code: str) -> None:
    (found,) = findings((SIGNATURE, result))
    assert (found.code, found.direction, found.strength) == (code, Direction.NEUTRAL, Strength.WEAK)


def test_a_changed_body_shows_the_hash_that_was_signed() -> None:
    (found,) = findings((SIGNATURE._replace(body_ok=False, found_hash=b"\1\2\4"), BODY))
    assert (found.expected, found.actual) == ("bh=AQID", "bh=AQIE")


def test_a_changed_body_is_in_doubt_from_its_first_octet_to_its_last() -> None:
    item = view((SIGNATURE._replace(body_ok=False), BODY))._replace(body_start=700, size=1000)
    (found,) = signatures.check(item)
    assert (found.byte_start, found.byte_len) == (700, 300)
    assert "octets 700 to 999" in found.summary


@pytest.mark.parametrize(
    ("body_ok", "words"), [(True, "hash matches"), (False, "does not match"), (None, "was not hashed")]
)
def test_an_unknown_key_still_tells_what_the_body_hash_says(body_ok: bool | None, words: str) -> None:
    (found,) = findings((SIGNATURE._replace(body_ok=body_ok), MISSING))
    assert words in found.summary


def test_only_one_of_two_valid_signatures_is_the_proof() -> None:
    second = SIGNATURE._replace(seq=1, domain="relay.example", aligned="none", objections=("not_aligned",))
    found = findings((SIGNATURE, VALID), (second, VALID._replace(seq=1)))
    assert [one.code for one in found] == ["dkim.valid", "dkim.valid_in_part"]


def test_no_outcome_contradicts_an_item() -> None:
    assert all(rule.direction is not Direction.CONTRADICTS for rule in signatures.RULES)
    for first in RESULTS:
        for second in RESULTS:
            pairs = (SIGNATURE, first), (SIGNATURE._replace(seq=1), second._replace(seq=1))
            found = findings(*pairs)
            assert len(found) == 2
            assert all(one.direction is not Direction.CONTRADICTS for one in found)


def test_a_tail_that_l_leaves_open_has_its_place() -> None:
    open_end = SIGNATURE._replace(length=41, open_octets=8, objections=("body_length_limit",))
    (found,) = signatures.check(view((open_end, VALID))._replace(size=500))
    assert (found.code, found.byte_start, found.byte_len) == ("dkim.valid_in_part", 492, 8)
    (found,) = findings((open_end._replace(open_octets=None), VALID))  # quoted by a mailbox: no place in the item
    assert (found.byte_start, found.byte_len) == (None, None)


def test_a_header_alone_is_proven_only_if_nothing_that_matters_is_open() -> None:
    alone = VALID._replace(result="neutral", reason="body_not_hashed")
    lost = SIGNATURE._replace(body_ok=None)
    assert [one.code for one in findings((lost, alone))] == ["dkim.header_proven"]
    limited = lost._replace(objections=("recipients_not_covered",))
    assert [one.code for one in findings((limited, alone))] == ["dkim.header_proven"]
    blocked = lost._replace(objections=("from_not_signed",))
    assert [one.code for one in findings((blocked, alone))] == ["dkim.valid_in_part"]


def test_remarks_need_a_confirmed_header() -> None:
    signature = SIGNATURE._replace(oversigned=("from",))
    assert [one.code for one in findings((signature, VALID._replace(testing=True)))] == [
        "dkim.valid", "dkim.key_testing", "dkim.oversigned",
    ]  # fmt: skip
    assert [one.code for one in findings((signature, HEADER._replace(testing=True)))] == ["dkim.header_changed"]


def test_googles_own_signature_supports_weakly_and_anybody_elses_of_that_name_does_not() -> None:
    google = SIGNATURE._replace(type="google", domain="1e100.net", aligned="none")
    absent, found = sorted(findings((google, VALID)))
    assert (found.code, found.direction, found.strength) == (
        "dkim.handled_by_google", Direction.SUPPORTS, Strength.WEAK,
    )  # fmt: skip
    assert absent.code == "dkim.absent"
    for other in ((google._replace(domain="outsider.example"), VALID), (google, HEADER)):
        assert [one.code for one in findings(other)] == ["dkim.absent"]
