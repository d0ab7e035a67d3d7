"""Was this document changed within minutes of many others, by an editor or in a language that the organisation lacks?

As in 2017: documents of years, saved one after the other in half an hour by a name that nobody knew. It tells that
somebody had them all in hands, and not what he did to them. Where near_duplicates.py says that, too, both flag.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from transforms.joins import editors
from transforms.joins.bodies import Load
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


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """Documents as editors.py tells them."""
    return editors.rows(proven, protected)


def join(table: pa.Table) -> list[Told]:
    """A word on each document of a batch, one for its editor and one for its language."""
    documents = [{**one, "saved": one["saved"] or _on_a_wall(one["saved_local"])} for one in table.to_pylist()]
    return [told for marks in (_editors, _languages) for told in _batches(documents, marks)]


def compare(one: Told, load: Load) -> Iterator[Told]:
    """Nothing is left to compare: times are told by the documents alone."""
    yield one


def _editors(document: dict[str, Any]) -> list[str]:
    return [document["editor"]] if document["editor"] else []


def _languages(document: dict[str, Any]) -> list[str]:
    return document["languages"] or []


def _batches(documents: list[dict[str, Any]], marks: Any) -> Iterator[Told]:
    """Runs of documents that bear one mark which no verified document bears."""
    known = [one for one in documents if one["known"] and (marks(one) or one["author"])]
    if len({one["sha256"] for one in known}) < editors.FEWEST:
        return
    usual = {mark.casefold() for one in known for mark in (*marks(one), one["author"] or "")}
    bearing: dict[str, list[dict[str, Any]]] = {}
    for one in documents:
        for mark in marks(one) if one["saved"] is not None else ():
            if mark.casefold() not in usual:
                bearing.setdefault(mark, []).append(one)
    for mark in sorted(bearing):
        for run in _runs(sorted(bearing[mark], key=lambda one: (one["saved"], one["unit_id"], one["row"]))):
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
