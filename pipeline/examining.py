"""The Examine phase outside Beam: plan, examine units in worker processes, store their evidence."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from pipeline import evidence, progress, workers
from pipeline.job import Job
from pipeline.whole_file import write_whole
from transforms.model import WorkUnit
from transforms.plan import plan_units
from transforms.unit import examine_unit
from transforms.watch import Watch


def plan(job: Job) -> Iterator[WorkUnit]:
    """The units of the dump that have no evidence yet; writes the whole plan on the way."""

    def fill(file: BinaryIO) -> None:
        for unit in plan_units(job.root, job.settings.limits, job.settings.also_hash):
            missing = not (job.resume and evidence.is_whole(job.out, unit.unit_id))
            line = {
                "unit_id": unit.unit_id,
                "octets": unit.octets,
                "entries": len(unit.entries),
                "form": unit.form,
                "wanted": missing,
            }
            file.write(json.dumps(line).encode() + b"\n")
            if missing:
                wanted.append(unit)

    wanted: list[WorkUnit] = []
    write_whole(job.out / "evidence" / evidence.PLAN, fill)
    yield from wanted


def planned(job: Job) -> list[dict[str, object]]:
    """The plan as written: unit_id, octets, entries and form of each unit, in walk order."""
    return evidence.planned(job.out)


def octets_left(job: Job) -> int | None:
    """Octets of the units that this run examines, each octet once; None until planning ends."""
    try:
        return sum(int(str(unit["octets"])) for unit in planned(job) if unit["wanted"] and unit["form"] != "whole")
    except FileNotFoundError:
        return None


def examine_and_store(job: Job, unit: WorkUnit, watch: Watch) -> int:
    """Examine one unit and write its shard; answers the number of items."""
    found = examine_unit(unit, job.root, job.settings, job.spool, watch)
    evidence.write_shard(job.out, evidence.to_shard(found))
    return len(found.items)


def examine_units(job: Job, units: Iterable[WorkUnit]) -> Iterator[tuple[str, int]]:
    """Examine units, the largest first, in killable processes; answers (unit_id, items)."""
    ordered = sorted(units, key=lambda unit: (-unit.octets, unit.sequence))
    work = functools.partial(examine_and_store, job)
    for done in workers.run(ordered, work, processes=job.processes, limits=job.settings.limits):
        if done.result is None:
            raise RuntimeError(f"work unit {done.task.unit_id}: {done.error}")
        octets = 0 if done.task.form == "whole" else done.task.octets  # its ranges count them
        progress.note_unit(job.out, octets, done.result)
        yield done.task.unit_id, done.result
