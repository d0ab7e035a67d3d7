"""Which keys decided, where do they come from, and which are still wanted?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline import out_tables
from pipeline.report import words
from pipeline.report.shown import count, day, many, quoted, shown, table
from pipeline.wanted import Wanted
from transforms.wording import KEY_WEAKNESS

_SHOWN = 100  # rows of either table


def section(out: Path, wanted: list[Wanted], named: str) -> str:
    """Keys at hand, those that confirmed most first, then the names without a key."""
    keys = out_tables.read_table(out, "keys").to_pylist()
    keys.sort(key=lambda key: (-key["n_verified"], key["domain"], key["selector"], key["key_id"]))
    return (
        '<section aria-labelledby="keys"><h2 id="keys">Keys</h2><p>A signature proves as much as is known of its key. '
        "A key that was first observed long after the mail, or that was computed from the dump itself, proves less, "
        f"and the items say so.</p>{_at_hand(keys)}{_wanted(wanted, named)}</section>"
    )


def _at_hand(keys: list[dict[str, Any]]) -> str:
    if not keys:
        return "<h3>At hand</h3><p>None was given with <code>--keys</code>, so no signature could be decided.</p>"
    rows = [
        [
            shown(f"{key['selector']}._domainkey.{key['domain']}"),
            f"{key['bits']} bits" if key["bits"] else "–",
            f"{words.SOURCES[key['source']]}<br><small>{shown(key['source_ref'])}</small>"
            + (f"<br>confirmed by {shown(key['anchored_by'])}" if key["anchored_by"] else ""),
            _span(key["first_seen"], key["last_seen"]),
            _span(key["not_before"], key["not_after"]),
            count(key["n_verified"]),
            count(key["n_failed"]),
            shown(KEY_WEAKNESS.get(key["weakness"], key["weakness"])) if key["weakness"] else "nothing known",
        ]
        for key in keys[:_SHOWN]
    ]
    heads = [
        "name",
        "size",
        "where it comes from",
        "observed",
        "published",
        "#confirmed",
        "#not confirmed",
        "against it",
    ]
    more = (
        f"<p>Those that confirmed most, of {count(len(keys))}; keys.parquet holds all.</p>"
        if len(keys) > _SHOWN
        else ""
    )
    return f"<h3>At hand ({count(len(keys))})</h3>{table('Keys at hand', heads, rows)}{more}"


def _wanted(wanted: list[Wanted], named: str) -> str:
    if not wanted:
        return "<h3>Still wanted</h3><p>No name that a DKIM signature refers to is without a usable key.</p>"
    rows = [
        [
            shown(name.name),
            count(name.decides),
            count(name.messages),
            _span(name.first, name.last),
            "no record at hand" if name.at_hand == "missing" else shown(name.at_hand),
        ]
        for name in wanted[:_SHOWN]
    ]
    heads = ["name in the DNS", "#messages it would decide", "#messages signed", "their dates", "at hand"]
    more = f"<p>The most decisive of {count(len(wanted))}.</p>" if len(wanted) > _SHOWN else ""
    return (
        f"<h3>Still wanted ({count(len(wanted))})</h3><p>Ask an archive of DKIM keys for them. Asking the DNS tells "
        f"the domain, and everybody on the way, that somebody holds such mail: {quoted(f'triage keys fetch {named}')} "
        f"says what it reveals before it asks. Then {quoted(f'triage judge {named} --keys NEW')} judges again, without "
        "the dump.</p>" + table(many(len(wanted), "name") + " without a usable key", heads, rows) + more
    )


def _span(first: Any, last: Any) -> str:
    """From first to last, either of which may be unknown."""
    if first is None and last is None:
        return "–"
    return f"{day(first)} to {day(last)}"
