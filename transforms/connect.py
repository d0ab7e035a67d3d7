"""Connect: rows of the join `threads` to answers, when no worker could hold them all (Beam)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms import linked
from transforms.arrow_bytes import from_bytes, to_bytes
from transforms.joins import threads
from transforms.linked import Links
from transforms.marking import Mark, within

NAMED, NAMES, MEMBERS, ASKED = "named", "names", "members", "asked"

Piece = tuple[str, bytes]  # a part, and links or (digest, place) as octets
Told = tuple[str, bytes]  # to a stretch: what kind of thing, and its octets

_NAMES = pa.schema([("place", pa.int64()), ("name", pa.string())])


class Connect(beam.PTransform):  # type: ignore[misc]
    """Batches of rows, of one stretch each, to (unit_id, answer as Arrow octets).

    What travels from round to round is two numbers a link; names are asked for once the first message is known.
    """

    def __init__(self, parts: int, mark: Mark) -> None:
        super().__init__()
        self.parts = parts
        self.mark = mark

    def expand(self, batches: beam.PCollection) -> beam.PCollection:
        parts, mark = self.parts, self.mark
        told = batches | "TakeApart" >> beam.ParDo(_TakeApart(parts)).with_output_types(Any).with_outputs(
            NAMED, NAMES, MEMBERS
        )
        links = (
            told[NAMED]
            | "ByIdentifier" >> beam.GroupByKey()
            | "Meet" >> _marked(mark, "meet", lambda group: _both_ways(linked.met(_gathered(group[1])), parts))
        )
        for number in range(linked.ROUNDS):
            links = (
                links
                | f"Neighbours{number}" >> beam.GroupByKey()
                | f"Nearer{number}"
                >> _marked(mark, f"nearer {number}", lambda group: _both_ways(_nearer(group, parts), parts))
            )
        asked = links | "Last" >> beam.GroupByKey() | "Ask" >> _marked(mark, "ask", lambda group: _asked(group, parts))
        named = (
            (told[NAMES], asked) | "NamesAndAsked" >> beam.Flatten()
            | "ByFirst" >> beam.GroupByKey()
            | "Name" >> _marked(mark, "name", lambda group: _named(group[1]))
        )  # fmt: skip
        return (
            (told[MEMBERS], named) | "MembersAndNames" >> beam.Flatten()
            | "ByStretch" >> beam.GroupByKey()
            | "Answer" >> _marked(mark, "answer", lambda group: _answers(group[1]))
        )  # fmt: skip


class _TakeApart(beam.DoFn):  # type: ignore[misc]
    """The rows of one stretch: what it names, by part; the names of its threads, and its rows, by stretch."""

    def __init__(self, parts: int) -> None:
        self.parts = parts

    def process(self, batch: tuple[tuple[str, str], bytes]) -> Iterator[beam.pvalue.TaggedOutput]:
        table = from_bytes(batch[1])
        first = linked.first_in_stretch(table)
        named = linked.naming(table, first)
        for piece in _pieces(named, linked.part(named[:, 0], self.parts), self.parts):
            yield beam.pvalue.TaggedOutput(NAMED, piece)
        stretch = str(table["sequence"][0].as_py())
        begins = pa.array(first == linked.places(table))
        names = pa.table([pa.array(first), table["name"]], _NAMES).filter(pc.and_(begins, table["name"].is_valid()))
        yield beam.pvalue.TaggedOutput(NAMES, (stretch, (NAMES, to_bytes(names))))
        rows = table.drop_columns(["names"]).append_column("first", pa.array(first))
        yield beam.pvalue.TaggedOutput(MEMBERS, (stretch, (MEMBERS, to_bytes(rows))))


def _both_ways(links: Links, parts: int) -> Iterator[Piece]:
    """Links to where their upper ends are looked after, and their lower ones."""
    upper, lower = linked.part(links[:, 0], parts), linked.part(links[:, 1], parts)
    yield from _pieces(links, upper, parts)
    elsewhere = upper != lower
    yield from _pieces(links[elsewhere], lower[elsewhere], parts)


def _pieces(links: Links, part: Any, parts: int) -> Iterator[Piece]:
    order = np.argsort(part, kind="stable")
    ends = np.cumsum(np.bincount(part.astype(np.int64), minlength=parts))
    for at, piece in enumerate(np.split(links[order], ends[:-1])):
        if len(piece):
            yield f"{at:04d}", piece.tobytes()


def _gathered(pieces: Iterable[bytes]) -> Links:
    return np.frombuffer(b"".join(pieces), np.int64).reshape(-1, 2)


def _nearer(group: tuple[str, Iterable[bytes]], parts: int) -> Links:
    links = _gathered(group[1])
    mine, theirs = (linked.part(links[:, end], parts) == int(group[0]) for end in (0, 1))
    return linked.nearer(links, mine, theirs)


def _asked(group: tuple[str, Iterable[bytes]], parts: int) -> Iterator[tuple[str, Told]]:
    """Whose name each place takes: asked in the stretch of the first message."""
    links = _gathered(group[1])
    found = linked.lowest(links[linked.part(links[:, 0], parts) == int(group[0])])
    for stretch, some in _by_stretch(found[:, 1]):
        yield stretch, (ASKED, found[some].tobytes())


def _named(told: Iterable[Told]) -> Iterator[tuple[str, Told]]:
    """The names that were asked for, to the stretches that asked. A thread that nobody names has none."""
    by_kind = _by_kind(told)
    asked = _gathered(by_kind[ASKED])
    names = _concatenated(_NAMES, by_kind[NAMES])
    at = pc.index_in(pa.array(asked[:, 1]), value_set=names["place"].combine_chunks())
    found = pa.table([pa.array(asked[:, 0]), names["name"].take(at)], _NAMES).filter(at.is_valid())
    for stretch, some in _by_stretch(found["place"].to_numpy()):
        yield stretch, (NAMED, to_bytes(found.take(pa.array(some))))


def _answers(told: Iterable[Told]) -> Iterator[tuple[str, bytes]]:
    """The thread of each message of a stretch that others give another name than it has by itself."""
    by_kind = _by_kind(told)
    elsewhere = _concatenated(_NAMES, by_kind[NAMED])
    for rows in map(from_bytes, by_kind[MEMBERS]):
        here = pa.table([pa.array(linked.places(rows)), rows["name"]], _NAMES)
        first = rows["first"].combine_chunks()
        name = pc.coalesce(_name_of(first, elsewhere), _name_of(first, here))
        yield rows["unit_id"][0].as_py(), to_bytes(threads.renamed(rows, name))


def _name_of(places: pa.Array, names: pa.Table) -> pa.ChunkedArray:
    return names["name"].take(pc.index_in(places, value_set=names["place"].combine_chunks()))


def _by_stretch(places: linked.Places) -> Iterator[tuple[str, Any]]:
    """Each stretch that some of these places lie in, and which of them do."""
    stretches = linked.sequence(places)
    order = np.argsort(stretches, kind="stable")
    found, starts = np.unique(stretches[order], return_index=True)
    for stretch, some in zip(found.tolist(), np.split(order, starts[1:]), strict=False):
        yield str(stretch), some


def _by_kind(told: Iterable[Told]) -> dict[str, list[bytes]]:
    by_kind: dict[str, list[bytes]] = {NAMES: [], ASKED: [], NAMED: [], MEMBERS: []}
    for kind, octets in told:
        by_kind[kind].append(octets)
    return by_kind


def _concatenated(schema: pa.Schema, batches: Iterable[bytes]) -> pa.Table:
    return pa.concat_tables([schema.empty_table(), *map(from_bytes, batches)])


def _marked(mark: Mark, what: str, fn: Callable[[Any], Any]) -> Any:
    """Groups by a part or a stretch, each of them marked as long as it takes."""
    return _flat_map(lambda group: within(mark, f"{what} {group[0]}", fn, group))


def _flat_map(fn: Callable[[Any], Any]) -> Any:
    """beam.FlatMap without the search of the function's octets for its type."""
    return beam.FlatMap(fn).with_output_types(Any)
