"""The dump to work units, in walk order: one directory after the other, names by bytes.

A unit is a bundle of whole small files, next to each other in that order, or a range of one large container.
The plan depends on the dump alone, never on the number of workers, so the tables do not either.
Walking streams: of one directory's files no more than listing.AT_ONCE names are in memory, and the folders still to
be walked.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator

from transforms.containers import mailbox
from transforms.containers import zip as zip_archive
from transforms.limits import Limits
from transforms.listing import Spool, Unreadable, names
from transforms.model import SCHEMA_VERSION, ContainerError, FileEntry, WorkUnit
from transforms.sniff import HEAD, sniff
from transforms.span import FileSpan


def walk(root: bytes, spool: Spool = tempfile.TemporaryFile) -> Iterator[FileEntry]:
    """Each directory's entries that are not directories, sorted by name; then those of its directories.

    Links are not followed; nothing but lstat touches an entry here.
    """
    pending = [b""]
    while pending:
        directory = pending.pop()
        below: list[bytes] = []
        try:
            found = names(os.path.join(root, directory), spool)
        except Unreadable as error:
            if not directory:
                raise error.__cause__ or error from None
            yield FileEntry(directory, 0, 0, "unreadable")
            continue
        for name in found:
            relative = os.path.join(directory, name)
            try:
                status = os.lstat(os.path.join(root, relative))
            except OSError:
                yield FileEntry(relative, 0, 0, "unreadable")
                continue
            if stat.S_ISDIR(status.st_mode):
                below.append(relative)
            else:
                yield FileEntry(relative, status.st_size, status.st_mtime_ns, _form(status.st_mode))
        pending.extend(reversed(below))


def plan_units(
    root: bytes, limits: Limits, also_hash: tuple[str, ...] = (), spool: Spool = tempfile.TemporaryFile
) -> Iterator[WorkUnit]:
    """Work units of a dump (a directory, or one file), in walk order. spool() holds the names of huge directories."""
    bound = {"schema": SCHEMA_VERSION, "limits": limits.as_dict(), "also_hash": sorted(also_hash)}
    salt = json.dumps(bound, sort_keys=True).encode()
    for sequence, (form, entries, start, stop, ranges) in enumerate(_pieces(root, limits, spool)):
        yield WorkUnit(_unit_id(salt, form, entries, start, stop), sequence, form, entries, start, stop, ranges)


def single_file(root: bytes) -> FileEntry:
    """The entry of a dump that is one file; its name is the file's own."""
    status = os.stat(root)
    return FileEntry(os.path.basename(root), status.st_size, status.st_mtime_ns, _form(status.st_mode))


def folder(root: bytes) -> bytes:
    """The folder on this machine that the entries of a dump are named from."""
    return root if os.path.isdir(root) else os.path.dirname(root)


_Piece = tuple[str, tuple[FileEntry, ...], int, int, int]


def _pieces(root: bytes, limits: Limits, spool: Spool) -> Iterator[_Piece]:
    bundle: list[FileEntry] = []
    octets = 0
    for entry in walk(root, spool) if os.path.isdir(root) else (single_file(root),):
        large = entry.form == "file" and entry.size > limits.unit_bytes
        if bundle and (large or octets + entry.size > limits.unit_bytes or len(bundle) >= limits.unit_files):
            yield "files", tuple(bundle), 0, 0, 0
            bundle, octets = [], 0
        if large:
            yield from _large(root, entry, limits)
        else:
            bundle.append(entry)
            octets += entry.size
    if bundle:
        yield "files", tuple(bundle), 0, 0, 0


def _large(root: bytes, entry: FileEntry, limits: Limits) -> Iterator[_Piece]:
    """One large file: split where its format allows, else a unit of its own."""
    ranges: tuple[tuple[int, int], ...] = ()
    form = "files"
    try:
        fd = os.open(os.path.join(folder(root), entry.name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        pass  # Examine meets the same error and gives it a row
    else:
        try:
            span = FileSpan(fd, 0, os.fstat(fd).st_size)
            found = sniff(span.read(0, HEAD), span.size, entry.name).format
            if found == "mailbox" and mailbox.holds_several(span):
                form, ranges = "mailbox_range", mailbox.split(span, limits.unit_bytes)
            elif found == "mailbox" and mailbox.holds_close(span):
                form, ranges = "close_range", mailbox.split(span, limits.unit_bytes)
            elif found == "zip":
                directory = zip_archive.read_directory(span)
                if zip_archive.office_type(directory) is None:
                    form, ranges = "zip_range", zip_archive.split(directory, limits.unit_bytes)
        except (OSError, ContainerError):
            ranges = ()
        finally:
            os.close(fd)
    if len(ranges) < 2:
        yield "files", (entry,), 0, 0, 0
        return
    yield "whole", (entry,), 0, 0, len(ranges)
    for start, stop in ranges:
        yield form, (entry,), start, stop, len(ranges)


def _unit_id(salt: bytes, form: str, entries: tuple[FileEntry, ...], start: int, stop: int) -> str:
    digest = hashlib.sha256(salt)
    digest.update(f"\n{form} {start} {stop}\n".encode())
    for entry in entries:
        digest.update(b"%d %d %s\0" % (entry.size, entry.mtime_ns, entry.form.encode()))
        digest.update(entry.name + b"\0")
    return digest.hexdigest()[:32]


def _form(mode: int) -> str:
    if stat.S_ISREG(mode):
        return "file"
    return "link" if stat.S_ISLNK(mode) else "special"
