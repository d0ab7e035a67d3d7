"""zip: the central directory, and members decoded in bounded chunks (APPNOTE.TXT 6.3.10).

Sizes that the archive claims are never believed: callers count what comes out. Two members that
claim the same octets are an attack (overlapping entries, Fifield 2019): only the first is read.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from transforms.limits import LIMITS
from transforms.model import ContainerError, Entry
from transforms.span import Span

_INPUT = 64 * 1024  # octets read at a time
_LOCAL = struct.Struct("<4s5H3L2H")  # §4.3.7
_CENTRAL = struct.Struct("<4s6H3L5H2L")  # §4.3.12
_END = struct.Struct("<4s4H2LH")  # §4.3.16
_END64_LOCATOR = struct.Struct("<4sLQL")  # §4.3.15
_END64 = struct.Struct("<4sQ2H2L4Q")  # §4.3.14
_STORED, _DEFLATED, _BZIP2, _LZMA = 0, 8, 12, 14
_READABLE = frozenset({_STORED, _DEFLATED, _BZIP2, _LZMA})


@dataclass(frozen=True, slots=True)
class Member:
    """One line of the directory."""

    name: bytes  # as stored
    utf8: bool  # flag bit 11: the name claims to be UTF-8
    method: int
    encrypted: bool
    crc: int
    stored_size: int
    size: int  # as claimed
    header: int  # offset of the local header in the span
    symlink: bool
    overlaps: bool = False


@dataclass(frozen=True, slots=True)
class ZipDirectory:
    members: tuple[Member, ...]  # in directory order, folders left out
    defects: tuple[str, ...] = ()  # container.zip_no_directory: rebuilt from the local headers


def read_directory(span: Span) -> ZipDirectory:
    """The members of a zip. ContainerError if there is neither a directory nor a local header.

    A zip whose end is missing is read from the front, local header by local header.
    """
    defects: tuple[str, ...] = ()
    try:
        members = _central(span)
    except (struct.error, ValueError):
        members = _from_local_headers(span)
        defects = ("container.zip_no_directory",)
        if not members:
            raise ContainerError("container.truncated", "zip: the directory at its end is missing") from None
    return ZipDirectory(tuple(_without_overlaps(members)), defects)


def split(directory: ZipDirectory, target: int) -> tuple[tuple[int, int], ...]:
    """Ranges of members of about target stored octets."""
    ranges, first, octets = [], 0, 0
    for number, member in enumerate(directory.members):
        if number > first and octets + member.stored_size > target:
            ranges.append((first, number))
            first, octets = number, 0
        octets += member.stored_size
    if first < len(directory.members):
        ranges.append((first, len(directory.members)))
    return tuple(ranges)


def entries(span: Span, directory: ZipDirectory, first: int = 0, stop: int | None = None) -> Iterator[Entry]:
    """Members first..stop, in directory order."""
    for member in directory.members[first:stop]:
        yield _entry(span, member, directory.defects)


def office_type(directory: ZipDirectory) -> str | None:
    """Media type if the zip is an office document (OOXML, ODF, EPUB), which is one thing, not an archive."""
    names = {member.name for member in directory.members[:2000]}
    if b"[Content_Types].xml" in names:
        for folder, media_type in _OOXML.items():
            if any(name.startswith(folder) for name in names):
                return media_type
    if b"mimetype" in names and (b"content.xml" in names or b"META-INF/container.xml" in names):
        return "application/epub+zip" if b"META-INF/container.xml" in names else "application/vnd.oasis.opendocument"
    return None


_OOXML = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    b"visio/": "application/vnd.ms-visio.drawing",
}


# ---- the directory ----------------------------------------------------------------------------


def _central(span: Span) -> list[Member]:
    """Members by the central directory. ValueError or struct.error if it cannot be found or read."""
    tail_start = max(0, span.size - _END.size - 0xFFFF)
    tail = span.read(tail_start)
    at = tail.rfind(b"PK\5\6")
    if at < 0:
        raise ValueError("no end of central directory")
    _, _, _, _, count, size, offset, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    if 0xFFFFFFFF in (size, offset) or count == 0xFFFF:
        size, offset, end = _zip64(span, end, size, offset)
    start = end - size  # believed before offset: octets may have been put in front of the archive
    prefix = start - offset
    if start < 0 or prefix < 0 or size > span.size:
        raise ValueError("central directory lies outside of the file")
    if size > LIMITS.members * 200:
        raise ContainerError("limit.members", "zip: the directory is too large")
    return list(_parse_central(span.read(start, end), prefix, span.size))


def _zip64(span: Span, end: int, size: int, offset: int) -> tuple[int, int, int]:
    """Size, offset and end of the directory by the zip64 records, where there are any."""
    locator = span.read(max(0, end - _END64_LOCATOR.size), end)
    if not locator.startswith(b"PK\6\7"):
        return size, offset, end
    _, _, record, _ = _END64_LOCATOR.unpack(locator)
    for place in (record, end - _END64_LOCATOR.size - _END64.size):
        found = span.read(place, place + _END64.size) if 0 <= place < span.size else b""
        if found.startswith(b"PK\6\6"):
            *_, size, offset = _END64.unpack(found)
            return size, offset, place
    raise ValueError("no zip64 end of central directory")


def _parse_central(directory: bytes, prefix: int, limit: int) -> Iterator[Member]:
    at = count = 0
    while at < len(directory):
        (mark, made_by, _, flags, method, _, _, crc, stored, size, name_size, extra_size, comment_size, _, _,
         external, header) = _CENTRAL.unpack_from(directory, at)  # fmt: skip
        if mark != b"PK\1\2":
            raise ValueError("central directory is damaged")
        at += _CENTRAL.size
        name = directory[at : at + name_size]
        extra = directory[at + name_size : at + name_size + extra_size]
        at += name_size + extra_size + comment_size
        size, stored, header = _zip64_extra(extra, size, stored, header)
        count += 1
        if count > LIMITS.members:
            raise ContainerError("limit.members", "zip: too many members")
        if name.endswith(b"/") and not stored:
            continue
        symlink = made_by >> 8 == 3 and (external >> 16) & 0o170000 == 0o120000
        yield Member(
            name,
            bool(flags & 0x800),
            method,
            bool(flags & 0x41),
            crc,
            stored,
            size,
            min(header + prefix, limit),
            symlink,
        )


def _zip64_extra(extra: bytes, size: int, stored: int, header: int) -> tuple[int, int, int]:
    """Values too large for their fields (§4.5.3)."""
    if 0xFFFFFFFF not in (size, stored, header):
        return size, stored, header
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        values = iter(struct.unpack_from(f"<{length // 8}Q", extra[at + 4 : at + 4 + length]) if kind == 1 else ())
        if kind == 1:
            size, stored, header = (next(values, one) if one == 0xFFFFFFFF else one for one in (size, stored, header))
            break
        at += 4 + length
    return size, stored, header


def _from_local_headers(span: Span) -> list[Member]:
    """Members from the front, as far as each says where the next begins."""
    members: list[Member] = []
    at = 0
    while len(members) < LIMITS.members:
        head = span.read(at, at + _LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
            return members
        _, _, flags, method, _, _, crc, stored, size, name_size, extra_size = _LOCAL.unpack(head)
        start = at + _LOCAL.size + name_size + extra_size
        rest = span.read(at + _LOCAL.size, start)
        size, stored, _ = _zip64_extra(rest[name_size:], size, stored, 0)
        sized = not flags & 0x8  # else sizes follow the member: nothing behind it can be found
        if not rest[:name_size].endswith(b"/"):
            stored = stored if sized else max(0, span.size - start)
            members.append(
                Member(rest[:name_size], bool(flags & 0x800), method, bool(flags & 0x41), crc, stored, size, at, False)
            )
        if not sized or start + stored > span.size:
            return members
        at = start + stored
    return members


def _without_overlaps(members: list[Member]) -> Iterator[Member]:
    """Mark every member that begins before the end of one that begins earlier in the file."""
    order = sorted(range(len(members)), key=lambda n: (members[n].header, n))
    overlapping, end = set(), 0
    for number in order:
        member = members[number]
        if member.header < end:
            overlapping.add(number)
        # The local name has the size of the central one, in every archive that is not made to lie.
        end = max(end, member.header + _LOCAL.size + len(member.name) + member.stored_size)
    for number, member in enumerate(members):
        yield replace(member, overlaps=True) if number in overlapping else member


# ---- members ----------------------------------------------------------------------------------


def _entry(span: Span, member: Member, defects: tuple[str, ...]) -> Entry:
    name = member_name(member)
    if member.overlaps:
        return _unreadable(member, name, "container.zip_overlap")
    if member.encrypted:
        return _unreadable(member, name, "container.encrypted")
    if member.method not in _READABLE:
        return _unreadable(member, name, "container.unsupported_method")
    head = span.read(member.header, member.header + _LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
        return _unreadable(member, name, "container.truncated" if len(head) < _LOCAL.size else "container.damaged")
    name_size, extra_size = _LOCAL.unpack(head)[-2:]
    start = member.header + _LOCAL.size + name_size + extra_size
    local_name = span.read(member.header + _LOCAL.size, member.header + _LOCAL.size + name_size)
    if local_name != member.name:
        defects = (*defects, "container.zip_names_differ")
    if start + member.stored_size > span.size:
        return _unreadable(member, name, "container.truncated")
    if member.symlink:
        return Entry(name, form="link", target=span.read(start, start + min(member.stored_size, LIMITS.name)))
    if member.method == _STORED:
        return Entry(name, start=start, length=member.stored_size, stored_size=member.stored_size, defects=defects)
    stored = span.sub(start, start + member.stored_size)
    return Entry(
        name,
        content=partial(_decoded, stored, member),
        stored_size=member.stored_size,
        declared_size=member.size,
        defects=defects,
    )


def _unreadable(member: Member, name: bytes, code: str) -> Entry:
    note = f"container.listed: {member.size} octets, CRC-32 {member.crc:08x}"
    return Entry(name, declared_size=member.size, stored_size=member.stored_size, error_code=code, defects=(note,))


def member_name(member: Member) -> bytes:
    """The name in UTF-8 where it says so or is; else by the archive's own code page (§D.1)."""
    try:
        member.name.decode("utf-8")
    except UnicodeDecodeError:
        return member.name if member.utf8 else member.name.decode("cp437").encode("utf-8")
    return member.name


