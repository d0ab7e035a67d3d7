"""Spans: the same octets from memory and from a file, and no silence when a file shrinks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.limits import LIMITS
from transforms.span import FileSpan, SourceChanged, in_memory


@given(st.binary(max_size=200), st.integers(0, 220), st.integers(0, 220), st.binary(min_size=1, max_size=3))
def test_a_span_reads_and_finds_as_bytes_do(data: bytes, start: int, stop: int, needle: bytes) -> None:
    span = in_memory(data)
    assert span.read(start, stop) == data[start:stop]
    assert span.find(needle, start, stop) == data.find(needle, start, min(stop, len(data)))
    inner = span.sub(start, stop)
    assert inner.read() == data[start:stop]
    assert b"".join(inner.chunks(7)) == data[start:stop]


def test_a_file_span_finds_a_needle_that_lies_over_two_windows(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x" * (LIMITS.chunk - 2) + b"needle" + b"y" * 10)
    with path.open("rb") as file:
        span = FileSpan(file.fileno(), 0, os.fstat(file.fileno()).st_size)
        assert span.find(b"needle") == LIMITS.chunk - 2
        assert span.find(b"needle", LIMITS.chunk - 1) == -1
        assert span.sub(LIMITS.chunk - 2, LIMITS.chunk + 4).read() == b"needle"


def test_a_file_that_shrinks_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x" * 100)
    with path.open("r+b") as file:
        span = FileSpan(file.fileno(), 0, 100)
        file.truncate(40)
        with pytest.raises(SourceChanged):
            span.read()
