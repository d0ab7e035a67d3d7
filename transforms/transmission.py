"""Does an item claim to have been transmitted as it stands? What it would take to contradict it (VERDICT §5.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

_ZONES = timedelta(hours=26)  # a time of day that lost its zone on the way
_UNSENT = re.compile(r"(?i)(?:^|[/!. ])(?:sent|drafts?|outbox|envoy|brouillon|gesendet|entw|posteingang\.sent)")

# The columns that claims_transmission and claims_one_reading read.
CLAIMING = ("received_count", "intermediaries", "delivered_elsewhere", "status", "path", "author_known",
            "header_ambiguous")  # fmt: skip


def claims_transmission(column: Mapping[str, Sequence[Any]], row: int) -> bool:
    """Whether a difference would be a contradiction: received, by no list, forwarder or resender.

    column are lists of the columns of items.
    """
    return (
        column["received_count"][row] > 0
        and not column["intermediaries"][row]
        and not column["delivered_elsewhere"][row]
        and column["status"][row] == "ok"
        and not _UNSENT.search(column["path"][row])
    )


def claims_one_reading(column: Mapping[str, Sequence[Any]], row: int) -> bool:
    """The same, of a message whose header section also tells one author and reads in one way."""
    return (
        claims_transmission(column, row)
        and column["author_known"][row] is True
        and column["header_ambiguous"][row] is None
    )


def container(source_path: str, path: str) -> str:
    """What an exporter filled in one go: the mailbox or archive, or the folder of a loose message."""
    return source_path.rpartition("/")[0] if source_path == path else source_path


def sender_mailbox(path: str) -> str | None:
    """The folder or file in which a mailbox's sent mail lies: claire of claire/Sent.mbox!@0; None of other mail."""
    found = _SENT.search(path)
    return None if found is None else path[: found.start()].rstrip("/!")


_SENT = re.compile(r"(?:^|[/!])(?:[^/!]{1,40}[ _.-])?(?:sent|envoy|gesendet)", re.IGNORECASE)


def same_instant(one: datetime | None, other: datetime | None) -> bool:
    """Whether two Date fields may be the same moment: some software reuses one Message-ID for years."""
    return one is not None and other is not None and abs(one - other) <= _ZONES
