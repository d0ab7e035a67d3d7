"""Lost keys, computed from the signatures of the dump: which names, in worker processes, once per OUT.

Which names have lost their key, and by which of their signatures it is looked for, is asked of all evidence
(surveying.py); the keys are computed on this machine.

Before Prove. A name is tried while it has pairs left and three signatures that no key found so far
explains, so a second key under one name comes to light as well (VERDICT §4).
"""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple, TextIO

import pyarrow as pa

from pipeline import progress, recovered, workers
from pipeline.job import Job
from pipeline.key_store import Kept
from pipeline.recovered import Attempt
from pipeline.surveying import Ask, Question, Told
from transforms.auth import lost, recover
from transforms.auth.key import parse_record
from transforms.auth.recover import Specimen
from transforms.limits import LIMITS
from transforms.shard import Shard
from transforms.watch import Watch

# CPU seconds of one pair by octets of a signature: benchmarks/results/2026-11-26-recover.md.
_SECONDS = {128: 12, 256: 28, 512: 62}

_PARTS = 256  # that a cluster counts in: 200 million signatures without a key, of 50 octets, are 39 MB in each

Recovery = dict[str, str | int]


class _Task(NamedTuple):
    name: int  # which search it belongs to
    one: Specimen
    two: Specimen
    others: tuple[Specimen, ...]  # one of them must confirm the key


def recover_keys(job: Job, processes: int, stream: TextIO, quiet: bool, ask: Ask) -> Recovery:
    """Compute what keys can be, keep them in OUT/keys, and answer what was done, for run.json.

    state: done | skipped (interrupted: what was found is kept) | none (no name has lost a key that would
    decide something).
    """
    parts = 1 if job.together else _PARTS
    counts = functools.partial(_count, Kept(job.out), parts)
    steps = (functools.partial(_tally, parts), _rank)
    names = lost.ranked(map(tuple, chain.from_iterable(ask(Question("lost", "signatures", counts, steps)))))
    if not names:
        recovered.keep(job.out, [])
        return {"state": "none", "names": 0, "pairs": 0}
    searches = _searches(names, ask)
    show = _Show(searches, processes, stream, quiet)
    try:
        with show:
            _search(job, searches, processes, show)
        state = "done"
    except KeyboardInterrupt:
        state = "skipped"
    tried = [attempt for search in searches for attempt in search.tried]
    recovered.keep(job.out, tried)
    return {"state": state, "names": len(names), "pairs": len(tried)}


