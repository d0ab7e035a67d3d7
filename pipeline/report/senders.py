"""Who sent how much of it, what of that is verified, and for how much of it are the keys at hand?"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import out_tables
from pipeline.report import charts, words
from pipeline.report.shown import count, domain, pick, shown, table
from transforms.auth.coverage import SELF_ATTESTED

_SHOWN = 25  # rows of either table


class Sender(NamedTuple):
    """A domain or an address in From, and its messages."""

    name: str
    counts: dict[str, int]  # by verdict
    signed: int  # messages with a DKIM signature
    decidable: int  # of these, messages for one of whose signatures a usable key is at hand

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def section(out: Path) -> str:
    """Domains and addresses, those with most messages first."""
    messages = _messages(out)
    head = '<section aria-labelledby="senders"><h2 id="senders">Senders</h2>'
    if not len(messages):
        return f"{head}<p>No message in this dump names a sender.</p></section>"
    note = (
        "<p>By the From field, which anybody can write: only of verified messages is it proven. “Key at hand” counts "
        "signed messages for which a key was given; without it nothing can be verified.</p>"
    )
    return (
        head
        + note
        + charts.legend()
        + _table("domain", by(messages, "from_domain"))
        + _table("address", by(messages, "from_email"))
        + "</section>"
    )


def by(messages: pa.Table, column: str) -> list[Sender]:
    """Senders by one column, most messages first."""
    groups = messages.group_by([column, "verdict"]).aggregate([([], "count_all"), ("signed", "sum"), ("keyed", "sum")])
    found: dict[str, Sender] = {}
    for row in groups.to_pylist():
        name = row[column]
        known = found.get(name) or Sender(name, dict.fromkeys(words.VERDICTS, 0), 0, 0)
        counts = {**known.counts, row["verdict"]: row["count_all"]}
        found[name] = Sender(name, counts, known.signed + row["signed_sum"], known.decidable + row["keyed_sum"])
    return sorted(found.values(), key=lambda one: (-one.total, one.name))


def _messages(out: Path) -> pa.Table:
    items = out_tables.read_table(
        out, "items", ["item_id", "kind", "verdict", "from_domain", "from_email", "dkim_result"]
    )
    is_mail = pc.and_(pc.equal(items["kind"].cast(pa.string()), "email"), pc.is_valid(items["from_domain"]))
    items = items.filter(is_mail)
    signatures = out_tables.read_table(out, "signatures", ["item_id", "type", "key_status", "reason"])
    signatures = signatures.filter(pc.equal(signatures["type"].cast(pa.string()), "dkim"))
    unproven = pc.is_in(signatures["reason"], value_set=pa.array(sorted(SELF_ATTESTED)))
    usable = pc.and_not(pc.equal(signatures["key_status"].cast(pa.string()), "ok"), unproven)
    with_signature, with_key = (rows["item_id"].combine_chunks() for rows in (signatures, signatures.filter(usable)))
    return pa.table(
        {
            "from_domain": items["from_domain"],
            "from_email": items["from_email"],
            "verdict": items["verdict"].cast(pa.string()),
            "signed": pc.is_in(items["item_id"], value_set=with_signature).cast(pa.int64()),
            "keyed": pc.is_in(items["item_id"], value_set=with_key).cast(pa.int64()),
        }
    )


def _table(what: str, senders: list[Sender]) -> str:
    widest = senders[0].total
    rows = [
        [
            (domain(one.name) if what == "domain" else shown(one.name, 100)) + pick(one.name),
            charts.bar(one.counts, widest),
            *(count(one.counts[verdict]) for verdict in words.VERDICTS),
            f"{count(one.decidable)} of {count(one.signed)}" if one.signed else "none signed",
        ]
        for one in senders[:_SHOWN]
    ]
    drawn = '<span class="visually-hidden">drawn</span>'
    heads = [what, drawn, *(f"#{name}" for name, *_ in words.VERDICTS.values()), "#key at hand"]
    more = len(senders) - _SHOWN
    rest = f"<p>{count(more)} more with fewer messages: search the list for them.</p>" if more > 0 else ""
    return table(f"Messages by sender's {what}", heads, rows, "senders") + rest
