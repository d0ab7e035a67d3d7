"""What is known of a key: told where the key confirms, never a strong contradiction."""

from __future__ import annotations

import pytest

from transforms.auth.proof import best_proof
from transforms.case import ItemView
from transforms.checks import keys
from transforms.model import Direction, Kind, PreparedSignature, SignatureResult, Strength

SIGNATURE = PreparedSignature(
    0, "dkim", "a.example", "s1", None, "rsa-sha256", "relaxed/relaxed", ("from",), (), None, None, None,
    b"", True, b"", b"", "", None, (), "exact",
)  # fmt: skip


def codes(result: SignatureResult) -> list[str]:
    proof = best_proof((SIGNATURE,), (result,))
    return [one.code for one in keys.check(ItemView(Kind.EMAIL, (), None, True, proof, (SIGNATURE,), (result,)))]


@pytest.mark.parametrize(
    ("objection", "code"),
    [
        ("key_first_seen_later", "key.first_seen_later"),
        ("other_key_at_that_time", "key.other_at_that_time"),
        ("key_known_weak", "key.known_weak"),
    ],
)
def test_what_is_known_of_a_confirming_key_is_told(objection: str, code: str) -> None:
    assert codes(SignatureResult(0, True, "ok", "k", "pass", objection, "pass")) == [code]


@pytest.mark.parametrize("objection", [None, "sha1", "key_weak"])
def test_other_objections_are_told_elsewhere(objection: str | None) -> None:
    assert codes(SignatureResult(0, True, "ok", "k", "pass", objection, "pass")) == []


def test_a_key_that_confirms_nothing_is_not_spoken_of() -> None:
    result = SignatureResult(0, False, "ok", "k", "fail", "key_known_weak", "header_changed_after_signing")
    assert codes(result) == []


def test_nothing_known_of_a_key_is_strong_against_a_mail() -> None:
    assert all(rule.strength is Strength.WEAK for rule in keys.RULES)
    assert {rule.code for rule in keys.RULES if rule.direction is Direction.CONTRADICTS} == {"key.other_at_that_time"}
