"""Which rows does a mailbox give, and a file that is one message with something around it?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from transforms import path_spec
from transforms.containers import mailbox
from transforms.mail.fields import blank_length, from_line_length
from transforms.model import Entry, Kind, Status
from transforms.sniff import HEAD
from transforms.span import Span
from transforms.unpack import message
from transforms.unpack.landing import Landed
from transforms.unpack.rows import Octets, Place, Rows


def messages(rows: Rows, below: Place, span: Span, entries: Iterable[Entry]) -> Octets:
    """Messages and gaps of a mailbox; below is the place that its entries share."""
    inside = outside = 0
    for entry in entries:
        assert entry.start is not None and entry.length is not None and entry.offset is not None
        part = span.sub(entry.start, entry.start + entry.length)
        place = below._replace(
            path=path_spec.join(below.path, path_spec.offset_step(entry.offset)),
            start=entry.start,
            length=entry.length,
            quoted=True,
            notes=entry.defects,
        )
        inside += entry.length
        if entry.form == "gap":
            _gap(rows, place, part)
            continue
        after = span.read(entry.start + entry.length, entry.start + entry.length + 2)
        outside += entry.start - entry.offset
        outside += 2 if after == b"\r\n" else 1 if after[:1] == b"\n" else 0
        _message_at(rows, place, part)
        rows.settle(below)
    return Octets(inside, outside)


def _message_at(rows: Rows, place: Place, span: Span) -> None:
    """A message of a mailbox: a message by its place, whatever its octets look like."""
    row, mark = rows.announce()
    span = rows.landing.held(span)
    if mailbox.separators_inside(span, rows.watch.alive):
        place = place._replace(notes=(*place.notes, "container.separators_inside"))
    digests = rows.landing.hash(span)
    if mark is not None:
        rows.put(row, place, Kind.EMAIL, digests, status=Status.ERROR, error_code=mark)
    else:
        message.read(rows, row, place, Landed(span, digests))


def framed(rows: Rows, row: int, place: Place, landed: Landed, entries: Iterable[Entry]) -> Octets:
    """A file that is one message with gaps around it: its row is the message's.

    The places of the gaps, which lie outside of that message, are in the octets of the file.
    """
    whole, inside, gaps = landed.span, 0, []
    for entry in entries:
        assert entry.start is not None and entry.length is not None
        inside += entry.length
        if entry.form == "gap":
            gaps.append((entry.start, entry.length))
            continue
        if entry.defects:
            place = place._replace(notes=place.notes + entry.defects)
        if entry.length != whole.size:
            span = whole.sub(entry.start, entry.start + entry.length)
            landed = landed._replace(span=span, digests=rows.landing.hash(span))
            if not place.depth or place.length == whole.size:
                place = place._replace(start=(place.start or 0) + entry.start, length=entry.length)
            else:  # compressed or encoded: no range of the parent's octets is the message
                place = place._replace(start=None, length=None)
    message.read(rows, row, place, landed)
    below = place.below(row, landed.digests.sha256)
    for start, length in gaps:
        path = path_spec.join(place.path, path_spec.offset_step(start))
        gap = below._replace(path=path, start=start, length=length)
        _gap(rows, gap, whole.sub(start, start + length))
    return Octets(inside, 0)


def one_message(span: Span) -> Iterator[Entry]:
    """A message, with its leading From_ line and what is blank before it as a gap."""
    head = span.read(0, HEAD)
    blank = blank_length(head)
    line = from_line_length(head[blank:])
    if line:
        line += blank
        yield Entry(None, 0, "gap", 0, line)
    yield Entry(None, line, "message", line, span.size - line)


def _gap(rows: Rows, place: Place, span: Span) -> None:
    row, _ = rows.announce()
    rows.put(row, place._replace(covered=False), Kind.GAP, rows.landing.hash(span))
