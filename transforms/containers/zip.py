"""zip: the central directory, and members decoded in bounded chunks (APPNOTE.TXT 6.3.10).

Sizes that the archive claims are never believed: callers count what comes out. Two members that
claim the same octets are an attack (overlapping entries, Fifield 2019): only the first is read.
"""

from __future__ import annotations

import bz2
import lzma
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from transforms.containers.inflate import Decoder, Inflater
from transforms.containers.scan import occurrences
from transforms.limits import LIMITS, MIB
from transforms.model import ContainerError, Entry
from transforms.span import Span

_INPUT = 64 * 1024  # octets read at a time
_LZMA_DICTIONARY = 128 * MIB  # a larger one is refused
_LOCAL = struct.Struct("<4s5H3L2H")  # §4.3.7
_DESCRIPTOR = struct.Struct("<4s3L")  # §4.3.9
_DESCRIPTOR64 = struct.Struct("<4sL2Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")  # §4.3.12
_END = struct.Struct("<4s4H2LH")  # §4.3.16
_END64_LOCATOR = struct.Struct("<4sLQL")  # §4.3.15
_END64 = struct.Struct("<4sQ2H2L4Q")  # §4.3.14
_DIRECTORY_PER_MEMBER = 200  # octets; ten times what names take on the whole
_DESCRIPTOR_TRIES = 10_000  # places looked at for one member's
_STORED, _DEFLATED, _BZIP2, _LZMA = 0, 8, 12, 14
_READABLE = frozenset({_STORED, _DEFLATED, _BZIP2, _LZMA})
_ENCRYPTED = 0x41  # flag bits 0 and 6
_SIZES_BEHIND = 0x8  # flag bit 3
_UTF8 = 0x800  # flag bit 11


@dataclass(frozen=True, slots=True)
class Member:
    """One line of the directory."""

    name: bytes  # as stored
    flags: int
    method: int
    crc: int
    stored_size: int
    size: int  # as claimed
    header: int  # offset of the local header in the span
    symlink: bool = False
    error_code: str | None = None  # known from the directory already: overlap, truncation


@dataclass(frozen=True, slots=True)
class ZipDirectory:
    members: tuple[Member, ...]  # in directory order, folders left out
    mimetype: bytes = b""  # what a first member of that name holds (ODF 1.2 part 3 §3.3, EPUB OCF §4.3)
    defects: tuple[str, ...] = ()  # container.zip_no_directory: rebuilt from the local headers


def read_directory(span: Span) -> ZipDirectory:
    """The members of a zip.

    A zip without a usable directory is read from the front, local header by local header.
    ContainerError: container.truncated if that gives nothing either; limit.members.
    """
    defects: tuple[str, ...] = ()
    try:
        members = _central(span)
        found = bool(members) or span.read(0, 4) != b"PK\3\4"  # one that hides everything is none
    except (struct.error, ValueError):
        found = False
    if not found:
        members, defects = _from_local_headers(span), ("container.zip_no_directory",)
        if not members:
            raise ContainerError("container.truncated", "zip: the directory at its end is missing")
    return ZipDirectory(tuple(_without_overlaps(members, span.size)), _mimetype(span, members), defects)


def split(directory: ZipDirectory, target: int) -> tuple[tuple[int, int], ...]:
    """Ranges of member indices, of about target stored octets each."""
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


_OOXML = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    b"visio/": "application/vnd.ms-visio.drawing",
}
_PACKAGE = re.compile(rb"application/(?:epub\+zip|vnd\.(?:oasis\.opendocument|sun\.xml)\.[a-z.-]{1,60})")


def office_type(directory: ZipDirectory) -> str | None:
    """Media type if the zip is an office document (OOXML, ODF, EPUB), which is one thing, not an archive."""
    if _PACKAGE.fullmatch(directory.mimetype):
        return directory.mimetype.decode("ascii")
    names = {member.name for member in directory.members}
    if b"[Content_Types].xml" in names:
        for folder, media_type in _OOXML.items():
            if any(name.startswith(folder) for name in names):
                return media_type
    return None


# ---- the directory ----------------------------------------------------------------------------


def _central(span: Span) -> list[Member]:
    """Members by the central directory. ValueError or struct.error if it cannot be found or read."""
    end, size, offset = _end_of_directory(span)
    start = end - size  # believed before offset: octets may have been put in front of the archive
    prefix = start - offset
    if start < 0 or prefix < 0:
        raise ValueError("central directory lies outside of the file")
    if size > LIMITS.members * _DIRECTORY_PER_MEMBER:
        raise ContainerError("limit.members", "zip: the directory is too large")
    members = list(_parse_central(span.read(start, end), prefix))
    if len(members) > LIMITS.members:
        raise ContainerError("limit.members", "zip: too many members")
    return members


