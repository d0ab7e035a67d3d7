"""Postfix: seconds and microseconds of its long queue identifiers, in base 52 (src/global/mail_queue.h).

Six or more digits of seconds, four of microseconds, `z`, and the inode in base 51; UTC, 1 us. Within 2.2 s of
the hop in 103 of 103. The short form tells no date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.clocks import SECOND, Marks
from transforms.model import Clock

_DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
_QUEUE_ID = re.compile(f"([{_DIGITS}]{{6}})([{_DIGITS}]{{4}})z[{_DIGITS[:-1]}]+")


def read(marks: Marks) -> Iterator[Clock]:
    for hop in marks.hops:
        found = _QUEUE_ID.fullmatch(hop.identifier) if "Postfix" in hop.text else None
        if found:
            micros = _number(found[2])
            if micros < SECOND:
                yield Clock("queue_id", "postfix", _number(found[1]) * SECOND + micros, 1, hop=hop.number)


def _number(digits: str) -> int:
    number = 0
    for digit in digits:
        number = 52 * number + _DIGITS.index(digit)
    return number
