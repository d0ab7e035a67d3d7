"""The dump to work units, in walk order: one directory after the other, names by bytes.

A unit is a bundle of whole small files, next to each other in that order, or a range of one large container: a
mailbox, a zip, an uncompressed tar.
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

from transforms import store
from transforms.containers import mailbox, tar
from transforms.containers import zip as zip_archive
from transforms.dump import Open, opener
from transforms.limits import Limits
from transforms.listing import Unreadable, in_order, names
from transforms.model import SCHEMA_VERSION, ContainerError, FileEntry, WorkUnit
from transforms.scratch import Spool
from transforms.sniff import HEAD, sniff


def entries(root: bytes, spool: Spool = tempfile.TemporaryFile) -> Iterator[FileEntry]:
    """What a dump holds, in walk order: a folder, one file, or objects of a store."""
    if store.in_store(root):
        return _stored(root.rstrip(b"/").decode("utf-8", "surrogateescape"), spool)
    return walk(root, spool) if os.path.isdir(root) else iter((single_file(root),))


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


def _stored(root: str, spool: Spool) -> Iterator[FileEntry]:
    """The objects below a prefix as a walk through folders would meet them; or the one object of that name."""
    if not store.is_folder(root):
        yield _entry(store.look(root), root.rpartition("/")[0] + "/")
        return
    found = (_place(_entry(one, root + "/")) for one in store.listed(root))
    for record in in_order(found, spool):
        _, name, size, mtime_ns = record.split(b" ")
        yield FileEntry(bytes.fromhex(name.decode()), int(size), int(mtime_ns), "file")


def _entry(one: store.Found, prefix: str) -> FileEntry:
    name = one.url.removeprefix(prefix).encode("utf-8", "surrogateescape")
    return FileEntry(name, one.size, one.mtime_ns, "file")


def _place(entry: FileEntry) -> bytes:
    """A record that sorts as the walk goes: in each folder its files by name, then the folders by name."""
    *folders, last = entry.name.split(b"/")
    place = b"".join(b"\1" + folder + b"\0" for folder in folders) + b"\0" + last
    return b"%s %s %d %d" % (place.hex().encode(), entry.name.hex().encode(), entry.size, entry.mtime_ns)


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


_Piece = tuple[str, tuple[FileEntry, ...], int, int, int]


def _pieces(root: bytes, limits: Limits, spool: Spool) -> Iterator[_Piece]:
    bundle: list[FileEntry] = []
    octets = 0
    open_file = opener(root)
    for entry in entries(root, spool):
        large = entry.form == "file" and entry.size > limits.unit_bytes
        if bundle and (large or octets + entry.size > limits.unit_bytes or len(bundle) >= limits.unit_files):
            yield "files", tuple(bundle), 0, 0, 0
            bundle, octets = [], 0
        if large:
            yield from _large(open_file, entry, limits)
        else:
            bundle.append(entry)
            octets += entry.size
    if bundle:
        yield "files", tuple(bundle), 0, 0, 0


def _large(open_file: Open, entry: FileEntry, limits: Limits) -> Iterator[_Piece]:
    """One large file: split where its format allows, else a unit of its own."""
    ranges: tuple[tuple[int, int], ...] = ()
    form = "files"
    try:
        with open_file(entry.name) as file:
            span = file.span
            found = sniff(span.read(0, HEAD), span.size, entry.name).format
            if found == "mailbox" and mailbox.holds_several(span):
                form, ranges = "mailbox_range", mailbox.split(span, limits.unit_bytes)
            elif found == "mailbox" and mailbox.holds_close(span):
                form, ranges = "close_range", mailbox.split(span, limits.unit_bytes)
            elif found == "zip":
                directory = zip_archive.read_directory(span)
                if zip_archive.office_type(directory) is None:
                    form, ranges = "zip_range", zip_archive.split(directory, limits.unit_bytes)
            elif found == "tar":
                ranges, repeats = tar.split(span, limits.unit_bytes)
                form = "repeats_range" if repeats else "tar_range"
    except (OSError, ContainerError):
        ranges = ()  # Examine meets the same error and gives it a row
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
