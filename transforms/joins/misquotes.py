"""Does this unproven reply quote the verified message that it answers as it reads? (VERDICT §5)

Whoever invents an answer puts words into the mouth of the one who is answered. What a signature covers was said
as it stands, so the quotation is wrong, whoever made it so. It counts where the two wrote to one another, the
signature covers which message it is, one content alone is known under that identifier, and its domain is a
protected one: anybody else can sign two letters of one name and show the one that was not answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.difference import shown_words
from transforms.joins.bodies import Load
from transforms.joins.sent import is_protected, is_trusted
from transforms.model import Direction, Kind, Rule, Strength, Told
from transforms.quotation import quotation
from transforms.shard import ProvenShard
from transforms.tampering import clip, intact_signature
from transforms.transmission import CLAIMING, claims_one_reading

MISQUOTES = Rule(
    "thread.misquotes_verified",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "copy",
    "It quotes other words than the verified message of a protected domain says that it answers",
    "Somebody who corrects or mistypes a word while he shortens what he quotes, or quotes wrongly on purpose.",
    "1 of 1,543 honest replies of 2002 (a word mistyped while the quotation was wrapped anew), upper bound 0.31 %",
)

RULES = (MISQUOTES,)

_MESSAGE, _REPLY = 0, 1
_ROWS = pa.schema(
    [
        ("key", pa.string()),  # a Message-ID
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("role", pa.int8()),
        ("content", pa.binary()),  # of a message: 128 bits of its digest
        ("domain", pa.string()),  # that signed it and the identifier; null: its signature waits for a key
        ("protected", pa.bool_()),  # the user named it
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """Signed messages by their Message-ID, and replies without a proof by the message that they answer."""
    shard = proven.shard
    unit_id, sequence = shard.unit.unit_id, shard.unit.sequence
    names = ("kind", "message_id", "in_reply_to", "content_sha256", *CLAIMING)
    column = {name: shard.column(name) for name in names}
    found: list[tuple[Any, ...]] = []
    for row, kind in enumerate(column["kind"]):
        if kind != Kind.EMAIL:
            continue
        own, parent, signed = column["message_id"][row], column["in_reply_to"][row], proven.signed.get(row)
        if own and signed is not None and (signed.proof.passes_on or intact_signature(signed.signatures) is not None):
            witness = signed.proof.passes_on and "message-id" in signed.covered
            domain = signed.proof.domain if witness else None
            content = (column["content_sha256"][row] or b"")[:16]
            found.append(
                (own, unit_id, sequence, row, _MESSAGE, content, domain, is_protected(domain or "", protected))
            )
        is_open = signed is None or (signed.proof.basis is None and signed.sealed is None)
        if parent and parent != own and is_open and claims_one_reading(column, row):
            found.append((parent, unit_id, sequence, row, _REPLY, None, None, False))
    return to_table(_ROWS, found)


class Pair(NamedTuple):
    """A reply, and the verified message that it answers."""

    unit_id: str
    row: int
    message_unit: str
    message_row: int
    domain: str


def join(table: pa.Table, home: str | None = None) -> list[Pair]:
    """Replies beside the message that they answer, if one content alone is signed under its identifier.

    home is the domain that the dump itself shows to be the organisation's.
    """
    is_reply = pc.equal(table["role"], _REPLY)
    replies, messages = table.filter(is_reply), table.filter(pc.invert(is_reply))
    messages = messages.filter(pc.is_in(messages["key"], replies["key"]))
    named: dict[str, list[dict[str, Any]]] = {}
    for one in sorted(messages.to_pylist(), key=lambda r: (r["sequence"], r["row"])):
        named.setdefault(one["key"], []).append(one)
    witnesses = {}
    for key, group in named.items():
        witness = next((one for one in group if one["domain"] is not None and is_trusted(one, home)), None)
        if witness is not None and len({one["content"] for one in group}) == 1:
            witnesses[key] = witness
    replies = replies.filter(pc.is_in(replies["key"], pa.array(witnesses, pa.string())))
    pairs = [
        (
            (of["sequence"], reply["sequence"], reply["row"]),
            Pair(reply["unit_id"], reply["row"], of["unit_id"], of["row"], of["domain"]),
        )
        for reply in replies.to_pylist()
        for of in (witnesses[reply["key"]],)
    ]
    return [pair for _, pair in sorted(pairs)]  # unit by unit, since whole units are read


def compare(pair: Pair, load: Load) -> Iterator[Told]:
    """What the reply quotes otherwise than the message says."""
    reply, message = load(pair.unit_id, pair.row), load(pair.message_unit, pair.message_row)
    if reply.author.lower() not in message.recipients or message.author.lower() not in reply.recipients:
        return
    found = quotation(message.text, reply.text)
    if found.otherwise:
        quoted, says = shown_words(found.otherwise)
        where = f"{message.path}, signed by {pair.domain}"
        yield Told(pair.unit_id, pair.row, MISQUOTES.code, where, clip(says), clip(quoted))
