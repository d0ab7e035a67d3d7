"""Might mail whose key is not at hand speak for this message? (VERDICT §5.4, §8)

A verified copy that says the same, and a verified reply that quotes every word, support a message. Where their
key is lost they prove nothing, as anybody can write a signature that no key confirms. But nothing is added up
against a message that they would have saved: no loss of keys accuses anybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.joins.bodies import Load
from transforms.joins.correspondents import awaited
from transforms.limits import LIMITS
from transforms.model import Direction, Kind, Rule, Strength, Told
from transforms.quotation import FEWEST, quotation
from transforms.shard import ProvenShard

COPY = Rule(
    "copy.same_as_one_without_key",
    Direction.NEUTRAL,
    Strength.WEAK,
    "copy",
    "A copy under the same Message-ID says the same and bears a signature whose key is not at hand",
    "Anybody can write a signature that no key confirms.",
    "says nothing, but for what it might say with the key",
)
QUOTED = Rule(
    "thread.quoted_in_reply_without_key",
    Direction.NEUTRAL,
    Strength.WEAK,
    "copy",
    "A reply of somebody it was sent to quotes every word and bears a signature whose key is not at hand",
    "Anybody can write a signature that no key confirms.",
    "says nothing, but for what it might say with the key",
)

RULES = (COPY, QUOTED)

_MESSAGE, _COPY, _REPLY = 0, 1, 2
_ROWS = pa.schema(
    [
        ("key", pa.string()),  # a Message-ID
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("role", pa.int8()),
        ("says", pa.binary()),  # digest of author, subject, texts and parts; null of a reply
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """Messages without a proof by their Message-ID; those that wait for a key also by the messages they answer."""
    shard = proven.shard
    names = ("kind", "message_id", "in_reply_to", "references", "from_email", "subject", "content_sha256")
    column = {name: shard.column(name) for name in names}
    found: list[tuple[Any, ...]] = []
    for row, kind in enumerate(column["kind"]):
        own, signed = column["message_id"][row], proven.signed.get(row)
        if kind != Kind.EMAIL or (signed is not None and (signed.proof.basis or signed.sealed)):
            continue
        place = (shard.unit.unit_id, shard.unit.sequence, row)
        waits = signed is not None and awaited(signed)
        if own:
            said = (column[name][row] for name in ("from_email", "subject", "content_sha256"))
            says = hashlib.blake2b(repr(tuple(said)).encode(), digest_size=16).digest()
            found.append((own, *place, _COPY if waits else _MESSAGE, says))
        if waits:
            answered = {column["in_reply_to"][row], (column["references"][row] or [None])[-1]}
            found += [(name, *place, _REPLY, None) for name in sorted(answered - {None, "", own})]
    return to_table(_ROWS, found)


class Pair(NamedTuple):
    """A message, and one that may speak for it: a copy, or else a reply."""

    unit_id: str
    row: int
    other_unit: str
    other_row: int
    copy: bool


def join(table: pa.Table) -> list[Pair]:
    """Messages beside the first replies to them, and the first copy that says the same."""
    of_role = {role: table.filter(pc.equal(table["role"], role)) for role in (_MESSAGE, _COPY, _REPLY)}
    others = pa.concat_tables([of_role[_COPY], of_role[_REPLY]])
    messages = of_role[_MESSAGE].filter(pc.is_in(of_role[_MESSAGE]["key"], others["key"]))
    by_key: dict[str, list[dict[str, Any]]] = {}
    for other in others.filter(pc.is_in(others["key"], messages["key"])).to_pylist():
        by_key.setdefault(other["key"], []).append(other)
    pairs = []
    for message in messages.to_pylist():
        offered = sorted(by_key[message["key"]], key=lambda one: (one["sequence"], one["row"]))
        same = [one for one in offered if one["says"] == message["says"]][:1]
        replies = [one for one in offered if one["role"] == _REPLY][: LIMITS.offers]
        for one in same or replies:
            place = (one["sequence"], message["sequence"], message["row"], one["row"])
            pair = Pair(message["unit_id"], message["row"], one["unit_id"], one["row"], one["role"] == _COPY)
            pairs.append((place, pair))
    return [pair for _, pair in sorted(pairs)]  # unit by unit, since whole units are read


def compare(pair: Pair, load: Load) -> Iterator[Told]:
    """Whether the other one would support the message if its key were at hand."""
    message, other = load(pair.unit_id, pair.row), load(pair.other_unit, pair.other_row)
    if pair.copy:
        yield Told(pair.unit_id, pair.row, COPY.code, other.path)
    elif other.author.lower() in message.recipients:
        found = quotation(message.text, other.text)
        if not found.otherwise and found.quoted == found.own and found.quoted >= FEWEST:
            yield Told(pair.unit_id, pair.row, QUOTED.code, f"{found.quoted} words, in {other.path}")
