"""A range of original octets, in memory, in an open file or in a store; nothing is copied until it is read.

Readers take a Span and answer with sub-spans, so every item keeps its place in the source.
Files are read with pread: a file that shrinks while it is read gives an error, not a SIGBUS.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from transforms.limits import LIMITS
from transforms.store import Ranges


class SourceChanged(OSError):
    """The file has fewer octets than when it was planned."""


@dataclass(frozen=True, slots=True)
class MemorySpan:
    """Octets start..stop of a buffer."""

    data: bytes
    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Octets start..stop of this span, clipped to it."""
        low = min(self.start + start, self.stop)
        high = self.stop if stop is None else min(self.start + stop, self.stop)
        if low == 0 and high == len(self.data):
            return self.data
        return self.data[low:high]

    def find(self, needle: bytes, start: int = 0, stop: int | None = None) -> int:
        """Offset of needle within start..stop of this span, or -1."""
        high = self.stop if stop is None else min(self.start + stop, self.stop)
        at = self.data.find(needle, self.start + start, high)
        return at - self.start if at >= 0 else -1

    def holds(self, needle: bytes, stop: int) -> bool:
        """Whether needle lies before an octet of this span. Python finds backwards in a quarter of the time."""
        return self.data.rfind(needle, self.start, min(self.start + stop, self.stop)) >= 0

    def sub(self, start: int, stop: int) -> MemorySpan:
        low = min(self.start + start, self.stop)
        return MemorySpan(self.data, low, max(low, min(self.start + stop, self.stop)))

    def chunks(self, size: int = LIMITS.chunk) -> Iterator[bytes]:
        for at in range(self.start, self.stop, size):
            low, high = at, min(at + size, self.stop)
            yield self.data if high - low == len(self.data) else self.data[low:high]


class _Ranged:
    """Octets start..stop of what gives octets by their place."""

    __slots__ = ()
    start: int
    stop: int

    def _pread(self, size: int, at: int) -> bytes:
        raise NotImplementedError

    @property
    def size(self) -> int:
        return self.stop - self.start

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Octets start..stop of this span, clipped to it. SourceChanged if the file ends before."""
        low = min(self.start + start, self.stop)
        high = self.stop if stop is None else min(self.start + stop, self.stop)
        pieces = []
        while low < high:
            piece = self._pread(high - low, low)
            if not piece:
                raise SourceChanged(f"file ends at octet {low}, {self.stop} expected")
            pieces.append(piece)
            low += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def find(self, needle: bytes, start: int = 0, stop: int | None = None) -> int:
        """Offset of needle within start..stop of this span, or -1; reads in windows."""
        high = self.size if stop is None else min(stop, self.size)
        overlap = len(needle) - 1
        while start < high:
            window = self.read(start, min(start + LIMITS.chunk + overlap, high))
            at = window.find(needle)
            if at >= 0:
                return start + at
            start += LIMITS.chunk
        return -1

    def holds(self, needle: bytes, stop: int) -> bool:
        """Whether needle lies before an octet of this span."""
        return self.find(needle, stop=stop) >= 0

    def chunks(self, size: int = LIMITS.chunk) -> Iterator[bytes]:
        for at in range(0, self.size, size):
            yield self.read(at, at + size)


@dataclass(frozen=True, slots=True)
class FileSpan(_Ranged):
    """Octets start..stop of an open file."""

    fd: int
    start: int
    stop: int

    def _pread(self, size: int, at: int) -> bytes:
        return os.pread(self.fd, size, at)

    def sub(self, start: int, stop: int) -> FileSpan:
        low = min(self.start + start, self.stop)
        return FileSpan(self.fd, low, max(low, min(self.start + stop, self.stop)))


@dataclass(frozen=True, slots=True)
class StoreSpan(_Ranged):
    """Octets start..stop of an object of a store."""

    ranges: Ranges
    start: int
    stop: int

    def _pread(self, size: int, at: int) -> bytes:
        return self.ranges.pread(size, at)

    def sub(self, start: int, stop: int) -> StoreSpan:
        low = min(self.start + start, self.stop)
        return StoreSpan(self.ranges, low, max(low, min(self.start + stop, self.stop)))


Span = MemorySpan | FileSpan | StoreSpan


def in_memory(data: bytes) -> MemorySpan:
    """The whole of a buffer."""
    return MemorySpan(data, 0, len(data))


class SpanFile(io.RawIOBase):
    """A span as the file that a library asks for.

    alive is called at each read, so a library that reads for ever would never be stopped: budget bounds the
    octets that are read in all, over and over.
    """

    def __init__(self, span: Span, alive: Callable[[], None] | None = None, budget: int | None = None) -> None:
        self._span = span
        self._at = 0
        self._alive = alive
        self._budget = budget

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._span.size}[whence]
        if start + offset < 0:
            raise ValueError("before the beginning")
        self._at = start + offset
        return self._at

    def get_size(self) -> int:
        """As libpff asks for it."""
        return self._span.size

    def read(self, size: int | None = -1) -> bytes:
        stop = self._span.size if size is None or size < 0 else self._at + size
        octets = self._span.read(self._at, stop) if self._at < self._span.size else b""
        self._at += len(octets)
        if self._alive is not None:
            self._alive()
        if self._budget is not None:
            self._budget -= len(octets) + 1
            if self._budget < 0:
                raise ValueError("the file was read over and over")
        return octets

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        octets = self.read(len(buffer))
        buffer[: len(octets)] = octets
        return len(octets)
