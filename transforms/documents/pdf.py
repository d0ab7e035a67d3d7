"""PDF: what it says of itself, how often it was saved, and whether a signature covers all of it (ISO 32000-1).

No object is walked: what is wanted stands in plain text or in one object stream, and is looked for from the end, where
the last save wrote it, so a file of a million objects costs what a small one of its size does. Of an encrypted file
the strings are not decoded. Its words are for pdf_text.py: content streams name glyphs, not letters.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import islice

from transforms import pdf_text, xmp
from transforms.documents import Described, Moment, Opened, moment, several, shown, zone_minutes
from transforms.limits import LIMITS
from transforms.mail.charset import to_text
from transforms.model import DocumentFacts
from transforms.pdf_objects import TOKEN, string

FORMATS = ("pdf",)

_TRIES = 64  # places of one keyword looked at
_INFOS = 4  # objects that are called the information dictionary
_REVISIONS = 16  # of it that are read
_TOKENS = 400  # of one dictionary
_WINDOW = 16 * 1024  # octets of one object
_STREAM = 1024 * 1024  # decoded octets of an object stream in which the one that is wanted is looked for
_INDEX = 64 * 1024  # ... and of the list of its objects
_LINEARIZED = 1024  # octets from the front: a file arranged for the web has two ends from one save (Annex F)

_STREAMS = 100_000  # skipped
_LINE_ENDS = 4  # octets that may stand before and behind the octets of a stream

_LENGTH = re.compile(rb"/Length\s{1,9}([0-9]{1,10})\b(?!\s{1,9}[0-9])")
_INFO = re.compile(rb"/Info\s{1,9}([0-9]{1,10})\s{1,9}[0-9]{1,5}\s{1,9}R")
_ENCRYPT = re.compile(rb"/Encrypt\s{0,9}(?:[0-9]{1,10}\s{1,9}[0-9]{1,5}\s{1,9}R|<<)")
_ID = re.compile(rb"/ID\s{0,9}\[\s{0,9}<([0-9A-Fa-f]{2,64})>\s{0,9}<([0-9A-Fa-f]{2,64})>")
_BYTE_RANGE = re.compile(rb"/ByteRange\s{0,9}\[\s{0,9}([0-9]{1,12})" + rb"\s{1,9}([0-9]{1,12})" * 3)
_LANGUAGE = re.compile(rb"/Lang\s{0,9}\(([A-Za-z0-9-]{2,35})\)")
_FONT = re.compile(rb"/FontName\s{0,9}/(?:[A-Z]{6}\+)?([^\s()<>\[\]{}/%]{1,127})")
_DATE = re.compile(
    r"(?:D:)?([0-9]{4})([0-9]{2})?([0-9]{2})?([0-9]{2})?([0-9]{2})?([0-9]{2})?(?:(Z)|([+-][0-9]{2})'?([0-9]{2})?)?"
)


def read(opened: Opened) -> Described:
    octets = opened.span.read()
    plain = _outside_streams(octets)
    encrypted = next(_found(plain, b"/Encrypt", _ENCRYPT), None) is not None
    infos = [] if encrypted else list(islice(_infos(octets, plain), _REVISIONS))
    said = infos[0] if infos else {}
    at = _packet(octets)
    packet = xmp.read_packet(octets, at) if at >= 0 and not encrypted else None
    producer = said.get("Producer")
    created, modified = pdf_moment(said.get("CreationDate")), pdf_moment(said.get("ModDate"))
    identifier = next(_found(plain, b"/ID", _ID), None)
    unread = pdf_text.unread(octets)
    ranges = list(_found(plain, b"/ByteRange", _BYTE_RANGE))
    facts = DocumentFacts(
        author=shown(said.get("Author")),
        created_utc=created.utc,
        modified_utc=modified.utc,
        created_local=created.local,
        modified_local=modified.local,
        application=shown(said.get("Creator")),
        producer=shown(producer),
        languages=several(one[1].decode("ascii") for one in _found(plain, b"/Lang", _LANGUAGE)),
        earlier_producers=several(one["Producer"] for one in infos if one.get("Producer") not in (None, producer)),
        fonts=several(one[1].decode("latin-1") for one in _found(plain, b"/FontName", _FONT)),
        pdf_revisions=max(1, plain.count(b"%%EOF") - (octets.find(b"/Linearized", 0, _LINEARIZED) >= 0)),
        identifiers=several(one.decode("ascii").lower() for one in identifier.groups()) if identifier else (),
        signatures=len(ranges),
        unsigned_octets=_behind(octets, ranges),
        encrypted=encrypted,
        defects=(f"document.words_not_read: {unread}",) if unread is not None and not encrypted else (),
    )
    return Described(xmp.with_packet(facts, packet), pdf_text.words(octets) if not encrypted else "")


def _outside_streams(octets: bytes) -> bytes:
    """The file without the octets of its streams, which are most of it and may be another PDF (§7.3.8).

    What a stream that never ends would hide stays, and so does all behind the first _STREAMS of them.
    """
    pieces = []
    kept = at = 0
    for _ in range(_STREAMS):
        at = octets.find(b"stream", at) + len(b"stream")
        if at < len(b"stream"):
            break
        if octets[at : at + 1] not in (b"\r", b"\n") or octets.endswith(b"endstream", 0, at):
            continue
        end = _end_of_stream(octets, at, max(kept, at - _WINDOW))
        if end < 0:
            break
        pieces.append(octets[kept:at])
        kept, at = end, end + len(b"endstream")
    return b"".join((*pieces, octets[kept:]))


def _end_of_stream(octets: bytes, start: int, dictionary: int) -> int:
    """Where `endstream` stands: as its dictionary says if that is right, else the next one; -1 if there is none."""
    length = _LENGTH.search(octets, dictionary, start)
    if length is not None:
        said = start + int(length[1])
        end = octets.find(b"endstream", said, said + _LINE_ENDS + len(b"endstream"))
        if end >= 0:
            return end
    return octets.find(b"endstream", start)


def _found(octets: bytes, keyword: bytes, form: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """Matches at a keyword, from the end of the file to its front; a bounded number of places is looked at."""
    at = len(octets)
    for _ in range(_TRIES):
        at = octets.rfind(keyword, 0, at)
        if at < 0:
            return
        match = form.match(octets, at)
        if match is not None:
            yield match


def _packet(octets: bytes) -> int:
    """Where the document's own packet of XMP begins, -1 without one.

    Pictures inside carry packets as well, which name no Producer; a packet that is alone is the document's.
    """
    at, places = len(octets), []
    for _ in range(_TRIES):
        at = octets.rfind(xmp.START, 0, at)
        if at < 0:
            break
        if octets.find(b"Producer", at, at + LIMITS.document_part) >= 0:
            return at
        places.append(at)
    return places[0] if len(places) == 1 else -1


def _behind(octets: bytes, ranges: list[re.Match[bytes]]) -> int | None:
    """Octets behind the last one that a signature covers, blanks left out; None without a signature."""
    if not ranges:
        return None
    end = max(int(one[3]) + int(one[4]) for one in ranges)
    return len(octets[end:].strip()) if end < len(octets) else 0


# ---- the information dictionaries -----------------------------------------------------------------


def _infos(octets: bytes, plain: bytes) -> Iterator[dict[str, str]]:
    """The document information dictionaries, the last one written first (§14.3.3); plain is what is outside streams."""
    numbers = dict.fromkeys(int(one[1]) for one in _found(plain, b"/Info", _INFO))
    for number in islice(numbers, _INFOS):
        defined = False
        for place in _definitions(plain, number):
            said = _strings(plain, place)
            if said:
                defined = True
                yield said
        held = None if defined else _from_object_stream(octets, number)
        if held is not None:
            yield _strings(held, 0)


def _definitions(octets: bytes, number: int) -> Iterator[int]:
    """Where the content of an object begins, of its last definition first (§7.3.10)."""
    mark = b"%d 0 obj" % number
    at = len(octets)
    for _ in range(_TRIES):
        at = octets.rfind(mark, 0, at)
        if at < 0:
            return
        if not at or octets[at - 1 : at].isspace():  # else of a longer number, or inside a string
            yield at + len(mark)


def _from_object_stream(octets: bytes, number: int) -> bytes | None:
    """An object that lies in a compressed object stream (§7.5.7), from the last of them that has it."""
    at = len(octets)
    for _ in range(_TRIES):
        at = octets.rfind(b"/ObjStm", 0, at)
        if at < 0:
            break
        start = octets.rfind(b"obj", max(0, at - _WINDOW), at)
        stream = octets.find(b"stream", at, at + _WINDOW)
        first = re.search(rb"/First\s{1,9}([0-9]{1,7})", octets[max(start, 0) : max(stream, 0)])
        if start < 0 or stream < 0 or first is None:
            continue
        data = stream + len(b"stream") + (2 if octets[stream + 6 : stream + 8] == b"\r\n" else 1)
        size = int(first[1])
        index = [
            int(one) for one in _inflated(octets, data, min(size, _INDEX)).split() if len(one) < 11 and one.isdigit()
        ]
        places = dict(zip(index[::2], index[1::2], strict=False))
        place = size + places.get(number, _STREAM)
        if place < _STREAM:
            return _inflated(octets, data, place + _WINDOW)[place:]
    return None


def _inflated(octets: bytes, start: int, size: int) -> bytes:
    """The first decoded octets of a stream, as far as it is sound."""
    try:
        return zlib.decompressobj().decompress(octets[start : start + size + size // 64 + 1024], size)
    except zlib.error:
        return b""


def _strings(octets: bytes, at: int) -> dict[str, str]:
    """The strings of a dictionary by their names; those inside others are passed over (§7.3.4, §7.3.7).

    A string may be an object of its own that is referred to, as macOS writes them.
    """
    found: dict[str, str] = {}
    depth = 0
    name, words = "", [b"", b""]
    for _ in range(_TOKENS):
        token = TOKEN.match(octets, at)
        if token is None:
            break
        at = token.end()
        kind = token.lastgroup
        value: bytes | None = None
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
            if depth <= 0:
                break
        elif kind in ("string", "hex"):
            value, at = string(octets, token)
        elif kind == "word":
            if token["word"] == b"R" and words[0].isdigit() and len(words[0]) < 10 and name in _WANTED:
                value = _referred(octets, int(words[0]))
            words = [words[1], token["word"]]
        if kind == "name":
            name = token["name"].decode("latin-1")
        elif value is not None and depth == 1:
            found.setdefault(name, _decoded(value))
    return found


_WANTED = frozenset({"Author", "Creator", "Producer", "CreationDate", "ModDate"})


def _referred(octets: bytes, number: int) -> bytes | None:
    """A string that is an object of its own; None if it is none."""
    place = next(_definitions(octets, number), None)
    token = TOKEN.match(octets, place) if place is not None else None
    return string(octets, token)[0] if token is not None and token.lastgroup in ("string", "hex") else None


def _decoded(value: bytes) -> str:
    """A text string (§7.9.2.2); most writers take Windows-1252 for what the standard calls PDFDocEncoding."""
    if value.startswith(b"\xfe\xff"):
        return value[2:].decode("utf-16-be", "replace")
    if value.startswith(b"\xef\xbb\xbf"):
        return value[3:].decode("utf-8", "replace")
    return to_text(value, "iso-8859-1")


def pdf_moment(text: str | None) -> Moment:
    """A date (§7.9.4): D:20170327102200+02'00', cut anywhere behind the year."""
    found = _DATE.match(text.strip()) if text else None
    if found is None:
        return Moment()
    parts = [
        int(part) if part else default for part, default in zip(found.groups()[:6], (0, 1, 1, 0, 0, 0), strict=True)
    ]
    return moment(parts, zone_minutes(found[7] or (found[8] + (found[9] or "00") if found[8] else None)))
