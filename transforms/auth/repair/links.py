"""Links that a gateway replaced by its own: urldefense (three forms) and safelinks."""

from __future__ import annotations

import binascii
import re
import string
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote_to_bytes

from transforms.auth.repair.leaf import Edit, edited, leaves
from transforms.model import Message

_URL = rb"[A-Za-z0-9._~:/?#@!$&'*+,;=%-]"
_MORE = rb"(?:&(?:amp;)?[a-z]{1,10}=[A-Za-z0-9%+/_-]{0,2000}+=*+){1,20}+"  # parameters behind the link
_START = re.compile(rb"https://(?=urldefense|[a-z0-9-]{1,20}\.safelinks)")
_V1_OR_V2 = re.compile(rb"https://urldefense\.proofpoint\.com/v([12])/url\?u=([^&\s\"'<>]{1,4000}+)" + _MORE)
_V3 = re.compile(
    rb"https://urldefense(?:\.us|\.proofpoint)?(?:\.com)?/v3/__([^\s\"<>]{1,4000}?)__;([A-Za-z0-9_-]{0,2000})!!"
    + _URL
    + rb"{1,500}?\$"
)
_SAFE = re.compile(
    rb"https://[a-z0-9-]{1,20}\.safelinks\.protection\.outlook\.com/(?:[a-z]{1,20}/?)?\?url=([^&\s\"'<>]{1,4000}+)"
    + _MORE
)
_MOST = 1_000  # links of a part looked at
_RUN = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
_STARS = re.compile(rb"\*\*([A-Za-z0-9_-])|\*")


def links(message: Message) -> Iterator[Message]:
    """Put back the links that stand inside rewritten ones, in all text that is not encoded."""
    edits: list[Edit] = []
    for leaf in leaves(message):
        if not (leaf.is_text and leaf.is_identity):
            continue
        text = message.body.read(leaf.start, leaf.stop)
        restored = _restored(text)
        if restored != text:
            edits.append((leaf.start, leaf.stop, restored))
    if edits:
        yield edited(message, edits)


def _restored(text: bytes) -> bytes:
    pieces, at = [], 0
    for start in islice(_START.finditer(text), _MOST):
        if start.start() < at:
            continue
        for form, inside in ((_V1_OR_V2, _v1_or_v2), (_V3, _v3), (_SAFE, _safe)):
            match = form.match(text, start.start())
            if match is not None:
                pieces += [text[at : match.start()], inside(match)]
                at = match.end()
                break
    return b"".join([*pieces, text[at:]])


def _v1_or_v2(match: re.Match[bytes]) -> bytes:
    target = match[2]
    return unquote_to_bytes(target if match[1] == b"1" else target.replace(b"-", b"%").replace(b"_", b"/"))


def _v3(match: re.Match[bytes]) -> bytes:
    """`*` stands for one octet of the base64 behind the link, `**X` for as many as X says."""
    try:
        octets = binascii.a2b_base64(match[2].replace(b"-", b"+").replace(b"_", b"/") + b"==")
    except binascii.Error:
        return match.group()
    at = 0

    def replaced(star: re.Match[bytes]) -> bytes:
        nonlocal at
        count = 1 if star[1] is None else _RUN.index(star[1].decode()) + 2
        at += count
        return octets[at - count : at]

    return _STARS.sub(replaced, match[1])


def _safe(match: re.Match[bytes]) -> bytes:
    return unquote_to_bytes(match[1])