def _decoded(stored: Span, member: Member) -> Iterator[bytes]:
    """A member's content in bounded chunks. ContainerError behind what was good."""
    crc, size, decoder = 0, 0, _decoder(stored, member)
    try:
        for chunk in _pump(stored, member, decoder):
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            yield chunk
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        raise ContainerError("container.damaged", f"zip: {error}") from None
    unmarked = member.method == _LZMA and size == member.size  # its end mark is optional (§4.4.4)
    if not decoder.eof and not unmarked:
        raise ContainerError("container.truncated", "zip: the member ends before its end mark")
    if crc != member.crc:
        raise ContainerError("container.checksum", "zip: the CRC-32 differs")


def _decoder(stored: Span, member: Member) -> Any:
    if member.method == _DEFLATED:
        return zlib.decompressobj(-15)
    if member.method == _BZIP2:
        return bz2.BZ2Decompressor()
    head = stored.read(0, 9)  # §5.8.8: version, size and properties of the LZMA stream
    try:
        properties = lzma._decode_filter_properties(lzma.FILTER_LZMA1, head[4:9])  # type: ignore[attr-defined]
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[properties])
    except (lzma.LZMAError, ValueError, AttributeError) as error:
        raise ContainerError("container.damaged", f"zip: {error}") from None


def _pump(stored: Span, member: Member, decoder: Any) -> Iterator[bytes]:
    skip = 9 if member.method == _LZMA else 0
    for chunk in stored.sub(skip, stored.size).chunks(_INPUT):
        while not decoder.eof:
            block = decoder.decompress(chunk, LIMITS.chunk)
            if block:
                yield block
            if member.method == _DEFLATED:
                chunk = decoder.unconsumed_tail
                if not chunk and len(block) < LIMITS.chunk:
                    break
            else:
                chunk = b""
                if decoder.needs_input:
                    break
        if decoder.eof:
            return
    if member.method == _DEFLATED and (block := decoder.flush()):
        yield block
