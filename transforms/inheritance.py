"""Which message proves an item: down only, one hop, never through a message (VERDICT §3)."""

from __future__ import annotations

from transforms.mail.mapi import TAKEN_APART
from transforms.model import Kind
from transforms.shard import ProvenShard

_STOPS = frozenset({Kind.EMAIL.value, Kind.MAILBOX.value, Kind.GAP.value})


def carriers(proven: ProvenShard) -> list[int | None]:
    """For each row of a unit, the row of the verified message whose signature covers its octets.

    No signature covers what Outlook made of a message's parts. Proof stops at anything that is or holds
    messages, also at an archive with a message anywhere inside, at octets whose encoding can be read in two
    ways, and where the signature leaves blanks and line ends open, at whatever is not base64: a table
    without one tab says something else.
    """
    shard = proven.shard
    exact = shard.column("exact")
    kinds = shard.column("kind")
    parents = shard.column("parent_row")
    covered = shard.column("covered")
    media_types = shard.column("media_type")
    holds = list(shard.column("holds_messages"))
    for row in range(len(kinds) - 1, -1, -1):  # children come after their parents
        parent = parents[row]
        if holds[row] and parent >= 0 and kinds[parent] == Kind.ARCHIVE:
            holds[parent] = True
    found: list[int | None] = [None] * len(kinds)
    for row, parent in enumerate(parents):
        if parent < 0 or not covered[row] or holds[row] or kinds[row] in _STOPS:
            continue
        signed = proven.signed.get(parent)
        if kinds[parent] == Kind.EMAIL:
            passes = signed is not None and signed.passes_on and (exact[row] or signed.fixes_blanks)
            found[row] = parent if passes and media_types[parent] not in TAKEN_APART else None
        else:
            found[row] = found[parent]
    return found


def blanks_open(proven: ProvenShard, row: int) -> bool:
    """Whether the message right above an item would pass its proof on, were it not for blanks and line ends."""
    shard = proven.shard
    signed = proven.signed.get(shard.column("parent_row")[row])
    if signed is None or not signed.passes_on or shard.column("exact")[row]:
        return False
    return shard.column("covered")[row] and not signed.fixes_blanks
