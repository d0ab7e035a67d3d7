"""zip: the central directory, and members decoded in bounded chunks (APPNOTE.TXT 6.3.10).

Sizes that the archive claims are never believed: callers count what comes out. Two members that
claim the same octets are an attack (overlapping entries, Fifield 2019): only the first is read.
What the directory leaves out is not passed over: members are found by their local headers, other
octets are gaps.
"""

from __future__ import annotations

import bz2
import lzma
import re
import struct
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from transforms.containers.inflate import Decoder, Inflater, decoded
from transforms.containers.listing import dos_time, listed
from transforms.containers.scan import occurrences
from transforms.limits import LIMITS, MIB
from transforms.model import ContainerError, Entry
from transforms.span import Span
from transforms.watch import UNWATCHED

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
_HEADER_TRIES = 10_000  # marks of a local header, outside of all members, that are none
_SEARCHES = 16  # for the end of a member outside of all others that end in nothing
_STORED, _DEFLATED, _BZIP2, _LZMA = 0, 8, 12, 14
_READABLE = frozenset({_STORED, _DEFLATED, _BZIP2, _LZMA})
_SPANNED = b"PK\7\x08"  # begins the first file of an archive in several (§8.5.3)
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
    made_by: int = 0  # version made by (§4.4.2): the system in the high octet
    stamp: int = 0  # date and time of DOS (§4.4.6), no zone
    first_extra: int = 0  # number of its first extra field (§4.5), 0 if there is none
    unicode_name: bytes = b""  # in UTF-8, beside a name in another code page (§4.6.9); b"" without one
    error_code: str | None = None  # known from the directory already: overlap, truncation
    defects: tuple[str, ...] = ()  # container.zip_no_directory, container.zip_unlisted: by its local header alone


@dataclass(frozen=True, slots=True)
class ZipDirectory:
    members: tuple[Member, ...]  # in directory order, folders left out; then those it does not list, by place
    mimetype: bytes = b""  # what a first member of that name holds (ODF 1.2 part 3 §3.3, EPUB OCF §4.3)
    gaps: tuple[_Range, ...] = ()  # octets of no member and no directory, unless they are zero
    defects: tuple[str, ...] = ()  # container.zip_no_directory, zip_unlisted, zip_count, outside_members


def read_directory(span: Span, alive: Callable[[], None] = UNWATCHED.alive) -> ZipDirectory:
    """The members of a zip; alive is called between long steps.

    A zip without a usable directory is read from the front, local header by local header.
    ContainerError: container.truncated if that gives nothing either; limit.members.
    """
    try:
        members, taken, defects = _central(span)
        found = bool(members) or span.read(0, 4) != b"PK\3\4"  # one that hides everything is none
    except (struct.error, ValueError):
        found = False
    if not found:
        members, taken, defects = _from_local_headers(span), [], ["container.zip_no_directory"]
        if not members:
            raise ContainerError("container.truncated", "zip: the directory at its end is missing")
        if span.read(0, 4) == _SPANNED:
            defects = ["container.other_volume"]
    listed = list(_without_overlaps(members, span.size))
    unlisted: list[Member] = []
    gaps: list[_Range] = []
    for one in _left_out(span, [*taken, *_extents(span, listed)], alive):
        if isinstance(one, Member):
            unlisted.append(one)
        else:
            gaps.append(one)
    if len(listed) + len(unlisted) > LIMITS.members:
        raise ContainerError("limit.members", "zip: too many members")
    defects += ["container.zip_unlisted"] if unlisted else []
    defects += ["container.outside_members"] if gaps else []
    return ZipDirectory((*listed, *unlisted), _mimetype(span, listed), tuple(gaps), tuple(defects))


def has_directory(span: Span) -> bool:
    """Whether the octets end as a zip does, whatever stands in front of it."""
    try:
        end = _end_of_directory(span)
    except (struct.error, ValueError):
        return False
    start = end.stop - end.size
    return start >= 0 and (not end.size or span.read(start, start + 4) == b"PK\1\2")


