"""The octets of an item, read from the dump once more: also out of what is compressed as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.lookup import Record
from transforms import path_spec
from transforms.again import Place, Step, octets_at, zip_member
from transforms.containers import compressed, tar
from transforms.containers import zip as zip_archive
from transforms.limits import LIMITS
from transforms.sniff import HEAD, sniff
from transforms.span import Span


def item_octets(dump: Path, chain: Sequence[Record]) -> bytes | None:
    """Octets of the last item of a chain, which begins with a file of the dump and goes inwards.

    None where they are no longer those that were examined, are too many, or have no place of their own, as in
    Outlook's files.
    """
    steps = [
        Step(
            item["path"].rpartition("!")[2] if item["depth"] else "",
            item["byte_start"],
            item["byte_len"],
            item["sha256"],
        )
        for item in chain
    ]
    return octets_at(bytes(dump), Place(source_name(chain[0]["source_path"]), tuple(steps)), _member)


def source_name(path: str) -> bytes:
    """Name of a file of the dump from its path."""
    return b"/".join(path_spec.unescape_step(part) for part in path.split("/"))


def _member(archive: Span, step: str) -> Iterator[Iterable[bytes]]:
    """The content of the member that a step names, if the archive has one of octets."""
    form = sniff(archive.read(0, HEAD), archive.size, b"").format
    if form not in ("gzip", "bzip2", "xz", "zstd"):
        if form == "zip" or zip_archive.has_directory(archive):
            yield from zip_member(archive, step)
    elif not compressed.holds_tar(archive, form):
        if step == path_spec.offset_step(0):
            yield _bounded(compressed.decompressed(archive, form))
    else:
        namer = path_spec.StepNamer()
        for entry in tar.stream_entries(_bounded(compressed.decompressed(archive, form))):
            if entry.name is not None and namer.step(entry.name) == step and entry.content is not None:
                yield entry.content()
                return


def _bounded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """No more than Examine read: behind that, no item was found."""
    left = LIMITS.source_output
    for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            return
        yield chunk
