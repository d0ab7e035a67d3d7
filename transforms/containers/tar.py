"""tar: members by header block (POSIX.1-2017 pax, ustar, GNU, v7); names stay the octets they are.

Read here and not by the standard library, which takes a damaged header for the end of the archive
and holds extended headers of any size in memory.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Protocol

from transforms.limits import LIMITS
from transforms.model import ContainerError, Entry
from transforms.span import Span
from transforms.watch import UNWATCHED

BLOCK = 512  # octets
_LINKS = frozenset(b"12")  # hard, symbolic
_SPECIAL = frozenset(b"346")  # character device, block device, FIFO
_DIRECTORY = ord("5")
_SPARSE = ord("S")  # GNU
_PAX = frozenset(b"xX")  # X: Solaris
_PAX_GLOBAL = ord("g")
_GNU_NAMES = {ord("L"): b"path", ord("K"): b"linkpath"}  # by the pax key of the same meaning
_KEYS = frozenset({b"path", b"linkpath", b"size", b"GNU.sparse.name"})
_OCTAL = re.compile(rb"[ \0]*([0-7]*)[ \0]*")


def begins(head: bytes) -> bool:
    """Whether the first block is a tar header."""
    return len(head) >= BLOCK and _is_header(head[:BLOCK])


def entries(
    span: Span, start: int = 0, stop: int | None = None, alive: Callable[[], None] = UNWATCHED.alive
) -> Iterator[Entry]:
    """Members of a tar, or of a range that split gave, by their place in it.

    ContainerError where it cannot be read further. Octets outside of every member that are not zero are gaps: behind
    a member in its last block, behind the end marks, from a damaged header on. alive is called at each block looked at.
    """
    for member in _members(_Places(span, start, stop, alive)):
        if isinstance(member, Entry):
            yield member
            continue
        entry = _not_regular(member)
        if entry is None and member.start + member.size > span.size:
            cut = partial(_cut, span.sub(member.start, span.size))
            entry = Entry(member.name, content=cut, declared_size=member.size, defects=member.defects)
        yield entry or Entry(member.name, start=member.start, length=member.size, defects=member.defects)


def split(span: Span, target: int) -> tuple[tuple[tuple[int, int], ...], bool]:
    """Ranges of about target octets that begin with headers, and no more members than one unit has files.

    entries() of all of them gives what the whole gives; damage lies in the last one. () of a tar with too many members.
    Beside it, whether members may share a name: the number of a repeated one counts over the whole.
    """
    ranges, first, end, here = [], 0, 0, 0
    names: set[bytes] = set()
    members = 0
    try:
        for count, member in enumerate(_members(_Places(span)), start=1):
            if count > LIMITS.members:
                return (), False
            if isinstance(member, Entry):
                continue
            if here and (member.start + member.size - first > target or here == LIMITS.unit_files):
                ranges.append((first, end))
                first, here = end, 0
            here += 1
            end = member.start + member.size + -(member.start + member.size) % BLOCK
            members += 1
            names.add(hashlib.sha256(member.name).digest()[:8])  # one may be long, and there may be a million
    except ContainerError:
        pass  # whoever reads the last range meets it again
    return (*ranges, (first, span.size)), len(names) < members


def names(span: Span, alive: Callable[[], None]) -> Iterator[tuple[int, bytes]]:
    """Of each member that entries() gives, where its content begins, and its name."""
    try:
        for member in _members(_Places(span, alive=alive)):
            if not isinstance(member, Entry):
                yield member.start, member.name
    except ContainerError:
        return


def ending(span: Span, alive: Callable[[], None]) -> ContainerError | None:
    """What ends the reading of a tar too early, or its having octets outside of every member."""
    outside = None
    try:
        for member in _members(_Places(span, alive=alive)):
            if isinstance(member, Entry):
                outside = ContainerError("container.outside_members", "tar: octets belong to no member")
    except ContainerError as error:
        return error
    return outside


def stream_entries(chunks: Iterable[bytes]) -> Iterator[Entry]:
    """The same of a tar that comes in chunks; each content is read before the next entry, or never."""
    stream = _Stream(chunks)
    for member in _members(stream):
        if isinstance(member, Entry):
            yield member
            continue
        yield _not_regular(member) or Entry(
            member.name,
            content=partial(stream.take, member.start, member.size),
            declared_size=member.size,
            defects=member.defects,
        )


def _cut(octets: Span) -> Iterator[bytes]:
    yield from octets.chunks()
    raise ContainerError("container.truncated", "tar: the archive ends within a member")


@dataclass(frozen=True, slots=True)
class _Member:
    name: bytes
    type: int  # typeflag
    target: bytes
    start: int  # of its content in the archive
    size: int
    sparse: bool
    defects: tuple[str, ...]


def _not_regular(member: _Member) -> Entry | None:
    if member.type in _LINKS:
        return Entry(member.name, form="link", target=member.target, defects=member.defects)
    if member.type in _SPECIAL:
        return Entry(member.name, form="special", defects=member.defects)
    if member.sparse:  # its holes are not stored, so these are not its octets
        return Entry(member.name, declared_size=member.size, error_code="container.sparse")
    return None


# ---- headers ----------------------------------------------------------------------------------


class _Source(Protocol):
    at: int  # octets from the start of the archive

    def read(self, size: int) -> bytes: ...
    def block(self) -> bytes:
        """The next block that is not zero; b"" where none follows."""

    def go(self, to: int) -> None: ...
    def gap(self, read: bytes, further: bool) -> Entry:
        """What was read last, and all that follows if further."""


@dataclass(slots=True)
class _Extended:
    """What extended headers say about the next member."""

    records: dict[bytes, bytes] = field(default_factory=dict)  # of _KEYS, and GNU.sparse if there is any
    defects: tuple[str, ...] = ()


def _members(source: _Source) -> Iterator[_Member | Entry]:
    """Members and gaps in order, directories left out; what follows end marks is read like the rest."""
    extended = _Extended()
    while block := source.block():  # zeros are end marks and padding
        if len(block) < BLOCK:
            yield source.gap(block, further=False)
            raise ContainerError("container.truncated", "tar: the archive ends within a header")
        if not _is_header(block):
            yield source.gap(block, further=True)
            raise ContainerError("container.damaged", "tar: a block is neither header nor zero")
        kind, size = block[156], _number(block[124:136])
        if kind in _PAX or kind in _GNU_NAMES or kind == _PAX_GLOBAL:
            end = source.at + size
            if kind != _PAX_GLOBAL:
                _extend(extended, kind, source.read(min(size, LIMITS.header_section)), size)
            yield from _go(source, end)
            continue
        member = _member(block, kind, size, extended, source)
        extended = _Extended()
        if member.type != _DIRECTORY:
            yield member
        yield from _go(source, member.start + member.size)
    if extended.records:
        raise ContainerError("container.truncated", "tar: the archive ends behind an extended header")


def _member(block: bytes, kind: int, size: int, extended: _Extended, source: _Source) -> _Member:
    records = extended.records
    name = _text(block[:100])
    if block[257:263] == b"ustar\0" and block[345] != 0:
        name = _text(block[345:500]) + b"/" + name
    name = records.get(b"GNU.sparse.name") or records.get(b"path") or name
    if records.get(b"size", b"").isdigit():
        size = int(records[b"size"][:20])
    sparse = kind == _SPARSE or b"GNU.sparse" in records
    more = kind == _SPARSE and block[482] != 0
    while more:  # the map of a GNU sparse member goes on in blocks of its own
        block = source.read(BLOCK)
        more = len(block) == BLOCK and block[504] != 0
    if kind in _LINKS or kind in _SPECIAL or kind == _DIRECTORY:
        size = 0  # the field tells something else
    elif name.endswith(b"/") and size == 0:  # v7 has no type for directories
        kind = _DIRECTORY
    target = records.get(b"linkpath") or _text(block[157:257])
    return _Member(name, kind, target, source.at, size, sparse, extended.defects)


def _extend(extended: _Extended, kind: int, content: bytes, size: int) -> None:
    if kind in _GNU_NAMES:
        extended.records[_GNU_NAMES[kind]] = _text(content)
        return
    if len(content) < size or not _read_records(content, extended.records):
        extended.defects = ("container.tar_extended_header",)


def _read_records(content: bytes, records: dict[bytes, bytes]) -> bool:
    """Add the records of a pax header, `LENGTH KEY=VALUE LF` each; False if one is damaged."""
    at = 0
    while at < len(content) and content[at]:
        length, space, _ = content[at : at + 10].partition(b" ")
        end = at + int(length) if length.isdigit() else 0
        record = content[at + len(length) + 1 : end]
        key, equals, value = record.partition(b"=")
        if not space or end > len(content) or not equals or not value.endswith(b"\n"):
            return False
        if key in _KEYS:
            records[key] = value[:-1]
        elif key.startswith(b"GNU.sparse."):
            records[b"GNU.sparse"] = b""
        at = end
    return True


def _go(source: _Source, end: int) -> Iterator[Entry]:
    """Past content that ends there and the padding of its last block, which is a gap unless it is zero."""
    source.go(end)
    if source.at < end:
        raise ContainerError("container.truncated", "tar: the archive ends within a member")
    padding = source.read(-end % BLOCK)
    if padding.strip(b"\0"):
        yield source.gap(padding, further=False)


def _is_header(block: bytes) -> bool:
    """Whether the checksum holds, of octets unsigned, or signed as some old writers took them."""
    claimed = _OCTAL.fullmatch(block[148:156])
    if claimed is None or not claimed[1] or _number(block[124:136]) < 0:
        return False
    others = block[:148] + b" " * 8 + block[156:]
    excess = sum(others) - int(claimed[1], 8)
    return excess == 0 or excess == 256 * sum(octet > 127 for octet in others)


def _number(raw: bytes) -> int:
    """A size: octal digits, or GNU's base 256; -1 if it is neither."""
    if raw[0] == 0x80:
        return int.from_bytes(raw[1:], "big")
    octal = _OCTAL.fullmatch(raw)
    return int(octal[1] or b"0", 8) if octal else -1


