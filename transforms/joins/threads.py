"""Which messages belong to one conversation? (items.thread_id)

Messages that name one another, directly or through a third, in Message-ID, In-Reply-To and References
(RFC 5322 §3.6.4), or that bear the Thread-Index of one conversation of Outlook. The thread is named by
what its first message in walk order names first. Whoever writes such fields can join any thread: it
sorts mail, and says nothing about it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.model import Kind
from transforms.shard import ProvenShard

RULES = ()

_ROWS = pa.schema(
    [
        ("key", pa.string()),  # one for all: a thread may reach from any message to any other
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("name", pa.string()),  # what it would call its thread by itself
        ("names", pa.list_(pa.int64())),  # digests of all that it names
    ]
)
_NAMED = 8  # of References: the first, and the last ones; who is left out is named by those


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """One row per message that names itself, another one or its conversation."""
    shard = proven.shard
    names = ("kind", "message_id", "in_reply_to", "references", "conversation")
    found: list[tuple[Any, ...]] = []
    for row, (kind, own, parent, references, conversation) in enumerate(zip(*map(shard.column, names), strict=True)):
        if kind != Kind.EMAIL:
            continue
        named = [own, parent, *references[:1], *references[-_NAMED:]]
        octets = {name.encode() for name in named if name} | ({conversation} if conversation else set())
        if octets:
            digests = [_digest(one) for one in sorted(octets)]
            name = own_name(references, parent, own)
            found.append(("", shard.unit.unit_id, shard.unit.sequence, row, name, digests))
    return to_table(_ROWS, found)


def own_name(references: Sequence[str], parent: str | None, own: str | None) -> str | None:
    """The thread of a message as far as its own fields tell."""
    return references[0] if references else parent or own


def _digest(octets: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(octets, digest_size=8).digest(), "big", signed=True)


def join(table: pa.Table) -> pa.Table:
    """The thread of each message that others give another name than it has by itself: unit_id, row, thread_id."""
    table = table.sort_by([("sequence", "ascending"), ("row", "ascending")])
    lists = table["names"].combine_chunks()
    if len(table) == 0:
        return renamed(table, table["name"])
    sizes = np.diff(lists.offsets.to_numpy())
    message = np.repeat(np.arange(len(table)), sizes)
    _, named = np.unique(lists.flatten().to_numpy(), return_inverse=True)
    thread = connected(len(table), message, named)
    known = np.flatnonzero(table["name"].is_valid().to_numpy(zero_copy_only=False))
    first = np.full(len(table), len(table))
    np.minimum.at(first, thread[known], known)
    source = first[thread]  # the message whose name counts
    nowhere = source == len(table)
    source[nowhere] = np.flatnonzero(nowhere)
    return renamed(table, table["name"].take(pa.array(source)))


def connected(messages: int, message: npt.NDArray[Any], named: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """For each message the lowest one that a chain of shared names leads to."""
    thread = np.arange(messages)
    while True:
        lowest = np.full(named.max() + 1, messages)
        np.minimum.at(lowest, named, thread[message])
        after = thread.copy()
        np.minimum.at(after, thread[message], lowest[named])
        while not np.array_equal(after, shorter := after[after]):
            after = shorter
        if np.array_equal(after, thread):
            return thread
        thread = after


def renamed(table: pa.Table, name: pa.ChunkedArray) -> pa.Table:
    """Rows whose thread has another name than they give it: unit_id, row, thread_id."""
    own = table["name"]
    differs = pc.or_(pc.xor(own.is_valid(), name.is_valid()), pc.fill_null(pc.not_equal(own, name), False))
    found = pa.table({"unit_id": table["unit_id"], "row": table["row"], "thread_id": name})
    return found.filter(differs)
