"""The Examine phase outside Beam: plan, examine units in worker processes, store their evidence."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipeline import evidence, progress, pulse, workers
from pipeline.job import Job
from pipeline.whole_file import whole
from transforms.model import Planned, UnitEvidence, WorkUnit
from transforms.plan import plan_units
from transforms.unit import examine_unit
from transforms.watch import Watch

# What the time left is reckoned by (x86_64, 2026-11-26): 13 ns for an octet of mail of 130 KB on average, 0.45 ms for
# each mail besides; an octet that is hashed alone takes a twentieth.
_FILE = 32 << 10  # octets that take as long as what comes with each file
_HASHED = 20

UNITS = "units.jsonl"  # in OUT/work: the units of the plan themselves, for who examines them


def plan(job: Job) -> Iterator[Planned]:
    """The units of the dump that have no evidence yet, in walk order; writes the whole plan on the way.

    It is there once the last one was taken. No more than one unit is in memory.
    """
    found = plan_units(job.root, job.settings.limits, job.settings.also_hash, job.spool)
    with (
        pulse.during(job, "plan"),
        whole(job.out / "evidence" / evidence.PLAN) as lines,
        whole(job.work / UNITS) as units,
    ):
        for unit in found:
            missing = not (job.resume and evidence.is_whole(job.out, unit.unit_id))
            line = {
                "unit_id": unit.unit_id,
                "octets": unit.octets,
                "entries": len(unit.entries),
                "files": unit.stop - unit.start if unit.form == "zip_range" else len(unit.entries),
                "form": unit.form,
                "wanted": missing,
            }
            lines.write(json.dumps(line).encode() + b"\n")
            octets = json.dumps(evidence.unit_to_json(unit)).encode() + b"\n"
            if missing:
                yield Planned(unit.unit_id, unit.sequence, unit.form, unit.octets, units.tell(), len(octets))
            units.write(octets)


def unit_at(job: Job, planned: Planned) -> WorkUnit:
    """A unit as it was planned. RuntimeError if the plan there is another one."""
    with (job.work / UNITS).open("rb") as file:
        file.seek(planned.at)
        line = file.read(planned.size)
    if not line.startswith(b'{"unit_id": "%b"' % planned.unit_id.encode()):
        raise RuntimeError(f"{job.work / UNITS}: another plan than this run's")
    return evidence.unit_from_json(json.loads(line))


def planned(job: Job) -> Iterator[dict[str, object]]:
    """The plan as written: unit_id, octets, entries and form of each unit, in walk order."""
    return evidence.planned(job.out)


class Tally(NamedTuple):
    """What a plan comes to."""

    units: int
    wanted: int  # units that this run examines
    entries: int  # directory entries, each once
    octets: int  # of the dump, each once


def tally(job: Job) -> Tally:
    """Counts of the plan. Ranges of a file repeat the entry, and the octets, of their `whole` unit."""
    units = wanted = entries = octets = 0
    for unit in planned(job):
        units += 1
        wanted += bool(unit["wanted"])
        if unit["form"] in ("files", "whole"):
            entries += int(str(unit["entries"]))
            octets += int(str(unit["octets"]))
    return Tally(units, wanted, entries, octets)


def to_do(job: Job) -> progress.Plan | None:
    """The plan as the progress asks for it; None until planning ends."""
    try:
        made = (job.out / "evidence" / evidence.PLAN).stat().st_mtime
    except FileNotFoundError:
        return None
    units = []
    for unit in planned(job):
        octets, files = int(str(unit["octets"])), int(str(unit["files"]))
        if unit["form"] == "whole":  # its ranges count its octets
            units.append(progress.Unit(0, octets // _HASHED, bool(unit["wanted"])))
        else:
            units.append(progress.Unit(octets, octets + files * _FILE, bool(unit["wanted"])))
    return progress.Plan(units, made)


def examine_and_store(job: Job, planned: Planned, watch: Watch) -> tuple[int, float]:
    """Examine one unit and write its shard; answers the number of items, and the seconds that it took."""
    start = time.monotonic()
    made: dict[int, int] = {}  # items of each part

    def keep(number: int, part: UnitEvidence) -> None:
        made[number] = len(part.items)
        evidence.write_part(job.out, evidence.to_shard(part), number)
        progress.note_unit(job.out, planned.sequence, progress.Done(0, sum(made.values()), time.monotonic() - start))
        watch.alive()

    found = examine_unit(unit_at(job, planned), job.root, job.settings, job.spool, watch, keep)
    watch.alive()
    shard = evidence.to_shard(found)
    watch.alive()
    evidence.write_shard(job.out, shard, found.parts)
    parts = sum(made[number] for number in range(1, found.parts + 1))
    return len(found.items) + parts, time.monotonic() - start


def examine_units(job: Job, units: Iterable[Planned]) -> Iterator[tuple[str, int]]:
    """Examine units, the largest first, in killable processes; answers (unit_id, items)."""
    ordered = sorted(units, key=lambda unit: (-unit.octets, unit.sequence))
    work = functools.partial(examine_and_store, job)
    first = min(unit.sequence for unit in ordered)
    with pulse.during(job, f"examine {first}"):
        for done in workers.run(ordered, work, processes=job.processes, limits=job.settings.limits):
            if done.result is None:
                raise RuntimeError(f"work unit {done.task.unit_id}: {done.error}")
            items, seconds = done.result
            octets = 0 if done.task.form == "whole" else done.task.octets
            progress.note_unit(job.out, done.task.sequence, progress.Done(octets, items, seconds))
            yield done.task.unit_id, items
