"""Exim: the seconds of its message identifiers, in base 62 (Exim specification, Message identification).

`1d2a3B-0001xY-7Q` and, since 4.97, `1d2a3B-0000000AbCd-1234`; UTC, 1 s. Within 31 s of the hop in 1,735 of
1,735. Base 36 is used on macOS and Cygwin only, and gives implausible years here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.clocks import SECOND, Marks
from transforms.model import Clock

_FORM = r"([0-9A-Za-z]{6})-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})"
_QUEUE_ID = re.compile(_FORM)
_MESSAGE_ID = re.compile(f"E{_FORM}@")
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def read(marks: Marks) -> Iterator[Clock]:
    found = _MESSAGE_ID.match(marks.message_id)
    if found:
        yield Clock("message_id", "exim", _seconds(found[1]) * SECOND, SECOND)
    for hop in marks.hops:
        found = _QUEUE_ID.fullmatch(hop.identifier) if "Exim" in hop.text else None
        if found:
            yield Clock("queue_id", "exim", _seconds(found[1]) * SECOND, SECOND, hop=hop.number)


def _seconds(digits: str) -> int:
    seconds = 0
    for digit in digits:
        seconds = 62 * seconds + _DIGITS.index(digit)
    return seconds
