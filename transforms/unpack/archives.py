"""Which reader opens an archive, and what became of it as a whole?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any

from transforms import path_spec
from transforms.containers import compressed, rar, sevenzip, tar, utf16
from transforms.containers import zip as zip_archive
from transforms.documents import Opened
from transforms.model import ContainerError, Entry, Kind, Status
from transforms.sniff import Sniffed
from transforms.unpack import documents
from transforms.unpack.landing import Landed, stopped_by
from transforms.unpack.members import members, outside_members
from transforms.unpack.rows import Octets, Place, Rows

FORMATS = frozenset({"zip", "tar", "gzip", "bzip2", "xz", "zstd", "7z", "rar", "utf16"})


def read(
    rows: Rows, row: int, place: Place, landed: Landed, found: Sniffed, facts: dict[str, Any], expand: bool
) -> Octets | None:
    """A zip, a tar, a 7z, a rar, a compressed file or mail in UTF-16; an office file is a document, not an archive.

    facts are the columns of its type. None: members are accounted instead of octets.
    """
    with ExitStack() as files:
        return _read(rows, row, place, landed, found, facts, expand, files)


def _read(
    rows: Rows,
    row: int,
    place: Place,
    landed: Landed,
    found: Sniffed,
    facts: dict[str, Any],
    expand: bool,
    files: ExitStack,
) -> Octets | None:
    span = landed.span
    below = place.below(row, landed.digests.sha256)
    ended: list[ContainerError] = []
    try:
        if found.format == "zip":
            directory = zip_archive.read_directory(span, rows.watch.alive)
            office = zip_archive.office_type(directory)
            if office is not None:
                facts.update(media_type=office)
                form = "ooxml" if office in zip_archive.OOXML else "odf"
                opened = Opened(form, office, span, directory)
                return documents.read(rows, row, place, landed, Kind.DOCUMENT, opened, facts)
            entries = zip_archive.entries(span, directory) if expand else iter(())
            stored = 0
        elif found.format == "tar":
            entries, stored = tar.entries(span, alive=rows.watch.alive) if expand else iter(()), 0
        elif found.format == "7z":
            entries, stored = sevenzip.entries(span, rows.watch.alive), 0
        elif found.format == "rar":
            entries, stored = rar.entries(span, rows.watch.alive, rows.landing.spool, files), 0
        elif found.format == "utf16":
            entries = iter((Entry(place.name, offset=0, content=lambda: utf16.decoded(span), stored_size=span.size),))
            stored = span.size
        elif compressed.holds_tar(span, found.format):
            chunks = _noting(rows.landing.bounded(compressed.decompressed(span, found.format), span.size), ended)
            entries, stored = tar.stream_entries(chunks), span.size
        else:
            chunks = _noting(compressed.decompressed(span, found.format), ended)
            # Its name is the file's without the ending.
            name = place.name.rsplit(b".", 1)[0]
            entries = iter((Entry(name, offset=0, content=lambda: chunks, stored_size=span.size),))
            stored = span.size
    except ContainerError as error:
        landed = landed._replace(status=Status.ERROR, code=error.code)
        if error.code.startswith("container.needs_"):  # what to do about it
            facts["notes"] = (f"container.reader_missing: {error}",)
        rows.put(row, place, Kind.ARCHIVE, landed.digests, **facts, **landed.outcome)
        return Octets(landed.digests.size, 0)
    if found.format == "zip" and directory.defects and landed.status is Status.OK:
        landed = landed._replace(status=Status.PARTIAL, code=directory.defects[0])
    if found.format == "tar" and not expand and (end := tar.ending(span, rows.watch.alive)) is not None:
        landed = landed._replace(status=stopped_by(end), code=end.code)
    outcome = members(rows, below, span, entries, path_spec.StepNamer().step, stored)
    for end in ended:
        if outcome is not None:  # what ended the stream, rather than what the reader of its members made of that
            outcome = stopped_by(end), end.code
        if end.at is not None:
            step = path_spec.join(place.path, path_spec.offset_step(end.at))
            taken = rows.holds(step)  # by decoded octets
            gap = Entry(None, end.at, "gap", end.at, span.size - end.at)
            outside_members(rows, below, span, gap, "#2" if taken else "")
            outcome = outcome or (Status.PARTIAL, "container.outside_members")
    if outcome is not None and landed.status is Status.OK:
        landed = landed._replace(status=outcome[0], code=outcome[1])
    rows.put(row, place, Kind.ARCHIVE, landed.digests, **facts, **landed.outcome)
    return None


def _noting(chunks: Iterable[bytes], ended: list[ContainerError]) -> Iterator[bytes]:
    """The decoded octets; what ends them before their end is put into ended."""
    try:
        yield from chunks
    except ContainerError as error:
        ended.append(error)
        raise
