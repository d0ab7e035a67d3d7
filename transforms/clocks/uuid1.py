"""UUIDs of version 1 in Message-ID or boundary: 60 bits of 100 ns since 1582 (RFC 9562 §5.1).

7 of 8 honest ones within 1 s of the Date; the eighth decodes to the year 1583 and is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.clocks import SECOND, Marks
from transforms.model import Clock

_UUID = re.compile(
    r"(?<![0-9a-f])([0-9a-f]{8})-([0-9a-f]{4})-1([0-9a-f]{3})-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE
)
_1582 = 12_219_292_800 * SECOND


def read(marks: Marks) -> Iterator[Clock]:
    for source, text in (("message_id", marks.message_id), *(("boundary", one) for one in marks.boundaries)):
        found = _UUID.search(text)
        if found:
            yield Clock(source, "uuid1", int(found[3] + found[2] + found[1], 16) // 10 - _1582, 1)
