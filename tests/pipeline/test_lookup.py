"""An item is found by any of its names, and what is around it with it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import lookup, out_tables


def items(out: Path) -> list[dict]:
    return out_tables.read_table(out, "items").to_pylist()


def paths(found: list[dict]) -> list[str]:
    return [item["path"] for item in found]


def test_an_item_is_found_by_its_path(finished: Path) -> None:
    for item in items(finished):
        assert paths(lookup.find(finished, item["path"])) == [item["path"]]


def test_an_item_is_found_by_eight_characters_of_its_id_or_more(finished: Path) -> None:
    item = next(one for one in items(finished) if one["kind"] == "email")
    for size in (8, 12, 32):
        assert paths(lookup.find(finished, item["item_id"][:size])) == [item["path"]]
    assert lookup.find(finished, item["item_id"][:7]) == []


def test_all_copies_are_found_by_message_id_with_and_without_brackets(finished: Path) -> None:
    known = Counter(item["message_id"] for item in items(finished) if item["message_id"])
    ident, copies = known.most_common(1)[0]
    assert copies > 1
    for wanted in (ident, f"<{ident}>"):
        assert {item["message_id"] for item in lookup.find(finished, wanted)} == {ident}
        assert len(lookup.find(finished, wanted)) == copies


def test_all_copies_are_found_by_sha256(finished: Path) -> None:
    known = Counter(item["sha256"] for item in items(finished) if item["sha256"])
    digest, copies = known.most_common(1)[0]
    assert copies > 1 and len(lookup.find(finished, digest)) == copies


@pytest.mark.parametrize("wanted", ["", "nothing", "%", "*", "0" * 64, "mails/", "' OR 1=1"])
def test_what_is_no_item_finds_nothing(finished: Path, wanted: str) -> None:
    assert lookup.find(finished, wanted) == []


def test_rows_are_found_in_every_row_group_and_file_in_the_order_of_the_table(out: Path) -> None:
    whole = pq.read_table(out / "findings.parquet")
    (out / "findings.parquet").unlink()
    half = len(whole) // 2
    for number, part in enumerate((whole.slice(0, half), whole.slice(half)), start=1):
        pq.write_table(part, out / f"findings-0000{number}-of-00002.parquet", row_group_size=3)
    wanted = sorted({row["item_id"] for row in whole.to_pylist()})[::2]
    expected = [row for row in whole.to_pylist() if row["item_id"] in wanted]
    assert lookup.of_items(out, "findings", wanted) == expected
    assert isinstance(whole, pa.Table) and len(expected) > 10


def test_what_an_item_lies_in_is_found_from_the_outermost_on(finished: Path) -> None:
    by_id = {item["item_id"]: item for item in items(finished)}
    for item in by_id.values():
        expected = [item]
        while expected[0]["parent_id"]:
            expected.insert(0, by_id[expected[0]["parent_id"]])
        assert paths(lookup.around(finished, item["path"])) == paths(expected)
    assert lookup.around(finished, "nothing") == []
