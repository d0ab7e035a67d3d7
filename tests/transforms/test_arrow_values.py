"""Columns as Python values: what to_pylist() gives, whatever the column holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from transforms.arrow_values import values

MOMENT = datetime(2017, 4, 24, 8, 1, 2, 345_678, tzinfo=UTC)
COLUMNS: list[tuple[pa.DataType, list[Any]]] = [
    (pa.string(), ["a", None, "", "é\0"]),
    (pa.binary(), [b"a", None, b"", b"\0\xff\0"]),
    (pa.int64(), [1, None, -(2**63), 2**63 - 1]),
    (pa.int8(), [1, None, -128, 0]),
    (pa.bool_(), [True, None, False, True]),
    (pa.timestamp("us", tz="UTC"), [MOMENT, None, MOMENT, MOMENT]),
    (pa.dictionary(pa.int8(), pa.string()), ["a", None, "b", "a"]),
    (pa.list_(pa.string()), [["a", None], None, [], ["b"]]),
    (pa.list_(pa.int64()), [[1, 2], None, [], [3]]),
]


@pytest.mark.parametrize(("kind", "said"), COLUMNS, ids=lambda one: str(one) if isinstance(one, pa.DataType) else "")
def test_a_column_is_what_arrow_says_in_slices_and_chunks_as_well(kind: pa.DataType, said: list[Any]) -> None:
    whole = pa.array(said, kind)
    chunked = pa.chunked_array([whole, whole.slice(1, 2), whole.slice(4), whole.slice(2)], kind)
    plain = pa.chunked_array([whole.filter(whole.is_valid())], kind)
    for column in (chunked, chunked.slice(1, 5), plain, chunked.slice(1, 1), chunked.slice(0, 0)):
        as_lists = [list(one) if isinstance(one, tuple) else one for one in values(column)]
        assert as_lists == column.to_pylist()
        assert [type(one) for one in as_lists] == [type(one) for one in column.to_pylist()]


def test_lists_are_tuples() -> None:
    assert values(pa.chunked_array([[["a"], []]])) == [("a",), ()]