class _Search:
    """One name: its signatures, the pairs tried, and those that no key found explains."""

    def __init__(self, name: lost.Name, specimens: tuple[Specimen, ...]) -> None:
        self.domain, self.selector = name
        self.specimens = specimens
        self.unexplained = list(specimens)
        self.tried: list[Attempt] = []

    def __str__(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"

    def next_pair(self) -> tuple[Specimen, Specimen] | None:
        if len(self.tried) >= LIMITS.recover_pairs:
            return None
        return recover.next_pair(self.unexplained, [attempt.pair for attempt in self.tried])

    def others(self, one: Specimen, two: Specimen) -> tuple[Specimen, ...]:
        """Signatures that could confirm the key of a pair."""
        size = len(one.signature)
        return tuple(s for s in self.specimens if len(s.signature) == size and s not in (one, two))

    def note(self, one: Specimen, two: Specimen, outcome: str, record: str) -> Attempt:
        items = {one.id: one.item_id, two.id: two.item_id}
        pair = recover.pair_id(one, two)
        attempt = Attempt(self.domain, self.selector, pair, (items[pair[0]], items[pair[1]]), outcome, record)
        self.tried.append(attempt)
        if record:
            self.unexplained = [s for s in self.unexplained if not recover.explains(record, s)]
        return attempt


def _count(given: Kept, parts: int, group: str, shards: Iterator[tuple[str, Shard]]) -> Told:
    """The signatures of a group that no key given could have made, in parts."""
    known = {(key.domain, key.selector) for key in given.keys if key.source != recovered.SOURCE}
    yield from lost.apart([lost.signatures_without_key(shard, known) for _, shard in shards], parts)


def _tally(parts: int, part: str, rows: Iterable[pa.Table]) -> Told:
    yield from lost.tallied(list(rows), parts)


def _rank(part: str, tallies: Iterable[pa.Table]) -> Told:
    yield part, lost.foremost(list(tallies))


def _searches(names: list[lost.Name], ask: Ask) -> list[_Search]:
    """The signatures of each name, in the order of the names; the whole dump is read once more."""
    question = Question("specimens", "signatures", functools.partial(_specimens, names), (_most_promising,))
    found = {number: list(map(_from_json, records)) for number, records in ask(question)}
    return [_Search(name, tuple(found.get(number, ()))) for number, name in enumerate(names)]


def _specimens(names: list[lost.Name], group: str, shards: Iterator[tuple[str, Shard]]) -> Told:
    """The most promising signatures of each name in a group, by the number of the name."""
    held: dict[lost.Name, list[Specimen]] = {name: [] for name in names}
    for _, shard in shards:
        for name, specimen in lost.specimens(shard, names):
            held[name].append(specimen)
            if len(held[name]) >= 4 * LIMITS.recover_signatures:
                held[name] = list(recover.merged(held[name], LIMITS.recover_signatures))
    for number, name in enumerate(names):
        if held[name]:
            yield f"{number}", recover.merged(held[name], LIMITS.recover_signatures)


def _most_promising(number: str, parts: Iterable[Iterable[Specimen]]) -> Told:
    best: tuple[Specimen, ...] = ()
    for part in parts:
        best = recover.merged(chain(best, part), LIMITS.recover_signatures)
    yield number, (int(number), list(map(_to_json, best)))


def _to_json(one: Specimen) -> dict[str, Any]:
    return {**one._asdict(), "signature": one.signature.hex(), "data_hash": one.data_hash.hex()}


def _from_json(record: dict[str, Any]) -> Specimen:
    octets = {name: bytes.fromhex(record[name]) for name in ("signature", "data_hash")}
    return Specimen(**{**record, **octets})


def _search(job: Job, searches: list[_Search], processes: int, show: _Show) -> None:
    """One pair of each name at a time, the names side by side; what is known already costs nothing."""
    known = {(a.domain, a.selector, a.pair): a for a in recovered.attempts(job.out) if a.version == recover.VERSION}
    limits = dataclasses.replace(job.settings.limits, stall_seconds=LIMITS.recover_stall_seconds)
    for _ in range(LIMITS.recover_pairs):
        tasks = []
        for number, search in enumerate(searches):
            pair = search.next_pair()
            if pair is None:
                continue
            earlier = known.get((search.domain, search.selector, recover.pair_id(*pair)))
            if earlier is not None:
                search.note(*pair, earlier.outcome, earlier.record)
            else:
                tasks.append(_Task(number, *pair, search.others(*pair)))
        show.round(tasks)
        for done in workers.run(tasks, attempt, processes=processes, limits=limits):
            outcome, record = done.result or (done.error or workers.DIED, "")
            task = done.task
            made = searches[task.name].note(task.one, task.two, outcome, record)
            known[made.domain, made.selector, made.pair] = made
            recovered.keep(job.out, known.values())
            show.done(task, made)


def attempt(task: _Task, watch: Watch) -> tuple[str, str]:
    """Try one pair, in a worker process: outcome and TXT record. A pair that killed a worker gave nothing."""
    mark = watch.opening(0)
    if mark is not None:
        return mark, ""
    record = recover.key_record(task.one, task.two, task.others)
    return ("found", record) if record is not None else ("nothing", "")


class _Show(progress.Live):
    """What is being tried, on stderr."""

    def __init__(self, searches: list[_Search], processes: int, stream: TextIO, quiet: bool) -> None:
        super().__init__(self._line, stream, quiet)
        self._searches, self._processes = searches, processes
        self._open: list[_Task] = []
        self._lock = threading.Lock()
        self._announced = False

    def round(self, tasks: list[_Task]) -> None:
        """So many pairs are tried next."""
        with self._lock:
            self._open = list(tasks)
        if tasks and not self._announced:
            self._announced = True
            each = [next(s for size, s in _SECONDS.items() if len(task.one.signature) <= size) for task in tasks]
            least = max(sum(each) / min(max(self._processes, 1), len(each)), *each)
            most = least * LIMITS.recover_pairs
            self.say(
                f"triage: computing the lost keys of {len(tasks)} names from their own signatures: about "
                f"{progress.clock(least)} to {progress.clock(most)} minutes. Ctrl-C skips this, and the run goes on."
            )

    def done(self, task: _Task, made: Attempt) -> None:
        with self._lock:
            self._open.remove(task)
        search = self._searches[task.name]
        gave = f"a key of {parse_record(made.record).bits} bits" if made.record else made.outcome
        self.say(f"triage: {search}, pair {len(search.tried)} of {LIMITS.recover_pairs}: {gave}")

    def _line(self, seconds: float) -> str:
        with self._lock:
            waiting = self._open[:]
        if not waiting:
            return f"computing lost keys  {progress.clock(seconds)}"
        search = self._searches[waiting[0].name]
        more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
        pair = f"pair {len(search.tried) + 1} of {LIMITS.recover_pairs}"
        return f"computing lost keys: {search}, {pair}{more}  {progress.clock(seconds)}"
