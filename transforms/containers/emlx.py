"""Apple Mail's .emlx: a line with the message's length, the message, a property list."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.model import Entry
from transforms.span import Span

_PLIST = re.compile(rb"\s*(?:<\?xml|<!DOCTYPE plist|<plist|bplist)")
_COUNT = re.compile(rb"[ \t]{0,32}([0-9]{1,12})[ \t]{0,32}\r?\n")


def count_line_length(head: bytes) -> int:
    """Octets of a leading line that is nothing but a count, its line end included; 0 without one."""
    count = _COUNT.match(head)
    return count.end() if count else 0


def is_framed(span: Span) -> bool:
    """Whether what the count leaves over is a property list, or nothing; else the first line is any mail's junk."""
    head = span.read(0, 128)
    start = count_line_length(head)
    end = start + int(head[:start]) if start else span.size
    return end >= span.size or _PLIST.match(span.read(end, end + 128)) is not None


def entries(span: Span) -> Iterator[Entry]:
    """The count line and the property list as gaps, the message between them.

    Where the count points past the end, all behind its line is the message (container.emlx_count).
    """
    head = span.read(0, 128)
    start = count_line_length(head)
    end = start + int(head[:start]) if start else span.size
    defects: tuple[str, ...] = ()
    if not start or end > span.size:
        end, defects = span.size, ("container.emlx_count",)
    if start:
        yield Entry(None, 0, "gap", 0, start)
    yield Entry(None, start, "message", start, end - start, defects=defects)
    if end < span.size:
        yield Entry(None, end, "gap", end, span.size - end)
