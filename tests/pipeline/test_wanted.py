"""Which keys are missing: every undecided signature is counted, the most decisive name comes first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import key_store, out_tables, tables, wanted

SIGNATURE: dict[str, Any] = {
    "item_id": "a", "seq": 0, "type": "dkim", "domain": "a.example", "selector": "s1", "key_status": "missing",
    "body_ok": True, "aligned": "exact", "objection": None, "reason": "key_unknown",
}  # fmt: skip


def write(out: Path, name: str, rows: list[dict[str, Any]]) -> None:
    schema = tables.schema(name)
    columns = []
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        columns.append(pa.array([row.get(field.name) for row in rows], kind).cast(field.type))
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), out / f"{name}.parquet")


def names(out: Path, signatures: list[dict[str, Any]], items: dict[str, dict[str, Any]]) -> list[wanted.Wanted]:
    write(out, "signatures", [{**SIGNATURE, **signature} for signature in signatures])
    made = [{"item_id": name, "sha256": name * 64, "verdict": "unverifiable", **item} for name, item in items.items()]
    write(out, "items", made)
    return wanted.names(out)


def test_every_signature_without_a_key_is_wanted_once(finished: Path) -> None:
    found = wanted.names(finished)
    signatures = out_tables.read_table(finished, "signatures").to_pylist()
    missing = {(one["domain"], one["selector"]) for one in signatures if one["reason"] == "key_unknown"}
    assert missing <= {(one.domain, one.selector) for one in found}
    assert [one.decides for one in found] == sorted((one.decides for one in found), reverse=True)
    assert all(one.decides <= one.body_intact <= one.messages for one in found)
    assert all(one.name == f"{one.selector}._domainkey.{one.domain}" for one in found)


def test_names_with_a_usable_key_are_not_wanted(finished: Path) -> None:
    held = {(key.domain, key.selector) for key in key_store.kept(finished) if key.key_id}
    assert not held & {(one.domain, one.selector) for one in wanted.names(finished)}


@pytest.mark.parametrize(
    ("signature", "item", "decides"),
    [
        ({}, {}, 1),
        ({"objection": "recipients_not_covered"}, {}, 1),  # limits a proof, and leaves one
        ({"aligned": "relaxed", "objection": "aligned_relaxed"}, {}, 1),
        ({"aligned": "none", "objection": "not_aligned"}, {}, 0),
        ({"objection": "subject_not_signed"}, {}, 0),
        ({"body_ok": False}, {}, 0),
        ({"body_ok": None}, {}, 0),
        ({}, {"verdict": "verified"}, 0),  # by another signature
    ],
)
def test_a_key_decides_what_lacks_nothing_else(
    tmp_path: Path, signature: dict[str, Any], item: dict[str, Any], decides: int
) -> None:
    (found,) = names(tmp_path, [signature], {"a": item})
    assert (found.decides, found.messages) == (decides, 1)


def test_copies_of_one_message_count_once(tmp_path: Path) -> None:
    (found,) = names(tmp_path, [{"item_id": one} for one in "ab"], {"a": {}, "b": {"sha256": "a" * 64}})
    assert (found.decides, found.body_intact, found.messages) == (1, 1, 1)


def test_what_decides_most_comes_first_then_what_is_intact_then_what_is_many(tmp_path: Path) -> None:
    many = [{"item_id": one, "selector": "many", "body_ok": False} for one in "abc"]
    intact = [{"item_id": one, "selector": "intact", "aligned": "none"} for one in "ab"]
    decisive = [{"item_id": "a", "selector": "decisive"}]
    found = names(tmp_path, many + intact + decisive, {one: {} for one in "abc"})
    assert [one.selector for one in found] == ["decisive", "intact", "many"]


def test_a_withdrawn_key_leaves_its_name_wanted_and_a_confirmed_or_invalid_signature_does_not(tmp_path: Path) -> None:
    rows = [
        {"selector": "revoked", "key_status": "revoked", "reason": "key_revoked"},
        {"selector": "confirmed", "key_status": "ok", "reason": "pass"},
        {"selector": "invalid", "key_status": "missing", "reason": "signature_duplicate_tag"},
    ]
    (found,) = names(tmp_path, rows, {"a": {}})
    assert (found.selector, found.at_hand) == ("revoked", "revoked")


def test_the_range_of_dates_leaves_out_mail_without_one(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    dates = {"a": datetime(2016, 1, 2, tzinfo=UTC), "b": None, "c": datetime(2017, 3, 4, tzinfo=UTC)}
    items = {name: {"date_utc": date} for name, date in dates.items()}
    (found,) = names(tmp_path, [{"item_id": one} for one in "abc"], items)
    assert (found.first, found.last) == (dates["a"], dates["c"])


def test_googles_second_signature_and_seals_are_not_wanted(tmp_path: Path) -> None:
    others = [{"type": kind, "selector": kind} for kind in ("google", "arc-message", "arc-seal")]
    assert names(tmp_path, others, {"a": {}}) == []
