"""Which work units are judged together? Those that follow each other in the dump, up to an amount of evidence.

A unit of large mails has few rows, and reading, joining and writing cost as much for few as for many. What is
judged together stands for one unit in Prove, Relate and Judge: its rows count on from one unit to the next. No
verdict depends on where a stretch ends.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from pipeline import evidence
from pipeline.examining import planned
from pipeline.job import Job
from transforms.shard import Shard, joined

OCTETS = 4 * 1024 * 1024  # of evidence on disk: about what one unit of small messages leaves
HELD = 20_000  # rows of evidence that stay in memory, of 1.5 GB of mail with attachments
_NAME = "stretches.jsonl"  # in OUT/work: each of them, in walk order


class Stretch(NamedTuple):
    stretch_id: str  # 32 hex digits: of the shard_ids
    shard_ids: tuple[str, ...]  # of units and parts of units
    is_split: bool  # of one large file, whose ranges they are


def plan(job: Job) -> None:
    """Settle the stretches of a judgement, once all evidence is there."""
    lines = "".join(json.dumps(one) + "\n" for one in _stretches(job))
    (job.work / _NAME).write_text(lines, encoding="ascii")


def all_of(job: Job) -> list[Stretch]:
    """The stretches of this judgement in walk order."""
    lines = (job.work / _NAME).read_text("ascii").splitlines()
    return [Stretch(name, tuple(shard_ids), is_split) for name, shard_ids, is_split in map(json.loads, lines)]


def read(job: Job, stretch_id: str, last: str = "signatures") -> Shard:
    """Evidence of a stretch as if it were one unit, up to the table named last."""
    number, shard_ids = _place(job, stretch_id)
    shard = joined([evidence.read_shard(job.out, one, last) for one in shard_ids], stretch_id)
    # All parts of a unit have its number: that of the stretch puts their rows in order.
    return dataclasses.replace(shard, unit=dataclasses.replace(shard.unit, sequence=number))


def judged_by(job: Job, stretch_id: str) -> Shard:
    """Evidence of a stretch with all tables that a judgement reads row by row. That of a small dump is read once."""
    held = _held(job, _written(job))
    shard = held.shards.get(stretch_id)
    if shard is not None:
        return shard
    shard = read(job, stretch_id, last="fields")
    held.rows += len(shard.items)
    if held.rows > HELD:
        held.shards.clear()
    else:
        held.shards[stretch_id] = shard
    return shard


@dataclasses.dataclass(slots=True)
class _Held:
    """What this process has read in one judgement, as long as it is little."""

    shards: dict[str, Shard] = dataclasses.field(default_factory=dict)
    rows: int = 0


@lru_cache(maxsize=1)
def _held(job: Job, written: int) -> _Held:
    return _Held()


def unit_of(job: Job, stretch_id: str, row: int) -> tuple[str, int]:
    """The shard that a row of a stretch comes from, and which row of that shard it is."""
    starts = _starts(job, stretch_id)
    at = bisect_right(starts, row) - 1
    return _place(job, stretch_id)[1][at], row - starts[at]


def _stretches(job: Job) -> Iterator[Stretch]:
    """A split file keeps to itself: its rows are numbered through."""
    held: list[str] = []
    octets, was_split = 0, False
    for unit in planned(job):
        shards = evidence.shards_of(job.out, unit)
        is_split = unit["form"] != "files" or len(shards) > 1
        is_first = unit["form"] == "whole" or (unit["form"] == "files" and is_split)
        for shard_id in shards:
            size = _size(evidence.shard_path(job.out, shard_id))
            if held and (octets + size > OCTETS or is_split != was_split or is_first):
                yield _stretch(held, was_split)
                held, octets = [], 0
            held.append(shard_id)
            octets, was_split, is_first = octets + size, is_split, False
    if held:
        yield _stretch(held, was_split)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0  # whoever reads it says what is missing


def _stretch(shard_ids: Sequence[str], is_split: bool) -> Stretch:
    return Stretch(hashlib.sha256("".join(shard_ids).encode()).hexdigest()[:32], tuple(shard_ids), is_split)


@lru_cache(maxsize=4096)
def _place(job: Job, stretch_id: str) -> tuple[int, tuple[str, ...]]:
    """Where a stretch comes in walk order, and its shards."""
    return _by_id(job, _written(job))[stretch_id]


def _written(job: Job) -> int:
    """When the stretches of this judgement were settled."""
    return (job.work / _NAME).stat().st_mtime_ns


@lru_cache(maxsize=1)
def _by_id(job: Job, written: int) -> dict[str, tuple[int, tuple[str, ...]]]:
    """The stretches as they were settled at that time: read once, not once for each of them."""
    return {one.stretch_id: (number, one.shard_ids) for number, one in enumerate(all_of(job))}


@lru_cache(maxsize=4096)
def _starts(job: Job, stretch_id: str) -> list[int]:
    """The first row of each shard in a stretch."""
    heads = (evidence.read_shard(job.out, one, last="sources").sources for one in _place(job, stretch_id)[1])
    return [0, *accumulate(sum(head["n_items"].to_pylist()) for head in heads)]
