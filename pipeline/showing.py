"""explain, check and the keys tables: single items and keys, in words or as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from pipeline import lookup
from pipeline.lookup import Record
from pipeline.report import words
from pipeline.summary import APART
from transforms.checks import modules as check_modules
from transforms.checks import repairs
from transforms.checks.clocks import TIMELINE
from transforms.joins import by_name as join_modules
from transforms.model import Rule
from transforms.text import clean_text
from transforms.wording import in_words

# What `check --json` and `explain --json` print of an item (DESIGN §4).
SHOWN = ("path", "verdict", "basis", "reason_code", "headline", "would_change", "dkim_result", "arc_result")
# What its text is made from besides: of a large table, every column that is not read is time.
COLUMNS = [*SHOWN, "item_id", "kind", "rule", "subtype", "confidence", "from_email", "subject", "date_raw", "date_utc",
           "signed_utc", "received_utc", "sha256", "inherits_from", "dup_of", "status", "error_code"]  # fmt: skip

_PATH = 1_000  # letters of a path, which may have as many as an archive likes
DOCUMENT_TYPES = ("smime", "pdf", "pgp")  # of signatures that stand inside an item


def details(out: Path, items: Sequence[Record]) -> Sequence[Record]:
    """Items with their signatures and findings: each table is looked through once."""
    ids = [item["item_id"] for item in items]
    for name in ("signatures", "findings"):
        rows: dict[str, list[Record]] = {}
        for row in lookup.of_items(out, name, ids):
            rows.setdefault(row["item_id"], []).append(row)
        for item in items:
            item[name] = rows.get(item["item_id"], [])
    return items


def as_json(item: Record) -> str:
    shown = {name: item[name] for name in (*SHOWN, "signatures", "findings")}
    return json.dumps(shown, default=_jsonable, ensure_ascii=False)


def as_text(item: Record) -> str:
    """Verdict in words, then the evidence, innocent explanations and what would change it."""
    lines = [clean_text(item["path"], _PATH), f"  {item['verdict'].replace('_', ' ').upper()}", f"  {item['headline']}"]
    if item["rule"] not in APART:
        lines.append(f"  {_SAYS[item['verdict']]}")
    for label, name in (
        ("basis", "basis"),
        ("confidence", "confidence"),
        ("subtype", "subtype"),
        ("reason", "reason_code"),
    ):
        if item[name]:
            lines.append(f"  {label}: {item[name]}")
    if item["would_change"]:
        lines.append(f"  what would change it: {item['would_change']}")
    lines.append("")
    for label, name in (
        ("kind", "kind"), ("from", "from_email"), ("subject", "subject"), ("date", "date_raw"), ("sha256", "sha256"),
        ("proven by", "inherits_from"), ("same octets as", "dup_of"),
    ):  # fmt: skip
        if item[name]:
            lines.append(f"  {label:<15}{item[name]}")
    if item["error_code"]:
        lines.append(f"  {'reading':<15}{item['status']}: {words.error(item['error_code'])} [{item['error_code']}]")
    for signature in item["signatures"]:
        if signature["type"] in DOCUMENT_TYPES:
            lines += ["", *_inside(signature)]
            continue
        kind = "signature" if signature["type"] == "dkim" else f"{signature['type']} signature"
        of_set = f" i={signature['instance']}" if signature["instance"] is not None else ""
        lines += ["", f"  {kind} {signature['seq']}:{of_set} d={signature['domain']} s={signature['selector']}"]
        reason = "" if signature["reason"] == signature["result"] else f" ({in_words(signature['reason'])})"
        lines.append(f"    result {signature['result']}{reason}, key {signature['key_status']}")
        if signature["type"] == "arc-seal":
            lines.append(f"    header {_word(signature['header_ok'])}; a seal covers no body")
            lines.append(f"    covers  the ARC fields of the sets 1 to {signature['instance']}")
            continue
        lines.append(f"    header {_word(signature['header_ok'])}, body {_word(signature['body_ok'])}")
        if signature["repairs"]:
            undone = (repairs.WORDS[name] for name in signature["repairs"].split("+"))
            lines.append(f"    once this was undone: {'; '.join(undone)}")
        lines.append(f"    covers  {' '.join(signature['signed_fields'])}")
        lines.append(f"    leaves  {' '.join(signature['unsigned_fields']) or 'no field of this mail'}")
        if signature["objection"]:
            lines.append(f"    objection: {in_words(signature['objection'])} [{signature['objection']}]")
    lines += _clocks(item)
    others = [finding for finding in item["findings"] if finding["code"] != TIMELINE.code]
    for direction, title in _SIDES.items():
        found = [finding for finding in others if finding["direction"] == direction]
        if found:
            lines += ["", f"  {title}, strongest first:"]
        for finding in found:
            lines += _finding(finding)
    return "\n".join(map(clean_text, lines))  # tables may come from others, and say anything


# What a verdict says and does not say (docs/method.md), for whoever reads no further.
_SAYS = {
    "verified": "This says whose mail system signed it, or its message; not who typed it, nor that it is true.",
    "unverifiable": "This says nothing either way: most honest mail cannot be checked.",
    "suspected_fake": "This does not say that it is fake: the innocent explanations stand beside the facts.",
}
_SIDES = {"contradicts": "against it", "supports": "for it", "neutral": "besides"}
_UNDONE = frozenset({repairs.REPAIRED.code, repairs.ADDED.code, repairs.PUT_BACK.code})


def _finding(finding: Record) -> list[str]:
    """One finding with its two values: of damage that was undone, as a difference of two lines."""
    lines = [f"  - {finding['strength']} [{finding['code']}]: {finding['summary']}"]
    if finding["code"] in _UNDONE:
        sides = (("- ", finding["actual"]), ("+ ", finding["expected"]))
        lines += [f"      {sign}{clean_text(value, 400)}" for sign, value in sides if value]
    elif finding["expected"] or finding["actual"]:
        lines.append(f"      expected: {clean_text(finding['expected'] or '-', 400)}")
        lines.append(f"      here:     {clean_text(finding['actual'] or '-', 400)}")
    if finding["byte_start"] is not None and finding["byte_len"]:
        lines.append(f"      octets {finding['byte_start']} to {finding['byte_start'] + finding['byte_len'] - 1}")
    rule = _rules().get(finding["code"]) if finding["direction"] == "contradicts" else None
    if rule is not None:
        lines.append(f"      innocent explanation: {rule.innocent}")
    return lines


def _clocks(item: Record) -> list[str]:
    """The moments that programs wrote into a message, the earliest first: as a finding lists them, or the columns."""
    listed = next((one["summary"] for one in item["findings"] if one["code"] == TIMELINE.code), None)
    if listed is not None:
        moments = listed.partition(": ")[2].split(" · ")
    else:
        columns = (("date_utc", "date"), ("signed_utc", "signature"), ("received_utc", "received"))
        found = sorted((item[name], word) for name, word in columns if item[name] is not None)
        moments = [f"{moment:%Y-%m-%d %H:%M:%S} {word}" for moment, word in found]
    return ["", "  clocks, UTC, the earliest first:", *(f"    {one}" for one in moments)] if moments else []


def _inside(signature: Record) -> list[str]:
    """A signature that brings its own key; what it covers and whom it names stands in the findings."""
    reason = "" if signature["reason"] == signature["result"] else f" ({in_words(signature['reason'])})"
    lines = [
        f"  {signature['type']} signature {signature['seq']}: {signature['algorithm'] or '-'}",
        f"    result {signature['result']}{reason}, key {signature['key_status']}",
    ]
    if signature["changes"]:
        lines.append(f"    changed by later saves: {', '.join(signature['changes'])}")
    if signature["objection"]:
        lines.append(f"    objection: {in_words(signature['objection'])} [{signature['objection']}]")
    return lines


def json_line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, default=_jsonable, ensure_ascii=False)


@cache
def _rules() -> dict[str, Rule]:
    found = (*check_modules(), *join_modules().values())
    return {rule.code: rule for module in found for rule in module.RULES}


def _word(value: bool | None) -> str:
    return {True: "as signed", False: "not as signed", None: "not decided"}[value]


def _jsonable(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(type(value).__name__)
