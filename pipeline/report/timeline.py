"""When were the messages written, by their own Date, and how many of each time are verified?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import out_tables
from pipeline.report import charts
from pipeline.report.shown import count, many, table
from pipeline.report.words import VERDICTS

_MOST = 72  # columns of the chart
_OUTSIDE = 0.005  # share of the messages that may lie outside of it at either end: dead and forged clocks


def section(out: Path) -> str:
    """Chart over time, with its table."""
    items = out_tables.read_table(out, "items", ["kind", "verdict", "date_utc"])
    items = items.filter(pc.equal(items["kind"].cast(pa.string()), "email"))
    dated = items.filter(pc.is_valid(items["date_utc"]))
    undated = len(items) - len(dated)
    head = '<section aria-labelledby="timeline"><h2 id="timeline">Messages over time, by verdict</h2>'
    without = (
        f"{many(undated, 'message')} without a usable Date {'is' if undated == 1 else 'are'} not in it. "
        if undated
        else ""
    )
    if not len(dated):
        return f"{head}<p>No message with a usable Date. {without}</p></section>"
    found, outside, unit = columns(dated)
    left_out = (
        f"{many(outside, 'message')} dated before {found[0].label} or after {found[-1].label} "
        f"{'is' if outside == 1 else 'are'} not drawn: wrong clocks or wrong dates; sort the list by date to see them. "
        if outside
        else ""
    )
    rows = [
        [column.label, *(count(column.counts[verdict]) for verdict in VERDICTS)] for column in found if column.total
    ]
    heads = [unit, *(f"#{name}" for name, *_ in VERDICTS.values())]
    return (
        f"{head}<p>The Date field is the sender's own clock, in UTC here. {without}{left_out}</p>{charts.legend()}"
        + charts.columns("over-time", f"Messages by {unit} and verdict", found)
        + f"<details><summary>The same as a table</summary>{table(f'Messages by {unit}', heads, rows)}</details>"
        + "</section>"
    )


def columns(dated: pa.Table) -> tuple[list[charts.Column], int, str]:
    """Columns by day, month or year without a hole, the messages outside of them, and the unit."""
    ordered = dated["date_utc"].take(pc.sort_indices(dated["date_utc"]))
    spare = int(_OUTSIDE * len(dated))
    first, last = ordered[spare].as_py(), ordered[len(dated) - 1 - spare].as_py()
    unit = next((unit for unit in _UNITS if unit.number(last) - unit.number(first) < _MOST), _UNITS[-1])
    labels = pc.strftime(dated["date_utc"], format=unit.form)
    groups = pa.table({"label": labels, "verdict": dated["verdict"].cast(pa.string())}).group_by(["label", "verdict"])
    rows = groups.aggregate([([], "count_all")]).to_pylist()
    found = Counter({(row["label"], row["verdict"]): row["count_all"] for row in rows})
    start = max(unit.number(first), unit.number(last) - _MOST + 1)  # of years there may be more: the last ones
    names = [unit.label(number) for number in range(start, unit.number(last) + 1)]
    drawn = [charts.Column(name, {verdict: found[name, verdict] for verdict in charts.ORDER}) for name in names]
    return drawn, len(dated) - sum(column.total for column in drawn), unit.name


class _Unit(NamedTuple):
    """One column's worth of time, numbered without a hole."""

    name: str
    form: str  # of strftime
    number: Callable[[datetime], int]
    label: Callable[[int], str]


_UNITS = (
    _Unit("day", "%Y-%m-%d", lambda moment: moment.toordinal(), lambda n: date.fromordinal(n).isoformat()),
    _Unit(
        "month",
        "%Y-%m",
        lambda moment: moment.year * 12 + moment.month - 1,
        lambda n: f"{n // 12:04d}-{n % 12 + 1:02d}",
    ),
    _Unit("year", "%Y", lambda moment: moment.year, lambda n: f"{n:04d}"),
)