def _text(raw: bytes) -> bytes:
    return raw.partition(b"\0")[0]


# ---- where the blocks come from ---------------------------------------------------------------


class _Places:
    """A span or a range of it, of which only headers are read."""

    def __init__(
        self, span: Span, start: int = 0, stop: int | None = None, alive: Callable[[], None] = UNWATCHED.alive
    ) -> None:
        self._span = span
        self._alive = alive
        self._stop = span.size if stop is None else stop
        self.at = start

    def read(self, size: int) -> bytes:
        piece = self._span.read(self.at, min(self.at + size, self._stop))
        self.at += len(piece)
        return piece

    def block(self) -> bytes:
        size = BLOCK
        while piece := self.read(size):
            self._alive()
            if rest := piece.lstrip(b"\0"):
                at = (len(piece) - len(rest)) // BLOCK * BLOCK
                block = piece[at : at + BLOCK]
                self.at -= len(piece) - at - len(block)
                return block
            size = min(2 * size, LIMITS.chunk)  # a download that was not finished may end in gigabytes of them
        return b""

    def go(self, to: int) -> None:
        self.at = min(to, self._stop)

    def gap(self, read: bytes, further: bool) -> Entry:
        start = self.at - len(read)
        return Entry(None, start, "gap", start, (self._stop if further else self.at) - start)