def split(directory: ZipDirectory, target: int) -> tuple[tuple[int, int], ...]:
    """Ranges of member indices, of about target stored octets each, and no more members than one unit has files."""
    ranges, first, octets = [], 0, 0
    for number, member in enumerate(directory.members):
        full = octets + member.stored_size > target or number - first == LIMITS.unit_files
        if number > first and full:
            ranges.append((first, number))
            first, octets = number, 0
        octets += member.stored_size
    if first < len(directory.members):
        ranges.append((first, len(directory.members)))
    return tuple(ranges)


def entries(span: Span, directory: ZipDirectory, first: int = 0, stop: int | None = None) -> Iterator[Entry]:
    """Members first..stop, in directory order, and behind the last one the gaps."""
    for member in directory.members[first:stop]:
        yield _entry(span, member)
    if stop is None or stop >= len(directory.members):
        for start, end in directory.gaps:
            yield Entry(None, start, "gap", start, end - start)


def beginning(span: Span, member: Member, limit: int) -> bytes:
    """The first decoded octets of a member, at most limit; of a damaged one what comes before the damage."""
    entry = _entry(span, member)
    if entry.start is not None and entry.length is not None:
        return span.read(entry.start, entry.start + min(entry.length, limit))
    pieces, size = [], 0
    try:
        for chunk in entry.content() if entry.content is not None else ():
            pieces.append(chunk)
            size += len(chunk)
            if size >= limit:
                break
    except ContainerError:
        pass
    return b"".join(pieces)[:limit]


_FOLDERS = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    b"visio/": "application/vnd.ms-visio.drawing",
}
OOXML = frozenset(_FOLDERS.values())
_PACKAGE = re.compile(rb"application/(?:epub\+zip|vnd\.(?:oasis\.opendocument|sun\.xml)\.[a-z.-]{1,60})")


def office_type(directory: ZipDirectory) -> str | None:
    """Media type if the zip is an office document (OOXML, ODF, EPUB), which is one thing, not an archive."""
    if _PACKAGE.fullmatch(directory.mimetype):
        return directory.mimetype.decode("ascii")
    names = {member.name for member in directory.members}
    if b"[Content_Types].xml" in names:
        for folder, media_type in _FOLDERS.items():
            if any(name.startswith(folder) for name in names):
                return media_type
    return None


# ---- the directory ----------------------------------------------------------------------------


def _central(span: Span) -> tuple[list[Member], list[_Range], list[str]]:
    """Members by the central directory, the octets that it takes, and defects.

    ValueError or struct.error if it cannot be found or read.
    """
    end = _end_of_directory(span)
    start = end.stop - end.size  # believed before offset: octets may have been put in front of the archive
    prefix = start - end.offset
    if start < 0 or prefix < 0:
        raise ValueError("central directory lies outside of the file")
    if end.size > LIMITS.members * _DIRECTORY_PER_MEMBER:
        raise ContainerError("limit.members", "zip: the directory is too large")
    lines = list(_parse_central(span.read(start, end.stop), prefix, end.disk))
    if len(lines) > LIMITS.members:
        raise ContainerError("limit.members", "zip: too many members")
    # Writers without zip64 count modulo 65,536.
    defects = [] if (len(lines) - end.lines) % 0x10000 == 0 else ["container.zip_count"]
    return [line for line in lines if line is not None], [(start, end.stop), *end.taken], defects


class _End(NamedTuple):
    """What the end of central directory says."""

    stop: int  # of the directory
    size: int
    offset: int  # as claimed
    lines: int  # members and folders, as claimed
    disk: int  # number of this file among those that an archive was split into, from 0
    taken: list[_Range]  # octets of the end records themselves


