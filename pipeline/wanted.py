"""Which keys are missing, and how much would each of them decide?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import out_tables
from transforms.auth.coverage import LIMITING, SELF_ATTESTED

# A name is wanted while no usable key of it is at hand: a withdrawn one decides nothing, nor does one that
# was computed from the dump.
_UNDECIDED = ("key_unknown", "key_revoked", "key_unparsable", "key_refused", *sorted(SELF_ATTESTED))


class Wanted(NamedTuple):
    """A name without a usable key. Messages are counted once, however many copies lie in the dump."""

    domain: str
    selector: str
    name: str  # in the DNS
    decides: int  # messages that a key would verify or leave without proof: body intact, fully covered, aligned
    body_intact: int  # messages whose body is the one that was signed
    messages: int  # all messages signed under this name
    first: datetime | None  # earliest and latest date of those messages
    last: datetime | None
    at_hand: str  # missing, or why what is at hand is no key: revoked, unparsable, refused, recovered


def names(out: Path) -> list[Wanted]:
    """Names without a usable key, most decisive first."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in _undecided(out):
        groups.setdefault((row["domain"], row["selector"]), []).append(row)
    found = (_wanted(domain, selector, rows) for (domain, selector), rows in groups.items())
    return sorted(found, key=lambda w: (-w.decides, -w.body_intact, -w.messages, w.domain, w.selector))


def _undecided(out: Path) -> Iterator[dict[str, Any]]:
    """DKIM signatures that no key was tried on, with what their messages are."""
    columns = ["item_id", "type", "domain", "selector", "key_status", "body_ok", "aligned", "objection", "reason"]
    table = out_tables.read_table(out, "signatures", columns)
    undecided = pc.and_(pc.equal(table["type"], "dkim"), pc.is_in(table["reason"], value_set=pa.array(_UNDECIDED)))
    signatures = table.filter(undecided).to_pylist()
    wanted = pa.array({row["item_id"] for row in signatures}, pa.string())
    items = out_tables.read_table(out, "items", ["item_id", "sha256", "verdict", "date_utc"])
    items = items.filter(pc.is_in(items["item_id"], value_set=wanted))
    by_id = {row["item_id"]: row for row in items.to_pylist()}
    for row in signatures:
        yield {**row, **by_id[row["item_id"]]}


def _wanted(domain: str, selector: str, rows: list[dict[str, Any]]) -> Wanted:
    dates = [row["date_utc"] for row in rows if row["date_utc"] is not None]
    return Wanted(
        domain,
        selector,
        f"{selector}._domainkey.{domain}",
        len({row["sha256"] for row in rows if _decided_by_a_key(row)}),
        len({row["sha256"] for row in rows if row["body_ok"]}),
        len({row["sha256"] for row in rows}),
        min(dates, default=None),
        max(dates, default=None),
        "recovered" if any(row["reason"] in SELF_ATTESTED for row in rows) else rows[0]["key_status"],
    )


def _decided_by_a_key(row: dict[str, Any]) -> bool:
    """Whether the key is all that a proof lacks; a message that another signature verified lacks nothing."""
    covered = row["objection"] is None or row["objection"] in LIMITING or row["objection"] == "key_recovered"
    return bool(row["body_ok"]) and covered and row["aligned"] != "none" and row["verdict"] != "verified"
