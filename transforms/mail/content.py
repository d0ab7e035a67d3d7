"""The words of a message, for quotes, differences and near duplicates (DESIGN §2)."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterable, Mapping

from transforms.limits import LIMITS
from transforms.mail.charset import to_text
from transforms.mail.transfer import decode
from transforms.model import Part
from transforms.text import clean_text

_PROBE = 4 * 1024  # octets looked at to see whether a plain alternative says anything

_HIDDEN = re.compile(r"<(?:!--|(script|style|title)(?![a-z0-9]))", re.IGNORECASE)
_HIDDEN_END = {
    None: re.compile("-->"),
    "script": re.compile(r"</script[^<>]*>", re.IGNORECASE),
    "style": re.compile(r"</style[^<>]*>", re.IGNORECASE),
    "title": re.compile(r"</title[^<>]*>", re.IGNORECASE),
}
# A value in quotes may hold < and >; whatever stands behind </ is hidden (HTML, 13.2.5.7).
_TAG = re.compile(r"""<[a-z/!?](?:[^<>=]++|=[ \t\r\n]{0,9}+(?:"[^"]{0,1000}+"|'[^']{0,1000}+')?+)*+>""", re.IGNORECASE)
_MARKUP = re.compile(rb"<[^<>]*+>")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});?", re.IGNORECASE)
_SLICE = 1_000  # characters; sorting a run of combining marks takes quadratic time
_SMALL = 256 * 1024  # encoded octets of a text that is decoded as a whole

Decoded = Mapping[str, bytes]
_NOTHING: Decoded = {}


def decoded_texts(parts: Iterable[Part]) -> dict[str, bytes]:
    """Content of the text parts that are small, by part number: decoded once for all who look at them."""
    return {
        part.number: b"".join(decode(part.body, part.encoding))
        for part in parts
        if part.media_type.startswith("text/") and part.body.size <= _SMALL
    }


def normalised_text(parts: Iterable[Part], limit: int = LIMITS.text, decoded: Decoded = _NOTHING) -> str:
    """Text of the body parts in order: NFC, white space as single spaces, clean, limit octets of UTF-8.

    parts are those of one message that are no items, multiparts among them, parents first. Of a
    multipart/alternative with words in text/plain the HTML is left out. At most LIMITS.text_source
    decoded octets are looked at. decoded holds what decoded_texts gave for them.
    """
    shown = _shown(list(parts), decoded)
    source = LIMITS.text_source
    pieces: list[str] = []
    size = 0
    for part in shown:
        if size > limit or source <= 0:
            break
        octets = _head(part, source, decoded)
        source -= len(octets)
        piece = _words(part, octets)[: limit + 1]
        pieces.append(piece)
        size += len(piece) + 1
    return _bounded(" ".join(piece for piece in pieces if piece), limit)


def normalised(text: str, limit: int = LIMITS.text) -> str:
    """Any text in the form that normalised_text() gives to that of a message."""
    return _bounded(_composed(text), limit)


def _bounded(text: str, limit: int) -> str:
    text = clean_text(text[: limit + 1])
    if len(text) > limit // 4:  # each character takes up to four octets
        text = text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
    return text.rstrip()


def texts_digest(parts: Iterable[Part], decoded: Decoded = _NOTHING) -> bytes:
    """SHA-256 of all text parts, whole and decoded, but for CRs and the empty lines at their ends.

    Equal digests say that two messages show the same in every alternative, link and hidden line.
    """
    digest = hashlib.sha256()
    for part in parts:
        if not part.media_type.startswith("text/"):
            continue
        digest.update(b"\0" + part.media_type.encode("utf-8", "replace") + b"\0")
        held = b""  # line ends that may be the last ones
        whole = decoded.get(part.number)
        for chunk in decode(part.body, part.encoding) if whole is None else (whole,):
            octets = held + chunk.replace(b"\r", b"")
            text = octets.rstrip(b"\n")
            digest.update(text)
            held = octets[len(text) :]
    return digest.digest()


