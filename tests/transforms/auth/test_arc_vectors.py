"""Public vectors of the ARC test suite (ValiMail): the result of each chain, none skipped.

The folder that holds arc-validation.json is named by the environment variable DKIM_VECTORS.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from transforms.auth.arc import arc_fields, chain_defect
from transforms.auth.canonical import body_digests
from transforms.auth.chain import Chain, judge_chain
from transforms.auth.key import parse_record
from transforms.auth.signatures import prepare_all
from transforms.auth.verify import prove
from transforms.mail.fields import split_message
from transforms.mail.reading import read_one_way
from transforms.model import PreparedSignature, PublicKey
from transforms.span import in_memory

_FOLDER = os.environ.get("DKIM_VECTORS", "")
pytestmark = pytest.mark.skipif(not _FOLDER, reason="DKIM_VECTORS names no folder")

# Where the result here is another one than the suite's.
_POLICY = {
    "as_fields_b_512": ("policy", "the chain holds under a key of 512 bits, which proves nothing"),
    "public_key_na": ("neutral", "a key that is not at hand decides nothing"),
    "public_key_invalid": ("neutral", "nor does one that cannot be read"),
    "ams_fields_h_empty": ("fail", "h= names at least one field (RFC 6376 §3.5)"),
    "as_format_tags_sc": ("pass", "an empty element of a tag list is passed over, as in DKIM"),
    "cv_fail_i1_as_cv_fail": ("fail", "cv=fail ends a chain (RFC 8617 §5.2); the suite expects no answer"),
    "cv_fail_i2_as2_fail": ("fail", "as above"),
    "cv_fail_i2_as1_fail": ("fail", "as above"),
}

_CASES = json.loads((Path(_FOLDER) / "arc-validation.json").read_bytes()) if _FOLDER else []


def _chain(case: dict[str, Any]) -> Chain:
    message = split_message(in_memory(base64.b64decode(case["msg"])))
    dkim, others = prepare_all(message, read_one_way(message), body_digests(message.body.chunks()))
    pairs = [(one, prove(one, _keys(case, one), None)) for one in dkim + others]
    return judge_chain(pairs, chain_defect(arc_fields(message)), ())


def _keys(case: dict[str, Any], signature: PreparedSignature) -> list[PublicKey]:
    record = case["keys"].get(f"{signature.selector}._domainkey.{signature.domain}")
    if not record or record.startswith("!"):
        return []
    key_id = parse_record(record).key_id
    return [PublicKey(key_id, signature.domain, signature.selector, record, "archive", case["id"])]


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case["id"])
def test_vector(case: dict[str, Any]) -> None:
    expected = _POLICY[case["id"]][0] if case["id"] in _POLICY else case["expect"]
    assert _chain(case).result == expected


def test_every_difference_is_still_one() -> None:
    assert len(_CASES) == 171
    expected = {case["id"]: case["expect"] for case in _CASES}
    assert {name for name, (result, _) in _POLICY.items() if expected[name] == result} == set()
