"""Did a relay take the message before an earlier one gave it away? (signals of transport; VERDICT §5.4)

Each relay writes above those before it. Clocks differ by minutes; a day apart, one of them was wrong, or a trace was
put together from two.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

from transforms.case import ItemView
from transforms.model import Clock, Direction, Finding, Kind, Rule, Strength

BACKWARDS = Rule(
    "clock.hops_go_backwards",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "transport clock",
    "A relay says that it took the mail more than a day before the relay below it did",
    "A relay with a dead clock; mail that was delivered, and handed in once more, with both traces left in it.",
    "0 of 3,987 honest and 20 of 1,896 spam mails of 2002, 1 of 462 honest ones of 2016 to 2018 (delivered twice)",
    ("received",),
)

RULES = (BACKWARDS,)

_DAY = 86_400_000_000  # microseconds


def check(item: ItemView) -> Iterator[Finding]:
    if item.kind is not Kind.EMAIL or item.intermediaries:
        return  # whoever sends a mail on begins a trace of his own
    backwards = max(pairwise(_hops(item)), key=lambda pair: pair[1].micros - pair[0].micros, default=None)
    if backwards is not None and backwards[1].micros - backwards[0].micros > _DAY:
        newer, older = backwards
        yield BACKWARDS(f"hop {newer.hop} above hop {older.hop}", f"after {_shown(older)}", _shown(newer))


def made(item: ItemView) -> Iterator[str]:
    """Codes of the strong contradictions that are looked for in an item: two of its relays tell the time."""
    if item.kind is Kind.EMAIL and not item.intermediaries and len(_hops(item)) > 1:
        yield BACKWARDS.code


def _hops(item: ItemView) -> list[Clock]:
    """The relays' printed times, the newest first."""
    hops = [clock for clock in item.clocks if clock.source == "received" and not clock.zone_unknown]
    return sorted(hops, key=lambda clock: clock.hop)


def _shown(clock: Clock) -> str:
    return f"{datetime.fromtimestamp(clock.micros // 1_000_000, UTC):%Y-%m-%d %H:%M:%S}"
