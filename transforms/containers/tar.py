"""tar: members by header block, of a file by their place, of a compressed stream one after the other.

The standard library reads the headers (ustar, pax, GNU long names); names stay the octets they are.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from transforms.limits import LIMITS
from transforms.model import ContainerError, Entry
from transforms.span import Span

BLOCK = 512  # octets

_ERRORS = (tarfile.TarError, OSError, ValueError, OverflowError, EOFError, IndexError, KeyError)


def begins(head: bytes) -> bool:
    """Whether the first block is a tar header: the ustar mark, or at least its checksum."""
    if len(head) < BLOCK or not head[:BLOCK].strip(b"\0"):
        return False
    field = head[148:156].strip(b" \0")
    try:
        claimed = int(field, 8)
    except ValueError:
        return False
    return claimed == sum(head[:148]) + 8 * 32 + sum(head[156:BLOCK])


def entries(span: Span) -> Iterator[Entry]:
    """Members of a tar that can be sought in; regular ones by their place in it."""
    for _, member in _members(io.BufferedReader(_Seekable(span)), "r:"):
        if not member.isreg() or member.issparse():
            yield _other(member)
        elif member.offset_data + member.size > span.size:
            yield Entry(_octets(member.name), declared_size=member.size, error_code="container.truncated")
        else:
            yield Entry(_octets(member.name), start=member.offset_data, length=member.size)


def stream_entries(chunks: Iterable[bytes]) -> Iterator[Entry]:
    """Members of a compressed tar; each one's content must be read before the next is asked for."""
    for archive, member in _members(_Stream(chunks), "r|"):
        if not member.isreg() or member.issparse():
            yield _other(member)
        else:
            yield Entry(_octets(member.name), content=partial(_content, archive, member), declared_size=member.size)


def _members(file: Any, mode: str) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Headers in order, directories left out. ContainerError where they cannot be read further."""
    try:
        options: dict[str, Any] = {"fileobj": file, "mode": mode, "encoding": "utf-8", "errors": "surrogateescape"}
        archive: Any = tarfile.open(**options)  # noqa: SIM115
        while (member := archive.next()) is not None:
            archive.members = []  # the library would keep them all
            if not member.isdir():
                yield archive, member
    except _ERRORS as error:
        raise ContainerError("container.damaged", f"tar: {error}") from None


def _other(member: tarfile.TarInfo) -> Entry:
    name = _octets(member.name)
    if member.issym() or member.islnk():
        return Entry(name, form="link", target=_octets(member.linkname))
    if member.issparse():
        return Entry(name, declared_size=member.size, error_code="container.sparse")
    return Entry(name, form="special")


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    try:
        file = archive.extractfile(member)
        assert file is not None  # a regular member
        while block := file.read(LIMITS.chunk):
            yield block
    except _ERRORS as error:
        raise ContainerError("container.truncated", f"tar: {error}") from None


def _octets(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


class _Seekable(io.RawIOBase):
    """A span as a file."""

    def __init__(self, span: Span) -> None:
        self._span, self._at = span, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._span.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._span.read(self._at, self._at + len(buffer))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


class _Stream:
    """Chunks as a file to be read once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held, self._at = b"", 0

    def read(self, size: int) -> bytes:
        pieces = []
        while size > 0:
            if self._at == len(self._held):
                self._held, self._at = next(self._chunks, b""), 0
                if not self._held:
                    break
            pieces.append(self._held[self._at : self._at + size])
            self._at += len(pieces[-1])
            size -= len(pieces[-1])
        return b"".join(pieces)
