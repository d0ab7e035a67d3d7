"""Marks that transport and mailboxes put before lines: `>From ` and doubled dots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from transforms.containers import mailbox
from transforms.model import Message
from transforms.span import in_memory

_QUOTED_FROM = re.compile(rb"(?:(?<=\n)|\A)>From ")
_MOST_LINES = 6  # quoted lines of which every choice is tried


def mbox_quoting(message: Message) -> Iterator[Message]:
    """Take `>` from lines that a mailbox quoted (mboxrd, then mboxo; RFC 4155), from all of them.

    Of at most six lines every other choice follows: a writer that quotes `From ` alone leaves it
    open which lines were written with `>`.
    """
    if message.body.find(b">From ") < 0:
        return
    found = [b"".join(mailbox.unquoted(message.body.chunks(), form)) for form in ("mboxrd", "mboxo")]
    for one in dict.fromkeys(found):
        yield message._replace(body=in_memory(one))
    body = message.body.read()
    places = [match.start() for match in _QUOTED_FROM.finditer(body)]
    if len(places) > _MOST_LINES:
        return
    for count in range(len(places) - 1, 0, -1):
        for some in combinations(places, count):
            yield message._replace(body=in_memory(_without(body, some)))


def _without(body: bytes, places: tuple[int, ...]) -> bytes:
    starts = [0, *(place + 1 for place in places)]
    stops = [*places, len(body)]
    return b"".join(body[start:stop] for start, stop in zip(starts, stops, strict=True))


def dot_stuffing(message: Message) -> Iterator[Message]:
    """Undo what SMTP does to lines that begin with a dot (RFC 5321 §4.5.2): doubled, or taken twice."""
    body = message.body.read()
    if not body.startswith(b".") and b"\n." not in body:
        return
    body = b"\n" + body
    for old, new in ((b"\n..", b"\n."), (b"\n.", b"\n..")):
        if old in body:
            yield message._replace(body=in_memory(body.replace(old, new)[1:]))
