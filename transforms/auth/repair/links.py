"""Links that a gateway replaced by its own: urldefense (three forms) and safelinks."""

from __future__ import annotations

import binascii
import re
import string
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote_to_bytes

from transforms.auth.repair.leaf import Edit, edited, leaves, wire
from transforms.model import Message

_URL = rb"[A-Za-z0-9._~:/?#@!&'*+,;=%-]"  # but $
_MORE = rb"(?:&(?:amp;)?[a-z]{1,10}=[A-Za-z0-9%+/_-]{0,2000}+=*+){1,20}+"  # parameters behind the link
_START = re.compile(rb"https://(?=urldefense|[a-z0-9-]{1,20}\.safelinks)")
_V1_OR_V2 = re.compile(rb"https://urldefense\.proofpoint\.com/v([12])/url\?u=([^&\s\"'<>]{1,4000}+)" + _MORE)
_V3 = re.compile(rb"https://urldefense(?:\.us|\.proofpoint)?(?:\.com)?/v3/__")  # link, _V3_END, octets, !!, hash, $
_V3_END = b"__;"
_V3_LINK = re.compile(rb"[^\s\"<>]{1,4000}+")
_V3_REST = re.compile(rb"([A-Za-z0-9_-]{0,2000}+)!!" + _URL + rb"{1,500}+\$")
_SAFE = re.compile(
    rb"https://[a-z0-9-]{1,20}\.safelinks\.protection\.outlook\.com/(?:[a-z]{1,20}/?)?\?url=([^&\s\"'<>]{1,4000}+)"
    + _MORE
)
_MOST = 1_000  # links of a message looked at
_LONGEST = 4_000  # octets of one
_RUN = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
_STARS = re.compile(rb"\*\*([A-Za-z0-9_-])|\*")


def links(message: Message) -> Iterator[Message]:
    """Put back the links that stand inside rewritten ones, in all text that is not encoded."""
    edits: list[Edit] = []
    left = _MOST
    for leaf in leaves(message):
        if not (leaf.is_text and leaf.is_identity):
            continue
        text = message.body.read(leaf.start, leaf.stop)
        starts = [start.start() for start in islice(_START.finditer(text), left)]
        left -= len(starts)
        restored = wire([_restored(text, starts)])
        if restored != text:
            edits.append((leaf.start, leaf.stop, restored))
    if edits:
        yield edited(message, edits)


def _restored(text: bytes, starts: list[int]) -> bytes:
    pieces, at = [], 0
    for start in starts:
        if start < at:
            continue
        found = _v1_or_v2(text, start) or _v3(text, start) or _safe(text, start)
        if found is not None:
            link, end = found
            pieces += [text[at:start], link]
            at = end
    return b"".join([*pieces, text[at:]])


_Found = tuple[bytes, int]  # the link inside, and where the rewritten one ends


def _v1_or_v2(text: bytes, start: int) -> _Found | None:
    match = _V1_OR_V2.match(text, start)
    if match is None:
        return None
    target = match[2]
    plain = target if match[1] == b"1" else target.replace(b"-", b"%").replace(b"_", b"/")
    return unquote_to_bytes(plain), match.end()


def _v3(text: bytes, start: int) -> _Found | None:
    """`*` stands for one octet of the base64 behind the link, `**X` for as many as X says."""
    begin = _V3.match(text, start)
    if begin is None:
        return None
    stop = text.find(_V3_END, begin.end(), begin.end() + _LONGEST + len(_V3_END))
    if stop < 0 or _V3_LINK.fullmatch(text, begin.end(), stop) is None:
        return None
    rest = _V3_REST.match(text, stop + len(_V3_END))
    if rest is None:
        return None
    try:
        octets = binascii.a2b_base64(rest[1].replace(b"-", b"+").replace(b"_", b"/") + b"==")
    except binascii.Error:
        return None
    at = 0

    def replaced(star: re.Match[bytes]) -> bytes:
        nonlocal at
        count = 1 if star[1] is None else _RUN.index(star[1].decode()) + 2
        at += count
        return octets[at - count : at]

    return _STARS.sub(replaced, text[begin.end() : stop]), rest.end()


def _safe(text: bytes, start: int) -> _Found | None:
    match = _SAFE.match(text, start)
    return (unquote_to_bytes(match[1]), match.end()) if match is not None else None
