"""Which senders look like a domain that was named with --protect, and in what do the two differ?"""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import out_tables
from pipeline.report import words
from pipeline.report.shown import count, day, domain, many, shown, table
from transforms.lookalike import shown_form

_SHOWN = 50  # pairs
_NAMED = 20  # protected domains that are listed
_LONGEST = 253  # letters of a domain (RFC 1035 §2.3.4); longer ones are cut before they are compared


class Pair(NamedTuple):
    """A sender's domain beside the one that it resembles, both as A-labels."""

    sender: str
    resembles: str
    counts: dict[str, int]  # messages by verdict
    first: Any  # datetime of the earliest Date, None without one
    last: Any


def section(out: Path, protected: list[str], learned: list[str]) -> str:
    """The pairs side by side, letters that differ marked; learned are the domains that the dump itself taught."""
    head = '<section aria-labelledby="lookalikes"><h2 id="lookalikes">Look-alike senders</h2>'
    found = pairs(out)
    name_them = (
        "Name the domains of the organisation that this leak is about with <code>--protect</code>, and senders that "
        "imitate them are found."
    )
    if not found and not protected and not learned:
        return f"{head}<p>Not looked for: no domain was named, and the dump taught none. {name_them}</p></section>"
    named = f"Named with --protect: {_domains(protected)}. " if protected else f"{name_them} "
    taught = f"Taught by the dump's own verified mail: {_domains(learned)}. " if learned else ""
    if not found:
        return f"{head}<p>{named}{taught}No sender's domain looks like one of them.</p></section>"
    rows = [_row(pair) for pair in found[:_SHOWN]]
    more = f"<p>The {_SHOWN} with most messages, of {count(len(found))}.</p>" if len(found) > _SHOWN else ""
    heads = ["sender's domain", "looks like", *(f"#{name}" for name, *_ in words.VERDICTS.values()), "from", "to"]
    return (
        f"{head}<p>{named}{taught}What differs is <mark>marked</mark>. Only what imitates the look of a named domain, "
        "adds a service word to it or puts it before another domain is suspected; one letter more or less, another "
        "ending, and look-alikes of taught domains are remarks or worth a look: honest neighbours look like that. A "
        "second domain of the organisation itself must be named too.</p>"
        + table(many(len(found), "pair") + " of domains", heads, rows, "pairs")
        + more
        + "</section>"
    )


def _domains(names: list[str]) -> str:
    more = f" and {count(len(names) - _NAMED)} more" if len(names) > _NAMED else ""
    return ", ".join(map(domain, sorted(names)[:_NAMED])) + more


def pairs(out: Path) -> list[Pair]:
    """Pairs of domains, most messages first."""
    items = out_tables.read_table(out, "items", ["lookalike_of", "from_domain", "verdict", "date_utc"])
    items = items.filter(pc.and_(pc.is_valid(items["lookalike_of"]), pc.is_valid(items["from_domain"])))
    items = items.set_column(2, "verdict", items["verdict"].cast(pa.string()))
    groups = items.group_by(["from_domain", "lookalike_of", "verdict"]).aggregate(
        [([], "count_all"), ("date_utc", "min"), ("date_utc", "max")]
    )
    found: dict[tuple[str, str], Pair] = {}
    for row in groups.to_pylist():
        names = (row["from_domain"], row["lookalike_of"])
        known = found.get(names) or Pair(*names, dict.fromkeys(words.VERDICTS, 0), None, None)
        dates = [one for one in (known.first, known.last, row["date_utc_min"], row["date_utc_max"]) if one is not None]
        counts = {**known.counts, row["verdict"]: row["count_all"]}
        found[names] = Pair(*names, counts, min(dates, default=None), max(dates, default=None))
    return sorted(found.values(), key=lambda pair: (-sum(pair.counts.values()), pair.sender, pair.resembles))


def _row(pair: Pair) -> list[str]:
    theirs, ours = shown_form(pair.sender)[:_LONGEST], shown_form(pair.resembles)[:_LONGEST]
    marked, imitated = difference(theirs, ours)
    exact = f"<br>{domain(pair.sender)}" if theirs != pair.sender else ""
    return [
        f'<span class="big">{marked}</span>{exact}',
        f'<span class="big">{imitated}</span>',
        *(count(pair.counts[verdict]) for verdict in words.VERDICTS),
        day(pair.first),
        day(pair.last),
    ]


def difference(one: str, other: str) -> tuple[str, str]:
    """Two texts as HTML, what one has and the other has not marked in each."""
    left: list[str] = []
    right: list[str] = []
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        for parts, piece in ((left, one[a:b]), (right, other[c:d])):
            if piece:
                parts.append(shown(piece) if kind == "equal" else f"<mark>{shown(piece)}</mark>")
    return "".join(left), "".join(right)
