"""Lotus Notes: the TIMEDATEs of its Message-IDs (Julian day and hundredths of a second, GMT).

`OF4D2C1A3B.7E5F0A12-ONC1257A2B.00364D1E-C1257A2B.0036B2F0@host`: the second pair is about when the memo was
sent; 10 ms. 5 of 5 public mails within 9 minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.clocks import Marks
from transforms.model import Clock

_MESSAGE_ID = re.compile(
    r"OF[0-9A-F]{8}\.[0-9A-F]{8}-ON[0-9A-F]{8}\.[0-9A-F]{8}-[0-9A-F]{2}([0-9A-F]{6})\.([0-9A-F]{8})@"
)
_JULIAN_1970 = 2_440_588
_DAY = 8_640_000  # hundredths of a second


def read(marks: Marks) -> Iterator[Clock]:
    found = _MESSAGE_ID.match(marks.message_id)
    if found and int(found[2], 16) < _DAY:
        hundredths = (int(found[1], 16) - _JULIAN_1970) * _DAY + int(found[2], 16)
        yield Clock("message_id", "notes", hundredths * 10_000, 10_000)
