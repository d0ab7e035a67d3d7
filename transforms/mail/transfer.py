"""Content-Transfer-Encoding: a part's encoded octets to its content, in chunks (RFC 2045 §6)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Generator, Iterator

import pybase64

from transforms.limits import LIMITS
from transforms.span import Span

IDENTITY = frozenset({"", "7bit", "8bit", "binary"})
_UUENCODE = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})

# What a decoder yields, and finally whether the octets had one reading only (VERDICT §2).
_Chunks = Generator[bytes, None, bool]


class Decoding:
    """Iterated once: an encoded body's content, in chunks; then whether that was its only reading."""

    def __init__(self, body: Span, encoding: str) -> None:
        self._body = body
        self._encoding = encoding
        self._strict = False

    def strict(self) -> bool:
        """Whether every decoder gives these octets; False until the last chunk has been read.

        base64: alphabet and line ends only, padding only at the end. Quoted-printable: well-formed.
        """
        return self._strict

    def __iter__(self) -> Iterator[bytes]:
        if self._encoding == "base64":
            self._strict = yield from _base64(self._body)
        elif self._encoding == "quoted-printable":
            self._strict = yield from _quoted_printable(self._body)
        elif self._encoding in _UUENCODE:
            yield from _uuencode(self._body)
        else:  # an encoding that nobody knows is no reason to lose octets
            yield from self._body.chunks()
            self._strict = self._encoding in IDENTITY


def decode(body: Span, encoding: str) -> Decoding:
    """Content of a body under an encoding (lower case); never raises, damaged octets are passed over."""
    return Decoding(body, encoding)


def decode_one_way(body: Span, encoding: str) -> bytes | None:
    """Content of a body, None if decoders could differ on it."""
    decoding = decode(body, encoding)
    octets = b"".join(decoding)
    return octets if decoding.strict() else None


def _whole_lines(body: Span) -> Iterator[bytes]:
    """Chunks cut behind a line end; a line longer than a chunk comes in pieces that cut no escape."""
    held = b""
    for chunk in body.chunks():
        block = held + chunk if held else chunk
        cut = block.rfind(b"\n") + 1
        if not cut and len(block) > LIMITS.chunk:
            escape = block.find(b"=", -3)
            cut = escape if escape >= 0 else len(block)
        held = block[cut:]
        if cut:
            yield block[:cut]
    if held:
        yield held


# ---- base64 (RFC 2045 §6.8) -------------------------------------------------------------------

LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(LETTERS + b"="))


def _base64(body: Span) -> _Chunks:
    strict = True
    letters = b""  # under four, not decoded yet
    count = padding = 0  # letters with padding; padding alone
    for block in _whole_lines(body):
        if not letters and not padding:
            end, content = _even_lines(block)
            yield content
            block = block[end:]
        clean = block.translate(None, _NOT_BASE64)
        text = clean.rstrip(b"=")
        junk = len(block) - len(clean) - block.count(b"\r") - block.count(b"\n")
        if junk or (text and (padding or b"=" in text)):
            strict = False
        count += len(clean)
        padding += len(clean) - len(text)
        # Where someone joined two encoded texts, content goes on after padding: each is decoded.
        *closed, letters = (letters + clean).split(b"=")
        yield b"".join(map(_unpadded, closed))
        whole = len(letters) & ~3
        yield pybase64.b64decode(letters[:whole])
        letters = letters[whole:]
    yield _unpadded(letters)
    return strict and count % 4 == 0 and padding <= 2


def _even_lines(block: bytes) -> tuple[int, bytes]:
    """End and content of the leading lines of one length without padding; (0, b"") if there are none.

    With every line end in its place, as much content as the lines have room for says that nothing
    else was passed over: several times as fast as looking at every octet for one that is not in the alphabet.
    """
    stride = block.find(b"\n", 0, 1024) + 1
    ending = b"\r\n" if block[stride - 2 : stride] == b"\r\n" else b"\n"
    width = stride - len(ending)
    if width <= 0 or width % 4:
        return 0, b""
    count = len(block) // stride
    if block[count * stride - len(ending) - 1 : count * stride - len(ending)] == b"=":
        count -= 1
    lines = block[: count * stride]
    if any(lines[place::stride].count(ending[place - width]) != count for place in range(width, stride)):
        return 0, b""
    try:
        content = pybase64.b64decode(lines)
    except binascii.Error:
        return 0, b""
    return (len(lines), content) if len(content) == count * width // 4 * 3 else (0, b"")


def _unpadded(letters: bytes) -> bytes:
    """Content of letters whose padding was cut off or never there; a lone last letter says nothing."""
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    content: bytes = pybase64.b64decode(letters + b"=" * (-len(letters) % 4))
    return content


# ---- quoted-printable (RFC 2045 §6.7) ---------------------------------------------------------

_BLANK_BEFORE_END = re.compile(rb"\n(?:(?<=[ \t]\n)|(?<=[ \t]\r\n))")
_PRINTABLE = bytes(range(32, 127)) + b"\t\r\n"
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r?\n)")


def _quoted_printable(body: Span) -> _Chunks:
    strict = True
    for block in _whole_lines(body):
        blanks = block[-1:] in (b" ", b"\t") or bool(_BLANK_BEFORE_END.search(block))
        strict = strict and not (
            blanks
            or block.translate(None, _PRINTABLE)
            or _BAD_ESCAPE.search(block)
            or block.count(b"\r") != block.count(b"\r\n")
        )
        yield binascii.a2b_qp(_trimmed(block) if blanks else block)
    return strict


def _trimmed(block: bytes) -> bytes:
    """Lines without the blanks at their ends, which were added on the way (rule 3)."""
    return b"\n".join(
        line[:-1].rstrip(b" \t") + b"\r" if line[-1:] == b"\r" else line.rstrip(b" \t") for line in block.split(b"\n")
    )


# ---- uuencode ---------------------------------------------------------------------------------

_BEGIN = re.compile(rb"\s{0,64}begin [0-7]{3,4} [^\r\n]{0,1000}\r?\n")


def _uuencode(body: Span) -> Iterator[bytes]:
    """Content between `begin` and `end`; the octets as they are where there is no `begin`."""
    begin = _BEGIN.match(body.read(0, 2048))
    if begin is None:
        yield from body.chunks()
        return
    for block in _whole_lines(body.sub(begin.end(), body.size)):
        lines = block.split(b"\n")
        yield b"".join(map(_uu_line, lines))
        if any(line.rstrip() == b"end" for line in lines):
            return


def _uu_line(line: bytes) -> bytes:
    line = line.rstrip(b"\r")
    if line.rstrip() in (b"", b"end"):
        return b""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:  # some encoders add a checksum or cut trailing blanks
        needed = 1 + ((((line[0] - 32) & 63) * 4) + 2) // 3
        try:
            return binascii.a2b_uu(line[:needed])
        except binascii.Error:
            return b""
