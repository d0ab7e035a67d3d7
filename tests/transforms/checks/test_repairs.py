"""What was undone is said in words, and only where a signature then matches."""

from __future__ import annotations

import pytest

import prepared_signature
from transforms.auth.proof import best_proof
from transforms.auth.repair.body import REPAIRS
from transforms.case import ItemView
from transforms.checks import repairs, signatures
from transforms.model import Direction, Finding, Kind, PreparedSignature, SignatureResult

SIGNATURE = prepared_signature.SIGNATURE._replace(
    body_hash=b"\1", repairs="base64_lines+date_zone", restored_sha256=b"\xab" * 32, shown="here", signed="there"
)
VALID = SignatureResult(0, True, "ok", "k" * 64, "pass", None, "", 2048)
FAILED = SignatureResult(0, False, "ok", "k" * 64, "fail", None, "header_changed_after_signing", 2048)


def findings(signature: PreparedSignature, result: SignatureResult) -> list[Finding]:
    proof = best_proof((signature,), (result,))
    view = ItemView(Kind.EMAIL, (), None, True, proof, (signature,), (result,))
    return [*signatures.check(view), *repairs.check(view)]


def test_a_repaired_signature_names_each_repair_and_the_restored_octets() -> None:
    (found,) = findings(SIGNATURE, VALID)
    assert (found.code, found.expected, found.actual) == ("dkim.repaired", "there", "here")
    assert "base64 lines" in found.summary and "time zone" in found.summary and "ab" * 32 in found.summary


def test_added_text_is_told_and_supports_nothing() -> None:
    found = findings(SIGNATURE._replace(objections=("proven_except_added_text",)), VALID)
    assert [one.code for one in found] == ["dkim.valid_in_part", "dkim.proven_except_added_text"]
    assert found[1].direction is Direction.NEUTRAL


@pytest.mark.parametrize(
    ("signature", "result"),
    [
        (SIGNATURE, FAILED),
        (SIGNATURE._replace(repairs=""), VALID),
        (SIGNATURE._replace(objections=("not_aligned",)), VALID),
    ],
)
def test_nothing_is_said_where_no_repair_proves_anything(signature: PreparedSignature, result: SignatureResult) -> None:
    assert not [one for one in findings(signature, result) if one.code in {rule.code for rule in repairs.RULES}]


def test_every_repair_has_its_words() -> None:
    assert {name for name, _ in REPAIRS} <= repairs.WORDS.keys()


def test_an_attachment_put_back_is_told_in_its_own_words() -> None:
    back = SIGNATURE._replace(objections=("proven_except_added_text",), repairs="detached_attachment", signed="a.pdf")
    found = findings(back, VALID)
    assert [one.code for one in found] == ["dkim.valid_in_part", "dkim.attachment_put_back"]
    assert found[1].expected == "a.pdf" and "an attachment was taken out" in found[1].summary


def test_attachments_that_no_file_could_replace_are_named_once() -> None:
    proof = best_proof((SIGNATURE,), (FAILED,))
    view = ItemView(Kind.EMAIL, (), None, True, proof, (SIGNATURE,), (FAILED,), taken_out=("a.pdf", "b.pdf"))
    (found,) = repairs.check(view)
    assert (found.code, found.direction) == ("dkim.attachment_taken_out", Direction.NEUTRAL)
    assert found.summary.endswith("a.pdf, b.pdf")
    back = SIGNATURE._replace(objections=("proven_except_added_text",), repairs="detached_attachment", signed="a.pdf")
    view = view._replace(signatures=(back,), results=(VALID,), proof=best_proof((back,), (VALID,)))
    assert [one.code for one in repairs.check(view)] == ["dkim.attachment_put_back"]