def _end_of_directory(span: Span) -> _End:
    tail_start = max(0, span.size - _END.size - 0xFFFF)
    tail = span.read(tail_start)
    last = at = tail.rfind(b"PK\5\6")
    while at >= 0 and at + _END.size + int.from_bytes(tail[at + 20 : at + 22], "little") != len(tail):
        at = tail.rfind(b"PK\5\6", 0, at)  # it may stand in the comment; the right one reaches the end
    at = at if at >= 0 else last
    if at < 0:
        raise ValueError("no end of central directory")
    _, disk, _, _, count, size, offset, comment_size = _END.unpack_from(tail, at)
    end = tail_start + at
    whole = end + _END.size + comment_size
    taken = [(end, whole if whole <= span.size else end + _END.size)]
    locator = span.read(max(0, end - _END64_LOCATOR.size), end)
    if not (count == 0xFFFF or 0xFFFFFFFF in (size, offset)) or not locator.startswith(b"PK\6\7"):
        return _End(end, size, offset, count, disk, taken)
    _, _, record, _ = _END64_LOCATOR.unpack(locator)
    for place in (record, end - _END64_LOCATOR.size - _END64.size):  # the latter with a prefix
        found = span.read(place, place + _END64.size) if 0 <= place < span.size else b""
        if found.startswith(b"PK\6\6"):
            *_, disk, _, _, count, size, offset = _END64.unpack(found)
            taken += [(place, place + _END64.size), (end - _END64_LOCATOR.size, end)]
            return _End(place, size, offset, count, disk, taken)
    raise ValueError("no zip64 end of central directory")


def _parse_central(directory: bytes, prefix: int, last: int) -> Iterator[Member | None]:
    """A member for each line of the directory, None for a folder; last is the number of the file that it ends."""
    at = 0
    while at < len(directory):
        if directory.startswith(b"PK\5\5", at):  # §4.3.13, a signature of the directory, at its end or not
            at += 6 + int.from_bytes(directory[at + 4 : at + 6], "little")
            continue
        (mark, made_by, _, flags, method, time, date, crc, stored, size, name_size, extra_size, comment_size, disk, _,
         external, header) = _CENTRAL.unpack_from(directory, at)  # fmt: skip
        if mark != b"PK\1\2":
            raise ValueError("central directory is damaged")
        at += _CENTRAL.size
        name = directory[at : at + name_size]
        extra = directory[at + name_size : at + name_size + extra_size]
        at += name_size + extra_size + comment_size
        size, stored, header = _zip64_extra(extra, size, stored, header)
        symlink = made_by >> 8 == 3 and (external >> 16) & 0o170000 == 0o120000
        first_extra = int.from_bytes(extra[:2], "little")
        member = Member(
            name,
            flags,
            method,
            crc,
            stored,
            size,
            header + prefix,
            symlink,
            made_by,
            date << 16 | time,
            first_extra,
            _unicode_name(extra, name),
            "container.other_volume" if disk < last < 0xFFFF else None,
        )
        yield None if _is_folder(name, stored, size) else member


def _unicode_name(extra: bytes, name: bytes) -> bytes:
    """The name that an extra field gives in UTF-8, if it belongs to this one (§4.6.9)."""
    at = 0
    while b"up" in extra and at + 9 <= len(extra):
        kind, length, version, crc = struct.unpack_from("<2sHBL", extra, at)
        if kind == b"up" and version == 1 and crc == zlib.crc32(name):
            return extra[at + 9 : at + 4 + length]
        at += 4 + length
    return b""


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
    at = len(_SPANNED) if span.read(0, 4) == _SPANNED else 0
    while len(members) < LIMITS.members:
        found = _by_local_header(span, at, span.size)
        if found is None:
            break
        member, end = found
        if not _is_folder(member.name, member.stored_size, member.size):
            lost = "container.truncated" if end is None or end > span.size else None
            members.append(replace(member, error_code=lost, defects=("container.zip_no_directory",)))
        if end is None:
            break
        at = end
    return members


