"""mbox: messages behind From_ lines, by octets (RFC 4155; mboxo, mboxrd).

A separator is a whole `From ` line with a date, at the start of the mailbox or behind an empty line,
followed by a header field, a `>From ` line or the end. That is decided by the octets right around it,
so a mailbox can be split anywhere and its ranges still agree on every message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from transforms.limits import LIMITS
from transforms.mail.fields import from_line_length
from transforms.model import Entry
from transforms.span import Span

_LOOK = 4 * LIMITS.name  # octets from a From_ line that decide whether it is a separator
_FIELD = re.compile(rb"(?:[!-9;-~]{1,256}[ \t]*:|>From )")
_QUOTED = {"mboxrd": re.compile(rb"^>(>*From )", re.MULTILINE), "mboxo": re.compile(rb"^>(From )", re.MULTILINE)}


def holds_several(span: Span) -> bool:
    """Whether a second message stands behind the leading From_ line."""
    return _next_separator(span, 1, span.size) >= 0


def split(span: Span, target: int) -> tuple[tuple[int, int], ...]:
    """Ranges of about target octets; entries() of all of them gives each message once."""
    return tuple((at, min(at + target, span.size)) for at in range(0, span.size, target))


def entries(span: Span, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
    """Messages whose From_ lines begin in start..stop, and a gap before the first message.

    A message is what lies between its From_ line and the next, without the one empty line that a
    writer puts behind each message.
    """
    stop = span.size if stop is None else stop
    at = 0 if start == 0 and _separates(span, 0) else _next_separator(span, max(start, 1), stop)
    if start == 0 and at != 0:
        # Octets before the first message; of a mailbox without any message, all of them.
        first = at if at >= 0 else _next_separator(span, 1, span.size)
        length = first if first >= 0 else span.size
        if length:
            yield Entry(None, 0, "gap", 0, length)
    while 0 <= at < stop:
        following = _next_separator(span, at + 1, span.size)
        end = following if following >= 0 else span.size
        line = span.find(b"\n", at, end)
        begin = line + 1 if line >= 0 else end
        tail = span.read(max(begin, end - 4), end)
        blank = 0
        if tail.endswith((b"\n\r\n", b"\r\n\r\n")) or tail == b"\r\n":
            blank = 2
        elif tail.endswith(b"\n\n") or tail == b"\n":
            blank = 1
        yield Entry(None, at, "message", begin, end - begin - blank)
        at = following


def unquoted(chunks: Iterable[bytes], form: str) -> Iterator[bytes]:
    """Lines with one `>` of the writer's From quoting taken away; form is mboxrd or mboxo."""
    quoted = _QUOTED[form]
    held = b""
    for chunk in chunks:
        block = held + chunk
        cut = block.rfind(b"\n") + 1
        if cut:
            yield quoted.sub(rb"\1", block[:cut])
        held = block[cut:]
        if len(held) > LIMITS.chunk:  # one endless line: only its start could have been quoted
            yield quoted.sub(rb"\1", held[:-1])
            held = held[-1:]
    if held:
        yield quoted.sub(rb"\1", held)


def _next_separator(span: Span, at: int, stop: int) -> int:
    """First separator that begins in at..stop, or -1."""
    at -= 1  # the line end before it may be the octet just before the range
    while True:
        at = span.find(b"\nFrom ", at, min(stop + 5, span.size))
        if at < 0 or at + 1 >= stop:
            return -1
        if _separates(span, at + 1):
            return at + 1
        at += 1


def _separates(span: Span, at: int) -> bool:
    before = span.read(max(0, at - 3), at)
    if at > 0 and not (before.endswith((b"\n\n", b"\n\r\n")) or before in (b"\n", b"\r\n")):
        return False
    head = span.read(at, at + _LOOK)
    if not head.startswith(b"From "):
        return False
    line = from_line_length(head)
    if not line:
        return False
    after = head[line : line + 300]
    return not after or _FIELD.match(after) is not None