def _end_of_directory(span: Span) -> tuple[int, int, int]:
    """End, size and claimed offset of the directory."""
    tail_start = max(0, span.size - _END.size - 0xFFFF)
    tail = span.read(tail_start)
    last = at = tail.rfind(b"PK\5\6")
    while at >= 0 and at + _END.size + int.from_bytes(tail[at + 20 : at + 22], "little") != len(tail):
        at = tail.rfind(b"PK\5\6", 0, at)  # it may stand in the comment; the right one reaches the end
    at = at if at >= 0 else last
    if at < 0:
        raise ValueError("no end of central directory")
    _, _, _, _, count, size, offset, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    locator = span.read(max(0, end - _END64_LOCATOR.size), end)
    if not (count == 0xFFFF or 0xFFFFFFFF in (size, offset)) or not locator.startswith(b"PK\6\7"):
        return end, size, offset
    _, _, record, _ = _END64_LOCATOR.unpack(locator)
    for place in (record, end - _END64_LOCATOR.size - _END64.size):  # the latter with a prefix
        found = span.read(place, place + _END64.size) if 0 <= place < span.size else b""
        if found.startswith(b"PK\6\6"):
            *_, size, offset = _END64.unpack(found)
            return place, size, offset
    raise ValueError("no zip64 end of central directory")


def _parse_central(directory: bytes, prefix: int) -> Iterator[Member]:
    at = 0
    while at < len(directory):
        (mark, made_by, _, flags, method, _, _, crc, stored, size, name_size, extra_size, comment_size, _, _,
         external, header) = _CENTRAL.unpack_from(directory, at)  # fmt: skip
        if mark == b"PK\5\5":  # §4.3.13, a signature of the directory behind its members
            return
        if mark != b"PK\1\2":
            raise ValueError("central directory is damaged")
        at += _CENTRAL.size
        name = directory[at : at + name_size]
        extra = directory[at + name_size : at + name_size + extra_size]
        at += name_size + extra_size + comment_size
        size, stored, header = _zip64_extra(extra, size, stored, header)
        if _is_folder(name, stored, size):
            continue
        symlink = made_by >> 8 == 3 and (external >> 16) & 0o170000 == 0o120000
        yield Member(name, flags, method, crc, stored, size, header + prefix, symlink)


def _is_folder(name: bytes, stored: int, size: int) -> bool:
    return name.endswith(b"/") and not size and stored <= 2  # deflate writes nothing in two octets


def _zip64_extra(extra: bytes, size: int, stored: int, header: int) -> tuple[int, int, int]:
    """Values too large for their fields (§4.5.3). struct.error if the field is cut."""
    if 0xFFFFFFFF not in (size, stored, header):
        return size, stored, header
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        at += 4
        if kind == 1:
            values = iter(struct.unpack_from(f"<{length // 8}Q", extra, at))
            size, stored, header = (next(values, one) if one == 0xFFFFFFFF else one for one in (size, stored, header))
            break
        at += length
    return size, stored, header


