"""Do the clocks inside the message agree with the Date that it shows? (VERDICT §5.4)

Forgers edit the Date that they see. The programs that made and carried the mail wrote their own time into
identifiers, boundaries and queue names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from transforms.case import ItemView
from transforms.model import Clock, Direction, Finding, Kind, Rule, Strength

WEEKDAY = Rule(
    "clock.impossible_weekday",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "client clock",
    "The Date field names another day of the week than its date had",
    "Home-made mail scripts get it wrong.",
    "0 of 4,343 honest mails, 62 of 1,836 spam mails of 2002",
    ("date",),
)
ZONE = Rule(
    "clock.impossible_zone",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "client clock",
    "The Date field has an offset from UTC that no place on earth uses",
    "Old mass-mail programs; a broken time zone table.",
    "0 of 4,591 honest mails, 332 of 1,739 spam mails of 2002",
    ("date",),
)
DATE_CONTRADICTED = Rule(
    "clock.date_contradicted",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "client clock",
    "The sender's own program and a second, independent one wrote another day into the mail than its Date shows",
    "A mail sent again, or redirected, weeks later with its old fields; software that copies old identifiers; a device "
    "whose clock is dead and whose identifiers another machine writes.",
    "0 of 4,617 honest mails had two such signals (upper bound 0.065 %)",
    ("date", "message-id"),
)
CLOCK_DIFFERS = Rule(
    "clock.differs_from_date",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "client clock",
    "One clock of the sender's program is more than a day from the Date",
    "Newsletters keep the boundary of their template, drafts the identifier of the day they were begun, "
    "mail waits in an outbox or for a moderator.",
    "17 of 128 boundaries of one provider in phishing templates; common in newsletters",
)
DATE_AFTER_HOPS = Rule(
    "clock.date_after_every_hop",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "client clock",
    "The mail was carried, by every relay's clock, more than two days before its Date",
    "The sender's computer had a wrong clock.",
    "0.15 % of 4,150 honest mails of 2002, 0 of 467 of 2016 to 2018",
    ("date", "received"),
)
HOP_ID = Rule(
    "clock.hop_contradicts_its_id",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "transport clock",
    "A relay's printed time is not the time inside the identifier that the same relay wrote",
    "A host whose clock was set while the mail passed.",
    "0 of 1,735 (Exim), 0 of 103 (Postfix), 0 of 1,156 (Gmail), 1 of 6,712 (sendmail) honest hops by more than an hour",
    ("received",),
)
GUID = Rule(
    "clock.guid_contradicts_hops",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "transport clock",
    "An identifier of Exchange Online was made more than an hour from every relay's time",
    "Mail moved between mailboxes by a migration may get a new identifier.",
    "0 of 16,028 honest identifiers by more than 6 seconds",
    ("received",),
)
ARRIVAL = Rule(
    "clock.arrival_time_edited",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "transport clock",
    "X-OriginalArrivalTime prints another time than the one encoded beside it",
    "None is known.",
    "0 of 119 honest fields",
    ("x-originalarrivaltime",),
)
TIMELINE = Rule(
    "clock.timeline",
    Direction.NEUTRAL,
    Strength.WEAK,
    "transport clock",
    "The clocks of this mail in order",
    "Clocks of senders are often minutes, sometimes years off.",
    "a list, no contradiction",
)

RULES = (WEEKDAY, ZONE, DATE_CONTRADICTED, CLOCK_DIFFERS, DATE_AFTER_HOPS, HOP_ID, GUID, ARRIVAL, TIMELINE)

_SECOND = 1_000_000  # microseconds
_HOUR, _DAY = 3_600 * _SECOND, 86_400 * _SECOND
_WEST, _EAST = -12 * _HOUR, 14 * _HOUR  # of UTC, the widest offsets in use
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMED_DAY = re.compile(r"\s*(mon|tue|wed|thu|fri|sat|sun)\b", re.IGNORECASE)
_CLIENT = frozenset({"message_id", "boundary", "thread_index"})
# A mail that comes without a Message-ID gets it from the first relay: its clock is that of the relay's own hop.
_RELAYS = frozenset({"exim", "postfix", "ses"})
_MOST_SHOWN = 24  # clocks in a timeline


def check(item: ItemView) -> Iterator[Finding]:
    if item.kind is not Kind.EMAIL:
        return
    if item.body_lost:
        # Archives turned into PST date mail anew: 2 of 71 honest messages of a public one were dated days before
        # the clocks of Outlook and Exchange in them.
        if len(item.clocks) > 2:
            yield TIMELINE(_timeline(item.clocks))
        return
    yield from _date_field(item)
    yield from _hops(item.clocks)
    date = next((clock for clock in item.clocks if clock.source == "date"), None)
    if date is not None:
        yield from _against_date(date, item.clocks)
    if len(item.clocks) > 2:
        yield TIMELINE(_timeline(item.clocks))


def made(item: ItemView) -> Iterator[str]:
    """Codes of the strong contradictions that are looked for in an item: the clocks for them are there."""
    if item.kind is not Kind.EMAIL or item.body_lost:
        return
    if item.date_utc is not None and item.date_offset_min is not None and item.date_raw is not None:
        yield ZONE.code
        if _NAMED_DAY.match(item.date_raw):
            yield WEEKDAY.code
    sources = {clock.source for clock in item.clocks}
    if "date" in sources and any(map(_of_client, item.clocks)) and sources - _CLIENT - {"date"}:
        yield DATE_CONTRADICTED.code
    if {"date", "received"} <= sources:
        yield DATE_AFTER_HOPS.code
    if {"queue_id", "received"} <= sources:
        yield HOP_ID.code
    generators = {clock.generator for clock in item.clocks}
    if "exchange_online" in generators and "received" in sources:
        yield GUID.code
    if {"exchange", "exchange as printed"} <= generators:
        yield ARRIVAL.code


def _date_field(item: ItemView) -> Iterator[Finding]:
    offset = item.date_offset_min
    if item.date_utc is None or offset is None or item.date_raw is None:
        return
    if not -12 * 60 <= offset <= 14 * 60 or offset % 15:
        yield ZONE(expected="-12:00 to +14:00 in quarters of an hour", actual=item.date_raw)
        return
    named = _NAMED_DAY.match(item.date_raw)
    day = _WEEKDAYS[(item.date_utc + timedelta(minutes=offset)).weekday()]
    # Some programs take the name of the day from UTC, and the rest of the date from their zone.
    if named is not None and named[1].lower() not in (day, _WEEKDAYS[item.date_utc.weekday()]):
        yield WEEKDAY(expected=day.capitalize(), actual=item.date_raw)


def _hops(clocks: Iterable[Clock]) -> Iterator[Finding]:
    received = {clock.hop: clock for clock in clocks if clock.source == "received"}
    encoded = None
    for clock in clocks:
        if clock.source == "queue_id" and clock.hop in received:
            printed = received[clock.hop]
            if abs(clock.micros - printed.micros) > _HOUR:
                yield HOP_ID(f"{clock.generator}, hop {clock.hop}", expected=_shown(clock), actual=_shown(printed))
        elif clock.generator == "exchange_online" and received:
            nearest = min(received.values(), key=lambda hop: abs(hop.micros - clock.micros))
            if abs(nearest.micros - clock.micros) > _HOUR:
                yield GUID(expected=_shown(clock), actual=_shown(nearest))
        elif clock.generator == "exchange":
            encoded = clock
        elif clock.generator == "exchange as printed" and encoded is not None:
            if abs(clock.micros - encoded.micros) > 2 * _SECOND:
                yield ARRIVAL(expected=_shown(encoded), actual=_shown(clock))
            encoded = None


def _against_date(date: Clock, clocks: Iterable[Clock]) -> Iterator[Finding]:
    others = [clock for clock in clocks if clock.source != "date"]
    far = [clock for clock in others if _apart(clock, date) > _DAY]
    for clock in far:
        if not _of_client(clock):
            continue
        witness = next((one for one in far if _independent(clock, one) and _apart(clock, one) <= _HOUR), None)
        if witness is not None:
            both = f"{_named(clock)} and {_named(witness)}"
            yield DATE_CONTRADICTED(both, expected=_shown(clock), actual=_shown(date))
            break
    else:
        for clock in [one for one in far if _of_client(one)][:1]:
            yield CLOCK_DIFFERS(_named(clock), expected=_shown(clock), actual=_shown(date))
    hops = [clock.micros for clock in others if clock.source == "received"]
    if hops and date.micros - max(hops) > 2 * _DAY:
        yield DATE_AFTER_HOPS(expected=f"before {_moment(max(hops))}", actual=_shown(date))


def _of_client(clock: Clock) -> bool:
    """Whether the sender's own program wrote it, as far as its form tells."""
    return clock.source in _CLIENT and not (clock.source == "message_id" and clock.generator in _RELAYS)


