"""Which rows do the members of an archive give, and the attachments of a message that is none of octets?"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from transforms import path_spec
from transforms.model import ContainerError, Entry, Item, Kind, Status
from transforms.span import Span
from transforms.text import clean_text
from transforms.unpack.landing import Landed, stopped_by
from transforms.unpack.rows import Place, Rows

_STOPPING = frozenset({"limit.source_output"})  # behind it, siblings are listed and not opened


def members(
    rows: Rows,
    below: Place,
    span: Span,
    entries: Iterator[Entry],
    step_of: Callable[[bytes], str],
    stored: int = 0,
) -> tuple[Status, str] | None:
    """Members of an archive; stored is the size of a stream that is compressed as a whole.

    Answers what stopped the reading, or that octets lie outside of every member; None if all is well.
    """
    count = 0
    stopped: tuple[Status, str] | None = None
    outside: tuple[Status, str] | None = None
    while True:
        try:
            entry = next(entries, None)
        except ContainerError as error:
            return stopped or (stopped_by(error), error.code)
        if entry is None:
            return stopped or outside
        count += 1
        if count > rows.limits.members:
            return Status.LIMITED, "limit.members"
        if entry.form == "gap":
            outside = Status.PARTIAL, "container.outside_members"
            outside_members(rows, below, span, entry)
            continue
        if stopped is not None and entry.error_code is None and entry.form == "member":
            entry = replace(entry, start=None, length=None, content=None, error_code=stopped[1])
        ratio_base = entry.stored_size if entry.stored_size is not None else stored
        breach = member(rows, below, span, entry, step_of, ratio_base).error_code
        if breach in _STOPPING:
            stopped = Status.LIMITED, breach
        rows.settle(below)


def member(
    rows: Rows, below: Place, span: Span, entry: Entry, step_of: Callable[[bytes], str], stored: int = 0
) -> Item:
    """One member's rows; answers the first."""
    name = entry.name if entry.name is not None else b""
    step = path_spec.offset_step(entry.offset) if entry.offset is not None else step_of(name)
    base = name.rsplit(b"/", 1)[-1]
    place = below._replace(
        path=path_spec.join(below.path, step),
        name=name[: rows.limits.name],
        file_name=clean_text(base, rows.limits.display),
        start=entry.start,
        length=entry.length,
        covered=below.covered and "container.zip_unlisted" not in entry.defects,  # most programs do not show it
        notes=entry.defects,
    )
    if entry.form in ("link", "special"):
        facts: dict[str, Any] = {"kind": Kind.LINK}
        if entry.form == "special":  # as in a folder: there is nothing to be read
            facts = {"kind": Kind.SPECIAL, "status": Status.ERROR, "error_code": "io.special"}
        if entry.target is not None:
            note = f"io.link: {clean_text(entry.target, rows.limits.display)}"
            place = place._replace(notes=(*place.notes, note))
        return _unread(rows, place, **facts)
    if entry.error_code is not None or len(name) > rows.limits.name:
        code = entry.error_code or "limit.name"
        status = Status.LIMITED if code.startswith("limit.") else Status.ERROR
        return _unread(rows, place, kind=Kind.OTHER, status=status, error_code=code)
    return rows.child(place, lambda files: _open(rows, span, entry, stored, files))


def _unread(rows: Rows, place: Place, **facts: Any) -> Item:
    row, _ = rows.announce()
    rows.put(row, place, digests=None, **facts)
    item = rows.items[row]
    assert item is not None
    return item


def outside_members(rows: Rows, below: Place, span: Span, entry: Entry, repeat: str = "") -> None:
    """Octets of an archive that belong to no member: a gap."""
    assert entry.offset is not None
    path = path_spec.join(below.path, path_spec.offset_step(entry.offset) + repeat)
    place = below._replace(path=path, name=b"", file_name=None, covered=False)
    place = place._replace(start=entry.start, length=entry.length)
    row, _ = rows.announce()
    if entry.content is None:
        assert entry.start is not None and entry.length is not None
        gap = span.sub(entry.start, entry.start + entry.length)
        rows.put(row, place, Kind.GAP, rows.landing.hash(gap))
        return
    with ExitStack() as files:
        landed = rows.landing.land(entry.content(), 0, files)
        rows.put(row, place, Kind.GAP, landed.digests, **landed.outcome)


def _open(rows: Rows, span: Span, entry: Entry, stored: int, files: ExitStack) -> Landed:
    if entry.content is not None:
        return rows.landing.land(entry.content(), stored, files)
    assert entry.start is not None and entry.length is not None
    part = rows.landing.held(span.sub(entry.start, entry.start + entry.length))
    landed = Landed(part, rows.landing.hash(part))
    if entry.crc is not None and _crc(rows.landing.alive(part.chunks())) != entry.crc:
        landed = landed._replace(status=Status.PARTIAL, code="container.checksum")
    return landed


def _crc(chunks: Iterable[bytes]) -> int:
    crc = 0
    for chunk in chunks:
        crc = zlib.crc32(chunk, crc)
    return crc
