"""Was this document changed within minutes of many others, by an editor or in a language that the organisation lacks?

As in 2017: documents of years, saved one after the other in half an hour by a name that nobody knew. It tells that
somebody had them all in hands, and not what he did to them. Where near_duplicates.py says that, too, both flag.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.joins.bodies import Load
from transforms.joins.correspondents import Learned
from transforms.joins.papers import Paper, papers
from transforms.model import Direction, Rule, Strength, Told
from transforms.shard import ProvenShard

BATCH = Rule(
    "document.changed_in_a_batch",
    Direction.NEUTRAL,
    Strength.WEAK,
    "document",
    "It was saved within minutes of other documents, by an editor or in a language that no verified document has",
    "Whoever archives, converts, translates or collects files opens and saves them one after the other.",
    "0 of 350 documents among the test files of Apache Tika, another half of them verified in six runs (upper bound "
    "0.9 %); a note whatever the count, since opening and saving a file need not change a word",
)

RULES = (BATCH,)

_FEWEST = 5  # different documents
_APART = timedelta(minutes=10)  # from one to the next


_EDITOR, _LANGUAGE = "editor", "language"

_ROWS = pa.schema(
    [
        ("key", pa.string()),  # what kind of mark, and the mark in lower case
        ("mark", pa.string()),  # as written; null: known documents bear it
        ("unit_id", pa.string()),
        ("row", pa.int64()),
        ("sha256", pa.string()),
        ("saved", pa.timestamp("us", tz="UTC")),
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """A row for each mark of a document that tells when it was saved, and for each that a known one bears."""
    unit_id = proven.shard.unit.unit_id
    usual: set[str] = set()
    found: list[tuple[Any, ...]] = []
    for one in papers(proven, protected):
        if one.is_known:
            usual |= {_key(kind, mark) for kind, mark in (*_marks(one), (_EDITOR, one.facts.author)) if mark}
        else:
            saved = one.facts.modified_utc or _on_a_wall(one.facts.modified_local)
            marks = _marks(one) if saved is not None else ()
            found += [(_key(kind, mark), mark, unit_id, one.row, one.sha256, saved) for kind, mark in marks if mark]
    return to_table(_ROWS, [*((key, None, None, None, None, None) for key in sorted(usual)), *found])


def _marks(paper: Paper) -> list[tuple[str, str | None]]:
    facts = paper.facts
    return [(_EDITOR, facts.last_modified_by), *((_LANGUAGE, one) for one in facts.languages)]


def _key(kind: str, mark: str) -> str:
    return f"{kind} {mark.casefold()}"


def join(table: pa.Table, learned: Learned) -> list[Told]:
    """A word on each document of a batch, one for its editor and one for its language."""
    return list(_batches(table, {_EDITOR: learned.knows_names, _LANGUAGE: learned.knows_languages}))


def compare(one: Told, load: Load) -> Iterator[Told]:
    """Nothing is left to compare: times are told by the documents alone."""
    yield one


def _batches(table: pa.Table, is_known: dict[str, bool]) -> Iterator[Told]:
    """Runs of documents that bear one mark which no verified document bears."""
    usual = table.filter(pc.is_null(table["mark"]))["key"].combine_chunks()
    strange = table.filter(pc.and_(pc.is_valid(table["mark"]), pc.invert(pc.is_in(table["key"], value_set=usual))))
    bearing: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in strange.to_pylist():
        kind = one["key"].partition(" ")[0]
        if is_known[kind]:
            bearing.setdefault((kind, one["mark"]), []).append(one)
    for (_, mark), documents in sorted(bearing.items()):
        for run in _runs(sorted(documents, key=lambda one: (one["saved"], one["unit_id"], one["row"]))):
            count = len({one["sha256"] for one in run})
            if count >= _FEWEST:
                since, until = (one["saved"].strftime("%Y-%m-%d %H:%M") for one in (run[0], run[-1]))
                for one in run:
                    yield Told(
                        one["unit_id"], one["row"], BATCH.code, f"{count} documents of {mark}, {since} to {until}"
                    )


def _runs(ordered: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Documents each of which was saved soon after the one before."""
    run: list[dict[str, Any]] = []
    for one in ordered:
        if run and one["saved"] - run[-1]["saved"] > _APART:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _on_a_wall(local: str | None) -> datetime | None:
    """A wall clock as if it hung in Greenwich: those of one program hang side by side."""
    return datetime.fromisoformat(local).replace(tzinfo=UTC) if local else None
