"""The second round of Examine: files of the dump put back into the messages that they were taken out of.

Orders lie in evidence; they, and then the files that may be meant, are asked of all of it (surveying.py). Without an
order nothing is read but the head of each shard. What was made of a unit's orders lies beside its shard, with a digest
of the files it was made from: it is made once, and again only where other files are there now. `judge` uses it as it
is.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from pipeline import evidence, pulse, workers
from pipeline.job import Job
from pipeline.surveying import Ask, Question, Told
from transforms.shard import Shard, signatures_of
from transforms.taken_out import Batch, Wanted, attempt, wanted
from transforms.watch import Watch

# What became of the messages with an order: restored | no_match | unread (message or file cannot be read again)
# | budget | no_file (none of that name or size) | crashed | left_out (more than a run looks for).
Outcomes = dict[str, int]


def put_back(job: Job, examine: Callable[[list[Batch]], None], ask: Ask) -> Outcomes:
    """Try what was not tried yet, with examine(batches), and answer what became of all orders."""
    orders = _ordered(ask(Question("orders", "orders", _orders)))
    if not orders.orders:
        return {}
    for found in ask(Question("files", "items", functools.partial(_files, orders))):
        orders.add(found)
    batches = list(_batches(job, orders))
    missing = []
    for batch in batches:
        made = evidence.put_back_whole(job.out, batch.unit_id)
        if made is None or made.inputs != batch.inputs:
            # An outcome of other files must not be read as the signatures to begin with.
            evidence.put_back_path(job.out, batch.unit_id).unlink(missing_ok=True)
            missing.append(batch)
    if missing:
        examine(missing)
    outcomes: Counter[str] = Counter()
    for batch in batches:
        made = evidence.put_back_whole(job.out, batch.unit_id)
        assert made is not None
        outcomes.update(made.outcomes)
    outcomes["no_file"] = sum(map(len, orders.orders.values())) - outcomes.total()
    outcomes["left_out"] = orders.left_out
    return {name: count for name, count in sorted(outcomes.items()) if count}


def _orders(group: str, shards: Iterator[tuple[str, Shard]]) -> Told:
    """Those of a group, no more of them than of a run, and how many messages more have some."""
    found = wanted((unit_id, shard.orders.to_pylist()) for unit_id, shard in shards)
    units = [(unit_id, list(chain.from_iterable(by_row.values()))) for unit_id, by_row in found.orders.items()]
    if units:
        yield group, {"units": units, "left_out": found.left_out}


def _ordered(groups: Iterator[dict[str, Any]]) -> Wanted:
    left_out = 0

    def units() -> Iterator[tuple[str, list[dict[str, Any]]]]:
        nonlocal left_out
        for one in groups:
            left_out += one["left_out"]
            yield from one["units"]

    orders = wanted(units())
    orders.left_out += left_out
    return orders


def _files(orders: Wanted, group: str, shards: Iterator[tuple[str, Shard]]) -> Told:
    """The candidates in a group."""
    mine = orders.empty()
    for _, shard in shards:
        mine.note(shard)
    found = mine.told()
    if found:
        yield group, found


def _batches(job: Job, orders: Wanted) -> Iterator[Batch]:
    """In walk order. Of a unit with nothing to try, what an earlier run made of it goes."""
    for unit_id in orders.orders:
        batch = orders.batch(evidence.read_shard(job.out, unit_id, last="items"))
        if batch.attempts:
            yield batch
        else:
            evidence.put_back_path(job.out, unit_id).unlink(missing_ok=True)


def try_batches(job: Job, batches: Iterable[Batch]) -> Iterator[tuple[str, int]]:
    """Try the orders of units in killable processes; answers (unit_id, messages restored)."""
    ordered = sorted(batches, key=lambda batch: (-len(batch.attempts), batch.unit_id))
    work = functools.partial(try_and_store, job)
    with pulse.during(job, f"orders {ordered[0].unit_id}"):
        for done in workers.run(ordered, work, processes=job.processes, limits=job.settings.limits):
            if done.result is None:
                raise RuntimeError(f"orders of work unit {done.task.unit_id}: {done.error}")
            yield done.task.unit_id, done.result


def try_and_store(job: Job, batch: Batch, watch: Watch) -> int:
    """Try the orders of one unit and write what became of them; answers how many messages were restored."""
    shard = evidence.read_shard(job.out, batch.unit_id)
    outcomes: Counter[str] = Counter()
    found = []
    for number, one in enumerate(batch.attempts):
        if watch.opening(number) is not None:
            outcomes["crashed"] += 1
            continue
        outcome, signatures = attempt(job.root, one, signatures_of(shard, one.row), watch.alive)
        outcomes[outcome] += 1
        found += [(one.row, signature) for signature in signatures]
    evidence.write_put_back(job.out, batch.unit_id, evidence.PutBack(batch.inputs, dict(outcomes), found))
    return outcomes["restored"]
