"""Which items does the page list, and how are they packed so that 100,000 of them stay small?

Two kinds of blocks, JSON deflated and in base64: one of columns, for the list and its search; and one of
details for each BLOCK rows, opened when a reader asks for an item. page.js reads both.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import lookup, out_tables, summary
from pipeline.report import words
from pipeline.report.shown import count, typed
from pipeline.showing import DOCUMENT_TYPES
from transforms.lookalike import foreign_letters, shown_form
from transforms.model import Rule
from transforms.wording import in_words

ALL = 300_000  # items that are listed one and all; of more, the suspected, those not read whole, and a sample
SAMPLE = 100_000  # rows of the list then, unless those alone are more
BLOCK = 1_000  # items of one block of details
_TITLE, _PATH, _NAME, _TEXT, _VALUE, _FIELDS = 160, 1_000, 120, 600, 400, 60  # letters or entries kept
_MOST_RECIPIENTS = 12

_COLUMNS = (
    "item_id", "parent_id", "path", "file_name", "kind", "status", "verdict", "rule", "basis", "subtype", "reason_code",
    "confidence", "from_email", "from_name", "from_domain", "subject", "date_utc",
)  # fmt: skip
_DETAILS = (
    "headline", "would_change", "error_code", "date_raw", "date_offset_min", "to_emails", "cc_emails", "inherits_from",
    "dup_of", "near_dup_of", "author", "last_modified_by", "created_utc", "modified_utc", "producer",
)  # fmt: skip
_DIRECTIONS, _STRENGTHS = ("supports", "contradicts", "neutral"), ("decisive", "strong", "weak")
_TIMELINE = "clock.timeline"
_CLOCK = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (.+)", re.DOTALL)


Record = dict[str, Any]


class Listing(NamedTuple):
    """The blocks, and in words what they hold."""

    columns: str
    details: list[str]
    note: str


class Words:
    """Numbers for words that come again and again."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    def number(self, word: Any) -> int:
        return self._numbers.setdefault(word, len(self._numbers))

    def all(self) -> list[Any]:
        return list(self._numbers)


def listing(out: Path, rules: dict[str, Rule]) -> Listing:
    """The items of a finished OUT, packed."""
    items = out_tables.read_table(out, "items", [*_COLUMNS, *_DETAILS])
    chosen, note = choose(items)
    if chosen is not None:
        items = items.take(chosen)
    columns = {name: items[name].to_pylist() for name in (*_COLUMNS, *_DETAILS) if name != "date_utc"}
    columns["date"] = pc.divide(pc.cast(items["date_utc"], pa.int64()), 1_000_000).to_pylist()  # seconds since 1970
    rows = {item_id: row for row, item_id in enumerate(columns["item_id"])}
    labels, codes = Words(), Words()
    part = None if chosen is None else columns["item_id"]
    evidence = _grouped(out, "findings", part, _evidence(codes, labels, rules))
    signed = _grouped(out, "signatures", part, _signature)
    details = []
    for start in range(0, len(items), BLOCK):
        span = range(start, min(start + BLOCK, len(items)))
        details.append(packed([_detail(columns, row, rows, evidence, signed) for row in span]))
    told = {
        **_list(columns, rows),
        "block": BLOCK,
        "labels": labels.all(),
        "codes": [[code, *_rule(rules.get(code))] for code in codes.all()],
        "verdicts": [[name, sign] for name, sign, *_ in words.VERDICTS.values()],
    }
    return Listing(packed(told), details, note)


