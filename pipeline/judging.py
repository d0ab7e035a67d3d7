"""The Judge phase outside Beam: what the keys make of a unit's signatures, and its final rows.

A unit is here what is judged as one (stretches.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache, partial
from math import isqrt
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline import arrow_file, evidence, key_store, stretches, tables
from pipeline.examining import tally
from pipeline.job import Job
from transforms import judgement
from transforms.auth.repair.header import prove_all, repaired
from transforms.calibration import Calibration
from transforms.joined import Joined
from transforms.joins.copies import Compared
from transforms.joins.correspondents import Learned
from transforms.judged import Judged
from transforms.judgement import judge_unit
from transforms.model import PreparedSignature, PublicKey, SignatureResult, Text, Told
from transforms.shard import Content, ProvenShard, Shard, content_of, fields_of, proven, with_given_keys
from transforms.tampering import Tampering
from transforms.text import clean_text

RUN_TABLES = ("items", "findings", "signatures")
NOTED = "calibration.json"
_THREADED = 64  # work units whose threads one worker of a cluster holds: 1 GB of mail, 0.7 KB a message
RESULTS = evidence.schema_of(SignatureResult)


@cache
def keys(out: Path) -> key_store.Keyring:
    """The keys of this run, once per process; a judgement never changes them."""
    return key_store.keyring(key_store.known(out))


def prove_unit(job: Job, unit_id: str) -> ProvenShard:
    """A unit's evidence, with every signature tried on every key of its name."""
    shard = fields(job, unit_id)
    signed = list(evidence.prepared(shard.signatures))
    if not signed:
        return proven(shard, [], [])
    dates = shard.column("date_utc")
    return proven(shard, *prove_all(signed, keys(job.out), dates, partial(fields_of, shard)), job.sealers)


def results_table(one: ProvenShard) -> pa.Table:
    """The results of a unit's signatures, to be carried to its judgement."""
    results = [result for _, signed in sorted(one.signed.items()) for result in signed.results]
    return evidence.to_table(RESULTS, results)


def with_results(shard: Shard, results: pa.Table, sealers: frozenset[str]) -> ProvenShard:
    """A shard with results that were computed before; both in the order of its signatures."""
    signed: list[tuple[int, PreparedSignature]] = sorted(
        evidence.prepared(shard.signatures), key=lambda pair: (pair[0], pair[1].seq)
    )
    found = list(evidence.results(results))
    pairs = [(row, repaired(one, result)) for (row, one), result in zip(signed, found, strict=True)]
    return proven(shard, pairs, found, sealers)


def unit_ids(job: Job) -> list[str]:
    """What is judged as one, in walk order."""
    return [one.stretch_id for one in stretches.all_of(job)]


