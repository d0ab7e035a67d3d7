"""One compressed stream: gzip, bzip2, xz, zstd; decoded in bounded chunks (RFC 1952, RFC 8878)."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, cast

import zstandard

from transforms.limits import LIMITS
from transforms.model import ContainerError
from transforms.span import Span

_INPUT = 64 * 1024  # octets read at a time
_ZSTD_WINDOW = 2**27  # octets; a larger one is refused
_XZ_MEMORY = 256 * 1024 * 1024  # octets that an xz stream may ask for


def decompressed(span: Span, form: str) -> Iterator[bytes]:
    """Decoded octets in chunks of at most LIMITS.chunk.

    Streams that follow each other are joined, as gzip and bzip2 do. ContainerError comes after what
    was good: container.truncated, or container.damaged for octets that are no such stream.
    """
    try:
        if form == "zstd":
            yield from _zstd(span)
        else:
            yield from _streams(span, _DECODERS[form])
    except _ERRORS as error:
        raise ContainerError("container.damaged", f"{form}: {error}") from None


def holds_tar(span: Span, form: str) -> bool:
    """Whether the decoded octets begin like a tar archive."""
    from transforms.containers import tar

    head = b""
    try:
        for chunk in decompressed(span, form):
            head += chunk
            if len(head) >= tar.BLOCK:
                break
    except ContainerError:
        pass
    return tar.begins(head)


_ERRORS = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zstandard.ZstdError)


class _Gzip:
    """zlib's decoder with the interface of bz2's and lzma's."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        block = self._decoder.decompress(self._decoder.unconsumed_tail + data, max_length)
        self.needs_input = len(block) < max_length and not self._decoder.unconsumed_tail
        return block


_DECODERS: dict[str, Callable[[], Any]] = {
    "gzip": _Gzip,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY),
}


def _streams(span: Span, decoder: Callable[[], Any]) -> Iterator[bytes]:
    one, further = decoder(), False
    for chunk in span.chunks(_INPUT):
        while True:
            if one.eof:
                if not chunk.strip(b"\0"):  # nothing, or padding as tapes and some writers leave
                    break
                one, further = decoder(), True
            try:
                block = one.decompress(chunk, LIMITS.chunk)
            except _ERRORS:
                if further:
                    raise ContainerError("container.trailing", "octets behind the last stream") from None
                raise
            if block:
                yield block
            chunk = one.unused_data if one.eof else b""
            if not one.eof and one.needs_input:
                break
    if not one.eof:
        raise ContainerError("container.truncated", "the stream ends before its end mark")


def _zstd(span: Span) -> Iterator[bytes]:
    source = _Source(span)
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    reader = decoder.stream_reader(cast(IO[bytes], source), read_size=_INPUT, read_across_frames=True)
    while block := reader.read(LIMITS.chunk):
        yield block


class _Source:
    """A span as a file to be read once."""

    def __init__(self, span: Span) -> None:
        self._span, self._at = span, 0

    def read(self, size: int = -1) -> bytes:
        stop = self._span.size if size < 0 else self._at + size
        piece = self._span.read(self._at, stop)
        self._at += len(piece)
        return piece
