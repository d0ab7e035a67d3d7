"""The Examine phase outside Beam: what is planned, and what the progress counts."""

from __future__ import annotations

import dataclasses
import os
import shutil
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline import evidence, examining, progress
from pipeline.job import Job
from transforms.limits import LIMITS
from transforms.unpack.rows import Settings
from transforms.watch import UNWATCHED

MESSAGE = b"From anna@campaign.example Mon Apr 24 10:00:00 2017\nFrom: anna@campaign.example\nSubject: hi\n\nText\n\n"


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A mailbox, a tar and a zip, each of them split, and a small file."""
    dump = tmp_path / "dump"
    dump.mkdir()
    (dump / "in.mbox").write_bytes(MESSAGE * 20)
    (dump / "note.txt").write_bytes(b"text")
    with zipfile.ZipFile(dump / "z.zip", "w") as archive:
        for number in range(10):
            archive.writestr(f"{number}.bin", os.urandom(400))
    with tarfile.open(dump / "t.tar", "w") as tar:
        for number in range(10):
            tar.addfile(tarfile.TarInfo(f"{number}.bin"))
    for folder in ("evidence", "work"):
        (tmp_path / "out" / folder).mkdir(parents=True)
    settings = Settings(dataclasses.replace(LIMITS, unit_bytes=1_000))
    return Job(dump, tmp_path / "out", settings, processes=0, resume=True)


def test_each_octet_counts_once_though_a_split_file_is_read_twice(job: Job) -> None:
    assert examining.to_do(job) is None
    units = list(examining.plan(job))
    assert {unit.form for unit in units} == {"files", "whole", "mailbox_range", "zip_range", "tar_range"}
    size = sum(path.stat().st_size for path in job.dump.iterdir())
    plan = examining.to_do(job)
    assert plan is not None and len(plan.units) == len(units)
    planned = sum(unit.octets for unit in plan.units)
    assert size - 10 < planned <= size  # a share of a zip is rounded down
    list(examining.examine_units(job, units))
    done = progress.finished(job.work / "progress")
    state = progress.examined(plan.units, done, seconds=1.0)
    assert (state.octets, state.planned_octets, state.seconds_left) == (planned, planned, 0.0)
    assert state.items == 20 + 10 + 10 + 4 and state.units == len(units)


def test_what_an_earlier_run_examined_counts_as_done(job: Job) -> None:
    units = list(examining.plan(job))
    list(examining.examine_units(job, units[:3]))
    shutil.rmtree(job.work)
    job.work.mkdir()
    list(examining.plan(job))
    plan = examining.to_do(job)
    assert plan is not None
    state = progress.examined(plan.units, {}, seconds=1.0)
    earlier = sum(unit.octets for unit in units[:3] if unit.form != "whole")
    assert (state.octets, state.octets_per_second, state.seconds_left) == (earlier, 0.0, None)


def test_many_small_files_take_their_time_though_they_are_few_octets(job: Job) -> None:
    (job.dump / "small").mkdir()
    for number in range(100):
        (job.dump / "small" / str(number)).write_bytes(b"x")
    list(examining.plan(job))
    plan = examining.to_do(job)
    assert plan is not None
    assert plan.units[-1].octets == 100 and plan.units[-1].effort > sum(unit.effort for unit in plan.units[:-1])


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


def test_two_attempts_of_one_unit_leave_one_shard(job: Job) -> None:
    """As engines make them: one after the other, or side by side by a worker that is taken for lost."""
    (unit, *_) = list(examining.plan(job))
    examining.examine_and_store(job, unit, UNWATCHED)
    path = evidence.shard_path(job.out, unit.unit_id)
    first = path.read_bytes()
    with ThreadPoolExecutor(4) as attempts:
        list(attempts.map(lambda _: examining.examine_and_store(job, unit, UNWATCHED), range(8)))
    assert path.read_bytes() == first and list(path.parent.iterdir()) == [path]


def test_a_plan_that_is_another_one_is_not_read_for_this(job: Job) -> None:
    units = list(examining.plan(job))
    (job.dump / "a").write_bytes(b"in front of all others")
    list(examining.plan(job))
    with pytest.raises(RuntimeError, match="another plan"):
        examining.unit_at(job, units[-1])