def buckets(job: Job) -> int:
    """Into how many groups the rows of a join are hashed: small dumps need no more than one.

    So that a group is that of 4 GB of mail, of less where messages are small: those have most rows, and most evidence.
    Beyond 4 TB it grows, as rows that travel one by one take most room.
    """
    return min(1_024, 1 + max(isqrt(len(stretches.all_of(job))) // 8, tally(job).units // 256))


def parts_of_threads(job: Job) -> int:
    """Into how many parts the threads of a dump are hashed; 1: in one place, which is all there is on one machine.

    A part is two numbers for each identifier that a message names: 37 MB of 200 million messages.
    """
    return 1 if job.together else min(256, 1 + tally(job).units // _THREADED)


def note(job: Job, calibration: Calibration) -> None:
    """Leave what the dump taught for run.json."""
    (job.work / NOTED).write_text(json.dumps(told(calibration)))


def noted(job: Job) -> dict[str, list[str]]:
    """What note() left."""
    found: dict[str, list[str]] = json.loads((job.work / NOTED).read_text())
    return found


def told(calibration: Calibration) -> dict[str, list[str]]:
    """One sentence for each learned domain, and for each signal that is weak in some container."""
    learned = calibration.learned
    return {
        "protected": [
            f"{one.domain}: {one.mails} verified mails from {one.first:%Y-%m-%d} to {one.last:%Y-%m-%d}, "
            f"verified mail to it from {one.writers} domains"
            + ("; its loose files inherit" if one.domain == learned.home else "")
            for one in learned.domains
        ],
        "weak_here": [
            f"{code} in {clean_text(container) or 'the top folder'}: {why}"
            for container, habits in sorted(calibration.habits.items())
            for code, why in habits.weak
        ],
    }


def judge_first(
    job: Job, unit_id: str, results: pa.Table, answers: Mapping[str, pa.Table], learned: Learned
) -> tuple[pa.Table, bool]:
    """Write a unit's rows if none is weighed; answers what its signals are to be weighed by, and whether any are."""
    one = _tried(job, unit_id, results)
    first = judgement.judge_first(one, _joined(answers), _types(), job.protected, learned)
    if first.judged is not None:
        _store(job, unit_id, first.judged)
    return first.tally, first.judged is None


def judge_again(
    job: Job, unit_id: str, results: pa.Table, answers: Mapping[str, pa.Table], calibration: Calibration
) -> None:
    """Write a unit's rows, now that it is known what is usual in its containers."""
    one = _tried(job, unit_id, results)
    _store(job, unit_id, judge_unit(one, _joined(answers), _types(), job.protected, calibration))


def _tried(job: Job, unit_id: str, results: pa.Table) -> ProvenShard:
    """A unit's evidence with results that were computed before, and its OpenPGP signatures tried on the keys given."""
    shard = with_given_keys(fields(job, unit_id), keys(job.out))
    return with_results(shard, results, job.sealers)


def _types() -> dict[str, pa.Schema]:
    return {name: tables.schema(name) for name in RUN_TABLES}


def _store(job: Job, unit_id: str, judged: Judged) -> None:
    for name in RUN_TABLES:
        _write_run(run_path(job.out, unit_id, name), getattr(judged, name))


def run_path(out: Path, unit_id: str, table: str) -> Path:
    """The judged rows of one unit: a file with one batch per verdict."""
    return out / "work" / "judged" / unit_id[:2] / f"{unit_id}.{table}.arrow"


def read_run(out: Path, unit_id: str, table: str, verdict: int) -> pa.RecordBatch:
    """The rows of one unit with the verdict at this place of VERDICTS."""
    with arrow_file.mapped(run_path(out, unit_id, table)) as file:
        return pa.ipc.open_file(file).get_batch(verdict)


def _write_run(path: Path, batches: Iterable[pa.Table]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    parts = list(batches)
    # Neither synced nor compressed: read once, and a run that is killed judges again from the evidence.
    with arrow_file.sink(path) as file, pa.ipc.new_file(file, parts[0].schema) as writer:
        for part in parts:
            rows = part.combine_chunks().to_batches()
            writer.write_batch(rows[0] if rows else pa.RecordBatch.from_pylist([], part.schema))


@lru_cache(maxsize=8)
def _texts(out: Path, unit_id: str) -> Mapping[int, Text]:
    texts = evidence.read_shard(out, unit_id, last="texts").texts
    return {record["row"]: Text(**record) for record in texts.to_pylist()}


def text_of(job: Job, unit_id: str, row: int) -> Text:
    """The text of a message; empty if it has none."""
    unit_id, row = stretches.unit_of(job, unit_id, row)
    return _texts(job.out, unit_id).get(row) or Text(row, "", "")


@lru_cache(maxsize=8)
def _whole(out: Path, unit_id: str) -> Shard:
    return evidence.read_shard(out, unit_id, last="texts")


def content(job: Job, unit_id: str, row: int) -> Content:
    """What a message says."""
    unit_id, row = stretches.unit_of(job, unit_id, row)
    return content_of(_whole(job.out, unit_id), row)


def fields(job: Job, unit_id: str) -> Shard:
    """A unit with the header fields kept of its messages."""
    return stretches.judged_by(job, unit_id)


def keys_of(job: Job, domain: str, selector: str) -> Sequence[PublicKey]:
    return keys(job.out).get((domain, selector), ())


def _joined(answers: Mapping[str, pa.Table]) -> Joined:
    """What the joins sent to one unit, by the name of the join."""
    dup_of = {r["row"]: r["dup_of"] for r in _rows(answers, "duplicates")}
    sent = {r["row"]: r for r in _rows(answers, "sent") if not r["put_back"]}
    taken_out = {r["row"]: r for r in _rows(answers, "sent") if r["put_back"]}
    copies = {r["row"]: Compared("", **r) for r in _rows(answers, "copies")}
    tampering: dict[int, tuple[Tampering, ...]] = {}
    for record in _rows(answers, "tampering"):
        tampering[record["row"]] = (*tampering.get(record["row"], ()), Tampering("", **record))
    threads = {r["row"]: r["thread_id"] for r in _rows(answers, "threads")}
    told: dict[int, tuple[Told, ...]] = {}
    for record in _rows(answers, "told"):
        told[record["row"]] = (*told.get(record["row"], ()), Told("", **record))
    return Joined(dup_of, sent, copies, tampering, taken_out, threads, told)


def _rows(answers: Mapping[str, pa.Table], name: str) -> list[dict[str, Any]]:
    return answers[name].to_pylist() if name in answers else []
