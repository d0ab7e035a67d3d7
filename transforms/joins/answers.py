"""Was this message answered before it was sent?

Whoever dates a forged mail must leave it its place among the replies. All that servers wrote into the
reply, and its Date, must lie an hour before all that they wrote into the message, and its Date. Which
of the two bears a wrong date can be told only where the other one is verified, by a protected domain,
and its signature covers which message it is, or answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.joins.bodies import Load
from transforms.joins.sent import is_protected, is_trusted
from transforms.model import Direction, Kind, Rule, Strength, Told
from transforms.shard import Content, ProvenShard
from transforms.transmission import CLAIMING, claims_one_reading

_MEASURED = "0 of 1,543 honest replies in 4,150 mails of 2002, upper bound 0.19 %; 5 by their Date alone"

BEFORE = Rule(
    "thread.answered_before_sent",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "copy",
    "A verified reply from a protected domain was carried more than an hour before this message that it answers",
    "A message sent again, imported or redirected with new Received fields; software that uses one Message-ID for "
    "years; a server with a wrong clock.",
    _MEASURED,
    ("date", "received"),
)
AFTER = Rule(
    "thread.answers_a_later_message",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "copy",
    "This was carried more than an hour before the verified message of a protected domain that it answers",
    "Software that uses one Message-ID for years; a server with a wrong clock.",
    _MEASURED,
    ("date", "received"),
)
ORDER = Rule(
    "thread.dates_out_of_order",
    Direction.NEUTRAL,
    Strength.WEAK,
    "copy",
    "By all their clocks, this reply was carried more than an hour before the message that it answers",
    "A message sent again; software that uses one Message-ID for years; a server with a wrong clock.",
    _MEASURED,
)

RULES = (BEFORE, AFTER, ORDER)

_MESSAGE, _REPLY = 0, 1
_HOUR = 3_600_000_000  # microseconds
_ROWS = pa.schema(
    [
        ("key", pa.string()),  # a Message-ID
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("role", pa.int8()),
        ("date", pa.int64()),  # microseconds, of Date or the topmost Received; of a message the earlier, else the later
        ("counts", pa.bool_()),  # verified, the identifier covered
        ("domain", pa.string()),  # that signed it, if so
        ("protected", pa.bool_()),  # the user named it
        ("open", pa.bool_()),  # has no proof and claims to have been carried as it stands
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """Messages that were carried by their Message-ID, and the same by the one that they answer."""
    shard = proven.shard
    names = ("kind", "message_id", "in_reply_to", "date_utc", "received_utc", *CLAIMING)
    column = {name: shard.column(name) for name in names}
    found: list[tuple[Any, ...]] = []
    times = zip(column["date_utc"], column["received_utc"], strict=True)
    for row, (kind, own, parent, moments) in enumerate(
        zip(column["kind"], column["message_id"], column["in_reply_to"], times, strict=True)
    ):
        if kind != Kind.EMAIL or None in moments:
            continue
        signed = proven.signed.get(row)
        is_open = (signed is None or signed.proof.basis is None) and claims_one_reading(column, row)
        for role, name, field, moment in (
            (_MESSAGE, own, "message-id", min(moments)),
            (_REPLY, parent, "in-reply-to", max(moments)),
        ):
            if name is None or (role == _REPLY and name == own):
                continue
            covers = signed is not None and signed.proof.passes_on and field in signed.covered
            domain = signed.proof.domain if signed is not None and covers else None
            counts, named = domain is not None, is_protected(domain, protected)
            micros = int(moment.timestamp()) * 1_000_000
            found.append(
                (name, shard.unit.unit_id, shard.unit.sequence, row, role, micros, counts, domain, named, is_open)
            )
    return to_table(_ROWS, found)


class Pair(NamedTuple):
    """A message and a reply that was carried before it, by two clocks of each; row is whom it speaks about."""

    unit_id: str
    row: int
    other_unit: str
    other_row: int
    code: str  # told if their other clocks agree


def join(table: pa.Table, home: str | None = None) -> list[Pair]:
    """Messages and replies in the wrong order, each beside one other: a witness that counts, if there is one.

    home is the domain that the dump itself shows to be the organisation's.
    """
    messages, replies = (table.filter(pc.equal(table["role"], role)) for role in (_MESSAGE, _REPLY))
    first = replies.group_by("key").aggregate([("date", "min")])
    last = messages.group_by("key").aggregate([("date", "max")])
    early = first.join(last, "key", join_type="inner")
    early = early.filter(pc.less(pc.add(early["date_min"], _HOUR), early["date_max"]))["key"]
    groups: dict[str, tuple[list[Any], list[Any]]] = {}
    for record in table.filter(pc.is_in(table["key"], early)).to_pylist():
        record["counts"] = record["counts"] and is_trusted(record, home)
        groups.setdefault(record["key"], ([], []))[record["role"]].append(record)
    return sorted(pair for group in groups.values() for pair in _pairs(*group))


def _pairs(messages: list[dict[str, Any]], replies: list[dict[str, Any]]) -> Iterator[Pair]:
    """For each message without a proof the earliest reply that counts, for each reply the message."""
    earliest = min((one for one in replies if one["counts"]), key=_time, default=None)
    verified = min((one for one in messages if one["counts"]), key=_time, default=None)
    latest = max(messages, key=_time)
    for message in messages:
        if earliest is not None and message["open"] and _before(earliest, message):
            yield _pair(message, earliest, BEFORE.code)
    for reply in replies:
        if verified is not None and reply["open"] and _before(reply, verified):
            yield _pair(reply, verified, AFTER.code)
        elif not reply["counts"] and _before(reply, latest):
            yield _pair(reply, latest, ORDER.code)


def _time(record: dict[str, Any]) -> tuple[int, int, int]:
    return record["date"], record["sequence"], record["row"]


def _before(reply: dict[str, Any], message: dict[str, Any]) -> bool:
    return bool(reply["date"] + _HOUR < message["date"])


def _pair(one: dict[str, Any], other: dict[str, Any], code: str) -> Pair:
    return Pair(one["unit_id"], one["row"], other["unit_id"], other["row"], code)


def compare(pair: Pair, load: Load) -> Iterator[Told]:
    """Whether all clocks of servers, and both Dates, tell that order."""
    one, other = load(pair.unit_id, pair.row), load(pair.other_unit, pair.other_row)
    message, reply = (one, other) if pair.code == BEFORE.code else (other, one)
    before, after = _carried(reply), _carried(message)
    if before and after and max(before) + _HOUR < min(after):
        detail = f"the other one is {other.path}"
        shown, against = (after, before) if one is message else (before, after)
        yield Told(pair.unit_id, pair.row, pair.code, detail, _span(against), _span(shown))


def _carried(content: Content) -> list[int]:
    """Microseconds of what servers wrote, and of Date; nothing where no server wrote a time."""
    written = [clock.micros for clock in content.clocks if clock.source in _OF_SERVERS and not clock.zone_unknown]
    return [*written, *(clock.micros for clock in content.clocks if clock.source == "date")] if written else []


_OF_SERVERS = frozenset({"received", "queue_id", "signature"})


def _span(micros: list[int]) -> str:
    first, last = (datetime.fromtimestamp(one // 1_000_000, UTC) for one in (min(micros), max(micros)))
    return f"carried from {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S}"
