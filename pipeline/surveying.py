"""What all evidence is asked before a judgement: on one machine shard by shard, on a cluster by the engine's workers.

There a worker reads a group of units that follow each other. What it tells is gathered by key, as often as the question
has steps, and lies in OUT/work as JSON, which is all that the launching machine reads.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from pipeline import evidence, pulse
from pipeline.examining import planned, tally
from pipeline.job import Job
from pipeline.whole_file import write_whole
from transforms.shard import Shard

# Work units that a launching machine reads itself. A shard of 2.5 MB takes 23 ms; to ask Beam's job service or Prism
# about two of them takes 1.4 s (x86_64, two cores, 2026-11-26).
HERE = 64
_GROUP = 64  # units that one worker reads together

Told = Iterator[tuple[str, Any]]  # by key


@dataclass(frozen=True, slots=True)
class Question:
    """Its functions run in workers: they can be pickled, with all that they hold."""

    name: str
    last: str  # table of evidence up to which shards are read
    read: Callable[[str, Iterator[tuple[str, Shard]]], Told]  # of a group: its name, and its shards by name
    steps: tuple[Callable[[str, Iterable[Any]], Told], ...] = ()  # each gets all that was told under one key


Ask = Callable[[Question], Iterator[Any]]


def ask(job: Job, on_engine: Callable[[Question], None], question: Question) -> Iterator[Any]:
    """The answers in the order of their keys, those of groups in walk order; they are what JSON can hold.

    on_engine() runs survey() of graph.py.
    """
    if job.together or tally(job).units <= HERE:
        told = question.read("0", _shards(job, question, evidence.shard_ids(job.out)))
        for step in question.steps:
            told = _settled(step, told)
        return iter([one for _, one in sorted(told, key=lambda pair: pair[0])])
    on_engine(question)
    return (json.loads(path.read_bytes()) for path in _stored(job, question))


def groups(job: Job) -> Iterator[tuple[str, list[Any]]]:
    """Units that follow each other in the dump, under names that follow each other as well."""
    units: list[dict[str, object]] = []
    number = 0
    for unit in planned(job):
        units.append({name: unit[name] for name in ("unit_id", "entries", "form")})
        if len(units) == _GROUP:
            yield f"{number:08d}", units
            units, number = [], number + 1
    if units:
        yield f"{number:08d}", units


def read(job: Job, question: Question, group: str, units: list[Any]) -> Told:
    """What a group tells, in a worker."""
    with pulse.during(job, f"{question.name} {group}"):
        shard_ids = chain.from_iterable(evidence.shards_of(job.out, unit) for unit in units)
        yield from question.read(group, _shards(job, question, shard_ids))


def steps(job: Job, question: Question) -> list[Callable[[str, Iterable[Any]], Told]]:
    """The steps of a question, to be done in workers."""
    return [functools.partial(_step, job, question.name, number, step) for number, step in enumerate(question.steps)]


def store(job: Job, question: Question, key: str, answer: Any) -> None:
    """Leave an answer for the launching machine."""
    path = _folder(job, question) / key
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(json.dumps(answer).encode()))


def _shards(job: Job, question: Question, shard_ids: Iterable[str]) -> Iterator[tuple[str, Shard]]:
    return ((shard_id, evidence.read_shard(job.out, shard_id, last=question.last)) for shard_id in shard_ids)


def _step(job: Job, name: str, number: int, step: Callable[..., Told], key: str, told: Iterable[Any]) -> Told:
    with pulse.during(job, f"{name} {number} {key}"):
        yield from step(key, told)


def _settled(step: Callable[[str, Iterable[Any]], Told], told: Told) -> Told:
    by_key: dict[str, list[Any]] = {}
    for key, one in told:
        by_key.setdefault(key, []).append(one)
    return chain.from_iterable(step(key, some) for key, some in by_key.items())


def _stored(job: Job, question: Question) -> list[Path]:
    """In the order of their keys. What a killed attempt left unfinished begins with a dot."""
    return sorted(_folder(job, question).glob("[!.]*"), key=lambda path: path.name)


def _folder(job: Job, question: Question) -> Path:
    return job.work / "survey" / question.name
