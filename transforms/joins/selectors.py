"""Was the key that this mail names in use on the day that it shows? (VERDICT §6)

Domains change their keys, and the selector with them. Verified mail shows from when to when each selector was
used, by signed Dates, which a replay cannot move. A signature that fails under a selector of another time,
while verified mail of the day that it shows bears another one, was made at another time, or never.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.joins.bodies import Load
from transforms.joins.correspondents import teacher
from transforms.model import Direction, Rule, Strength, Told
from transforms.shard import ProvenShard

OUT_OF_USE = Rule(
    "dkim.selector_out_of_use",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "crypto",
    "Verified mail of its domain bears this selector at another time only, and another one on the day that it shows",
    "Several mail systems of one domain, each with a selector of its own, of which the dump holds little mail.",
    "1 of 637 honest or damaged mails of the labelled corpus whose signature fails (an import that dated it anew; "
    "upper bound 0.8 %); not measured on mail of offices, where systems are many, so it only flags, whatever the count",
)

RULES = (OUT_OF_USE,)

_DAY = 86_400_000_000  # microseconds
_AWAY = 90 * _DAY  # from the first or last verified mail under a selector
_APART = 30 * _DAY  # first and last mail of another one, around the day that is shown

_ROWS = pa.schema(
    [
        ("key", pa.string()),  # signing domain
        ("selector", pa.string()),
        ("first", pa.int64()),  # microseconds; of a mail that fails, its Date
        ("last", pa.int64()),
        ("unit_id", pa.string()),  # of a mail that fails; null: a unit's verified mail under this selector
        ("row", pa.int64()),
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """One row for each selector of a unit's verified mail, and one for each signature of its own domain that fails."""
    dates = proven.shard.column("date_utc")
    used: dict[tuple[str, str], tuple[int, int]] = {}
    found: list[tuple[Any, ...]] = []
    for row, signed in sorted(proven.signed.items()):
        date = dates[row]
        if date is None:
            continue
        micros = int(date.timestamp()) * 1_000_000
        teaching = teacher(signed)
        if teaching is not None:
            name = teaching.domain, teaching.selector
            first, last = used.get(name, (micros, micros))
            used[name] = min(first, micros), max(last, micros)
        elif signed.proof.basis is None:
            for one, result in zip(signed.signatures, signed.results, strict=True):
                if one.type == "dkim" and one.aligned == "exact" and result.result == "fail":
                    found.append((one.domain, one.selector, micros, micros, proven.shard.unit.unit_id, row))
    return to_table(_ROWS, found + [(*name, *span, None, None) for name, span in sorted(used.items())])


class Span(NamedTuple):
    """From when to when verified mail bears a selector."""

    first: int
    last: int


def join(table: pa.Table) -> list[Told]:
    """Mails whose signature fails under a selector of another time."""
    failing = table.filter(pc.is_valid(table["unit_id"]))
    used = table.filter(pc.and_(pc.is_null(table["unit_id"]), pc.is_in(table["key"], failing["key"])))
    spans: dict[str, dict[str, Span]] = {}
    groups = used.group_by(["key", "selector"]).aggregate([("first", "min"), ("last", "max")])
    for one in groups.to_pylist():
        spans.setdefault(one["key"], {})[one["selector"]] = Span(one["first_min"], one["last_max"])
    return sorted(told for one in failing.to_pylist() for told in _told(one, spans.get(one["key"], {})))


def _told(one: dict[str, Any], spans: dict[str, Span]) -> Iterator[Told]:
    own, date = spans.get(one["selector"]), one["first"]
    if own is None or own.first - _AWAY <= date <= own.last + _AWAY:
        return
    others = [
        name
        for name, span in sorted(spans.items())
        if name != one["selector"] and span.first <= date <= span.last and span.last - span.first >= _APART
    ]
    if others:
        detail = f"s={one['selector']} of {one['key']}, on that day s={others[0]}"
        expected = f"{_day(own.first)} to {_day(own.last)}"
        yield Told(one["unit_id"], one["row"], OUT_OF_USE.code, detail, expected, _day(date))


def _day(micros: int) -> str:
    return datetime.fromtimestamp(micros // 1_000_000, UTC).date().isoformat()


def compare(found: Told, load: Load) -> Iterator[Told]:
    """Nothing more is to be read: what the rows say is all."""
    yield found
