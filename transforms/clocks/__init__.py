"""Clocks: moments that software wrote into a message, most of them where nobody looks.

One family a file; a folder scan finds them. A family declares `read(marks) -> Iterator[Clock]`. What does
not decode to a plausible moment is not that family's format: it gives no clock, and never a contradiction.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from types import ModuleType
from typing import NamedTuple

from transforms.limits import LIMITS
from transforms.mail.comments import unfolded
from transforms.mail.date import seconds_of
from transforms.model import Clock, HeaderField, Message

SECOND = 1_000_000  # microseconds
_FIRST, _LAST = 788_918_400 * SECOND, 2_145_916_800 * SECOND  # 1995-01-01 and 2038-01-01: plausible between
_MAX_VALUE = 2_000  # octets of a field looked at
_HOP_ID = re.compile(r"\bid\s+<?([0-9A-Za-z._+/=-]{5,100})")


class Hop(NamedTuple):
    """One Received field."""

    number: int  # 0: the topmost, the last relay
    text: str  # unfolded
    identifier: str  # after `id`; "" without one


class Marks(NamedTuple):
    """Where a message may hold clocks."""

    fields: Mapping[str, Sequence[HeaderField]]  # by lower-case name, top to bottom
    message_id: str  # of the lowest Message-ID field, without brackets
    boundaries: tuple[str, ...]  # of all its multiparts
    hops: tuple[Hop, ...]

    def values(self, key: str) -> list[str]:
        """Values of the fields of this lower-case name, top to bottom, unfolded."""
        return [_text(field) for field in self.fields.get(key, ())]


def read_clocks(message: Message, boundaries: Sequence[str]) -> tuple[Clock, ...]:
    """All clocks of a message; bounded, never raises."""
    fields: dict[str, list[HeaderField]] = {}
    for field in message.fields:
        fields.setdefault(field.key, []).append(field)
    identifiers = fields.get("message-id")
    marks = Marks(
        fields,
        _text(identifiers[-1]).strip().strip("<>") if identifiers else "",
        tuple(boundaries[: LIMITS.hops]),
        tuple(_hop(number, _text(field)) for number, field in enumerate(fields.get("received", ())[: LIMITS.hops])),
    )
    found = [clock for family in families() for clock in family.read(marks) if _FIRST <= clock.micros < _LAST]
    return tuple(dict.fromkeys(found))[: LIMITS.clocks]


@cache
def families() -> tuple[ModuleType, ...]:
    """Every family, by name."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}") for name in names)


def filetime(ticks: int) -> int:
    """Microseconds since 1970 of a FILETIME: 100 ns since 1601 (MS-DTYP 2.3.3)."""
    return ticks // 10 - 11_644_473_600 * SECOND


def wall_clock(text: str) -> int | None:
    """Microseconds of a date-time in a field, as the Date column is read."""
    seconds = seconds_of(text.encode("latin-1"))
    return seconds * SECOND if seconds is not None else None


def digits_as_date(digits: str) -> int | None:
    """Microseconds of YYYYMMDDhhmmss, taken as UTC; None for a day or hour that does not exist."""
    try:
        moment = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * SECOND


def _hop(number: int, text: str) -> Hop:
    found = _HOP_ID.search(text)
    return Hop(number, text, found[1] if found else "")


def _text(field: HeaderField) -> str:
    return unfolded(field.value[:_MAX_VALUE]).decode("latin-1").strip()