def html_digest(parts: Iterable[Part], decoded: Decoded) -> bytes:
    """16 octets for the HTML beside a plain text, but for its tags and white space; b"" where there is not both.

    Exporters make the plain text anew from it, each in its own way: under equal HTML that changes nothing for a reader.
    Only HTML that decoded_texts gave is looked at.
    """
    texts = [part for part in parts if part.media_type in ("text/plain", "text/html")]
    html = [decoded[part.number] for part in texts if part.media_type == "text/html" and part.number in decoded]
    if not html or len(html) == len(texts):
        return b""
    shown = _MARKUP.sub(b"", b"\0".join(html)).translate(None, b" \t\r\n")
    return hashlib.blake2b(shown, digest_size=16).digest()


def html_to_text(markup: str) -> str:
    """Markup without tags, comments, scripts and styles, its references resolved; linear time.

    A script, style or comment that is never closed hides the rest, as in a browser.
    """
    kept = []
    at = 0
    while (opening := _HIDDEN.search(markup, at)) is not None:
        kept.append(markup[at : opening.start()])
        name = opening[1].lower() if opening[1] else None
        closing = _HIDDEN_END[name].search(markup, opening.end())
        if closing is None:
            at = len(markup)
            break
        at = closing.end()
    kept.append(markup[at:])
    return resolved(_TAG.sub(" ", " ".join(kept)))


def resolved(text: str) -> str:
    """Text with the references of HTML and XML resolved, those of no known meaning left as they stand."""
    return _REFERENCE.sub(lambda match: html.unescape(match.group()), text) if "&" in text else text


def _shown(parts: list[Part], decoded: Decoded) -> list[Part]:
    """The text parts that a reader sees: HTML only where no plain alternative says something."""
    texts = [part for part in parts if part.media_type in ("text/plain", "text/html")]
    plain = [part for part in texts if part.media_type == "text/plain"]
    if not plain or len(plain) == len(texts):
        return texts
    alternatives = [part.number for part in parts if part.media_type == "multipart/alternative"]
    spoken = [
        number
        for number in alternatives[: LIMITS.mime_depth]
        if any(_within(part, number) and _speaks(part, decoded) for part in plain)
    ]
    return [
        part for part in texts if part.media_type == "text/plain" or not any(_within(part, number) for number in spoken)
    ]


def _within(part: Part, number: str) -> bool:
    return not number or part.number.startswith(f"{number}.")


def _speaks(part: Part, decoded: Decoded) -> bool:
    return bool(to_text(_head(part, _PROBE, decoded), part.parameters.get("charset", "")).strip())


def _head(part: Part, limit: int, decoded: Decoded) -> bytes:
    """The first decoded octets of a part; no more is decoded than they take."""
    whole = decoded.get(part.number)
    if whole is not None:
        return whole[:limit]
    encoded = part.body.sub(0, 4 * limit)  # base64 takes 4/3, quoted-printable at most three times as many
    pieces = []
    room = limit
    for chunk in decode(encoded, part.encoding):
        pieces.append(chunk[:room])
        room -= len(chunk)
        if room <= 0:
            break
    return b"".join(pieces)


def _words(part: Part, octets: bytes) -> str:
    """The words of a part in normalization form C."""
    text = to_text(octets, part.parameters.get("charset", ""))
    return _composed(html_to_text(text) if part.media_type == "text/html" else text)


def _composed(text: str) -> str:
    """Single-spaced, in normalization form C; composed in slices where a word has over a thousand characters."""
    text = " ".join(text.split())
    if text.isascii():
        return text
    if not _has_long_word(text):
        return unicodedata.normalize("NFC", text)
    return "".join(unicodedata.normalize("NFC", text[at : at + _SLICE]) for at in range(0, len(text), _SLICE))


def _has_long_word(text: str) -> bool:
    """Whether a word of a single-spaced text has over a thousand characters; looks at few of them."""
    at = 0
    while len(text) - at > _SLICE:
        space = text.rfind(" ", at, at + _SLICE + 1)
        if space < 0:
            return True
        at = space + 1
    return False
