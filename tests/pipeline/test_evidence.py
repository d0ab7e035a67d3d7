"""Evidence on disk: it comes back as it was, and is there whole or not at all."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from pathlib import Path

import pytest

from pipeline import evidence
from transforms.limits import LIMITS
from transforms.model import FileEntry, UnitEvidence, WorkUnit
from transforms.plan import plan_units
from transforms.unit import examine_unit
from transforms.unpack.rows import Settings
from transforms.watch import UNWATCHED

LEAK = os.fsencode(Path(__file__).resolve().parents[2] / "sample_dump" / "leak")
TABLES = ("sources", "items", "signatures", "fields", "texts")


@pytest.fixture(scope="module")
def found() -> UnitEvidence:
    (unit,) = plan_units(LEAK, LIMITS)
    return examine_unit(unit, LEAK, Settings(LIMITS, ("md5",)), tempfile.TemporaryFile, UNWATCHED)


def test_a_shard_comes_back_as_it_was(tmp_path: Path, found: UnitEvidence) -> None:
    shard = evidence.to_shard(found)
    evidence.write_shard(tmp_path, shard)
    again = evidence.read_shard(tmp_path, found.unit.unit_id, last="texts")
    assert again.unit == found.unit
    for name in TABLES:
        assert getattr(again, name).equals(getattr(shard, name)), name
        assert len(getattr(again, name)) > 0, name


def test_rows_of_a_shard_are_the_nouns_that_were_written(found: UnitEvidence) -> None:
    shard = evidence.to_shard(found)
    assert tuple(evidence.prepared(shard.signatures)) == found.signatures
    for place, name in ((10, "path"), (20, "sha256"), (5, "md5"), (7, "notes")):
        assert shard.column(name)[place] == getattr(found.items[place], name)
    assert shard.column("date_utc") == [item.date_utc for item in found.items]
    assert shard.column("path_bytes") == [item.path_bytes for item in found.items]


@pytest.mark.parametrize("last", TABLES)
def test_what_is_not_asked_for_is_left_empty(tmp_path: Path, found: UnitEvidence, last: str) -> None:
    shard = evidence.to_shard(found)
    evidence.write_shard(tmp_path, shard)
    again = evidence.read_shard(tmp_path, found.unit.unit_id, last=last)
    for place, name in enumerate(TABLES):
        expected = getattr(shard, name)
        assert getattr(again, name).equals(expected if place <= TABLES.index(last) else expected.schema.empty_table())


def test_an_empty_unit_comes_back(tmp_path: Path) -> None:
    unit = WorkUnit("a" * 32, 7, "files", ())
    evidence.write_shard(tmp_path, evidence.to_shard(UnitEvidence(unit, (), (), (), (), (), ())))
    again = evidence.read_shard(tmp_path, "a" * 32, last="texts")
    assert again.unit == unit and len(again.items) == 0


def test_the_same_evidence_gives_the_same_octets(tmp_path: Path, found: UnitEvidence) -> None:
    for out in ("one", "two"):
        evidence.write_shard(tmp_path / out, evidence.to_shard(found))
    one, two = (evidence.shard_path(tmp_path / out, found.unit.unit_id).read_bytes() for out in ("one", "two"))
    assert one == two


def test_evidence_is_for_its_owner_alone(tmp_path: Path, found: UnitEvidence) -> None:
    evidence.write_shard(tmp_path, evidence.to_shard(found))
    path = evidence.shard_path(tmp_path, found.unit.unit_id)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_missing_or_damaged_shard_is_an_error(tmp_path: Path, found: UnitEvidence) -> None:
    with pytest.raises(evidence.EvidenceDamaged):
        evidence.read_shard(tmp_path, found.unit.unit_id)
    evidence.write_shard(tmp_path, evidence.to_shard(found))
    path = evidence.shard_path(tmp_path, found.unit.unit_id)
    octets = path.read_bytes()
    for damaged in (octets[: len(octets) // 2], b"", octets[:50] + b"\0" * 50 + octets[100:]):
        path.write_bytes(damaged)
        with pytest.raises(evidence.EvidenceDamaged, match=str(path)):
            evidence.read_shard(tmp_path, found.unit.unit_id, last="texts")


def test_a_shard_is_whole_only_as_it_was_written(tmp_path: Path, found: UnitEvidence) -> None:
    unit_id = found.unit.unit_id
    assert not evidence.is_whole(tmp_path, unit_id)
    evidence.write_shard(tmp_path, evidence.to_shard(found))
    assert evidence.is_whole(tmp_path, unit_id)
    path = evidence.shard_path(tmp_path, unit_id)
    octets = path.read_bytes()
    for at in range(0, len(octets), len(octets) // 50):
        path.write_bytes(octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :])
        assert not evidence.is_whole(tmp_path, unit_id), f"one bit at octet {at}"
        path.write_bytes(octets[:at])
        assert not evidence.is_whole(tmp_path, unit_id), f"cut at octet {at}"
    path.write_bytes(octets)
    assert evidence.is_whole(tmp_path, unit_id)


def test_units_survive_json_whatever_their_names() -> None:
    entries = (FileEntry(b"a\xff\n/b", 5, -1, "file"), FileEntry("é".encode(), 0, 10**18, "link"))
    unit = WorkUnit("b" * 32, 3, "mailbox_range", entries, 10, 20)
    assert evidence.unit_from_json(evidence.unit_to_json(unit)) == unit
    assert dataclasses.asdict(unit)["stop"] == 20
