"""Apple Mail's .emlx: a line with the message's length, the message, a property list."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.model import Entry
from transforms.span import Span

_COUNT = re.compile(rb"[ \t]{0,16}([0-9]{1,12})[ \t]{0,16}\r?\n")


def entries(span: Span) -> Iterator[Entry]:
    """The count line and the property list as gaps, the message between them.

    Where the count does not fit, everything behind its line is the message.
    """
    count = _COUNT.match(span.read(0, 64))
    start = count.end() if count else 0
    length = int(count[1]) if count else span.size
    defects: tuple[str, ...] = ()
    if start + length > span.size:
        length, defects = span.size - start, ("container.emlx_count",)
    if start:
        yield Entry(None, 0, "gap", 0, start)
    yield Entry(None, start, "message", start, length, defects=defects)
    if start + length < span.size:
        yield Entry(None, start + length, "gap", start + length, span.size - start - length)
