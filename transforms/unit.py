"""One work unit to rows: open its files safely, unpack them, account for every octet.

This is the plain function that Examine wraps and `triage check` calls. What cannot be opened,
vanishes or changes while it is read ends as a row that says so; its siblings are untouched.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from transforms import path_spec
from transforms.containers import mailbox, tar
from transforms.containers import zip as zip_archive
from transforms.dump import Open, folder, opener
from transforms.model import FileEntry, Item, Kind, Source, Status, UnitEvidence, WorkUnit
from transforms.scratch import Spool, unwritten
from transforms.span import FileSpan, SourceChanged, Span, StoreSpan, in_memory
from transforms.text import clean_text
from transforms.unpack import content, mailboxes
from transforms.unpack.landing import Landed
from transforms.unpack.members import members
from transforms.unpack.rows import Octets, Place, Rows, Settings
from transforms.watch import Watch

Keep = Callable[[int, UnitEvidence], None]  # (which part of its unit, from 1; what that part says)


def examine_unit(
    unit: WorkUnit, root: bytes, settings: Settings, spool: Spool, watch: Watch, keep: Keep | None = None
) -> UnitEvidence:
    """Everything that one work unit says, but for what keep was given. Never raises for what the dump holds.

    Of a file that has a unit of its own, and of a range, keep is given what is complete while the rest is read; where
    a later part has the number of an earlier one, it stands in its place. Unwritten if keep, or a file of spool, meets
    a full disk.
    """

    def hand_on(rows: Rows) -> None:
        assert keep is not None
        rows.part += 1
        (entry,) = unit.entries
        source = _source(entry, _Read(Kind.OTHER, octets=Octets(0, 0)), rows.since(start))
        part = rows.take(unit, (source,))
        try:
            keep(rows.part, part)
        except OSError as error:  # of OUT: whoever reads the file must not take it for the file's
            raise unwritten(error) from error

    is_alone = len(unit.entries) == 1
    rows = Rows(settings, spool, watch, content.read, hand_on if keep is not None and is_alone else None)
    start = rows.mark()
    open_file = opener(root)
    sources = tuple(_file(rows, unit, root, open_file, entry) for entry in unit.entries)
    return dataclasses.replace(rows.take(unit, sources), parts=rows.part)


@dataclass(frozen=True, slots=True)
class _Read:
    """What became of one file."""

    kind: Kind
    status: Status = Status.OK
    code: str | None = None
    sha256: str | None = None
    octets: Octets | None = None  # None: members are accounted, or there are no octets


def _file(rows: Rows, unit: WorkUnit, root: bytes, open_file: Open, entry: FileEntry) -> Source:
    """One directory entry of the dump, or the unit's range of it."""
    path = path_spec.file_path(entry.name)
    name = os.path.basename(entry.name)
    place = Place(path, path, name=name, file_name=clean_text(name, rows.limits.display))
    before = rows.mark()
    try:
        if entry.form == "link":
            target = clean_text(os.readlink(os.path.join(folder(root), entry.name)), rows.limits.display)
            read = _without_octets(rows, place._replace(notes=(f"io.link: {target}",)), Kind.LINK, None)
        elif entry.form == "special":
            read = _without_octets(rows, place, Kind.SPECIAL, "io.special")
        elif entry.form == "unreadable":
            read = _without_octets(rows, place, Kind.OTHER, "io.unreadable")
        else:
            read = _regular(rows, unit, root, open_file, entry, place)
    except OSError as error:
        rows.take_back(before)
        if unit.form.endswith("_range"):  # the file's own row is in its `whole` unit
            read = _unread_range(rows, unit, place, _io_code(error))
        else:
            read = _without_octets(rows, place, Kind.OTHER, _io_code(error))
    rows.finish()
    return _source(entry, read, rows.since(before))


def _source(entry: FileEntry, read: _Read, made: Sequence[Item]) -> Source:
    """What became of a file, or of one part of it."""
    return Source(
        source_path=path_spec.file_path(entry.name),
        size=entry.size,
        sha256=read.sha256,
        mtime_ns=entry.mtime_ns,
        kind=read.kind,
        status=read.status,
        error_code=read.code,
        n_items=len(made),
        n_errors=sum(item.status is not Status.OK for item in made),
        octets_in_items=read.octets.inside if read.octets else 0,
        octets_outside=read.octets.outside if read.octets else 0,
        counts_members=read.octets is None,
    )


