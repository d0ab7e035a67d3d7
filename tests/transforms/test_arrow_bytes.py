"""Tables of a bucket in parts: every row once, as often as they are gone through."""

from __future__ import annotations

import pyarrow as pa
import pytest

from transforms.arrow_bytes import Parts, to_bytes


@pytest.mark.parametrize(("rows", "sizes"), [(1, [3, 4, 3]), (7, [7, 3]), (9, [7, 3]), (10, [10])])
def test_parts_are_as_few_as_so_many_rows_allow(rows: int, sizes: list[int]) -> None:
    batches = [to_bytes(pa.table({"n": values})) for values in ([0, 1, 2], [3, 4, 5, 6], [7, 8, 9])]
    parts = Parts(batches, rows)
    for _ in range(2):
        assert list(map(len, parts)) == sizes
        assert [n for part in parts for n in part["n"].to_pylist()] == list(range(10))


def test_no_tables_are_no_parts() -> None:
    assert list(Parts([])) == []