def choose(items: pa.Table, most: int = ALL, sample: int = SAMPLE) -> tuple[pa.Array | None, str]:
    """Row numbers to list, None for all; and what is left out, in words."""
    total = len(items)
    if total <= most:
        return None, f"All {count(total)} items are listed."
    suspected = pc.equal(items["verdict"].cast(pa.string()), "suspected_fake")
    broken = pc.not_equal(items["status"].cast(pa.string()), "ok")
    needed = pc.or_(suspected, broken).combine_chunks()
    must = pc.indices_nonzero(needed)
    others = pc.indices_nonzero(pc.invert(needed))
    kept = must[:most]
    step = max(1, -(-len(others) // max(sample - len(kept), 1)))
    taken = others.take(pa.array(range(0, len(others), step), pa.int64()))
    cut = "" if len(kept) == len(must) else f" (the first {count(len(kept))} of them)"
    note = (
        f"This page lists {count(len(kept) + len(taken))} of {count(total)} items: all {count(len(must))} that are "
        f"suspected or were not read whole{cut}, and of the others one in {count(step)}. The counts and charts "
        "above cover all items, those beside the filters what is listed; items.parquet lists every one."
    )
    return _sorted(kept, taken), note


def _sorted(*parts: pa.Array) -> pa.Array:
    joined = pa.concat_arrays([part.cast(pa.int64()) for part in parts])
    return joined.take(pc.sort_indices(joined))


def packed(value: Any) -> str:
    """JSON, deflated (zlib), base64."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 9)).decode("ascii")


# ---- the list ---------------------------------------------------------------------------------


def _list(columns: dict[str, list[Any]], rows: dict[str, int]) -> dict[str, Any]:
    verdicts = list(words.VERDICTS)
    kinds, statuses, reasons, senders = Words(), Words(), Words(), Words()
    told: dict[str, Any] = {
        name: [] for name in ("kind", "status", "reason", "sender", "title", "path", "parent", "date")
    }
    signs, ids, before = [], {}, 0
    for row, path in enumerate(columns["path"]):
        apart = columns["rule"][row] in summary.APART
        signs.append("3" if apart else str(verdicts.index(columns["verdict"][row])))
        told["kind"].append(kinds.number(columns["kind"][row]))
        told["status"].append(statuses.number(columns["status"][row]))
        reason = words.reason(columns["subtype"][row] or columns["basis"][row] or columns["reason_code"][row])
        told["reason"].append(reasons.number((reason, columns["confidence"][row] or "")))
        told["sender"].append(senders.number(_sender(columns, row)))
        told["title"].append(_title(columns["subject"][row], columns["file_name"][row], path))
        told["path"].append(_cut(path, _PATH))
        item_id = columns["item_id"][row]
        if len(path) > _PATH or typed(path, item_id) != path:
            ids[row] = item_id
        parent = rows.get(columns["parent_id"][row])
        told["parent"].append(0 if parent is None else row - parent)
        moment = columns["date"][row]
        told["date"].append(None if moment is None else moment - before)
        before = before if moment is None else moment
    names = senders.all()
    reads = {name: [shown_form(name), foreign_letters(name)] for _, _, name in names if "xn--" in (name or "")}
    return {
        **told,
        "verdict": "".join(signs),
        "ids": ids,
        "words": {"kind": kinds.all(), "status": statuses.all(), "reason": reasons.all()},
        "senders": names,
        "reads": reads,
    }


def _sender(columns: dict[str, list[Any]], row: int) -> tuple[Any, ...]:
    return (
        _cut(columns["from_email"][row], _NAME),
        _cut(columns["from_name"][row], _NAME),
        columns["from_domain"][row],
    )


def _title(subject: str | None, file_name: str | None, path: str) -> str | None:
    """The subject, or the file's name where its path does not end with it."""
    title = subject or (None if file_name is None or path.endswith(file_name) else file_name)
    return _cut(title, _TITLE)


def _cut(text: str | None, limit: int) -> str | None:
    return text if text is None or len(text) <= limit else text[: limit - 1] + "…"


# ---- the details ------------------------------------------------------------------------------


def _detail(
    columns: dict[str, list[Any]],
    row: int,
    rows: dict[str, int],
    evidence: dict[str, list[Any]],
    signed: dict[str, list[Any]],
) -> list[Any]:
    item_id = columns["item_id"][row]
    moment = columns["date"][row]
    to = [*(columns["to_emails"][row] or ()), *(columns["cc_emails"][row] or ())]
    return _trimmed(
        [
            columns["headline"][row],
            columns["would_change"][row],
            _cut(columns["date_raw"][row], _NAME) if moment is None else columns["date_offset_min"][row],
            [_cut(one, _NAME) for one in to[:_MOST_RECIPIENTS]] or None,
            [_since(moment or 0, one) for one in evidence.get(item_id, ())] or None,
            signed.get(item_id),
            rows.get(columns["inherits_from"][row]),
            rows.get(columns["dup_of"][row]),
            words.error(columns["error_code"][row]) if columns["error_code"][row] else None,
            rows.get(columns["near_dup_of"][row]),
            _described(columns, row) or None,
        ]
    )


def _described(columns: dict[str, list[Any]], row: int) -> list[Any]:
    """What a document says of itself: author, last editor, created, modified, software."""
    names = ("author", "last_modified_by", "created_utc", "modified_utc", "producer")
    values = (columns[name][row] for name in names)
    return _trimmed([_cut(str(value), _NAME) if value is not None else None for value in values])


def _since(moment: int, finding: list[Any]) -> list[Any]:
    """A finding, its timeline counted from the Date of its item: small numbers pack well."""
    if len(finding) > 2 and isinstance(finding[2], list):
        finding[2][0] -= moment
    return finding


def _trimmed(values: list[Any]) -> list[Any]:
    """Without the Nones at the end."""
    while values and values[-1] is None:
        values.pop()
    return values


def _grouped(out: Path, name: str, chosen: list[str] | None, told: Callable[[Record], Any]) -> dict[str, list[Any]]:
    """item_id -> what told makes of each of its rows in a table; of the chosen items, or of all."""
    found: dict[str, list[Any]] = {}
    for row in lookup.of_items(out, name, chosen) if chosen is not None else _rows(out, name):
        found.setdefault(row["item_id"], []).append(told(row))
    return found


def _rows(out: Path, name: str) -> Iterator[Record]:
    for batch in out_tables.read_table(out, name).to_batches(max_chunksize=20_000):
        yield from batch.to_pylist()


def _evidence(codes: Words, labels: Words, rules: dict[str, Rule]) -> Callable[[Record], Any]:
    def told(row: Record) -> Any:
        rule = rules.get(row["code"])
        text = row["summary"] or ""
        if rule is not None and text.startswith(rule.sentence):
            text = text.removeprefix(rule.sentence).removeprefix(": ")
        clocks = _clocks(text, labels) if row["code"] == _TIMELINE else None
        where = [row["byte_start"], row["byte_len"]] if row["byte_start"] is not None else []
        return _trimmed(
            [
                codes.number(row["code"]),
                _DIRECTIONS.index(row["direction"]) * 3 + _STRENGTHS.index(row["strength"]),
                _cut(text, _TEXT) if clocks is None else clocks,
                _cut(row["expected"], _VALUE),
                _cut(row["actual"], _VALUE),
                *where,
            ]
        )

    return told


def _clocks(text: str, labels: Words) -> list[int] | None:
    """A timeline as numbers: moment, label, then seconds since the one before, label ...; None for another text."""
    told, before = [], 0
    for piece in text.split(" · "):
        found = _CLOCK.fullmatch(piece)
        if found is None:
            return None
        moment = int(datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp())
        told += [moment - before, labels.number(found[2])]
        before = moment
    return told


def _signature(row: Record) -> Any:
    whole = row["type"] in DOCUMENT_TYPES  # not of header fields; its domain and selector name no key in the DNS
    name = (
        " ".join(filter(None, (row["domain"], row["selector"])))
        if whole
        else f"{row['selector']}._domainkey.{row['domain']}"
    )
    signed, unsigned = (" ".join(list(row[part] or ())[:_FIELDS]) for part in ("signed_fields", "unsigned_fields"))
    reason = "" if row["reason"] == row["result"] else in_words(row["reason"])
    objection = in_words(row["objection"]) if row["objection"] else ""
    told = [row["type"], _cut(name, _NAME), row["result"], row["key_status"], reason, objection, row["repairs"]]
    return [*told, row["header_ok"], row["body_ok"], _cut(signed, _TEXT), _cut(unsigned, _TEXT), int(whole)]


def _rule(rule: Rule | None) -> list[str]:
    """What a finding says, and its innocent explanations where it contradicts."""
    return [rule.sentence, rule.innocent] if rule is not None else ["", ""]
