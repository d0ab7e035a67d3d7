"""One compressed stream in bounded chunks, by zlib, bz2 or lzma, and all that comes before its damage."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable, Generator, Iterator
from itertools import chain
from typing import Protocol

from transforms.limits import LIMITS
from transforms.model import ContainerError
from transforms.span import Span

_INPUT = 16 * 1024  # octets read at a time
_ERRORS = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)
_STEPS = (4096, 64, 1)  # octets asked for at a time, right before the damage


class Decoder(Protocol):
    """What bz2.BZ2Decompressor and lzma.LZMADecompressor offer."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class Inflater:
    """wbits as of zlib: -15 for raw deflate, 31 for gzip."""

    def __init__(self, wbits: int) -> None:
        self._decoder = zlib.decompressobj(wbits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """At most max_length octets; with data b"" what is left of earlier input."""
        block = self._decoder.decompress(self._decoder.unconsumed_tail + data, max_length)
        self.needs_input = len(block) < max_length and not self._decoder.unconsumed_tail
        return block


def decoded(new: Callable[[], Decoder], span: Span, start: int) -> Generator[bytes, None, int]:
    """A stream that begins at start, in chunks of at most LIMITS.chunk; answers the place behind it.

    An empty chunk says that work goes on. ContainerError comes behind everything that could be
    decoded: container.damaged, a wrong checksum included, or container.truncated.
    """
    decoder = new()
    given = 0
    at = start
    for chunk in span.sub(start, span.size).chunks(_INPUT):
        at += len(chunk)
        data = chunk
        while True:
            try:
                block = decoder.decompress(data, LIMITS.chunk)
            except _ERRORS as error:
                for step in _STEPS:
                    for block in _repeated(new, span, start, at - len(chunk), given, step):
                        given += len(block)
                        yield block
                raise ContainerError("container.damaged", str(error)) from None
            given += len(block)
            yield block
            if decoder.eof:
                return at - len(decoder.unused_data)
            if decoder.needs_input:
                break
            data = b""
    raise ContainerError("container.truncated", "the stream ends before its end mark")


def _repeated(new: Callable[[], Decoder], span: Span, start: int, near: int, given: int, step: int) -> Iterator[bytes]:
    """A stream with damage once more, its octets behind the first given.

    From near on, where the input begins that has it, one octet goes in at a time, so the call that fails
    takes less than step octets with it.
    """
    decoder = new()
    done = 0
    before = span.sub(start, near).chunks(_INPUT)
    behind = (bytes((octet,)) for octet in span.read(near, near + _INPUT))
    for piece in chain(before, behind):
        data = piece
        while not decoder.eof:
            wanted = min(given - done, LIMITS.chunk) if done < given else step
            try:
                block = decoder.decompress(data, wanted)
            except _ERRORS:
                return
            yield block if done >= given else b""
            done += len(block)
            if decoder.needs_input:
                break
            data = b""
