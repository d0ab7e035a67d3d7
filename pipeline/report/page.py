"""The page as a whole: its sections, its own script and style by their hashes, and nothing from anywhere else."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from shlex import quote

from pipeline import out_tables, wanted
from pipeline.report import (
    charts,
    contradictions,
    finder,
    keys,
    listing,
    lookalikes,
    method,
    reading,
    senders,
    strip,
    timeline,
    words,
)
from pipeline.report.shown import shown
from transforms import checks, joins
from transforms.model import Rule
from transforms.text import clean_text

_SECTIONS = (
    ("verdicts", "What came out"),
    ("read", "What was read"),
    ("timeline", "Over time"),
    ("senders", "Senders"),
    ("lookalikes", "Look-alikes"),
    ("contradictions", "Contradictions"),
    ("keys", "Keys"),
    ("items", "All items"),
    ("method", "Method"),
)
# What stands in scripts and styles of the page is known by its hash; everything else is refused by the browser.
_POLICY = "default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; form-action 'none'"


_MARK = '<meta name="generator" content="leak-triage">'


def is_page(path: Path) -> bool:
    """Whether a file is a page that this program made: nothing else is overwritten by another."""
    if not path.is_file():  # a pipe or a terminal, on which to read would be to wait
        return False
    with path.open("rb") as file:
        return _MARK.encode() in file.read(4096)


def page(out: Path) -> str:
    """HTML of a finished OUT; whoever calls has seen that its tables can be read."""
    record = out_tables.read_run(out)
    assert record is not None
    taught = record.get("taught", {})
    named, known = quote(str(out)), _rules()
    missing = wanted.names(out)
    against = contradictions.Contradicted(out)
    listed = listing.listing(out, known)
    dump = Path(record["arguments"]["dump"]).name
    body = "".join(
        (
            strip.section(record, missing, len(against.flagged), against.pointed_out, named),
            reading.section(out, record),
            timeline.section(out),
            senders.section(out),
            lookalikes.section(out, record["arguments"].get("protect") or [], taught.get("protected", [])),
            contradictions.section(out, named, against, known),
            keys.section(out, missing, named),
            finder.section(listed.note),
            method.section(record, named),
        )
    )
    links = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title in _SECTIONS)
    script, style = _part("page.js"), _part("page.css")
    policy = _POLICY.format(script=_source(script), style=_source(style))
    blocks = [_block("columns", listed.columns), *(_block(f"details-{n}", b) for n, b in enumerate(listed.details))]
    run = json.dumps(
        {"out": named, "dump": quote(record["arguments"]["dump"]), "would_change": words.WOULD_CHANGE}
    ).replace("<", "\\u003c")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="referrer" content="no-referrer">{_MARK}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>leak-triage: {escape(clean_text(dump, 100))}</title><style>{style}</style></head><body>"
        f'<a class="skip" href="#items">Skip to the list of items</a>{charts.PATTERNS}'
        f"<header><p>leak-triage report</p><h1>{shown(dump)}</h1>"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav></header><main>{body}</main>'
        f'<script type="application/json" id="run">{run}</script>{"".join(blocks)}<script>{script}</script>'
        "</body></html>\n"
    )


def _rules() -> dict[str, Rule]:
    return {rule.code: rule for module in (*checks.modules(), *joins.by_name().values()) for rule in module.RULES}


@cache
def _part(name: str) -> str:
    return files("pipeline.report").joinpath(name).read_text("utf-8")


def _source(text: str) -> str:
    """What the policy allows: an inline script or style of exactly this text (CSP 3 §2.3.1)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _block(name: str, data: str) -> str:
    """Data that no browser runs: its type is not that of a script."""
    return f'<script type="application/octet-stream" id="{name}">{data}</script>'