def _by_local_header(span: Span, at: int, limit: int) -> tuple[Member, int | None] | None:
    """A member by its local header alone, and its end; None as the end if limit comes before it."""
    head = span.read(at, min(at + _LOCAL.size, limit))
    if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
        return None
    _, _, flags, method, time, date, crc, stored, size, name_size, extra_size = _LOCAL.unpack(head)
    start = at + _LOCAL.size + name_size + extra_size
    rest = span.read(at + _LOCAL.size, start)
    name = rest[:name_size]
    try:
        size, stored, _ = _zip64_extra(rest[name_size:], size, stored, 0)
    except struct.error:
        return None
    end: int | None = start + stored
    if flags & _SIZES_BEHIND:
        crc, stored, size, end = _descriptor(span, start, limit)
    return Member(name, flags, method, crc, stored, size, at, stamp=date << 16 | time), end


def _descriptor(span: Span, start: int, limit: int) -> tuple[int, int, int, int | None]:
    """CRC, stored size, size and end of a member whose sizes follow it; the end is None without them."""
    for tries, at in enumerate(occurrences(span, b"PK\7\x08", start, limit)):
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
    here = [number for number, member in enumerate(members) if member.error_code is None]
    for number in sorted(here, key=lambda n: (members[n].header, n)):
        member = members[number]
        if member.header < end:
            overlapping.add(number)
        # The local name has the size of the central one, in every archive that is not made to lie.
        stop = member.header + _LOCAL.size + len(member.name) + member.stored_size
        if stop <= limit:
            end = max(end, stop)
    for number, member in enumerate(members):
        yield replace(member, error_code="container.zip_overlap") if number in overlapping else member


# ---- what the directory leaves out ----------------------------------------------------------------

_Range = tuple[int, int]  # octets start..stop


