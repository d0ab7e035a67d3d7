"""Compound files (MS-CFB): a tree of named streams inside one file, as Outlook and old Office write it.

Read with olefile, which trusts what a file says of itself. So the counts in the header are held
against the file's size before it sees a file, its streams and what they claim together are counted,
and what it does in quadratic time is done otherwise. Its readers of property sets are never called.
"""

from __future__ import annotations

import struct
from array import array
from typing import Any

import olefile

from transforms.limits import LIMITS
from transforms.model import ContainerError
from transforms.span import SourceChanged, Span, SpanFile

_HEADER = 512  # octets
_COUNTS = struct.Struct("<30xH12xL16xL4xL")  # sector shift; sectors of FAT, MiniFAT and DIFAT (MS-CFB §2.2)
_CLAIMS = 2  # how often the octets of a file may be claimed by its streams


class Storage:
    """One storage of a compound file: its streams and the storages inside it, by name."""

    __slots__ = ("_entry", "_file", "_kids")

    def __init__(self, file: _File, entry: Any) -> None:
        self._file = file
        self._entry = entry
        # Names differ without regard to case (MS-CFB §2.6.4); these are ASCII.
        self._kids = {kid.name.lower(): kid for kid in reversed(entry.kids)}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._kids

    def names(self) -> list[str]:
        """Of streams and storages, sorted."""
        return [kid.name for kid in self._entry.kids]

    def storage(self, name: str) -> Storage | None:
        """A storage inside this one, None if there is none."""
        kid = self._kids.get(name.lower())
        return Storage(self._file, kid) if kid is not None and kid.entry_type == olefile.STGTY_STORAGE else None

    def stream(self, name: str) -> bytes | None:
        """The octets of a stream, None if there is none. ContainerError if it cannot be read whole."""
        kid = self._kids.get(name.lower())
        if kid is None or kid.entry_type != olefile.STGTY_STREAM:
            return None
        return self._file.take(kid)

    def beginning(self, name: str, limit: int) -> bytes | None:
        """The first octets of a stream, at most limit, None if there is none. ContainerError as for the whole."""
        kid = self._kids.get(name.lower())
        if kid is None or kid.entry_type != olefile.STGTY_STREAM:
            return None
        return self._file.take(kid, limit)


def open_compound(span: Span) -> Storage:
    """The root of a compound file. ContainerError if it is damaged, or larger than one would parse."""
    if span.size > LIMITS.compound:
        raise ContainerError("limit.compound", "the compound file is larger than what is parsed")
    header = span.read(0, _HEADER)
    if len(header) < _HEADER:
        raise ContainerError("container.truncated", "the header is cut short")
    shift, n_fat, n_mini_fat, n_difat = _COUNTS.unpack_from(header)
    sectors = (span.size >> shift) + 1
    needed = sectors * 4 >> shift  # sectors of FAT: four octets for each sector of the file
    if shift not in (9, 12) or n_fat > 2 * needed + 2 or n_mini_fat > sectors or n_difat > needed:
        raise ContainerError("container.damaged", "the header counts more sectors than there are")
    file = _File(span)
    return Storage(file, file.ole.root)


class _File:
    """A compound file that is being read, and how many octets its streams may still claim."""

    def __init__(self, span: Span) -> None:
        self.left = _CLAIMS * span.size
        self.ole = _guarded(_Ole, SpanFile(span))
        if self.ole.root.size > span.size:  # of the stream that holds all small ones
            raise ContainerError("container.damaged", "the small streams claim more octets than the file has")

    def take(self, entry: Any, limit: int | None = None) -> bytes:
        size = entry.size if limit is None else min(entry.size, limit)
        self.left -= size
        if self.left < 0:
            raise ContainerError("limit.ratio", "the streams claim more octets than the file has")
        octets: bytes = _guarded(self._read, entry, size)
        if len(octets) != size:
            raise ContainerError("container.truncated", "a stream ends early")
        return octets

    def _read(self, entry: Any, size: int) -> bytes:
        if not size:
            return b""
        small = entry.size < self.ole.minisectorcutoff  # the stream decides where its octets lie, not what is asked for
        octets: bytes = self.ole._open(entry.isectStart, size, force_FAT=not small).getvalue()
        return octets


class _Ole(olefile.OleFileIO):  # type: ignore[misc]
    """olefile without what takes quadratic time or unbounded memory."""

    def _check_duplicate_stream(self, first_sect: int, minifat: bool = False) -> None:
        """A remark only, for which each stream would be compared with all others."""

    def loadfat_sect(self, sect: Any) -> int:
        """Append the named sectors of the FAT, in place: olefile copies the whole table for each."""
        place = olefile.ENDOFCHAIN
        places = sect if isinstance(sect, array) else self.sect2array(sect)
        for place in places:
            if place in (olefile.ENDOFCHAIN, olefile.FREESECT):
                break
            self.fat.extend(self.sect2array(self.getsect(place)))
        return int(place)

    def _load_direntry(self, sid: int) -> Any:
        self.loaded = getattr(self, "loaded", 0) + 1
        if self.loaded > LIMITS.compound_entries:
            raise ContainerError("limit.members", "too many streams")
        return super()._load_direntry(sid)


def _guarded(read: Any, *arguments: Any) -> Any:
    """What olefile answers; ContainerError for any of the many exceptions of damaged files.

    Its own errors are OSErrors without a number; those of the file being read have one, or a class.
    """
    try:
        return read(*arguments)
    except ContainerError:
        raise
    except OSError as error:
        if error.errno is not None or isinstance(error, SourceChanged):
            raise
        raise ContainerError("container.damaged", str(error)) from error
    except MemoryError:
        raise ContainerError("limit.memory", "not enough memory for a stream") from None
    except Exception as error:
        raise ContainerError("container.damaged", f"{type(error).__name__}: {error}") from error
