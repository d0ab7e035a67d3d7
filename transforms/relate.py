"""Relate: the rows of the whole dump to findings, join by join (Beam)."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import apache_beam as beam
import pyarrow as pa

from transforms import joins
from transforms.arrow_bytes import Parts, by_unit, gathered, to_bytes, to_table
from transforms.connect import Connect
from transforms.joins import bodies, copies, duplicates, grafts, sent, substitutes, threads
from transforms.joins.correspondents import Learned
from transforms.marking import Mark, within
from transforms.model import Told
from transforms.shard import Content, Shard
from transforms.tampering import Tampering, settle

Answer = tuple[str, tuple[str, bytes]]  # unit_id, (name of the join, rows as Arrow octets)

_MANY = 1_000  # changes of one kind

ANSWERS, CHANGES, TARGETS, OTHERS = "answers", "changes", "targets", "others"


class Relate(beam.PTransform):  # type: ignore[misc]
    """Rows by join and bucket, as Prove gives them, and what was learned of the dump, to answers by unit.

    One shuffle gathers the rows of all joins: each shuffle more costs a small dump as much as a join. A large dump has
    several: the local runner holds the rows of a shuffle up to four times while it gathers them. Threads have so many
    parts; with one, they are a join like the others.
    """

    def __init__(
        self,
        load_text: copies.Load,
        load_content: Callable[[str, int], Content],
        load_fields: Callable[[str], Shard],
        keys: substitutes.Keys,
        learned: beam.PCollection,
        shuffles: int,
        parts: int,
        marked: Mark,
    ) -> None:
        super().__init__()
        self.shuffles = shuffles
        self.parts = parts
        self.marked = marked
        self.join = _Join(load_text, load_content, marked)
        self.load_fields = load_fields
        self.keys = keys
        self.learned = learned

    def expand(self, rows: beam.PCollection) -> beam.PCollection:
        if self.parts == 1:
            return self._answered(rows)
        of_threads = rows | "Threads" >> beam.Filter(lambda row: row[0][0] == "threads")
        others = rows | "NotThreads" >> beam.Filter(lambda row: row[0][0] != "threads")
        connected = (
            of_threads
            | "Connect" >> Connect(self.parts, self.marked)
            | "AsAnswers" >> beam.Map(lambda one: (one[0], ("threads", one[1]))).with_output_types(Any)
        )
        return (connected, self._answered(others)) | "AllAnswers" >> beam.Flatten()

    def _answered(self, rows: beam.PCollection) -> beam.PCollection:
        parts = [self._joined(rows, number) for number in range(self.shuffles)]
        joined = {
            tag: tuple(part[tag] for part in parts) | f"All_{tag}" >> beam.Flatten()
            for tag in (ANSWERS, CHANGES, TARGETS, OTHERS)
        }
        mark = self.marked
        settled = (
            (joined[CHANGES], self._substituted(joined[TARGETS], joined[OTHERS]))
            | "Changes" >> beam.Flatten()
            | "GatherChanges" >> beam.GroupByKey()
            | "SettleHabits" >> _flat_map(lambda group: _settled(mark, group[0], list(group[1])))
        )
        return (joined[ANSWERS], settled) | beam.Flatten()

    def _joined(self, rows: beam.PCollection, number: int) -> Any:
        """The answers of one shuffle, by tag."""
        of = self.shuffles
        mine = rows if of == 1 else rows | f"Share{number}" >> beam.Filter(lambda row: _shuffle(row[0], of) == number)
        return (
            mine
            | f"GatherRows{number}" >> beam.GroupByKey()
            | f"JoinRows{number}"
            >> beam.ParDo(self.join, beam.pvalue.AsSingleton(self.learned))
            .with_output_types(Any)
            .with_outputs(ANSWERS, CHANGES, TARGETS, OTHERS)
        )

    def _substituted(self, targets: beam.PCollection, others: beam.PCollection) -> beam.PCollection:
        """Units are read one by one: first those that hold values, then those in which to try them.

        Authors of a domain come along with the targets: their names are all that is tried.
        """
        load, keys, mark = self.load_fields, self.keys, self.marked

        def taken(group: tuple[str, Iterable[Any]]) -> Iterator[tuple[str, list[Any]]]:
            for unit_id, offer in substitutes.offered(load(group[0]), chain.from_iterable(group[1])):
                yield unit_id, [offer]

        def tried(group: tuple[str, Iterable[Any]]) -> Iterator[tuple[tuple[str, str], Change]]:
            return map(_by_change, substitutes.try_unit(load(group[0]), chain.from_iterable(group[1]), keys))

        offers = (
            others
            | "ByOther" >> beam.GroupByKey()
            | "TakeValues" >> _flat_map(lambda group: within(mark, f"take {group[0]}", taken, group))
        )
        return (
            (targets, offers)
            | "TargetsAndValues" >> beam.Flatten()
            | "ByTarget" >> beam.GroupByKey()
            | "TryValues" >> _flat_map(lambda group: within(mark, f"try {group[0]}", tried, group))
        )


class _Join(beam.DoFn):  # type: ignore[misc]
    """The rows of one join in one bucket: to answers, to changes by their kind, and to what is to be tried where."""

    def __init__(
        self,
        load_text: copies.Load,
        load_content: Callable[[str, int], Content],
        marked: Mark,
    ) -> None:
        self.load_text = load_text
        self.load_content = load_content
        self.marked = marked

    def process(
        self, group: tuple[tuple[str, str], Iterable[bytes]], learned: Learned
    ) -> Iterator[beam.pvalue.TaggedOutput]:
        name, bucket = group[0]
        with self.marked(f"join {name} {bucket}"):
            if name in joins.IN_PARTS:
                for part in self._in_parts(name, Parts(group[1]), learned):
                    yield from (beam.pvalue.TaggedOutput(ANSWERS, one) for one in _answers(name, part))
            else:
                yield from self._joined(name, gathered(group[1]), learned)
        pa.default_memory_pool().release_unused()  # a join over a million rows holds twice their size

    def _in_parts(self, name: str, parts: Parts, learned: Learned) -> Iterator[pa.Table]:
        return duplicates.join(parts) if name == "duplicates" else sent.join(parts, learned.home)

    def _joined(self, name: str, table: pa.Table, learned: Learned) -> Iterator[beam.pvalue.TaggedOutput]:
        if name == "threads":
            found = _answers(name, threads.join(table))
        elif name in joins.TELLING:
            found = _answers("told", _table(Told._fields, joins.told(name, table, self.load_content, learned)))
        else:
            yield from self._changes(name, table)
            return
        yield from (beam.pvalue.TaggedOutput(ANSWERS, one) for one in found)

    def _changes(self, name: str, table: pa.Table) -> Iterator[beam.pvalue.TaggedOutput]:
        if name == "substitutes":
            yield from _by_unit(substitutes.join(table))
            return
        changes: Iterable[Change | None]
        if name == "copies":
            changes = (copies.compare(pair, self.load_text) for pair in copies.join(table))
        elif name == "bodies":
            changes = (bodies.compare(pair, self.load_content) for pair in bodies.join(table))
        else:
            changes = (grafts.compare(pair, self.load_content) for pair in grafts.join(table))
        yield from (beam.pvalue.TaggedOutput(CHANGES, _by_change(one)) for one in changes if one is not None)


def _shuffle(name_and_bucket: tuple[str, str], of: int) -> int:
    """In which of so many shuffles a bucket of a join travels."""
    return zlib.crc32(" ".join(name_and_bucket).encode()) % of


def _by_unit(found: Iterable[tuple[str, Any]]) -> Iterator[beam.pvalue.TaggedOutput]:
    """What is to be tried in each unit, and asked of it, as one list each: authors are many."""
    lists: dict[tuple[str, str], list[Any]] = {}
    for unit_id, one in found:
        tag = OTHERS if isinstance(one, substitutes.Wanted) else TARGETS
        lists.setdefault((tag, unit_id), []).append(one)
    for (tag, unit_id), some in lists.items():
        yield beam.pvalue.TaggedOutput(tag, (unit_id, some))


Change = Tampering | copies.Compared


def _by_change(one: Change) -> tuple[tuple[str, str], Change]:
    """Changes are grouped by kind; one without stands alone."""
    if isinstance(one, Tampering):
        return ("tampering", one.kind or f"{one.unit_id} {one.row} {one.of}"), one
    return ("copies", one.kind or f"{one.unit_id} {one.row}"), one


def _settled(mark: Mark, kind: tuple[str, str], group: list[Any]) -> Iterator[Answer]:
    """The answers of one kind of change, found by one sort of join. Few are settled before a mark is written."""
    if len(group) < _MANY:
        return _answers_of(group)
    return within(mark, f"settle {hashlib.sha256(' '.join(kind).encode()).hexdigest()[:32]}", _answers_of, group)


def _answers_of(group: list[Any]) -> Iterator[Answer]:
    if isinstance(group[0], Tampering):
        return _answers("tampering", _table(Tampering._fields, settle(group)))
    return _answers("copies", _table(copies.Compared._fields, copies.settle(group)))


def _table(fields: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    schema = pa.schema([(name, pa.int64() if name == "row" else pa.string()) for name in fields])
    return to_table(schema, list(rows))


def _answers(name: str, table: pa.Table) -> Iterator[Answer]:
    for unit_id, rows in by_unit(table):
        yield unit_id, (name, to_bytes(rows))


def _flat_map(fn: Callable[[Any], Any]) -> Any:
    """beam.FlatMap without the search of the function's octets for its type, which costs more than small joins."""
    return beam.FlatMap(fn).with_output_types(Any)