def _extents(span: Span, members: list[Member]) -> Iterator[_Range]:
    """Octets from a member's local header to its end; none of members that cannot be where they are said to be."""
    for member in members:
        if member.error_code is not None:
            continue
        head = span.read(member.header, member.header + _LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
            continue
        _, _, flags, *_, name_size, extra_size = _LOCAL.unpack(head)
        stop = member.header + _LOCAL.size + name_size + extra_size + member.stored_size
        if stop <= span.size:
            yield member.header, stop + (_descriptor_size(span, stop, member) if flags & _SIZES_BEHIND else 0)


def _descriptor_size(span: Span, at: int, member: Member) -> int:
    """Octets of the descriptor behind a member, with its mark or without (§4.3.9); 0 if it says something else."""
    found = span.read(at, at + _DESCRIPTOR64.size)
    for sizes in ("<3L", "<L2Q"):
        said = struct.pack(
            sizes, member.crc, *(n % 2**32 if sizes == "<3L" else n for n in (member.stored_size, member.size))
        )
        for mark in (b"PK\7\x08", b""):
            if found.startswith(mark + said):
                return len(mark + said)
    return 0


def _left_out(span: Span, taken: list[_Range], alive: Callable[[], None]) -> Iterator[Member | _Range]:
    """Members and other octets, in order, that lie outside of the ranges taken."""
    found = _Search(span)
    at = 4 if span.read(0, 4) in (b"PK00", _SPANNED) else 0  # §8.5.4, marks of an archive once on several disks
    for start, stop in (*sorted(taken), (span.size, span.size)):
        if start > at:
            alive()
            for one in found.within(at, start):
                if isinstance(one, Member) or not _is_zero(span.sub(*one), alive):
                    yield one
        at = max(at, stop)


class _Search:
    """Members by their local headers where no directory says that there are any; a bounded number of tries."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._tries, self._searches = _HEADER_TRIES, _SEARCHES

    def within(self, start: int, stop: int) -> Iterator[Member | _Range]:
        """Members that lie wholly in start..stop, and the octets around them."""
        at = start
        for place in occurrences(self._span, b"PK\3\4", start, stop):
            if place < at:
                continue  # within a member
            if not self._tries or not self._searches:
                break
            member, end = self._member(place, stop)
            if member is None:
                self._tries -= 1
                continue
            if place > at:
                yield at, place
            if not _is_folder(member.name, member.stored_size, member.size):
                yield replace(member, defects=("container.zip_unlisted",))
            at = end
        if at < stop:
            yield at, stop

    def _member(self, place: int, limit: int) -> tuple[Member | None, int]:
        """A member that can be read, and its end."""
        *_, flags, method, _, _, _, _, _, name_size, _ = _LOCAL.unpack(
            self._span.read(place, place + _LOCAL.size).ljust(_LOCAL.size, b"\0")
        )
        if flags & _ENCRYPTED or method not in _READABLE or not 0 < name_size <= LIMITS.name:
            return None, place
        member, end = _by_local_header(self._span, place, limit) or (None, None)
        if end is None:
            self._searches -= bool(flags & _SIZES_BEHIND)
            return None, place
        return (member, end) if end <= limit else (None, place)


def _is_zero(octets: Span, alive: Callable[[], None]) -> bool:
    for chunk in octets.chunks():
        alive()
        if chunk.count(0) != len(chunk):
            return False
    return True


def _mimetype(span: Span, members: list[Member]) -> bytes:
    if not members or members[0].name != b"mimetype" or members[0].method != _STORED:
        return b""
    entry = _entry(span, members[0])
    return b"" if entry.start is None else span.read(entry.start, entry.start + min(entry.length or 0, 100))


# ---- members ----------------------------------------------------------------------------------


def _entry(span: Span, member: Member) -> Entry:
    name, defects = member_name(member), member.defects
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
        return Entry(
            name,
            start=start,
            length=member.stored_size,
            stored_size=member.stored_size,
            crc=member.crc,
            defects=defects,
        )
    return Entry(
        name,
        content=partial(_decoded, content, member),
        stored_size=member.stored_size,
        declared_size=member.size,
        defects=defects,
    )


def _unreadable(member: Member, name: bytes, code: str) -> Entry:
    note = listed(member.size, member.crc, dos_time(member.stamp))
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
    """The name in UTF-8 where it says so, is, or is given beside it; else by the archive's own code page (§D.1)."""
    if member.unicode_name:
        return member.unicode_name
    try:
        member.name.decode("utf-8")
    except UnicodeDecodeError:
        return member.name if member.flags & _UTF8 else member.name.decode("cp437").encode("utf-8")
    return member.name


# ---- content ----------------------------------------------------------------------------------


def _decoded(stored: Span, member: Member) -> Iterator[bytes]:
    """A member's content in bounded chunks. ContainerError behind what was good."""
    tally = _Tally()
    skip, new = _decoder(stored, member.method)
    try:
        end = yield from tally.of(decoded(new, stored, skip))
    except ContainerError as error:
        unmarked = member.method == _LZMA and tally.size == member.size  # its end mark is optional (§4.4.4)
        if not (unmarked and error.code == "container.truncated"):
            raise ContainerError(error.code, f"zip: {error}") from None
        end = stored.size
    if tally.crc != member.crc:
        raise ContainerError("container.checksum", "zip: the CRC-32 differs")
    if end < stored.size:
        raise ContainerError("container.trailing", "zip: octets behind the end mark of a member")


class _Tally:
    """CRC-32 and size of what passes through."""

    def __init__(self) -> None:
        self.crc = self.size = 0

    def of(self, chunks: Generator[bytes, None, int]) -> Generator[bytes, None, int]:
        while True:
            try:
                chunk = next(chunks)
            except StopIteration as stop:
                return int(stop.value)
            self.crc = zlib.crc32(chunk, self.crc)
            self.size += len(chunk)
            yield chunk


def _decoder(stored: Span, method: int) -> tuple[int, Callable[[], Decoder]]:
    """Octets to leave out at the start, and what makes a decoder of the rest."""
    if method == _DEFLATED:
        return 0, partial(Inflater, -15)
    if method == _BZIP2:
        return 0, bz2.BZ2Decompressor
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
    new = partial(lzma.LZMADecompressor, lzma.FORMAT_RAW, filters=[properties])
    try:
        new()
    except (lzma.LZMAError, ValueError) as error:
        raise ContainerError("container.damaged", f"zip: {error}") from None
    return 9, new
