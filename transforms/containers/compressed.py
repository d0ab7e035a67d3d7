"""One compressed file: gzip, bzip2, xz, zstd; decoded in bounded chunks (RFC 1952, RFC 8878)."""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Callable, Generator, Iterator
from functools import partial

import zstandard

from transforms.containers import tar
from transforms.containers.inflate import Decoder, Inflater, decoded
from transforms.limits import MIB
from transforms.model import ContainerError
from transforms.span import Span

_INPUT = 16 * 1024  # octets read at a time
_ZSTD_WINDOW = 128 * MIB  # a larger one is refused
_XZ_MEMORY = 256 * MIB  # what an xz stream may ask for


def decompressed(span: Span, form: str) -> Iterator[bytes]:
    """Decoded octets in chunks of at most LIMITS.chunk; an empty one says that work goes on.

    Streams that follow each other are joined, as their tools do. ContainerError comes behind what
    was good: container.truncated, container.damaged, or container.trailing for octets behind the
    last stream that are neither a stream nor zeros.
    """
    magic, stream = _FORMS[form]
    at = yield from stream(span, 0)
    while (at := _past_zeros(span, at)) < span.size:
        if not magic(span.read(at, at + 8)):
            raise ContainerError("container.trailing", f"{form}: octets behind the last stream, at {at}", at)
        at = yield from stream(span, at)


def holds_tar(span: Span, form: str) -> bool:
    """Whether the decoded octets begin like a tar archive."""
    head = b""
    try:
        for chunk in decompressed(span, form):
            head += chunk
            if len(head) >= tar.BLOCK:
                break
    except ContainerError:
        pass
    return tar.begins(head)


def _past_zeros(span: Span, at: int) -> int:
    """Tapes and xz pad with zeros; the first other octet, or the end."""
    while padding := span.read(at, at + _INPUT):
        behind = padding.lstrip(b"\0")
        at += len(padding) - len(behind)
        if behind:
            break
    return at


# ---- gzip, bzip2, xz --------------------------------------------------------------------------

_Stream = Callable[[Span, int], Generator[bytes, None, int]]  # from a place, to the place behind it


def _coded_by(new: Callable[[], Decoder]) -> _Stream:
    return partial(decoded, new)


# ---- zstd -------------------------------------------------------------------------------------
# The library's readers take a cut frame for a whole one, or decode without bound. Handed block by
# block (RFC 8878 §3.1.1.2), each call gives at most 128 KiB, and a cut is seen.


def _zstd(span: Span, at: int) -> Generator[bytes, None, int]:
    head = span.read(at, at + 18)
    if head[1:4] == b"\x2a\x4d\x18" and len(head) >= 8:  # §3.1.2, a skippable frame
        return _inside(span, at + 8 + int.from_bytes(head[4:8], "little"))
    try:
        size = zstandard.frame_header_size(head)
        checksum = 4 if head[4] & 4 else 0  # §3.1.1.1.1
        frame = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        _inside(span, at + size)
        yield frame.decompress(head[:size])
        at += size
        last = False
        while not last:
            block = int.from_bytes(span.read(at, at + 3), "little")
            last, repeated = bool(block & 1), block & 6 == 2
            stop = _inside(span, at + 3 + (1 if repeated else block >> 3))
            yield frame.decompress(span.read(at, stop))
            at = stop
        if checksum:
            stop = _inside(span, at + checksum)
            yield frame.decompress(span.read(at, stop))
            at = stop
    except (zstandard.ZstdError, ValueError) as error:
        raise ContainerError("container.damaged", str(error)) from None
    return at


def _inside(span: Span, stop: int) -> int:
    if stop > span.size:
        raise ContainerError("container.truncated", "the frame ends before its last block")
    return stop


def _is_frame(head: bytes) -> bool:
    return head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5)


_FORMS: dict[str, tuple[Callable[[bytes], bool], _Stream]] = {
    "gzip": (lambda head: head.startswith(b"\x1f\x8b"), _coded_by(partial(Inflater, 31))),
    "bzip2": (lambda head: head.startswith(b"BZh"), _coded_by(bz2.BZ2Decompressor)),
    "xz": (
        lambda head: head.startswith(b"\xfd7zXZ\0"),
        _coded_by(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)),
    ),
    "zstd": (_is_frame, _zstd),
}
