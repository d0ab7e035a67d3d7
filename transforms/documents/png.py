"""PNG: text chunks, the time of the last change, Exif and XMP (PNG 1.2 §4.2.3, §4.2.4; extensions 1.5)."""

from __future__ import annotations

import struct
import zlib

from transforms import xmp
from transforms.documents import Described, Opened, iso_moment, moment, shown
from transforms.documents.tiff import facts_of, tags
from transforms.limits import LIMITS

FORMATS = ("png",)

_CHUNKS = 20_000  # pictures of 100 MB have as many
_HEAD = struct.Struct(">L4s")
_TEXT = 4 * 1024  # decoded octets of one text
_XMP = b"XML:com.adobe.xmp"


def read(opened: Opened) -> Described:
    octets = opened.span.read()
    said: dict[str, str] = {}
    exif: dict[int, str] = {}
    packet, changed = None, b""
    at = 8
    for _ in range(_CHUNKS):
        if at + _HEAD.size > len(octets):
            break
        size, kind = _HEAD.unpack_from(octets, at)
        start, at = at + _HEAD.size, at + _HEAD.size + size + 4
        if kind == b"tIME":
            changed = octets[start : start + 7]
        elif kind == b"eXIf":
            exif = tags(octets[start : start + min(size, LIMITS.document_part)])
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            chunk = octets[start : start + min(size, LIMITS.document_part)]
            if chunk.startswith(_XMP) and xmp.START in chunk:
                packet = xmp.read_packet(chunk, chunk.index(xmp.START))
            else:
                key, _, rest = chunk.partition(b"\0")
                said.setdefault(key[:79].decode("latin-1"), _text(kind, rest))
        elif kind == b"IEND":
            break
    facts = facts_of(exif)
    if len(changed) == 7:  # in UTC, by the standard
        year, *rest_of_time = struct.unpack(">HBBBBB", changed)
        facts = facts._replace(modified_utc=moment([year, *rest_of_time], 0).utc, modified_local=None)
    created = iso_moment(said.get("Creation Time") or said.get("date:create"))
    if facts.created_utc is None and facts.created_local is None:
        facts = facts._replace(created_utc=created.utc, created_local=created.local)
    return Described(
        xmp.with_packet(
            facts._replace(
                author=facts.author or shown(said.get("Author")),
                application=facts.application or shown(said.get("Software")),
            ),
            packet,
        )
    )


def _text(kind: bytes, rest: bytes) -> str:
    """The text behind a keyword: Latin-1, compressed Latin-1, or UTF-8 that may be compressed."""
    if kind == b"tEXt":
        return rest[:_TEXT].decode("latin-1")
    if kind == b"zTXt":  # behind one octet for the method
        return _inflated(rest[1:]).decode("latin-1")
    text = rest[2:].split(b"\0", 2)[-1]  # behind flag, method, language and translated keyword
    return (_inflated(text) if rest[:1] == b"\1" else text[:_TEXT]).decode("utf-8", "replace")


def _inflated(octets: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(octets, _TEXT)
    except zlib.error:
        return b""