def _from_local_headers(span: Span) -> list[Member]:
    """Members from the front, as far as each says where the next begins."""
    members: list[Member] = []
    at = 0
    while len(members) < LIMITS.members:
        head = span.read(at, at + _LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
            break
        _, _, flags, method, _, _, crc, stored, size, name_size, extra_size = _LOCAL.unpack(head)
        start = at + _LOCAL.size + name_size + extra_size
        rest = span.read(at + _LOCAL.size, start)
        name = rest[:name_size]
        try:
            size, stored, _ = _zip64_extra(rest[name_size:], size, stored, 0)
        except struct.error:
            break
        end: int | None = start + stored
        if flags & _SIZES_BEHIND:
            crc, stored, size, end = _descriptor(span, start)
        if not _is_folder(name, stored, size):
            lost = "container.truncated" if end is None or end > span.size else None
            members.append(Member(name, flags, method, crc, stored, size, at, error_code=lost))
        if end is None:
            break
        at = end
    return members


def _descriptor(span: Span, start: int) -> tuple[int, int, int, int | None]:
    """CRC, stored size, size and end of a member whose sizes follow it; the end is None without them."""
    for tries, at in enumerate(occurrences(span, b"PK\7\x08", start, span.size)):
        if tries == _DESCRIPTOR_TRIES:  # enough of places made to look like one
            break
        found = span.read(at, at + _DESCRIPTOR64.size)
        for form in (_DESCRIPTOR, _DESCRIPTOR64):
            if len(found) >= form.size:
                _, crc, stored, size = form.unpack_from(found)
                if stored == at - start:
                    return crc, stored, size, at + form.size
    return 0, 0, 0, None


def _without_overlaps(members: list[Member], limit: int) -> Iterator[Member]:
    """Mark each member that begins within one that begins earlier in the file.

    A member that would reach past the end is not read itself and takes nothing from others.
    """
    overlapping, end = set(), 0
    for number in sorted(range(len(members)), key=lambda n: (members[n].header, n)):
        member = members[number]
        if member.header < end:
            overlapping.add(number)
        # The local name has the size of the central one, in every archive that is not made to lie.
        stop = member.header + _LOCAL.size + len(member.name) + member.stored_size
        if stop <= limit:
            end = max(end, stop)
    for number, member in enumerate(members):
        yield replace(member, error_code="container.zip_overlap") if number in overlapping else member


def _mimetype(span: Span, members: list[Member]) -> bytes:
    if not members or members[0].name != b"mimetype" or members[0].method != _STORED:
        return b""
    entry = _entry(span, members[0], ())
    return b"" if entry.start is None else span.read(entry.start, entry.start + min(entry.length or 0, 100))


# ---- members ----------------------------------------------------------------------------------


def _entry(span: Span, member: Member, defects: tuple[str, ...]) -> Entry:
    name = member_name(member)
    if member.error_code is not None:
        return _unreadable(member, name, member.error_code)
    if member.flags & _ENCRYPTED:
        return _unreadable(member, name, "container.encrypted")
    if member.method not in _READABLE:
        return _unreadable(member, name, "container.unsupported_method")
    head = span.read(member.header, member.header + _LOCAL.size)
    if len(head) < _LOCAL.size:
        return _unreadable(member, name, "container.truncated")
    mark, _, flags, method, _, _, crc, stored, size, name_size, extra_size = _LOCAL.unpack(head)
    if mark != b"PK\3\4":
        return _unreadable(member, name, "container.damaged")
    start = member.header + _LOCAL.size + name_size
    local_name = span.read(member.header + _LOCAL.size, start)
    start += extra_size
    sized = not flags & _SIZES_BEHIND and 0xFFFFFFFF not in (stored, size)
    if (local_name, method) != (member.name, member.method) or (
        sized and (crc, stored, size) != (member.crc, member.stored_size, member.size)
    ):
        defects = (*defects, "container.zip_headers_differ")
    if start + member.stored_size > span.size:
        return _unreadable(member, name, "container.truncated")
    content = span.sub(start, start + member.stored_size)
    if member.symlink:
        return Entry(name, form="link", target=_target(content, member), defects=defects)
    if member.method == _STORED or not member.stored_size:
        if member.size != member.stored_size:
            defects = (*defects, "container.zip_size_differs")
        return Entry(name, start=start, length=member.stored_size, stored_size=member.stored_size, defects=defects)
    return Entry(
        name,
        content=partial(_decoded, content, member),
        stored_size=member.stored_size,
        declared_size=member.size,
        defects=defects,
    )


def _unreadable(member: Member, name: bytes, code: str) -> Entry:
    note = f"container.listed: {member.size} octets, CRC-32 {member.crc:08x}"
    return Entry(name, declared_size=member.size, stored_size=member.stored_size, error_code=code, defects=(note,))


def _target(content: Span, member: Member) -> bytes:
    if member.method == _STORED:
        return content.read(0, LIMITS.name)
    target = b""
    try:
        for chunk in _decoded(content, member):
            target += chunk
            if len(target) >= LIMITS.name:
                break
    except ContainerError:
        pass  # what came before is shown
    return target[: LIMITS.name]


def member_name(member: Member) -> bytes:
    """The name in UTF-8 where it says so or is; else by the archive's own code page (§D.1)."""
    try:
        member.name.decode("utf-8")
    except UnicodeDecodeError:
        return member.name if member.flags & _UTF8 else member.name.decode("cp437").encode("utf-8")
    return member.name


# ---- content ----------------------------------------------------------------------------------


def _decoded(stored: Span, member: Member) -> Iterator[bytes]:
    """A member's content in bounded chunks. ContainerError behind what was good."""
    crc = size = 0
    skip, decoder = _decoder(stored, member.method)
    for data in stored.sub(skip, stored.size).chunks(_INPUT):
        while True:
            try:
                chunk = decoder.decompress(data, LIMITS.chunk)
            except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
                raise ContainerError("container.damaged", f"zip: {error}") from None
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            yield chunk
            if decoder.eof or decoder.needs_input:
                break
            data = b""
        if decoder.eof:
            break
    unmarked = member.method == _LZMA and size == member.size  # its end mark is optional (§4.4.4)
    if not decoder.eof and not unmarked:
        raise ContainerError("container.truncated", "zip: the member ends before its end mark")
    if crc != member.crc:
        raise ContainerError("container.checksum", "zip: the CRC-32 differs")


def _decoder(stored: Span, method: int) -> tuple[int, Decoder]:
    """Octets to leave out at the start, and the decoder of the rest."""
    if method == _DEFLATED:
        return 0, Inflater(-15)
    if method == _BZIP2:
        return 0, bz2.BZ2Decompressor()
    head = stored.read(0, 9)  # §5.8.8: version, size of the properties (5), the properties
    if len(head) < 9 or head[2:4] != b"\5\0" or head[4] >= 9 * 5 * 5:
        raise ContainerError("container.damaged", "zip: no LZMA properties")
    dictionary = int.from_bytes(head[5:], "little")
    if dictionary > _LZMA_DICTIONARY:
        raise ContainerError("container.unsupported_method", f"zip: an LZMA dictionary of {dictionary} octets")
    properties = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": max(dictionary, 4096),
        "lc": head[4] % 9,
        "lp": head[4] // 9 % 5,
        "pb": head[4] // 45,
    }
    try:
        return 9, lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[properties])
    except (lzma.LZMAError, ValueError) as error:
        raise ContainerError("container.damaged", f"zip: {error}") from None
