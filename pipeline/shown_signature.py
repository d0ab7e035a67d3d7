"""Which rows of signatures.parquet does a verdict rest on?"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pipeline.lookup import Record
from transforms.auth.arc import MESSAGE_SIGNATURE, SEAL

RECEIVER = "receiver_seal"


def rests_on(item: Record, signatures: Iterable[Record], sealers: Collection[str]) -> list[Record]:
    """The signature that verifies an item, of its signatures; of a receiver's message signature its seal as well.

    [] if none of them does: the tables contradict themselves.
    """
    valid = [row for row in signatures if row["result"] == "pass"]
    if item["basis"] != RECEIVER:
        own = [row for row in valid if row["type"] == "dkim" and row["domain"] == item["dkim_domain"]]
        own = [row for row in own if row["selector"] == item["dkim_selector"]]
        return sorted(own, key=lambda row: (row["repairs"] or None) != item["repairs"])[:1]
    sealed = [row for row in valid if row["type"] == MESSAGE_SIGNATURE and row["domain"] in sealers]
    pairs = ([one, row] for one in sealed for row in valid if row["type"] == SEAL)
    return next((pair for pair in pairs if pair[0]["instance"] == pair[1]["instance"]), [])
