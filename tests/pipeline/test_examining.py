"""The Examine phase outside Beam: what is planned, and what the progress counts."""

from __future__ import annotations

import dataclasses
import os
import zipfile
from pathlib import Path

import pytest

from pipeline import evidence, examining, progress
from pipeline.job import Job
from transforms.limits import LIMITS
from transforms.unpack.rows import Settings

MESSAGE = b"From anna@campaign.example Mon Apr 24 10:00:00 2017\nFrom: anna@campaign.example\nSubject: hi\n\nText\n\n"


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A mailbox and a zip, both split, and a small file."""
    dump = tmp_path / "dump"
    dump.mkdir()
    (dump / "in.mbox").write_bytes(MESSAGE * 20)
    (dump / "note.txt").write_bytes(b"text")
    with zipfile.ZipFile(dump / "z.zip", "w") as archive:
        for number in range(10):
            archive.writestr(f"{number}.bin", os.urandom(400))
    for folder in ("evidence", "work"):
        (tmp_path / "out" / folder).mkdir(parents=True)
    settings = Settings(dataclasses.replace(LIMITS, unit_bytes=1_000))
    return Job(dump, tmp_path / "out", settings, processes=0, resume=True)


def test_each_octet_counts_once_though_a_split_file_is_read_twice(job: Job) -> None:
    assert examining.octets_left(job) is None
    units = list(examining.plan(job))
    assert {unit.form for unit in units} == {"files", "whole", "mailbox_range", "zip_range"}
    size = sum(path.stat().st_size for path in job.dump.iterdir())
    left = examining.octets_left(job)
    assert left is not None and size - 10 < left <= size  # a share of a zip is rounded down
    list(examining.examine_units(job, units))
    assert progress.done(job.work / "progress")[0] == left


def test_a_unit_whose_evidence_is_damaged_is_planned_again(job: Job) -> None:
    units = list(examining.plan(job))
    list(examining.examine_units(job, units))
    assert list(examining.plan(job)) == []
    path = evidence.shard_path(job.out, units[2].unit_id)
    path.write_bytes(path.read_bytes()[:-1])
    assert [unit.unit_id for unit in examining.plan(job)] == [units[2].unit_id]


def test_a_damaged_plan_is_named(job: Job) -> None:
    list(examining.plan(job))
    path = job.out / "evidence" / evidence.PLAN
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(evidence.EvidenceDamaged, match=str(path)):
        list(examining.planned(job))