class _Stream:
    """Chunks, read once from front to back."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk, self._used = b"", 0
        self.at = 0

    def read(self, size: int) -> bytes:
        return b"".join(self._pieces(self.at + size))

    def block(self) -> bytes:
        while (block := self.read(BLOCK)) and not block.strip(b"\0"):
            pass
        return block

    def go(self, to: int) -> None:
        for _ in self._pieces(to):
            pass

    def take(self, start: int, size: int) -> Iterator[bytes]:
        """The content that lies here. ContainerError container.truncated behind what there is."""
        assert self.at == start, "a member is read before the next is asked for"
        yield from self._pieces(start + size)
        if self.at < start + size:
            raise ContainerError("container.truncated", "tar: the archive ends within a member")

    def gap(self, read: bytes, further: bool) -> Entry:
        rest = self._pieces(None) if further else iter(())
        return Entry(None, self.at - len(read), "gap", content=lambda: chain((read,), rest))

    def _pieces(self, to: int | None) -> Iterator[bytes]:
        while to is None or self.at < to:
            if self._used == len(self._chunk):
                chunk = next(self._chunks, None)
                if chunk is None:
                    return
                self._chunk, self._used = chunk, 0
            piece = self._chunk[self._used : None if to is None else self._used + to - self.at]
            self._used += len(piece)
            self.at += len(piece)
            yield piece
