"""mbox: messages behind From_ lines, by octets (RFC 4155; mboxo, mboxrd).

A separator is a From_ line at the start of the mailbox or behind an empty line, followed by a header
field, a `>From ` line or the end. The octets right around it decide that, so a mailbox can be split
anywhere and its ranges still agree on every message. A byte order mark does not move the start.
Some writers leave out the empty lines. Where a mailbox has none of them, a From_ line with its date and
a header section of mail behind it separates as well (close).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from transforms.limits import LIMITS
from transforms.mail.fields import blank_length, from_line_length, looks_like_message
from transforms.model import Entry
from transforms.span import Span, in_memory
from transforms.watch import UNWATCHED

_BEFORE = 3  # octets before a From_ line that decide whether it is a separator: LF CR LF
_BEHIND = 4096  # octets from its first one on that do: the line and the next field's name
_FIELD_NAME = 300  # octets of those behind the line
_HEADER_BEHIND = 2048  # octets of a From_ line without an empty line before it that must look like mail
_DATED = re.compile(rb"From [^\r\n]{0,510}?\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[, \t]")
_TOP = re.compile(rb"(?:\xef\xbb\xbf)?(?:\r?\n)?")  # what may stand before a From_ line at the start
_FIELD = re.compile(rb"[!-9;-~]{1,256}+[ \t]{0,16}+:|>From ")
# What a separator has at the least, a weekday or an address: few lines of text are looked at closely.
_LIKELY = re.compile(
    rb"\nFrom (?=[^\r\n]{0,510}?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[, \t]|[^\s@]{1,200}+@)"
    rb"(?=[^\r\n]{0,1000}+\r?\n(?:%s|\Z))" % _FIELD.pattern
)


def entries(
    span: Span,
    start: int = 0,
    stop: int | None = None,
    alive: Callable[[], None] = UNWATCHED.alive,
    close: bool = False,
) -> Iterator[Entry]:
    """Messages whose From_ lines begin in start..stop, and from 0 a gap before the first of all.

    A message is what lies between its From_ line and the next, without the one empty line that a
    writer puts behind each message. Ranges that meet give together what the whole gives. alive is
    called between windows of LIMITS.chunk octets. close: as holds_close says.
    """
    stop = span.size if stop is None else min(stop, span.size)
    if start >= stop:
        return
    at = None
    for following in _separators(span, start, stop, alive, close):
        if at is not None:
            yield _message(span, at, following)
        elif start == 0 and following > 0:
            yield Entry(None, 0, "gap", 0, following)
        at = following
    if at is None and start > 0:
        return
    end = next(_separators(span, stop, span.size, alive, close), span.size)
    yield Entry(None, 0, "gap", 0, end) if at is None else _message(span, at, end)


def holds_several(span: Span, alive: Callable[[], None] = UNWATCHED.alive) -> bool:
    """Whether a separator stands behind the start; else a leading From_ line tops a single message."""
    start = blank_length(span.read(0, _BEHIND))
    return next(_separators(span, start + 1, span.size, alive), None) is not None


def holds_close(span: Span, alive: Callable[[], None] = UNWATCHED.alive) -> bool:
    """Whether From_ lines stand inside that have no empty line before them; asked where holds_several says no.

    Of octets without a From_ line of that kind on top, no.
    """
    head = span.read(0, _BEHIND)
    top = blank_length(head)
    return _tops_mail(head, top) and next(_separators(span, top + 1, span.size, alive, close=True), None) is not None


def separators_inside(message: Span, alive: Callable[[], None] = UNWATCHED.alive) -> bool:
    """Whether a message of a mailbox holds From_ lines that would separate, were there an empty line before them.

    Zeros stand there where a machine went down while it wrote.
    """
    torn = message.find(b"\0From ") + 1
    if torn and _tops_mail(message.read(torn, torn + _BEHIND), 0):
        return True
    if message.find(b"\nFrom ") < 0:
        return False
    return next(_separators(message, 1, message.size, alive, close=True), None) is not None


def begins_behind_text(head: bytes) -> bool:
    """Whether the first octets of a file are lines of something else and then a mailbox.

    What follows a separator must look like a message: a text that quotes a From_ line is none.
    """
    places = _separators(in_memory(head), 1, len(head), UNWATCHED.alive)
    return any(looks_like_message(head[at:]) for at in places)


def split(span: Span, target: int) -> tuple[tuple[int, int], ...]:
    """Ranges of target octets, the last one shorter; entries() of all of them gives each message once."""
    return tuple((at, min(at + target, span.size)) for at in range(0, span.size, target))


def _message(span: Span, at: int, end: int) -> Entry:
    start = at + span.read(at, at + _BEHIND).index(b"\n") + 1
    tail = span.read(max(start, end - _BEFORE), end)
    if tail.endswith(b"\n\r\n") or tail == b"\r\n":
        end -= 2
    elif tail.endswith(b"\n\n") or tail == b"\n":
        end -= 1
    return Entry(None, at, "message", start, end - start)


def _separators(span: Span, start: int, stop: int, alive: Callable[[], None], close: bool = False) -> Iterator[int]:
    """Offsets of the separators that begin in start..stop, in order."""
    top = _TOP.match(span.read(0, 5))
    assert top is not None  # it may match nothing
    for low in range(start, stop, LIMITS.chunk):
        alive()
        high = min(low + LIMITS.chunk, stop)
        base = max(0, low - _BEFORE)
        window = span.read(base, high + _BEHIND)
        if low <= top.end() < high and _is_from_line(window, top.end() - base):
            yield top.end()
        stop_at = high - base + 4  # where `From ` ends that begins just inside
        for likely in _LIKELY.finditer(window, max(0, low - base - 1)):
            at = likely.start() + 1
            if at + 5 > stop_at:
                break
            if base + at == top.end():
                continue  # told above
            empty_line = window[max(0, at - _BEFORE) : at].endswith((b"\n\n", b"\n\r\n"))
            if (empty_line or (close and _tops_mail(window, at))) and _is_from_line(window, at):
                yield base + at


def _is_from_line(window: bytes, at: int) -> bool:
    """Whether a From_ line with what must follow it begins at this place."""
    end = window.find(b"\n", at, at + _BEHIND - _FIELD_NAME) + 1
    head = window[at : end + _FIELD_NAME]
    length = from_line_length(head) if end and head.startswith(b"From ") else 0
    return length > 0 and (at + length == len(window) or _FIELD.match(head, length) is not None)


def _tops_mail(window: bytes, at: int) -> bool:
    """Whether a From_ line with its date begins here, and the header section of a mail behind it."""
    return _DATED.match(window, at) is not None and looks_like_message(window[at : at + _HEADER_BEHIND])


# ---- quoting: what a writer did to lines of the body that look like From_ lines -------------------

_MOST_QUOTES = 512  # `>` before From; a longer run was typed by a person
_QUOTED = {
    "mboxrd": re.compile(rb"\n>(>{0,%d}From )" % (_MOST_QUOTES - 1)),
    "mboxo": re.compile(rb"\n>(From )"),
}
_UNDECIDED = re.compile(rb"\n>{0,%d}(?:F|Fr|Fro|From)?" % _MOST_QUOTES)


def unquoted(chunks: Iterable[bytes], form: str) -> Iterator[bytes]:
    """The octets with one `>` taken from each quoted line.

    form is mboxrd (`>From`, `>>From` ...) or mboxo (`>From` alone).
    """
    quoted = _QUOTED[form]
    held, unsent = b"\n", 1  # as if behind a line; that line end is never sent
    for chunk in chunks:
        block = held + chunk
        cut = block.rfind(b"\n", -_MOST_QUOTES - 5)
        if cut < 0 or not _UNDECIDED.fullmatch(block, cut):
            cut = len(block)
        held = block[cut:]
        if cut:
            yield quoted.sub(rb"\n\1", block[:cut])[unsent:]
            unsent = 0
    yield held[unsent:]
