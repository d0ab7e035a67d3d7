"""Which rows does a message give that Outlook took apart: its own, its signatures as far as they cover
header fields, its clocks, its text, its attachments?
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from transforms import path_spec
from transforms.auth.prepare import prepare, signed_fields_kept
from transforms.clocks import read_clocks
from transforms.mail import pst
from transforms.mail.content import normalised_text
from transforms.mail.mapi import OUTLOOK, PST, Attachment, TakenApart, read_message
from transforms.mail.reading import read_one_way
from transforms.mail.summary import summarise
from transforms.model import ContainerError, KeptField, Kind, Status, Text
from transforms.span import Span, in_memory
from transforms.text import clean_text
from transforms.unpack.landing import Landed, stopped_by
from transforms.unpack.members import member
from transforms.unpack.rows import Octets, Place, Rows


def unreadable(rows: Rows, row: int, place: Place, landed: Landed, media_type: str, code: str) -> Octets:
    """A file whose octets say that it holds a message, which cannot be got at."""
    status = Status.LIMITED if code.startswith("limit.") else Status.ERROR
    facts: dict[str, Any] = {"media_type": media_type, "holds_messages": True}
    rows.put(row, place, Kind.EMAIL, landed.digests, status=status, error_code=code, **facts)
    return Octets(landed.digests.size, 0)


def store(rows: Rows, row: int, place: Place, landed: Landed) -> Octets | None:
    """A PST or OST file, whose messages are accounted; each has a row of its own, read or not."""
    facts: dict[str, Any] = {"media_type": PST, "holds_messages": True}
    below = place.below(row, landed.digests.sha256)._replace(loose=False)
    try:
        opened = pst.Store(landed.span, rows.watch.alive)
    except ContainerError as error:
        failed = landed._replace(status=Status.ERROR, code=error.code)
        if error.code.startswith("container.needs_"):  # what to do about it
            facts["notes"] = (f"container.reader_missing: {error}",)
        rows.put(row, place, Kind.MAILBOX, landed.digests, **facts, **failed.outcome)
        return Octets(landed.digests.size, 0)
    try:
        _inside(rows, below, landed.span, _settled(rows, place, opened.messages()))
    except ContainerError as error:
        landed = landed._replace(status=stopped_by(error), code=error.code)
    count = f"container.messages: {opened.expected} by the folders' own count, {opened.listed} listed in them"
    if opened.listed < opened.expected and landed.status is Status.OK:
        landed = landed._replace(status=Status.PARTIAL, code="container.messages_missing")
    rows.put(row, place, Kind.MAILBOX, landed.digests, notes=(count,), **facts, **landed.outcome)
    return None


def read(
    rows: Rows, row: int, place: Place, taken: TakenApart, landed: Landed | None = None, media_type: str = OUTLOOK
) -> None:
    """A message by its properties; landed is None for one that has no octets of its own, inside another."""
    kept = read_message(taken)
    message = kept.message
    reading = read_one_way(message, body=False)
    signatures = prepare(message, reading, None)
    rows.signatures += [(row, signature) for signature in signatures]
    if signatures:
        fields = signed_fields_kept(message, signatures)
        rows.fields += [KeptField(row, field.name, field.raw) for field in fields]
    if kept.transported:
        rows.clocks += [(row, clock) for clock in read_clocks(message, ())]
    text = normalised_text(kept.parts, rows.limits.text)
    if text:  # as Outlook wrote it: like only its like
        rows.texts.append(Text(row, f"{media_type} {kept.parts[0].media_type}", text))
    content = hashlib.sha256(text.encode())
    below = place.below(row, landed.digests.sha256 if landed is not None else "")
    # Nothing is left open by an encoding, as there is none; but no signature covers them either.
    below = below._replace(covered=True, loose=False)
    digests = _inside(rows, below, landed.span if landed is not None else in_memory(b""), kept.attachments)
    for digest in sorted(digests):
        content.update(digest.encode())
    columns = summarise(message, reading, rows.limits)
    if not kept.transported:  # nobody wrote the Date field that was made here
        columns |= {"date_raw": None, "date_offset_min": None}
    status, code = Status.OK, None
    if landed is not None:
        status, code = landed.status, landed.code
    if status is Status.OK and kept.error_code is not None:
        status, code = stopped_by(ContainerError(kept.error_code, "")), kept.error_code
    rows.put(
        row,
        place,
        Kind.EMAIL,
        landed.digests if landed is not None else None,
        media_type=media_type,
        notes=(message.defects if kept.transported else ())
        + tuple(clean_text(note, rows.limits.display) for note in kept.notes),
        holds_messages=True,
        header_ambiguous=reading.header_ambiguous,
        author_known=reading.author is not None,
        content_sha256=content.digest(),
        status=status,
        error_code=code,
        **columns,
    )


def _settled(rows: Rows, place: Place, messages: Iterable[Attachment]) -> Iterator[Attachment]:
    """The messages of the store at a place, none of which need be held until its end."""
    for one in messages:
        yield one
        rows.settle(place)


def _inside(rows: Rows, below: Place, span: Span, attachments: Iterable[Attachment]) -> list[str]:
    """Rows of attachments, or of the messages of a store; answers their digests, "-" where there is none."""
    namer = path_spec.StepNamer()
    digests = []
    for one in attachments:
        name = one.entry.name or b""
        if one.message is not None and len(name) <= rows.limits.name:
            step = namer.step(name)
            place = below._replace(
                path=path_spec.join(below.path, step),
                name=name,
                file_name=clean_text(name.rsplit(b"/", 1)[-1], rows.limits.display),
            )
            _embedded(rows, place, one.message)
            digests.append("-")
            continue
        digests.append(member(rows, below, span, one.entry, namer.step).sha256 or "-")
    return digests


def _embedded(rows: Rows, place: Place, message: Callable[[], TakenApart]) -> None:
    """A message that has no octets of its own: a row for it and for what it holds."""
    row, mark = rows.announce()
    facts: dict[str, Any] = {"media_type": OUTLOOK, "holds_messages": True}
    if mark is not None:
        rows.put(row, place, Kind.EMAIL, None, status=Status.ERROR, error_code=mark, **facts)
    elif place.depth > rows.limits.depth:
        rows.put(row, place, Kind.EMAIL, None, status=Status.LIMITED, error_code="limit.depth", **facts)
    else:
        try:
            taken = message()
        except ContainerError as error:
            rows.put(row, place, Kind.EMAIL, None, status=Status.ERROR, error_code=error.code, **facts)
        else:
            read(rows, row, place, taken)
