"""What contradicts the suspected items, and which other items are worth a look?"""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import lookup
from pipeline.report import words
from pipeline.report.shown import count, differing, domain, pick, quoted, shown, typed
from transforms.model import Rule

_SHOWN = 40  # items of either kind; the list holds the others
_VALUE = 400  # letters of a value that are shown

Record = dict[str, Any]


class Contradicted:
    """Items with what contradicts them, the most contradicted first."""

    def __init__(self, out: Path) -> None:
        found = lookup.rows(out, "findings", ["direction", "strength"], _strong)
        self.suspected = _ranked([one for one in found if one["verdict"] == "suspected_fake"])
        self.flagged = _ranked([one for one in found if one["verdict"] != "suspected_fake"])
        pointed = lookup.rows(out, "items", ["rule"], _pointed_out, ["item_id"])
        self.pointed_out = sum(one["item_id"] not in self.flagged for one in pointed)  # by what is no contradiction


def _pointed_out(items: pa.Table) -> pa.ChunkedArray:
    return pc.equal(items["rule"].cast(pa.string()), "flagged")


def _strong(findings: pa.Table) -> pa.ChunkedArray:
    direction, strength = (findings[name].cast(pa.string()) for name in ("direction", "strength"))
    return pc.and_(pc.equal(direction, "contradicts"), pc.is_in(strength, value_set=pa.array(["decisive", "strong"])))


def _ranked(findings: list[Record]) -> dict[str, list[Record]]:
    """item_id -> its contradictions; most of them first, then in the order of the table."""
    found: dict[str, list[Record]] = {}
    for finding in findings:
        found.setdefault(finding["item_id"], []).append(finding)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def section(out: Path, named: str, found: Contradicted, rules: dict[str, Rule]) -> str:
    """A card an item, both values side by side; named is OUT as typed in commands."""
    head = '<section aria-labelledby="contradictions"><h2 id="contradictions">Strongest contradictions</h2>'
    if not found.suspected and not found.flagged:
        return f"{head}<p>No item carries a strong contradiction. That does not make the others genuine.</p></section>"
    kinds = (
        ("Suspected", found.suspected, ""),
        (
            "Not suspected, but worth a look",
            found.flagged,
            "<p>One strong finding, or several that a harmless cause may explain: not enough to suspect an item.</p>",
        ),
    )
    parts = [head]
    for title, items, note in kinds:
        if items:
            first = list(items)[:_SHOWN]
            by_id = {row["item_id"]: row for row in lookup.of_items(out, "items", first)}
            cards = "".join(_card(by_id[item_id], items[item_id], named, rules) for item_id in first)
            more = len(items) - len(first)
            rest = f"<p>{count(more)} more: narrow the <a href='#items'>list</a> to them.</p>" if more else ""
            parts.append(f"<h3>{title} ({count(len(items))})</h3>{note}{cards}{rest}")
    return "".join(parts) + "</section>"


def _card(item: Record, findings: list[Record], named: str, rules: dict[str, Rule]) -> str:
    verdict = item["verdict"]
    name, sign, *_ = words.VERDICTS[verdict]
    sender = f"<dt>From</dt><dd>{shown(item['from_email'])}</dd>" if item["from_email"] else ""
    if "xn--" in (item["from_domain"] or ""):
        sender += f"<dt>Domain</dt><dd>{domain(item['from_domain'])}</dd>"
    date = f"<dt>Date</dt><dd>{shown(item['date_raw'])}</dd>" if item["date_raw"] else ""
    title = shown(item["subject"] or item["file_name"] or item["path"])
    look = quoted(f"triage explain {named} {quote(typed(item['path'], item['item_id']))}")
    return (
        f'<article class="card {verdict}"><h4><span class="sign" aria-hidden="true">{sign}</span>'
        f'<span class="visually-hidden">{name}: </span> {title}</h4>'
        f"<dl>{sender}{date}<dt>Where</dt><dd>{shown(item['path'])}</dd>"
        f"<dt>SHA-256</dt><dd><code>{item['sha256'] or 'not read whole'}</code></dd></dl>"
        f"<p>{shown(item['headline'], 1_000)}</p>{''.join(_finding(one, rules) for one in findings)}"
        f"<p>Look closer: {look}{pick(item['path'], 'open in the list')}</p></article>"
    )


def _finding(finding: Record, rules: dict[str, Rule]) -> str:
    rule = rules.get(finding["code"])
    values = ""
    if finding["expected"] or finding["actual"]:
        proven, here = differing((finding["expected"] or "")[:_VALUE], (finding["actual"] or "")[:_VALUE])
        values = (
            f'<div class="values"><div><h5>By the evidence</h5><p>{proven or "<em>nothing</em>"}</p></div>'
            f"<div><h5>Here</h5><p>{here or '<em>nothing</em>'}</p></div></div>"
        )
    innocent = f"<p><strong>Innocent explanations:</strong> {shown(rule.innocent)}</p>" if rule else ""
    strength = f'<span class="strength">{finding["strength"]}</span>'
    return f'<div class="finding"><p>{strength} {shown(finding["summary"], 1_000)}</p>{values}{innocent}</div>'
