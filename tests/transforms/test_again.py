"""Every item of the sample is read again by its place, or known not to be; other octets never come back."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import evidence
from transforms.again import octets_at, place_of
from transforms.limits import LIMITS, Limits
from transforms.model import UnitEvidence
from transforms.plan import plan_units
from transforms.shard import Shard
from transforms.unit import examine_unit
from transforms.unpack.rows import Settings
from transforms.watch import UNWATCHED

LEAK = Path(__file__).resolve().parents[2] / "sample_dump" / "leak"


def shards(dump: Path, limits: Limits = LIMITS) -> Iterator[Shard]:
    root = os.fsencode(dump)
    for unit in plan_units(root, limits):
        parts: dict[int, UnitEvidence] = {}
        keep = parts.__setitem__
        whole = examine_unit(unit, root, Settings(limits), tempfile.TemporaryFile, UNWATCHED, keep)
        yield from map(evidence.to_shard, (whole, *parts.values()))


def read_again(dump: Path, shard: Shard) -> Iterator[tuple[str, str | None, bytes | None]]:
    for row, (path, sha256) in enumerate(zip(shard.column("path"), shard.column("sha256"), strict=True)):
        if shard.column("kind")[row] in ("gap", "link"):  # of a gap beside a message, another place is kept
            continue
        place = place_of(shard, row)
        assert place is not None
        yield path, sha256, octets_at(os.fsencode(dump), place)


@pytest.mark.parametrize("limits", [LIMITS, Limits(unit_bytes=3_000)], ids=["whole", "in ranges"])
def test_items_come_back_unless_they_are_compressed(limits: Limits) -> None:
    lost = []
    for shard in shards(LEAK, limits):
        for path, sha256, octets in read_again(LEAK, shard):
            if octets is None:
                lost.append(path)
            else:
                assert hashlib.sha256(octets).hexdigest() == sha256, path
    # Compressed as a whole, encrypted, in overlap, or cut off.
    assert sorted({path.partition("!")[0] for path in lost}) == [
        "archives/documents.tar.gz",
        "divers/abimes/encrypted.zip",
        "divers/abimes/overlapping.zip",
        "divers/abimes/truncated.zip",
    ]


def tarred(*paths: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path in paths:
            archive.add(path, path.name)
    return out.getvalue()


def test_items_of_an_archive_that_is_written_in_parts_come_back(tmp_path: Path) -> None:
    """Mailboxes and archives in a tar in a tar, so that what is around most of them lies in another shard."""
    dump, inner = tmp_path / "dump", tmp_path / "inner.tar"
    dump.mkdir()
    inner.write_bytes(tarred(LEAK / "documents", LEAK / "mails", LEAK / "boites", LEAK / "archives"))
    (dump / "leak.tar").write_bytes(tarred(inner))
    found, elsewhere, lost = [], 0, []
    for shard in shards(dump, Limits(part_items=3)):
        elsewhere += len(shard.items) - shard.items["around"].null_count
        for path, sha256, octets in read_again(dump, shard):
            found.append(path)
            if octets is None:
                lost.append(path)
            else:
                assert hashlib.sha256(octets).hexdigest() == sha256, path
    assert len(found) > 60 and elsewhere > 20
    assert {path.split("!")[2] for path in lost} <= {"archives/documents.tar.gz"}


def test_a_message_of_a_large_mailbox_in_an_archive_comes_back(tmp_path: Path) -> None:
    """The mailbox alone is more than what is held in memory of one item."""
    message = b"From: a@campaign.example\nSubject: last\n\ntext\n"
    line = b"From a@campaign.example Mon Apr 24 10:00:00 2017\n"
    long = line + message + b"x" * (1 << 20) + b"\n\n"
    mailbox = tmp_path / "in.mbox"
    mailbox.write_bytes(long * (2 * LIMITS.in_memory // len(long) + 2) + line + message)
    (tmp_path / "dump").mkdir()
    (tmp_path / "dump" / "leak.tar").write_bytes(tarred(mailbox))
    digest = hashlib.sha256(message).hexdigest()
    (shard, *_) = (
        one for one in shards(tmp_path / "dump", Limits(unit_bytes=1 << 30)) if digest in one.column("sha256")
    )
    place = place_of(shard, shard.column("sha256").index(digest))
    assert place is not None
    assert [step.name for step in place.steps][-2:] == ["in.mbox", f"@{mailbox.stat().st_size - len(line + message)}"]
    assert octets_at(os.fsencode(tmp_path / "dump"), place) == message


def test_changed_vanished_and_strange_files_give_nothing(tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    shutil.copytree(LEAK / "documents", dump)
    (shard,) = shards(dump)
    places = [place_of(shard, row) for row in range(len(shard.items))]
    assert None not in places
    for number, path in enumerate(sorted(dump.iterdir())):
        kept = path.read_bytes()
        path.unlink()
        if number == 1:
            path.write_bytes(kept[:-1])
        elif number == 2:
            path.write_bytes(kept[:-1] + b"~")
        elif number == 3:
            path.symlink_to(LEAK / "documents" / path.name)
        elif number == 4:
            os.mkfifo(path)
        elif number:
            path.mkdir()
    assert {octets_at(os.fsencode(dump), place) for place in places if place} == {None}


def test_more_than_a_mail_may_hold_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(LIMITS.in_memory + 1))
    (shard,) = shards(tmp_path)
    assert [octets for _, _, octets in read_again(tmp_path, shard)] == [None]
