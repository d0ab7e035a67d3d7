"""Public vectors of Mail::DKIM, MimeKit and go-msgauth: (outcome, objection) for each, none skipped.

The folder that holds dkim-messages.json is named by the environment variable DKIM_VECTORS.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transforms.auth.key import parse_record
from transforms.auth.verify import prove
from transforms.model import PreparedSignature, PublicKey, SignatureResult

Examined = Callable[[bytes], tuple[PreparedSignature, ...]]

_FOLDER = os.environ.get("DKIM_VECTORS", "")
pytestmark = pytest.mark.skipif(not _FOLDER, reason="DKIM_VECTORS names no folder")

# What a pass leaves open. The keys of messiah.edu and att.net have 512 and 768 bits.
_OBJECTIONS = {
    **dict.fromkeys(
        ("mine_ietf01_1", "mine_ietf01_2", "mine_ietf05_1", "good_83176", "multiple_2", "no_body_1", "no_body_2"),
        "sha1",
    ),
    **dict.fromkeys(("no_body_3", "ignore_7"), "sha1"),
    **dict.fromkeys(("good_rfc4871_3", "good_rfc4871_4", "good_1878523", "good_qp_1", "good_qp_2"), "key_weak"),
    **dict.fromkeys(("good_qp_3", "goodkey_1", "goodkey_2", "goodkey_3", "goodkey_4"), "key_weak"),
    **dict.fromkeys(("good_ietf01_1", "good_ietf01_2", "multiple_1"), "not_aligned"),
    **dict.fromkeys(("badkey_8", "badkey_9", "badkey_12", "badkey_13"), "key_granularity"),
    "multipart-no-end-boundary.msg": "mime_reinterpretation_possible",
}

# Where the suite says `invalid` and the cryptographic outcome here is another one.
_POLICY = {
    "ignore_7": ("pass", "x= is compared with the time of receipt, which this message does not tell"),
    "badkey_8": ("pass", "g= was withdrawn by RFC 6376; it is an objection that blocks `verified`"),
    "badkey_9": ("pass", "empty g=, as badkey_8"),
    "badkey_12": ("pass", "g= in another case, as badkey_8"),
    "badkey_13": ("pass", "g= for another local part, as badkey_8"),
}

_REASONS = {
    "bad_ietf01_1": "body_changed_after_signing",
    "bad_ietf01_2": "header_changed_after_signing",
    "bad_ietf01_3": "header_changed_after_signing",
    "bad_1": "header_changed_after_signing",
    "bad_1878954": "header_changed_after_signing",
    "ignore_1": "signature_version",
    "ignore_2": "signature_algorithm",
    "ignore_3": "signature_algorithm",
    "ignore_4": "signature_canonicalization",
    "ignore_5": "signature_query",
    "ignore_6": "signature_query",
    "ignore_8": "signature_auid",
    "badkey_1": "key_unknown",
    "badkey_2": "key_revoked",
    "badkey_3": "key_unparsable",
    "badkey_4": "key_unparsable",
    "badkey_5": "key_unparsable",
    "badkey_6": "key_service_not_allowed",
    "badkey_7": "key_hash_not_allowed",
    "badkey_10": "key_auid_not_allowed",
    "badkey_11": "key_hash_not_allowed",
    "badkey_14": "key_unknown",  # the look-up timed out
    "badkey_15": "key_unknown",  # the look-up failed
    "badkey1_ed25519": "key_unparsable",  # a SubjectPublicKeyInfo where RFC 8463 wants the bare key
    "badkey2_ed25519": "header_changed_after_signing",
    "badkey3_ed25519": "body_changed_after_signing",
    "badkey4_ed25519": "key_unknown",
    "badkey5_ed25519": "key_unknown",  # an empty answer is no record
}

_CASES = json.loads((Path(_FOLDER) / "dkim-messages.json").read_bytes()) if _FOLDER else []
_OUTCOMES = {"pass": {"pass"}, "fail": {"fail"}, "invalid": {"permerror", "neutral"}, "none": set()}


def _keys(case: dict[str, Any], signature: PreparedSignature) -> list[PublicKey]:
    record = case["keys"].get(f"{signature.selector}._domainkey.{signature.domain}")
    if not record or record.startswith("!"):
        return []
    key_id = parse_record(record).key_id
    return [PublicKey(key_id, signature.domain, signature.selector, record, "archive", case["id"])]


def _best(case: dict[str, Any], examined: Examined) -> SignatureResult | None:
    """The suites give one outcome a message: that of its best signature."""
    signatures = examined(base64.b64decode(case["msg"]))
    results = [prove(signature, _keys(case, signature), None) for signature in signatures]
    return min(results, key=lambda result: ("pass", "fail", "neutral", "permerror").index(result.result), default=None)


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case["id"])
def test_vector(case: dict[str, Any], examined: Examined) -> None:
    name = case["id"].removesuffix(".txt")
    result = _best(case, examined)
    if result is None:
        assert case["expect"] == "none"
        return
    outcomes = {_POLICY[name][0]} if name in _POLICY else _OUTCOMES[case["expect"]]
    assert result.result in outcomes
    if result.result == "pass":
        assert result.objection == _OBJECTIONS.get(name)
    else:
        assert result.reason == _REASONS[name]


def test_nothing_passes_that_the_suites_refuse_but_what_is_listed_with_its_reason(examined: Examined) -> None:
    passing = set()
    for case in _CASES:
        signatures = examined(base64.b64decode(case["msg"]))
        results = [prove(signature, _keys(case, signature), None) for signature in signatures]
        if case["expect"] != "pass" and any(result.result == "pass" for result in results):
            passing.add(case["id"].removesuffix(".txt"))
    assert passing == {name for name, (outcome, _) in _POLICY.items() if outcome == "pass"}
    assert all(reason for _, reason in _POLICY.values())


def test_every_case_has_one_of_the_four_answers() -> None:
    assert {case["expect"] for case in _CASES} <= set(_OUTCOMES)
    assert len({case["id"] for case in _CASES}) == len(_CASES)  # a repeated name would hide one


def test_every_difference_is_still_one() -> None:
    expected = {case["id"].removesuffix(".txt"): case["expect"] for case in _CASES}
    assert len(_CASES) == 62
    assert {name for name in _POLICY if expected[name] != "invalid"} == set()
    assert set(_REASONS) | set(_OBJECTIONS) <= set(expected)
