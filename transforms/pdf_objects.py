"""PDF: the objects of a revision, by its own cross-reference (ISO 32000-1 §7.3, §7.5).

Read as far as a comparison of two revisions needs it: tables, streams of both kinds in Flate, generations left aside.
Nothing is mended; what is not as the standard says is Unreadable. Steps and decoded octets are counted, so
that a file costs a bounded time whatever it says.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeGuard

from transforms.limits import LIMITS, MIB

TOKEN = re.compile(
    rb"\s{0,999}+(?:(?P<open><<)|(?P<close>>>)|/(?P<name>[^\s()<>\[\]{}/%]{0,127})|(?P<string>\()"
    + rb"|<(?P<hex>[0-9A-Fa-f\s]{0,%d}+)>" % (2 * LIMITS.signature_der)
    + rb"|(?P<word>[^\s()<>\[\]{}/%]{1,999})|(?P<mark>[\[\]{}<>)])|%[^\r\n]{0,999})"
)
_PIECE = re.compile(rb"[^()\\]+|\\([0-7]{1,3})|\\(?:\r\n|([\s\S]))|[()]")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b""}
_STRING = 16 * 1024  # octets of one string in parentheses
_STEP = 4  # octets of it that cost a step
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_NUMBER = re.compile(rb"[+-]?[0-9]{1,10}")
_START = re.compile(rb"startxref\s{1,9}([0-9]{1,12})")
_HEADER = re.compile(rb"\s{0,9}([0-9]{1,10})\s{1,9}[0-9]{1,5}\s{1,9}obj\b")
_SECTION = re.compile(rb"\s{0,9}([0-9]{1,10})\s{1,9}([0-9]{1,10})\s{0,9}")
_ENTRY = re.compile(rb"([0-9]{10}) [0-9]{5} ([nf])[\s]{1,2}")
_DATA = re.compile(rb"\s{0,99}stream(?:\r\n|\n)")
_DEPTH = 64  # of arrays and dictionaries in each other
_SECTIONS = 1_000  # of cross-reference
_DECODED = 32 * MIB  # octets of cross-reference and object streams in all
_LENGTHS = 8  # streams of which each one's length is said to stand behind the next


class Unreadable(Exception):
    """Not as the standard says, or too large."""


class Ref(NamedTuple):
    """A reference to an object."""

    number: int


class Stream(NamedTuple):
    """A stream: what its dictionary says, and its octets as they lie in the file."""

    dictionary: dict[str, Any]
    data: bytes


class Place(NamedTuple):
    """Where an object lies: at an offset of the file, or as the n-th of those in an object stream."""

    offset: int
    nth: int = -1  # in the object stream that lies there; -1: itself


class Octets:
    """A file, and what was parsed of it; revisions of one file share it, so that nothing is parsed twice."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self._steps = LIMITS.pdf_steps
        self._room = _DECODED
        self._held = len(octets)  # octets of streams: they do not overlap
        self._lengths = 0
        self._parsed: dict[int, tuple[Any, int]] = {}
        self._inside: dict[int, tuple[list[int], list[Any]]] = {}

    def spend(self, steps: int = 1) -> None:
        """Steps of those that all comparisons of this file may take together."""
        self._steps -= steps
        if self._steps < 0:
            raise Unreadable

    def value(self, at: int) -> tuple[Any, int]:
        """What stands at a place, and the place behind it: dict, list, bytes, int, Ref, None; other words as str.

        Names are str with their slash.
        """
        stack: list[list[Any]] = []
        closes: list[bytes] = []
        while True:
            self.spend()
            token = TOKEN.match(self.octets, at)
            if token is None or len(stack) > _DEPTH:
                raise Unreadable
            at = token.end()
            kind = token.lastgroup
            if kind == "open" or token["mark"] == b"[":
                stack.append([])
                closes.append(b">>" if kind == "open" else b"]")
                continue
            if kind == "close" or token["mark"] == b"]":
                if not closes or closes.pop() != (token["close"] or token["mark"]):
                    raise Unreadable
                inside = stack.pop()
                value: Any = _dictionary(inside) if kind == "close" else inside
            elif kind == "name":
                value = "/" + _ESCAPED.sub(lambda one: bytes.fromhex(one[1].decode()), token["name"]).decode("latin-1")
            elif kind in ("string", "hex"):
                value, at = string(self.octets, token)
                if kind == "string":
                    self.spend((at - token.end()) // _STEP)
                    if at - token.end() >= _STRING - 1:  # it may go on
                        raise Unreadable
            elif kind == "word":
                word = token["word"]
                if word == b"R" and stack and len(stack[-1]) > 1 and all(type(n) is int for n in stack[-1][-2:]):
                    stack[-1].pop()
                    value = Ref(stack[-1].pop())
                else:
                    value = _word(word)
            elif kind is None and self.octets[at : at + 1] in (b"\r", b"\n", b""):  # a comment
                continue
            else:
                raise Unreadable
            if not stack:
                return value, at
            stack[-1].append(value)

    def object(self, number: int, place: Place, revision: Revision) -> Any:
        """An object of that number; Unreadable if another one lies there."""
        if place.nth >= 0:
            numbers, values = self._object_stream(place.offset, revision)
            if place.nth >= len(numbers) or numbers[place.nth] != number:
                raise Unreadable
            return values[place.nth]
        found, value = self._at(place.offset, revision)
        if found != number:
            raise Unreadable
        return value

    def _at(self, offset: int, revision: Revision) -> tuple[int, Any]:
        """Number and value of the object that lies there."""
        if offset in self._parsed:
            value, found = self._parsed[offset]
            return found, value
        header = _HEADER.match(self.octets, offset)
        if header is None:
            raise Unreadable
        value, at = self.value(header.end())
        data = _DATA.match(self.octets, at)
        if data is not None and isinstance(value, dict):
            size = self._length(value.get("/Length"), revision)
            end = data.end() + size
            self._held -= size
            if self._held < 0 or self.octets.find(b"endstream", end, end + 20) < 0:
                raise Unreadable
            value = Stream(value, self.octets[data.end() : end])
        self._parsed[offset] = value, int(header[1])
        return int(header[1]), value

    def _length(self, value: Any, revision: Revision) -> int:
        """Of a stream. It may be said to stand in another one, or in itself."""
        self._lengths += 1
        try:
            size = revision.get(value) if self._lengths <= _LENGTHS else None
        finally:
            self._lengths -= 1
        if not isinstance(size, int) or size < 0:
            raise Unreadable
        return size

    def _object_stream(self, offset: int, revision: Revision) -> tuple[list[int], list[Any]]:
        """Numbers and values of the objects in a stream (§7.5.7)."""
        if offset not in self._inside:
            self._inside[offset] = [], []
            _, stream = self._at(offset, revision)
            first = stream.dictionary.get("/First") if isinstance(stream, Stream) else None
            if not isinstance(first, int) or stream.dictionary.get("/Type") != "/ObjStm":
                raise Unreadable
            decoded = self.decoded(stream)
            numbers = decoded[: max(first, 0)].split(None, 2 * LIMITS.pdf_objects)
            index = [int(one) for one in numbers if len(one) < 11 and one.isdigit()]
            inside = Octets(decoded)
            inside._steps = self._steps
            values = [inside.value(first + place)[0] for place in index[1::2]]
            self._steps = inside._steps
            self._inside[offset] = index[::2], values
        return self._inside[offset]

    def decoded(self, stream: Stream) -> bytes:
        """Octets of a stream in Flate, with or without a PNG predictor (§7.4.4)."""
        name, parms = (_only(stream.dictionary.get(key)) for key in ("/Filter", "/DecodeParms"))
        if name is None:
            return stream.data
        if self._room <= 0:  # to zlib, 0 is no bound
            raise Unreadable
        try:
            decoder = zlib.decompressobj()
            octets = decoder.decompress(stream.data, self._room)
        except zlib.error:
            raise Unreadable from None
        self._room -= len(octets)
        if name != "/FlateDecode" or not decoder.eof:
            raise Unreadable
        parms = parms if isinstance(parms, dict) else {}
        if parms.get("/Predictor", 1) == 1:
            return octets
        columns = parms.get("/Columns", 1)
        if not isinstance(columns, int) or not 0 < columns < 100 or parms.get("/Colors", 1) != 1:
            raise Unreadable
        self.spend(len(octets) // columns)
        return b"".join(_rows(octets, columns))


class Revision:
    """The objects of a file as of its octets 0 to stop. Unreadable if its cross-reference is."""

    def __init__(self, file: Octets, stop: int) -> None:
        self.file = file
        self.stop = stop
        self.places: dict[int, Place | None] = {}  # of each object; None: it was taken away
        self.offsets: set[int] = set()  # of objects, by every section: also of those that were written again later
        self.trailer: dict[str, Any] = {}
        at = file.octets.rfind(b"startxref", 0, stop)
        start = _START.match(file.octets, at, stop) if at >= 0 else None
        if start is None:
            raise Unreadable
        self._compressed: dict[int, tuple[int, int]] = {}
        self._read(int(start[1]))

    def get(self, value: Any) -> Any:
        """The object that a reference stands for, anything else as it is; None for one that is not there."""
        if not isinstance(value, Ref):
            return value
        place = self.places.get(value.number)
        return self.file.object(value.number, place, self) if place is not None else None

    def keywords(self) -> set[int]:
        """Where the word obj stands of each object that some section names."""
        headers = (_HEADER.match(self.file.octets, offset) for offset in self.offsets)
        return {header.end() - len(b"obj") for header in headers if header is not None}

    def _read(self, at: int) -> None:
        """Sections of cross-reference, the newest first."""
        seen: set[int] = set()
        pending = [at]
        while pending:
            at = pending.pop()
            if at in seen:
                continue
            seen.add(at)
            if len(seen) > _SECTIONS or at >= self.stop:
                raise Unreadable
            is_table = self.file.octets.startswith(b"xref", at)
            trailer = self._table(at + 4) if is_table else self._stream(at)
            self.trailer = self.trailer or trailer
            pending += [n for n in (trailer.get("/Prev"), trailer.get("/XRefStm")) if isinstance(n, int)]
        for number, (stream, index) in self._compressed.items():
            place = self.places.get(stream)
            if place is None or place.nth >= 0:
                raise Unreadable
            self.places[number] = Place(place.offset, index)

    def _table(self, at: int) -> dict[str, Any]:
        octets = self.file.octets
        while section := _SECTION.match(octets, at):
            first, count, at = int(section[1]), int(section[2]), section.end()
            for number in range(first, first + count):
                entry = _ENTRY.match(octets, at)
                if entry is None:
                    raise Unreadable
                self._enter(number, Place(int(entry[1])) if entry[2] == b"n" else None)
                at += 20
        word, at = self.file.value(at)
        trailer, _ = self.file.value(at)
        if word != "trailer" or not isinstance(trailer, dict):
            raise Unreadable
        return trailer

    def _stream(self, at: int) -> dict[str, Any]:
        """§7.5.8."""
        _, stream = self.file._at(at, self)
        if not isinstance(stream, Stream) or stream.dictionary.get("/Type") != "/XRef":
            raise Unreadable
        self.offsets.add(at)
        said = stream.dictionary
        widths, index = said.get("/W"), said.get("/Index", [0, said.get("/Size")])
        if not _counts(widths, 8) or len(widths) != 3 or not _counts(index, 2**31) or len(index) % 2:
            raise Unreadable
        octets = self.file.decoded(stream)
        step, place = sum(widths), 0
        for first, count in zip(index[::2], index[1::2], strict=True):
            for number in range(first, first + count):
                if not step or place + step > len(octets):
                    raise Unreadable
                kind, one, other = _fields(octets[place : place + step], widths)
                place += step
                if kind == 2 and number not in self.places:
                    self._compressed[number] = one, other
                self._enter(number, Place(one) if kind == 1 else None)
        return said

    def _enter(self, number: int, place: Place | None) -> None:
        self.file.spend()
        if place is not None:
            self.offsets.add(place.offset)
            if place.offset >= self.stop:
                raise Unreadable
        self.places.setdefault(number, place)
        if len(self.places) > LIMITS.pdf_objects or len(self.offsets) > LIMITS.pdf_objects:
            raise Unreadable


def string(octets: bytes, token: re.Match[bytes]) -> tuple[bytes, int]:
    """The octets of a string that a token begins, and the place behind it (§7.3.4)."""
    if token.lastgroup == "string":
        return _literal(octets, token.end())
    digits = b"".join(token["hex"].split())
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii")), token.end()


def _literal(octets: bytes, at: int) -> tuple[bytes, int]:
    """A string in parentheses, which may hold pairs of them, and the place behind it."""
    pieces, depth = [], 1
    for piece in _PIECE.finditer(octets, at, at + _STRING):
        at = piece.end()
        if piece[1] is not None:
            pieces.append(bytes([int(piece[1], 8) & 0xFF]))
        elif piece[2] is not None:
            pieces.append(_ESCAPES.get(piece[2], piece[2]))
        elif piece[0] in (b"(", b")"):
            depth += 1 if piece[0] == b"(" else -1
            if depth == 0:
                break
            pieces.append(piece[0])
        elif not piece[0].startswith(b"\\"):
            pieces.append(piece[0])
    return b"".join(pieces), at


def _dictionary(inside: list[Any]) -> dict[str, Any]:
    keys = inside[::2]
    if len(inside) % 2 or not all(isinstance(key, str) for key in keys) or len(set(keys)) < len(keys):
        raise Unreadable  # of a key that stands there twice, readers take the one or the other
    return dict(zip(keys, inside[1::2], strict=True))


def _word(word: bytes) -> int | str | None:
    if _NUMBER.fullmatch(word):
        return int(word)
    return None if word == b"null" else word.decode("latin-1")


def _only(value: Any) -> Any:
    """The one of an array of one."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _counts(value: Any, limit: int) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(one) is int and 0 <= one <= limit for one in value)


def _fields(entry: bytes, widths: list[int]) -> Iterator[int]:
    """Of one entry; a kind without a field is 1."""
    at = 0
    for number, width in enumerate(widths):
        yield int.from_bytes(entry[at : at + width], "big") if width or number else 1
        at += width


def _rows(octets: bytes, columns: int) -> Iterator[bytes]:
    """Rows as PNG predicts them, each from what lies above it; other kinds are not written here (§7.4.4.4)."""
    above = bytes(columns)
    for at in range(0, len(octets), columns + 1):
        row = octets[at + 1 : at + 1 + columns].ljust(columns, b"\0")
        if octets[at] == 2:
            row = bytes((one + other) & 0xFF for one, other in zip(row, above, strict=True))
        elif octets[at] == 1:
            left = 0
            row = bytes(left := (one + left) & 0xFF for one in row)
        elif octets[at] != 0:
            raise Unreadable
        yield row
        above = row