def _regular(rows: Rows, unit: WorkUnit, root: bytes, open_file: Open, entry: FileEntry, place: Place) -> _Read:
    """A regular file. OSError if it cannot be read, or is no longer the file that was planned."""
    rows.landing.start(entry.size)
    with open_file(entry.name, entry) as file:
        span = file.span
        if unit.form in ("mailbox_range", "close_range"):
            below = place._replace(depth=1, parent_id=path_spec.item_id(place.path))
            close = unit.form == "close_range"
            entries = mailbox.entries(span, unit.start, unit.stop, rows.watch.alive, close)
            octets = mailboxes.messages(rows, below, span, entries)
            read = _Read(Kind.MAILBOX, octets=octets)
        elif unit.form in ("zip_range", "tar_range"):
            read = _archive_range(rows, unit, root, place, span)
        else:
            read = _whole(rows, unit, place, span)
        file.must_be(entry)
        return read


def _whole(rows: Rows, unit: WorkUnit, place: Place, file: FileSpan | StoreSpan) -> _Read:
    """A file with its own row; of a split container nothing but that row."""
    row, mark = rows.announce()
    small = file.size <= rows.limits.in_memory and unit.form == "files"
    span: Span = in_memory(file.read()) if small else file
    digests = rows.landing.hash(span)
    octets: Octets | None = Octets(digests.size, 0)
    if mark is not None:
        rows.put(row, place, Kind.OTHER, digests, status=Status.ERROR, error_code=mark)
    else:
        octets = content.read(rows, row, place, Landed(span, digests), expand=unit.form == "files")
    item = rows.items[row]
    assert item is not None
    if unit.form == "whole":
        octets = Octets(0, 0) if octets is not None else None
    return _Read(item.kind, item.status, item.error_code, digests.sha256, octets)


def _archive_range(rows: Rows, unit: WorkUnit, root: bytes, place: Place, span: Span) -> _Read:
    """Some members of a large archive; a name's repeats count over the whole directory of a zip."""
    below = place._replace(depth=1, parent_id=path_spec.item_id(place.path))
    if unit.form == "zip_range":
        directory, all_steps = _directory(root, unit.entries[0])
        steps = iter(all_steps[unit.start : unit.stop])
        entries = zip_archive.entries(span, directory, unit.start, unit.stop)
        outcome = members(rows, below, span, entries, lambda _: next(steps))
    else:  # no two members of a tar that is split share a name
        entries = tar.entries(span, unit.start, unit.stop, rows.watch.alive)
        outcome = members(rows, below, span, entries, path_spec.escape_step)
    return _Read(Kind.ARCHIVE) if outcome is None else _Read(Kind.ARCHIVE, *outcome)


@lru_cache(maxsize=1)  # the ranges of one archive tend to come to a worker one after the other
def _directory(root: bytes, entry: FileEntry) -> tuple[zip_archive.ZipDirectory, tuple[str, ...]]:
    with opener(root)(entry.name, entry) as file:
        directory = zip_archive.read_directory(file.span)
    namer = path_spec.StepNamer()
    return directory, tuple(namer.step(zip_archive.member_name(member)) for member in directory.members)


def _unread_range(rows: Rows, unit: WorkUnit, place: Place, code: str) -> _Read:
    """A row for what lies in a range that cannot be read: octets of its file, or members of a zip by their number."""
    path = path_spec.join(place.path, f"{path_spec.offset_step(unit.start)}-{unit.stop}")
    below = place._replace(path=path, depth=1, parent_id=path_spec.item_id(place.path), name=b"", file_name=None)
    if unit.form != "zip_range":
        below = below._replace(start=unit.start, length=unit.stop - unit.start)
    return _without_octets(rows, below, Kind.GAP, code)


def _without_octets(rows: Rows, place: Place, kind: Kind, code: str | None) -> _Read:
    row, _ = rows.announce()
    status = Status.OK if code is None else Status.ERROR
    rows.put(row, place, kind, None, status=status, error_code=code)
    return _Read(kind, status, code)


def _io_code(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "io.vanished"
    return "io.changed" if isinstance(error, SourceChanged) else "io.unreadable"
