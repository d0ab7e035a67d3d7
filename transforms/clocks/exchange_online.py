"""Exchange Online: the end of its message GUIDs is the top of a .NET clock (UTC, 6.6 ms).

`1e719169-7274-4933-9d65-08d509dfd6dc`: the last 12 digits are the top 48 bits of the ticks (100 ns since year
1). Within 6 s of the nearest Received in 16,028 of 16,028 mails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.clocks import SECOND, Marks
from transforms.model import Clock

_FIELDS = (
    "x-ms-exchange-organization-network-message-id",
    "x-ms-exchange-crosstenant-network-message-id",
    "x-ms-office365-filtering-correlation-id",
)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-(08d[0-9a-f]{9})")
_YEAR_1 = 62_135_596_800 * SECOND


def read(marks: Marks) -> Iterator[Clock]:
    for key in _FIELDS:
        for value in marks.values(key):
            found = _GUID.search(value.lower())
            if found:
                yield Clock("field", "exchange_online", (int(found[1], 16) << 16) // 10 - _YEAR_1, 6_600)