def _independent(one: Clock, other: Clock) -> bool:
    """Whether two clocks are of different programs: one of the sender's, the other of a server."""
    return other.source not in _CLIENT and other.generator != one.generator


def _apart(one: Clock, other: Clock) -> int:
    """Microseconds between two clocks; where a zone is unknown, beyond what any zone explains."""
    apart = one.micros - other.micros
    if not (one.zone_unknown or other.zone_unknown):
        return abs(apart)
    nearest = min(max(apart, _WEST), _EAST)
    return abs(apart - nearest)


def _timeline(clocks: Iterable[Clock]) -> str:
    ordered = sorted(dict.fromkeys(clocks), key=lambda one: (one.micros, one.source, one.generator, one.hop))
    return " · ".join(f"{_moment(one.micros)} {_named(one)}" for one in ordered[:_MOST_SHOWN])


def _named(clock: Clock) -> str:
    return _name(clock.source, clock.generator, clock.hop, clock.zone_unknown)


@lru_cache(maxsize=1024)
def _name(source: str, generator: str, hop: int, zone_unknown: bool) -> str:
    of = f" of hop {hop}" if hop >= 0 else ""
    zone = ", zone unknown" if zone_unknown else ""
    written = source.replace("_", " ")
    return f"{written}{of}" if generator == "as written" else f"{written}{of} ({generator}{zone})"


def _shown(clock: Clock) -> str:
    return f"{_moment(clock.micros)} by {_named(clock)}"


@lru_cache(maxsize=1024)  # the clocks of one mail show a few seconds
def _moment(micros: int) -> str:
    return datetime.fromtimestamp(micros // _SECOND, UTC).isoformat(" ")[:19]
