"""One work unit to rows: open its files safely, unpack them, account for every octet.

This is the plain function that Examine wraps and `triage check` calls. What cannot be opened,
vanishes or changes while it is read ends as a row that says so; its siblings are untouched.
"""

from __future__ import annotations

import dataclasses
import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

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

    keep is given what is complete while the rest is read, in parts that follow each other in walk order and come before
    what is answered; one may come after the next ones, and where a part has the number of an earlier one, it stands in
    its place. Unwritten if keep, or a file of spool, meets a full disk.
    """
    rows = Rows(settings, spool, watch, content.read)
    parts = _Parts(unit, rows, keep)
    open_file = opener(root)
    for entry in unit.entries:
        parts.begin(entry)
        parts.end(_file(parts, unit, root, open_file, entry))
    return parts.rest()


@dataclass(frozen=True, slots=True)
class _Read:
    """What became of one file."""

    kind: Kind
    status: Status = Status.OK
    code: str | None = None
    sha256: str | None = None
    octets: Octets | None = None  # None: members are accounted, or there are no octets


_OF_A_PART = _Read(Kind.OTHER, octets=Octets(0, 0))  # what became of the file stands in the part with its own row


class _Parts:
    """What of a unit is written while the rest of it is read.

    Of a file of which something is handed on, its containers' rows come before it, in a part of their own that is
    written when the file ends; and before that, in another one, the files that were held until then.
    """

    def __init__(self, unit: WorkUnit, rows: Rows, keep: Keep | None) -> None:
        self.rows = rows
        self._unit = unit
        self._keep = keep
        self._count = 0  # parts
        self._sources: list[Source] = []  # of the files whose rows are held
        if keep is not None:
            rows.hand_on = self._hand_on

    def begin(self, entry: FileEntry) -> None:
        """A file is read from here on."""
        if self._keep is not None and self.rows.are_many():
            self._count += 1
            self._write(self._count, list(self.rows.items), self._taken_sources())
        self._entry = entry
        self._mark = self.rows.begin()
        self._before = self._count
        self._containers = 0  # part with the rows of its containers; 0: nothing was handed on

    def take_back(self) -> None:
        """Nothing of this file counts."""
        self.rows.take_back(self._mark)
        self._count, self._containers = self._before, 0

    def end(self, read: _Read) -> None:
        """The file was read to its end."""
        if self._containers:
            if self._sources:
                self._write(self._before + 1, self.rows.earlier(), self._taken_sources())
            around = self.rows.around()
            self._write(self._containers, around, [self._source(read, around)])
            read = _OF_A_PART
        self._sources.append(self._source(read, self.rows.complete()))

    def rest(self) -> UnitEvidence:
        """What was not handed on."""
        return dataclasses.replace(self.rows.take(self._unit, list(self.rows.items), self._sources), parts=self._count)

    def _hand_on(self) -> None:
        complete = self.rows.complete()
        if not complete:
            return
        if not self._containers:
            self._count = self._containers = self._before + bool(self._sources) + 1
        self._count += 1
        self._write(self._count, complete, [self._source(_OF_A_PART, complete)])

    def _write(self, number: int, rows: list[int], sources: list[Source]) -> None:
        assert self._keep is not None
        part = self.rows.take(self._unit, rows, sources)
        try:
            self._keep(number, part)
        except OSError as error:  # of OUT: whoever reads the file must not take it for the file's
            raise unwritten(error) from error

    def _taken_sources(self) -> list[Source]:
        taken, self._sources = self._sources, []
        return taken

    def _source(self, read: _Read, rows: list[int]) -> Source:
        return _source(self._entry, read, [item for row in rows if (item := self.rows.items[row]) is not None])


def _file(parts: _Parts, unit: WorkUnit, root: bytes, open_file: Open, entry: FileEntry) -> _Read:
    """One directory entry of the dump, or the unit's range of it."""
    rows = parts.rows
    path = path_spec.file_path(entry.name)
    name = os.path.basename(entry.name)
    place = Place(path, path, name=name, file_name=clean_text(name, rows.limits.display))
    try:
        if entry.form == "link":
            target = clean_text(os.readlink(os.path.join(folder(root), entry.name)), rows.limits.display)
            return _without_octets(rows, place._replace(notes=(f"io.link: {target}",)), Kind.LINK, None)
        if entry.form == "special":
            return _without_octets(rows, place, Kind.SPECIAL, "io.special")
        if entry.form == "unreadable":
            return _without_octets(rows, place, Kind.OTHER, "io.unreadable")
        return _regular(rows, unit, root, open_file, entry, place)
    except OSError as error:
        parts.take_back()
        if unit.form.endswith("_range"):  # the file's own row is in its `whole` unit
            return _unread_range(rows, unit, place, _io_code(error))
        return _without_octets(rows, place, Kind.OTHER, _io_code(error))


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
        elif unit.form in ("zip_range", "tar_range", "repeats_range"):
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
    """Some members of a large archive; a name's repeats count over all of it."""
    below = place._replace(depth=1, parent_id=path_spec.item_id(place.path))
    steps: Iterator[str] | None = None
    if unit.form == "zip_range":
        directory, all_steps = _directory(root, unit.entries[0])
        steps = iter(all_steps[unit.start : unit.stop])
        entries = zip_archive.entries(span, directory, unit.start, unit.stop)
    else:
        entries = tar.entries(span, unit.start, unit.stop, rows.watch.alive)
        if unit.form == "repeats_range":
            starts, all_steps = _tar_steps(root, unit.entries[0], rows.watch.alive)
            steps = islice(all_steps, bisect_right(starts, unit.start), None)
    outcome = members(rows, below, span, entries, path_spec.escape_step if steps is None else lambda _: next(steps))
    return _Read(Kind.ARCHIVE) if outcome is None else _Read(Kind.ARCHIVE, *outcome)


@lru_cache(maxsize=1)  # the ranges of one archive tend to come to a worker one after the other
def _directory(root: bytes, entry: FileEntry) -> tuple[zip_archive.ZipDirectory, tuple[str, ...]]:
    with opener(root)(entry.name, entry) as file:
        directory = zip_archive.read_directory(file.span)
    namer = path_spec.StepNamer()
    return directory, tuple(namer.step(zip_archive.member_name(member)) for member in directory.members)


@lru_cache(maxsize=1)
def _tar_steps(root: bytes, entry: FileEntry, alive: Callable[[], None]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Where the content of each member begins, and the last step of its path."""
    namer = path_spec.StepNamer()
    with opener(root)(entry.name, entry) as file:
        found = [(start, namer.step(name)) for start, name in tar.names(file.span, alive)]
    return tuple(start for start, _ in found), tuple(step for _, step in found)


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
