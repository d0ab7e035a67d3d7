"""TIFF, and the Exif block in its form that other pictures carry: camera, program, artist, times (Exif 2.31 §4.6).

A time has no zone unless a newer camera wrote its offset beside it: the clock of the camera.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping

from transforms.documents import Described, Moment, Opened, moment, shown, zone_minutes
from transforms.model import DocumentFacts

FORMATS = ("tiff",)

_MAKE, _MODEL, _SOFTWARE, _CHANGED, _ARTIST, _EXIF = 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8769
_TAKEN, _CHANGED_OFFSET, _TAKEN_OFFSET = 0x9003, 0x9010, 0x9011
_WANTED = frozenset({_MAKE, _MODEL, _SOFTWARE, _CHANGED, _ARTIST, _TAKEN, _CHANGED_OFFSET, _TAKEN_OFFSET})
_ASCII = 2  # type of a value
_ENTRIES = 512  # of one directory
_VALUE = 1000  # octets of one value
_TIME = re.compile(r"([0-9]{4}):([0-9]{2}):([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})")
_OFFSET = re.compile(r"Z|[+-][0-9]{2}:[0-9]{2}")


def read(opened: Opened) -> Described:
    return Described(facts_of(tags(opened.span.read())))


def tags(octets: bytes) -> dict[int, str]:
    """The wanted text values of the first directory and of the Exif directory that it names; no other is followed."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(octets[:4])
    if order is None or len(octets) < 8:
        return {}
    found: dict[int, str] = {}
    exif = _directory(octets, order, struct.unpack_from(f"{order}L", octets, 4)[0], found)
    if exif is not None:
        _directory(octets, order, exif, found)
    return found


def _directory(octets: bytes, order: str, at: int, found: dict[int, str]) -> int | None:
    """Take the wanted values of one directory; answers where the Exif directory lies, if it says so."""
    exif = None
    if at + 2 > len(octets):
        return None
    (count,) = struct.unpack_from(f"{order}H", octets, at)
    for place in range(at + 2, at + 2 + 12 * min(count, _ENTRIES), 12):
        if place + 12 > len(octets):
            break
        tag, kind, size, value = struct.unpack_from(f"{order}HHLL", octets, place)
        if tag == _EXIF:
            exif = value
        elif tag in _WANTED and kind == _ASCII:
            start = value if size > 4 else place + 8
            found.setdefault(
                tag, octets[start : start + min(size, _VALUE)].decode("utf-8", "replace").partition("\0")[0]
            )
    return exif


def facts_of(said: Mapping[int, str]) -> DocumentFacts:
    """What these values say of a picture."""
    taken = exif_moment(said.get(_TAKEN), said.get(_TAKEN_OFFSET))
    changed = exif_moment(said.get(_CHANGED), said.get(_CHANGED_OFFSET))
    return DocumentFacts(
        author=shown(said.get(_ARTIST)),
        created_utc=taken.utc,
        modified_utc=changed.utc,
        created_local=taken.local,
        modified_local=changed.local,
        application=shown(said.get(_SOFTWARE)),
        producer=shown(" ".join(filter(None, (said.get(_MAKE), said.get(_MODEL))))),
    )


def exif_moment(text: str | None, offset: str | None) -> Moment:
    """2017:03:27 10:22:00, with its offset from UTC or without."""
    found = _TIME.fullmatch(text.strip()) if text else None
    if found is None:
        return Moment()
    zone = offset.strip() if offset and _OFFSET.fullmatch(offset.strip()) else None
    return moment([int(part) for part in found.groups()], zone_minutes(zone))
