"""Relate: the rows of the whole dump to findings, one join after the other (Beam)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

from transforms import joins
from transforms.arrow_bytes import by_unit, gathered, to_bytes
from transforms.joins import bodies, copies, duplicates, grafts, sent, substitutes, threads
from transforms.model import Told
from transforms.shard import Content, Shard
from transforms.tampering import Tampering, settle

Answer = tuple[str, tuple[str, bytes]]  # unit_id, (name of the join, rows as Arrow octets)


class Relate(beam.PTransform):  # type: ignore[misc]
    """Rows of each join, as Prove gives them, and what was learned of the dump, to answers by unit."""

    def __init__(
        self,
        load_text: Callable[[str, int], tuple[str, str]],
        load_content: Callable[[str, int], Content],
        load_fields: Callable[[str], Shard],
        keys: substitutes.Keys,
        learned: beam.PCollection,
    ) -> None:
        super().__init__()
        self.load_text = load_text
        self.load_content = load_content
        self.load_fields = load_fields
        self.keys = keys
        self.learned = learned

    def expand(self, rows: Any) -> beam.PCollection:
        load = self.load_text
        same_octets = (
            rows["duplicates"]
            | "GatherOctets" >> beam.GroupByKey()
            | "JoinOctets" >> beam.FlatMap(lambda group: _answers("duplicates", duplicates.join(gathered(group[1]))))
        )
        conversations = (
            rows["threads"]
            | "GatherNames" >> beam.GroupByKey()
            | "JoinNames" >> _flat_map(lambda group: _answers("threads", threads.join(gathered(group[1]))))
        )
        sent_files = (
            rows["sent"]
            | "GatherFiles" >> beam.GroupByKey()
            | "JoinFiles"
            >> beam.FlatMap(
                lambda group, learned: _answers("sent", sent.join(gathered(group[1]), learned.home)),
                beam.pvalue.AsSingleton(self.learned),
            )
        )
        compared = (
            rows["copies"]
            | "GatherCopies" >> beam.GroupByKey()
            | "JoinCopies" >> beam.FlatMap(lambda group: copies.join(gathered(group[1])))
            | "CompareWords" >> beam.Map(lambda pair: _by_kind(copies.compare(pair, load)))
            | "GatherKinds" >> beam.GroupByKey()
            | "SettleHabits" >> beam.FlatMap(lambda group: _compared(copies.settle(list(group[1]))))
        )
        tampered = (
            (self._bodies(rows["bodies"]), self._grafts(rows["grafts"]), self._substitutes(rows["substitutes"]))
            | "Changes" >> beam.Flatten()
            | "ByChange" >> _map(_by_change)
            | "GatherChanges" >> beam.GroupByKey()
            | "SettleChanges" >> _flat_map(lambda group: _tampered(settle(list(group[1]))))
        )
        told = [self._told(name, rows[name]) for name in joins.TELLING]
        return (*told, same_octets, conversations, sent_files, compared, tampered) | beam.Flatten()

    def _told(self, name: str, rows: beam.PCollection) -> beam.PCollection:
        """A join whose pairs are compared one by one, by what both messages say."""
        load = self.load_content
        return (
            rows
            | f"Gather_{name}" >> beam.GroupByKey()
            | f"Compare_{name}"
            >> beam.FlatMap(
                lambda group, learned: _told(joins.told(name, gathered(group[1]), load, learned.home)),
                beam.pvalue.AsSingleton(self.learned),
            ).with_output_types(Any)
        )

    def _bodies(self, rows: beam.PCollection) -> beam.PCollection:
        load = self.load_content
        return (
            rows
            | "GatherBodies" >> beam.GroupByKey()
            | "JoinBodies" >> _flat_map(lambda group: bodies.join(gathered(group[1])))
            | "CompareBodies" >> _map(lambda pair: bodies.compare(pair, load))
        )

    def _grafts(self, rows: beam.PCollection) -> beam.PCollection:
        load = self.load_content
        return (
            rows
            | "GatherSignatures" >> beam.GroupByKey()
            | "JoinSignatures" >> _flat_map(lambda group: grafts.join(gathered(group[1])))
            | "CompareSigned" >> _flat_map(lambda pair: filter(None, [grafts.compare(pair, load)]))
        )

    def _substitutes(self, rows: beam.PCollection) -> beam.PCollection:
        """Units are read one by one: first those that hold values, then those in which to try them.

        Authors of a domain come along with the targets: their names are all that is tried.
        """
        load, keys = self.load_fields, self.keys
        wanted = (
            rows
            | "GatherMessageIds" >> beam.GroupByKey()
            | "JoinMessageIds" >> _flat_map(lambda group: substitutes.join(gathered(group[1])))
        )
        offers = (
            wanted
            | "Others" >> beam.Filter(lambda one: isinstance(one[1], substitutes.Wanted))
            | "ByOther" >> beam.GroupByKey()
            | "TakeValues" >> _flat_map(lambda group: substitutes.offered(load(group[0]), group[1]))
        )
        targets = wanted | "Targets" >> beam.Filter(lambda one: not isinstance(one[1], substitutes.Wanted))
        return (
            (targets, offers)
            | "TargetsAndValues" >> beam.Flatten()
            | "ByTarget" >> beam.GroupByKey()
            | "TryValues" >> _flat_map(lambda group: substitutes.try_unit(load(group[0]), group[1], keys))
        )


def _told(found: Iterable[Told]) -> Iterator[Answer]:
    """One batch a unit, not one a finding."""
    return _answers("told", pa.Table.from_pylist([one._asdict() for one in found], _TOLD))


_TOLD = pa.schema([(name, pa.int64() if name == "row" else pa.string()) for name in Told._fields])


def _map(fn: Callable[[Any], Any]) -> Any:
    """beam.Map without the search of the function's octets for its type, which costs more than small joins."""
    return beam.Map(fn).with_output_types(Any)


def _flat_map(fn: Callable[[Any], Any]) -> Any:
    return beam.FlatMap(fn).with_output_types(Any)


def _by_change(one: Tampering) -> tuple[str, Tampering]:
    """Changes are grouped by kind; one without stands alone."""
    return one.kind or f"{one.unit_id} {one.row} {one.of}", one


def _tampered(found: Iterable[Tampering]) -> Iterator[Answer]:
    for one in found:
        yield one.unit_id, ("tampering", to_bytes(pa.Table.from_pylist([one._asdict()])))


def _by_kind(one: copies.Compared) -> tuple[str, copies.Compared]:
    """Changes are grouped by kind; a comparison without one stands alone."""
    return one.kind or f"{one.unit_id} {one.row}", one


def _answers(name: str, table: pa.Table) -> Iterator[Answer]:
    for unit_id, rows in by_unit(table):
        yield unit_id, (name, to_bytes(rows))


def _compared(found: Iterable[copies.Compared]) -> Iterator[Answer]:
    for one in found:
        yield one.unit_id, ("copies", to_bytes(pa.Table.from_pylist([dataclasses.asdict(one)])))
