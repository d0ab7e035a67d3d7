"""The octets of an item that evidence names, read from the dump once more by its place.

Works where each step inwards is a range of the octets around it, plain, in base64 or quoted-printable
(messages of a mailbox, parts of a message, members stored in a zip or tar), or a member of a zip. For
anything else, and where the dump has changed, the answer is None: equal sha256 decides.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from transforms import path_spec
from transforms.containers import zip as zip_archive
from transforms.dump import opener
from transforms.limits import LIMITS
from transforms.mail.transfer import decode
from transforms.model import ContainerError, FileEntry
from transforms.shard import Shard
from transforms.span import Span, in_memory


class Step(NamedTuple):
    """One item on the way to another, in the octets of the one around it."""

    name: str  # the last step of its path; "" for a file of the dump
    start: int | None
    length: int | None
    sha256: str | None


class Place(NamedTuple):
    """A way through a file of the dump."""

    source: bytes  # its name
    steps: tuple[Step, ...]  # inwards


def place_of(shard: Shard, row: int) -> Place | None:
    """Where an item lies; None if its file is not of the shard's unit."""
    names = ("path", "byte_start", "byte_len", "sha256", "parent_row", "depth")
    columns = {name: shard.column(name) for name in names}
    source = _entry(shard, shard.column("source_path")[row])
    steps = []
    last = at = row
    while source is not None and at >= 0:
        name = columns["path"][at].rpartition("!")[2] if columns["depth"][at] else ""
        steps.append(Step(name, columns["byte_start"][at], columns["byte_len"][at], columns["sha256"][at]))
        last, at = at, columns["parent_row"][at]
    if source is None:
        return None
    around = shard.column("around")[last]  # what lies in other shards
    steps += [Step(*step) for step in reversed(json.loads(around) if around is not None else [])]
    return Place(source.name, tuple(reversed(steps)))


def _entry(shard: Shard, path: str) -> FileEntry | None:
    return next((entry for entry in shard.unit.entries if path_spec.file_path(entry.name) == path), None)


Members = Callable[[Span, str], Iterator[Iterable[bytes]]]  # content of the member that a step names


def octets_at(root: bytes, place: Place, member: Members | None = None) -> bytes | None:
    """The octets there, if they are still those that were examined and no more than LIMITS.in_memory.

    member finds a member of an archive by its step; without it, zip_member does.
    """
    try:
        with opener(root)(place.source) as file:
            span: Span | None = file.span
            for count, step in enumerate(place.steps, start=1):
                assert span is not None
                if step.start is None and not step.name and count < len(place.steps):
                    continue  # the whole file, which need not be hashed
                span = _inside(span, step, member or zip_member, is_last=count == len(place.steps))
                if span is None:
                    return None
            return span.read() if span is not None else None
    except (OSError, ContainerError):
        return None


def _inside(around: Span, step: Step, member: Members, is_last: bool) -> Span | None:
    if step.start is None and step.name:
        return _matching(member(around, step.name), step)
    whole = around if step.start is None else around.sub(step.start, step.start + (step.length or 0))
    found = None
    if whole.size <= 2 * LIMITS.in_memory:
        part = in_memory(whole.read())
        found = _matching(((part.data,), decode(part, "base64"), decode(part, "quoted-printable")), step)
    # A mailbox or archive of gigabytes that lies there as it is: what is looked for inside will be hashed.
    return found if found is not None or is_last else whole


def _matching(readings: Iterable[Iterable[bytes]], step: Step) -> Span | None:
    """The first reading that gives the octets that were examined."""
    for chunks in readings:
        held, size = [], 0
        digest = hashlib.sha256()
        for chunk in chunks:
            size += len(chunk)
            if size > LIMITS.in_memory:
                break
            digest.update(chunk)
            held.append(chunk)
        if size <= LIMITS.in_memory and digest.hexdigest() == step.sha256:
            return in_memory(b"".join(held))
    return None


def zip_member(archive: Span, step: str) -> Iterator[Iterable[bytes]]:
    """The content of the member of a zip that a step of a path names."""
    directory = zip_archive.read_directory(archive)
    namer = path_spec.StepNamer()
    for at, member in enumerate(directory.members):
        if namer.step(zip_archive.member_name(member)) == step:
            entry = next(zip_archive.entries(archive, directory, at, at + 1))
            if entry.content is not None:
                yield entry.content()
            return
