"""What does a message hold that its reader is not shown, or shown in one way by one program and otherwise by another?

The octets of a signed mail can be kept, and made to read as something else, by fields that are not signed: a text
becomes the preamble of a multipart, which nobody displays, or a comment of HTML, or letters of UTF-7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.limits import LIMITS
from transforms.mail.address import mailboxes
from transforms.mail.comments import unfolded
from transforms.mail.date import parse_date
from transforms.mail.fields import SINGLETONS
from transforms.mail.transfer import IDENTITY, decode
from transforms.mail.words import decode_words
from transforms.model import Message, Part
from transforms.span import Span, in_memory
from transforms.text import clean_text

# Codes of such notes, and what parts the two values of each.
HIDDEN, TWO_AUTHORS = "mail.words_hidden", "mail.two_authors"
TWO_HEADLINES, DOUBLED = "mail.headline_doubled", "mail.field_doubled"
HIDES, BESIDE = " hides: ", " beside "

_LOOKED_AT = 64 * 1024  # octets at the beginning of a body
_FEW, _MANY = 10, 60  # words of a preamble: what programs write there speaks of mail programs, and is shorter
_NOTICE = re.compile(
    "mime|multi-?part|preamble|e-?mail|html|browser|virus|confidential|unsubscribe|encrypted|truncated", re.IGNORECASE
)
_SHOWN = 40  # words of what is hidden


def notes(message: Message, author_known: bool, found: tuple[Part, ...]) -> Iterator[str]:
    """found are the message's parts, its own first."""
    if not author_known:
        yield from _authors(message)
    yield from _doubled(message)
    root = found[0]
    hidden = _hidden(message.body, root)
    if hidden:
        words = clean_text(" ".join(hidden[:_SHOWN]), LIMITS.display)
        yield f"{HIDDEN}: {clean_text(root.media_type, LIMITS.display)}{HIDES}{words}"


def _authors(message: Message) -> Iterator[str]:
    """Authors of different domains in one From field, and no Sender, which RFC 5322 §3.6.2 then asks for."""
    fields = message.named("from")
    if len(fields) != 1 or message.named("sender"):
        return
    by_domain: dict[str, str] = {}
    for box in mailboxes(fields[0].value):
        if box.domain:
            by_domain.setdefault(box.domain, clean_text(box.address, LIMITS.display))
    if len(by_domain) > 1:
        yield f"{TWO_AUTHORS}: from: {BESIDE.join(list(by_domain.values())[:_AUTHORS])}"


_AUTHORS = 8  # of as many domains


def _doubled(message: Message) -> Iterator[str]:
    """Fields that may stand once, and stand twice with different values: programs show the first, or the last."""
    keys = [field.key for field in message.fields if field.key in SINGLETONS]
    for key in sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else ():
        fields = message.named(key)
        values = [clean_text(unfolded(field.value).strip(), LIMITS.display) for field in fields]
        if values[0] != values[-1] and _meaning(key, fields[0].value) != _meaning(key, fields[-1].value):
            yield f"{TWO_HEADLINES if key in _HEADLINE else DOUBLED}: {key}: {values[0]}{BESIDE}{values[-1]}"


_HEADLINE = frozenset({"from", "date", "subject"})


def _meaning(key: str, value: bytes) -> object:
    """What a reader takes a field for: exporters write one value in another zone, encoding or form."""
    if key == "date":
        utc = parse_date(value).utc
        return value if utc is None else utc.replace(second=0, microsecond=0)
    if key in ("from", "sender", "reply-to", "to", "cc"):
        return {box.address for box in mailboxes(value)} or value
    return " ".join(decode_words(value, LIMITS.display).split())


def _hidden(body: Span, root: Part) -> list[str]:
    """Words that stand at the beginning of a body and that no reader shows under the fields as they are."""
    if root.media_type.startswith("multipart/"):
        return _preamble(body, root.parameters.get("boundary", ""))
    if root.media_type == "text/html":
        return _comment(root)
    return _shifted(root) if root.parameters.get("charset", "").strip().lower() in _UTF_7 else []


def _preamble(body: Span, boundary: str) -> list[str]:
    delimiter = b"\n--" + boundary.encode("utf-8", "replace")
    if not boundary or (b"\n" + body.read(0, len(delimiter) + 8).lstrip(b"\r\n")).startswith(delimiter):
        return []
    head = b"\n" + body.read(0, _LOOKED_AT)
    end = head.find(delimiter)
    text = head[: max(end, 0)].decode("utf-8", "replace")
    words = text.split()
    return words if len(words) > (_MANY if _NOTICE.search(text) else _FEW) else []


def _decoded(root: Part) -> bytes:
    """The beginning of the only part."""
    octets = root.body.read(0, _LOOKED_AT)
    if root.encoding in IDENTITY:
        return octets
    return b"".join(decode(in_memory(octets), root.encoding))


_OPENS_COMMENT = (b"<!--", b"PCEtL")  # the second in base64
_OF_PROGRAMS = re.compile(rb"\[if|\s*+saved from")
_MARKUP = re.compile(rb"<(?:html|head|body|div|p|table|span|font|br|a|img|center|h[1-6]|ul|td)[\s>/]", re.IGNORECASE)


def _comment(root: Part) -> list[str]:
    """The comment that an HTML text begins with, which has no other markup: it was written as a plain one."""
    if not root.body.read(0, 256).lstrip().startswith(_OPENS_COMMENT):
        return []
    octets = _decoded(root).lstrip()
    comment, closed, _ = octets.removeprefix(b"<!--").partition(b"-->")
    if not closed or _OF_PROGRAMS.match(comment) or _MARKUP.search(octets):
        return []
    words = comment.decode("utf-8", "replace").split()
    return words if len(words) > _FEW else []


_UTF_7 = frozenset({"utf-7", "unicode-1-1-utf-7"})
_SHIFT = re.compile(rb"\+([A-Za-z0-9+/]{2,})-?")


def _shifted(root: Part) -> list[str]:
    """What stands in the octets, where UTF-7 makes letters of US-ASCII of some that it would write as they are."""
    octets = _decoded(root)
    for run in _SHIFT.finditer(octets):
        try:
            letters = run.group().decode("utf-7", "replace")
        except ValueError:
            continue
        if any(letter.isascii() and letter.isalnum() for letter in letters):
            return octets[run.start() :].decode("ascii", "replace").split()
    return []
