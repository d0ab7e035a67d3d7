"""Spans: the same octets from memory and from a file, and no silence when a file shrinks."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.limits import LIMITS
from transforms.span import FileSpan, SourceChanged, SpanFile, in_memory


@given(st.binary(max_size=200), st.integers(0, 220), st.integers(0, 220), st.binary(min_size=1, max_size=3))
def test_a_span_reads_and_finds_as_bytes_do(data: bytes, start: int, stop: int, needle: bytes) -> None:
    span = in_memory(data)
    assert span.read(start, stop) == data[start:stop]
    assert span.find(needle, start, stop) == data.find(needle, start, min(stop, len(data)))
    assert span.holds(needle, stop) == (needle in data[:stop])
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
        assert span.holds(b"needle", LIMITS.chunk + 4)
        assert not span.holds(b"needle", LIMITS.chunk + 3)
        assert span.sub(LIMITS.chunk - 2, LIMITS.chunk + 4).read() == b"needle"


def test_a_file_that_shrinks_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x" * 100)
    with path.open("r+b") as file:
        span = FileSpan(file.fileno(), 0, 100)
        file.truncate(40)
        with pytest.raises(SourceChanged):
            span.read()


def test_a_span_as_a_file_is_read_from_any_place() -> None:
    file = SpanFile(in_memory(b"0123456789").sub(2, 8))
    assert (file.read(2), file.tell(), file.read()) == (b"23", 2, b"4567")
    assert (file.seek(-1, io.SEEK_END), file.read(9), file.read(1)) == (5, b"7", b"")
    assert (file.seek(1), file.seek(2, io.SEEK_CUR), file.read(1)) == (1, 3, b"5")
    buffer = bytearray(4)
    file.seek(4)
    assert (file.readinto(buffer), bytes(buffer)) == (2, b"67\0\0")
    with pytest.raises(ValueError, match="before the beginning"):
        file.seek(-1)


def test_a_file_that_is_read_over_and_over_ends_by_its_budget() -> None:
    alive = []
    file = SpanFile(in_memory(b"0123456789"), lambda: alive.append(1), budget=100)
    with pytest.raises(ValueError, match="over and over"):
        while True:
            file.seek(0)
            file.read(10)
    assert 5 < len(alive) < 12
    empty = SpanFile(in_memory(b""), budget=100)
    with pytest.raises(ValueError, match="over and over"):
        while True:
            empty.read(1)
