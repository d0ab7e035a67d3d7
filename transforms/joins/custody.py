"""Do the sender's own copy and the copy that was received elsewhere agree?

Two mailboxes that were kept apart hold one Message-ID with equal author, date, subject, texts and
attachments: a forger would have had to change both. Whoever hands over a whole dump could have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.joins.bodies import Load
from transforms.limits import LIMITS
from transforms.model import Direction, Kind, Rule, Strength, Told
from transforms.shard import ProvenShard
from transforms.transmission import sender_mailbox

AGREE = Rule(
    "copy.sent_and_received_agree",
    Direction.SUPPORTS,
    Strength.WEAK,
    "copy",
    "The copy in its sender's mailbox and the one that was received in another mailbox say the same",
    "Whoever could write into both mailboxes could have made both copies.",
    "derived: equal digests; what it is worth depends on how far apart the mailboxes were kept",
)

RULES = (AGREE,)

_ROWS = pa.schema(
    [
        ("key", pa.string()),  # of all that must be equal
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("sent", pa.bool_()),  # as its sender kept it; else as it was received
        ("path", pa.string()),
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """One row per message that its sender kept, or that was received."""
    shard = proven.shard
    names = ("kind", "message_id", "from_email", "date_utc", "subject", "content_sha256", "received_count", "path")
    found: list[tuple[Any, ...]] = []
    for row, (kind, name, author, date, subject, content, hops, path) in enumerate(
        zip(*map(shard.column, names), strict=True)
    ):
        if kind != Kind.EMAIL or not name or not author or content is None:
            continue
        sent = not hops and sender_mailbox(path) is not None
        if sent or hops:
            same = repr((name, author.lower(), date, subject)).encode() + content
            key = hashlib.blake2b(same, digest_size=16).hexdigest()
            found.append((key, shard.unit.unit_id, shard.unit.sequence, row, sent, path))
    return to_table(_ROWS, found)


def join(table: pa.Table) -> list[Told]:
    """Each copy that one of the other kind, in a mailbox of another owner, agrees with; the first of these is named."""
    sent = table.filter(table["sent"])
    received = table.filter(pc.and_(pc.invert(table["sent"]), pc.is_in(table["key"], sent["key"])))
    sent = sent.filter(pc.is_in(sent["key"], received["key"]))
    found = []
    for these, others in ((sent, received), (received, sent)):
        by_key: dict[str, list[dict[str, Any]]] = {}
        for record in sorted(others.to_pylist(), key=lambda r: (r["sequence"], r["row"])):
            by_key.setdefault(record["key"], []).append(record)
        for one in these.to_pylist():
            known = by_key[one["key"]][: LIMITS.offers]
            other = next((other["path"] for other in known if _apart(one, other)), None)
            if other is not None:
                found.append(Told(one["unit_id"], one["row"], AGREE.code, other))
    return sorted(found)


def _apart(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the two lie in mailboxes of different owners, as far as their paths tell."""
    sent, received = (one["path"], other["path"]) if one["sent"] else (other["path"], one["path"])
    mailbox = sender_mailbox(sent)
    return bool(mailbox) and not received.startswith((f"{mailbox}/", f"{mailbox}!"))


def compare(found: Told, load: Load) -> Iterator[Told]:
    """Nothing more is to be read: what the rows say is all."""
    yield found
