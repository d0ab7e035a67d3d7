"""What is judged together: units that follow each other, and no table depends on which."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from pipeline import commit, engines, evidence, examining, graph, judging, key_store, stretches
from pipeline.job import Job
from transforms.limits import LIMITS
from transforms.shard import content_of
from transforms.unpack.rows import Settings
from transforms.watch import UNWATCHED

SAMPLE = Path(__file__).resolve().parents[2] / "sample_dump"
SMALL = dataclasses.replace(LIMITS, unit_files=5, unit_bytes=2_000)  # 2 KB: mailboxes and archives are split


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """The sample leak as many small units of evidence."""
    made = Job(SAMPLE / "leak", tmp_path_factory.mktemp("stretches") / "out", Settings(SMALL), processes=0)
    made.work.mkdir(parents=True)
    (made.out / "evidence").mkdir()
    for unit in list(examining.plan(made)):
        examining.examine_and_store(made, unit, UNWATCHED)
    key_store.keep(made.out, key_store.read_keys([SAMPLE / "keys"]))
    return made


def planned(job: Job, monkeypatch: pytest.MonkeyPatch, octets: int) -> list[stretches.Stretch]:
    monkeypatch.setattr(stretches, "OCTETS", octets)
    stretches.plan(job)
    return stretches.all_of(job)


def test_every_unit_is_in_one_stretch_in_walk_order(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    units = [str(unit["unit_id"]) for unit in examining.planned(job)]
    for octets in (0, 20_000, 10**9):
        found = planned(job, monkeypatch, octets)
        assert [unit_id for one in found for unit_id in one.shard_ids] == units
        assert len({one.stretch_id for one in found}) == len(found)


def test_a_stretch_grows_up_to_an_amount_of_evidence(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(len(one.shard_ids) == 1 for one in planned(job, monkeypatch, 0))
    found = planned(job, monkeypatch, 20_000)
    sizes = [[evidence.shard_path(job.out, one).stat().st_size for one in stretch.shard_ids] for stretch in found]
    assert all(sum(some) <= 20_000 for some in sizes if len(some) > 1)
    assert 1 < len(found) < sum(map(len, sizes))


def test_a_split_file_keeps_to_itself(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    forms = {str(unit["unit_id"]): unit["form"] for unit in examining.planned(job)}
    assert {"whole", "mailbox_range"} <= set(forms.values())
    for stretch in planned(job, monkeypatch, 10**9):
        inside = [forms[unit_id] for unit_id in stretch.shard_ids]
        assert set(inside) == {"files"} or ("files" not in inside and "whole" not in inside[1:])


def test_rows_of_a_stretch_are_those_of_its_units(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    for stretch in planned(job, monkeypatch, 10**9):
        together = stretches.read(job, stretch.stretch_id, last="texts")
        assert together.unit.unit_id == stretch.stretch_id
        places = [stretches.unit_of(job, stretch.stretch_id, row) for row in range(len(together.items))]
        assert list(together.column("row")) == list(range(len(places)))
        for row, (unit_id, own) in enumerate(places):
            alone = evidence.read_shard(job.out, unit_id, last="texts")
            assert content_of(together, row) == content_of(alone, own) == judging.content(job, stretch.stretch_id, row)
            parent, own_parent = together.column("parent_row")[row], alone.column("parent_row")[own]
            assert places[parent] == (unit_id, own_parent) if own_parent >= 0 else parent == -1


def test_tables_do_not_depend_on_what_is_judged_together(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = []
    for octets in (0, 20_000, 10**9):
        shutil.rmtree(job.work)
        job.work.mkdir()
        planned(job, monkeypatch, octets)
        monkeypatch.setattr(stretches, "HELD", octets)
        engines.run(engines.choose([]), lambda pipeline: graph.judge(pipeline, job))
        tables.append(commit.commit(job))
    assert tables[0] == tables[1] == tables[2]


@pytest.mark.parametrize("held", [0, 30, 10**9])
def test_a_small_dump_is_read_once_and_a_large_one_each_time(
    job: Job, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(stretches, "HELD", held)
    found = planned(job, monkeypatch, 20_000)
    rows = [len(stretches.judged_by(job, one.stretch_id).items) for one in found]
    assert rows[0] < 30 < sum(rows)
    again = [stretches.judged_by(job, one.stretch_id) for one in found]
    assert list(map(len, (one.items for one in again))) == rows
    same = [one is stretches.judged_by(job, one.unit.unit_id) for one in again]
    assert same == [held == 10**9] * len(found)
    stretches.plan(job)  # another judgement
    assert stretches.judged_by(job, found[0].stretch_id) is not again[0]


def test_tables_do_not_depend_on_how_the_rows_of_joins_are_gathered(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(job, monkeypatch, 20_000)
    tables = []
    for groups in (1, 2, 9):  # in one shuffle, two, and four
        monkeypatch.setattr(judging, "buckets", lambda job, groups=groups: groups)
        engines.run(engines.choose([]), lambda pipeline: graph.judge(pipeline, job))
        tables.append(commit.commit(job))
    assert tables[0] == tables[1] == tables[2]


def test_tables_do_not_depend_on_where_threads_are_put_together(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(job, monkeypatch, 0)
    tables = []
    for parts in (1, 3):  # in one place, as on one machine, and in rounds, as on a cluster
        monkeypatch.setattr(judging, "parts_of_threads", lambda job, parts=parts: parts)
        engines.run(engines.choose([]), lambda pipeline: graph.judge(pipeline, job))
        tables.append(commit.commit(job))
    assert tables[0] == tables[1]


def test_threads_are_put_together_in_one_place_on_one_machine_only(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_THREADED", 1)
    assert judging.parts_of_threads(job) == 1
    assert judging.parts_of_threads(dataclasses.replace(job, together=False)) == 1 + examining.tally(job).units
