"""sendmail: the date in its queue identifiers, a digit of base 60 each (sendmail/queue.c since 8.10).

`v3OA05Kb012345`: year modulo 60, month from 0, day, hour, minute, second, one or two of a counter, the process;
UTC, 1 s.
99 % within 7 s of the hop of 6,712. The year is the one nearest to the hop's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from transforms.clocks import SECOND, Marks, wall_clock
from transforms.model import Clock

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
_QUEUE_ID = re.compile(f"([{_DIGITS}]{{6}})[{_DIGITS}]{{1,2}}[0-9]{{5,10}}")
_CYCLE = 60  # years


def read(marks: Marks) -> Iterator[Clock]:
    for hop in marks.hops:
        found = _QUEUE_ID.fullmatch(hop.identifier) if "(8." in hop.text else None  # it states its version so
        printed = wall_clock(hop.text.rpartition(";")[2]) if found else None
        if found is None or printed is None:
            continue
        year, month, day, hour, minute, second = (_DIGITS.index(digit) for digit in found[1])
        near = datetime.fromtimestamp(printed // SECOND, UTC).year
        year = min(range(1900 + year, 2100, _CYCLE), key=lambda one: abs(one - near))
        try:
            moment = datetime(year, month + 1, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            continue
        yield Clock("queue_id", "sendmail", int(moment.timestamp()) * SECOND, SECOND, hop=hop.number)
