"""What was read, and what could not be?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from pipeline import out_tables
from pipeline.report import words
from pipeline.report.shown import count, many, quoted, shown, table

_EXAMPLES = 3  # paths shown of each reason


def section(out: Path, record: dict[str, Any]) -> str:
    """Counts of files and items, and each reason for which something was not read whole."""
    found = record["counts"]
    problems = record["problems"]
    sum_up = (
        "Every directory entry, item and octet is accounted for."
        if not problems
        else f"<strong>The accounting found {many(len(problems), 'problem')}; do not rely on this run.</strong>"
    )
    kinds = out_tables.read_table(out, "items", ["kind"])["kind"]
    rows = [
        [words.KINDS.get(one["values"].as_py(), "others"), count(one["counts"].as_py())]
        for one in sorted(pc.value_counts(kinds), key=lambda one: -one["counts"].as_py())
    ]
    apart = [
        f"<li>{count(number)} {words.APART[rule]}</li>" for rule, number in found["apart"].items() if number
    ]  # fmt: skip
    return (
        '<section aria-labelledby="read"><h2 id="read">What was read</h2>'
        f"<p>{many(found['sources'], 'file')} with {count(record['octets'])} octets gave "
        f"{many(found['items'], 'item')}, {count(found['emails'])} of them messages. {sum_up} "
        f"Look-ups made in a network: {record['look_ups']}.</p>"
        + '<div class="columns">'
        + table("Items by kind", ["kind", "#items"], rows)
        + (f"<div><h3>Counted apart</h3><ul>{''.join(apart)}</ul></div>" if apart else "")
        + "</div>"
        + _not_whole(out)
        + "</section>"
    )


def _not_whole(out: Path) -> str:
    items = out_tables.read_table(out, "items", ["status", "error_code", "path"])
    rest = items.filter(pc.is_valid(items["error_code"]))
    if not len(rest):
        return "<h3>What could not be read</h3><p>Nothing: all files and all that lies in them was read whole.</p>"
    statuses, codes = rest["status"].to_pylist(), rest["error_code"].to_pylist()
    examples: dict[tuple[str, str], list[str]] = {}
    for status, code, path in zip(statuses, codes, rest["path"].to_pylist(), strict=True):
        known = examples.setdefault((status, code), [])
        if len(known) < _EXAMPLES:
            known.append(path)
    rows = [
        [
            f"{words.error(code)} {quoted(code)}",
            words.STATUS[status],
            count(number),
            "<br>".join(shown(path, 120) for path in examples[status, code]) + ("<br>…" if number > _EXAMPLES else ""),
        ]
        for (status, code), number in Counter(zip(statuses, codes, strict=True)).most_common()
    ]
    return "<h3>What could not be read</h3>" + table(
        "Items that were not read whole, by reason", ["reason", "how far", "#items", "where"], rows
    )
