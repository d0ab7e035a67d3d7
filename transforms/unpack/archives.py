"""Which reader opens an archive, and what became of it as a whole?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transforms import path_spec
from transforms.containers import compressed, tar
from transforms.containers import zip as zip_archive
from transforms.documents import Opened
from transforms.model import ContainerError, Entry, Kind, Status
from transforms.sniff import Sniffed
from transforms.span import Span
from transforms.unpack import documents
from transforms.unpack.landing import Landed
from transforms.unpack.members import members
from transforms.unpack.rows import Octets, Place, Rows

FORMATS = frozenset({"zip", "tar", "gzip", "bzip2", "xz", "zstd"})


def read(
    rows: Rows, row: int, place: Place, landed: Landed, found: Sniffed, facts: dict[str, Any], expand: bool
) -> Octets | None:
    """A zip, a tar or a compressed file; an office file is a document, not an archive.

    facts are the columns of its type. None: members are accounted instead of octets.
    """
    span = landed.span
    below = place.below(row, landed.digests.sha256)
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
            entries, stored = tar.entries(span), 0
        elif compressed.holds_tar(span, found.format):
            chunks = rows.landing.bounded(compressed.decompressed(span, found.format), span.size)
            entries, stored = tar.stream_entries(chunks), span.size
        else:
            entries, stored = _single(span, found.format, place.name), span.size
    except ContainerError as error:
        landed = landed._replace(status=Status.ERROR, code=error.code)
        rows.put(row, place, Kind.ARCHIVE, landed.digests, **facts, **landed.outcome)
        return Octets(landed.digests.size, 0)
    if found.format == "zip" and directory.defects and landed.status is Status.OK:
        landed = landed._replace(status=Status.PARTIAL, code=directory.defects[0])
    outcome = members(rows, below, span, entries, path_spec.StepNamer().step, stored)
    if outcome is not None and landed.status is Status.OK:
        landed = landed._replace(status=outcome[0], code=outcome[1])
    rows.put(row, place, Kind.ARCHIVE, landed.digests, **facts, **landed.outcome)
    return None


def _single(span: Span, form: str, name: bytes) -> Iterator[Entry]:
    """The one stream of a compressed file; its place is `@0`, its name the file's without the ending.

    Octets behind it are a gap.
    """
    behind: list[int] = []

    def content() -> Iterator[bytes]:
        try:
            yield from compressed.decompressed(span, form)
        except ContainerError as error:
            behind.extend([error.at] if error.at is not None else [])
            raise

    yield Entry(name.rsplit(b".", 1)[0], offset=0, content=content, stored_size=span.size)
    for at in behind:
        yield Entry(None, at, "gap", at, span.size - at)
