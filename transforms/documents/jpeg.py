"""JPEG: the Exif block and the packet of XMP in front of the picture (Exif 2.31 §4.7, XMP part 3 §1.1.3)."""

from __future__ import annotations

from transforms import xmp
from transforms.documents import Described, Opened
from transforms.documents.tiff import facts_of, tags
from transforms.model import DocumentFacts

FORMATS = ("jpeg",)

_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_SEGMENTS = 1_000
_APP1, _SCAN, _END = 0xE1, 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length


def read(opened: Opened) -> Described:
    octets = opened.span.read(0, 1024 * 1024)
    facts, packet = DocumentFacts(), None
    at = 2
    for _ in range(_SEGMENTS):
        marker = octets[at + 1 : at + 2]
        if octets[at : at + 1] != b"\xff" or not marker or marker[0] in (_SCAN, _END):
            break
        if marker[0] == 0xFF or marker[0] in _ALONE:  # a fill octet, or a marker alone
            at += 1 if marker[0] == 0xFF else 2
            continue
        stop = at + 2 + max(2, int.from_bytes(octets[at + 2 : at + 4], "big"))
        segment = octets[at + 4 : stop] if marker[0] == _APP1 else b""
        if segment.startswith(_EXIF):
            facts = facts_of(tags(segment[len(_EXIF) :]))
        elif segment.startswith(_XMP) and xmp.START in segment:
            packet = xmp.read_packet(segment, segment.index(xmp.START))
        at = stop
    return Described(xmp.with_packet(facts, packet))
