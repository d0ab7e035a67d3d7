"""The words of a message that is kept as rich text: decompressed (MS-OXRTFCP), and read as the plain text
or the HTML that it was made of (MS-OXRTFEX).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from transforms.limits import LIMITS
from transforms.mail.charset import to_text

_HEADER = struct.Struct("<LL4sL")  # octets that follow its first field, octets of the text, form, CRC (§2.1.3.1)
_DICTIONARY = 4096  # octets
_PRELOADED = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)  # §2.1.2.1


def text_of(compressed: bytes) -> tuple[str, str]:
    """The words and their media type, text/html where that is what was put into the rich text; "" if unreadable.

    At most LIMITS.text_source octets are looked at.
    """
    if len(compressed) < _HEADER.size:
        return "", "text/plain"
    size, _, form, _ = _HEADER.unpack_from(compressed)
    stored = compressed[_HEADER.size : size + 4]
    if form == b"MELA":
        rich = stored[: LIMITS.text_source]
    elif form == b"LZFu":
        rich = _decompressed(stored, LIMITS.text_source)
    else:
        return "", "text/plain"
    return words_of(rich)


def words_of(rich: bytes) -> tuple[str, str]:
    """The words of rich text that is not compressed, and their media type."""
    from_html = b"\\fromhtml" in rich[:1024]
    words = "".join(_words(rich.rstrip(b"\0"), from_html))
    paired = words.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # \\u gives halves of them
    return paired, "text/html" if from_html else "text/plain"


def _decompressed(stored: bytes, limit: int) -> bytes:
    """Octets as they come out of the ring that both sides fill alike (§2.2.2)."""
    out = bytearray(_PRELOADED)
    most = len(_PRELOADED) + limit
    at = 0
    while at < len(stored) and len(out) < most:
        control = stored[at]
        at += 1
        for bit in range(8):
            if at >= len(stored):
                break
            if not control >> bit & 1:
                out.append(stored[at])
                at += 1
                continue
            reference = int.from_bytes(stored[at : at + 2], "big")
            at += 2
            back = (len(out) - (reference >> 4)) % _DICTIONARY
            start = len(out) - (back or _DICTIONARY)
            if not back or start < 0:  # the end mark refers to the place that is written next
                return bytes(out[len(_PRELOADED) :])
            for place in range(start, start + (reference & 15) + 2):
                out.append(out[place])
    return bytes(out[len(_PRELOADED) : most])


_TOKEN = re.compile(
    rb"(?P<brace>[{}])"
    rb"|\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?[0-9]{1,9})? ?"
    rb"|(?P<octets>(?:\\'[0-9a-fA-F]{2})+)"
    rb"|\\(?P<symbol>[^a-zA-Z])"
    rb"|(?P<text>[^\\{}\r\n]+)"
    rb"|[\r\n\\]"
)
_SAID = {
    b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"row": "\n", b"tab": "\t", b"cell": "\t",
    b"emdash": "\u2014", b"endash": "\u2013", b"bullet": "\u2022", b"lquote": "\u2018", b"rquote": "\u2019",
    b"ldblquote": "\u201c", b"rdblquote": "\u201d",
}  # fmt: skip
_SYMBOLS = {b"~": "\u00a0", b"_": "\u2011", b"{": "{", b"}": "}", b"\\": "\\", b"\n": "\n", b"\r": "\n"}
_HIDING = frozenset({b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer"})
_MOST_OPEN = 1_000  # groups inside groups; of deeper ones the state is that of the last that counts


def _words(rich: bytes, from_html: bool) -> Iterator[str]:
    """What a reader of the text sees; of HTML its tags as well, and none of the rich text made beside it."""
    charset = "cp1252"
    hidden, fallback = False, 1  # of the group; octets that stand for a \u where it cannot be shown
    outer: list[tuple[bool, int]] = []
    suppressed = starred = False
    skip = at = deeper = 0
    while (token := _TOKEN.match(rich, at)) is not None:
        at = token.end()
        kind = token.lastgroup
        silent = hidden or suppressed
        if kind == "brace":
            skip, starred = 0, False
            if token["brace"] == b"{":
                if len(outer) < _MOST_OPEN:
                    outer.append((hidden, fallback))
                else:
                    deeper += 1
            elif deeper:
                deeper -= 1
            elif outer:
                hidden, fallback = outer.pop()
        elif kind in ("word", "number"):
            word, number = token["word"], int(token["number"] or -1)
            if starred:
                hidden = hidden or not (from_html and word == b"htmltag")
                starred = False
            elif word in _HIDING:
                hidden = True
            elif word == b"htmlrtf":
                suppressed = from_html and number != 0
            elif word == b"ansicpg":
                charset = f"cp{number}"
            elif word == b"uc":
                fallback = max(number, 0)
            elif word == b"bin":
                at += max(number, 0)
            elif word == b"u" and token["number"] and not silent:
                yield chr(number % 0x10000)
                skip = fallback
            elif word in _SAID and not silent:
                yield _SAID[word]
        elif kind == "symbol":
            starred = token["symbol"] == b"*"
            if token["symbol"] in _SYMBOLS and not silent:
                yield _SYMBOLS[token["symbol"]]
        elif kind is not None and not silent:
            octets = token["text"] or bytes.fromhex(token["octets"].decode().replace("\\'", ""))
            yield to_text(octets[skip:], charset)
            skip = max(skip - len(octets), 0)
