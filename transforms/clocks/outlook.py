"""Outlook and Outlook Express: FILETIMEs in Message-ID, MIME boundary and X-OriginalArrivalTime.

Message-ID `0a1b01d2bc5e$9f3e1a20$b100a8c0@host`: counter, FILETIME (high, low), and an address or noise; UTC,
100 ns. Boundary `----=_NextPart_000_0012_01D2BC5E.9F3E1A20` (MimeOLE): FILETIME of the local wall clock,
6.6 ms. 0 of 30 honest boundaries of 2002 more than 2.1 s from the Date as local time; Message-IDs up to
20,310 s before the Date where the mail waited in the outbox (3 of 218 above 10 minutes). X-OriginalArrivalTime
prints the moment and its FILETIME side by side: equal to the second in 119 of 119.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.clocks import SECOND, Marks, filetime, wall_clock
from transforms.model import Clock

_MESSAGE_ID = re.compile(r"[0-9a-f]{4}(01[b-e][0-9a-f]{5})\$([0-9a-f]{8})\$[0-9a-f]{8}\$?@")
_BOUNDARY = re.compile(r"-{0,6}=_NextPart_[0-9A-F]{3}_[0-9A-F]{4,8}_(01[B-E][0-9A-F]{5})\.([0-9A-F]{8})")
_ARRIVAL = re.compile(r"FILETIME=\[([0-9A-F]{8}):([0-9A-F]{8})\]")


def read(marks: Marks) -> Iterator[Clock]:
    found = _MESSAGE_ID.match(marks.message_id)
    if found:
        yield Clock("message_id", "outlook", filetime(int(found[1] + found[2], 16)), 1)
    for boundary in marks.boundaries:
        found = _BOUNDARY.fullmatch(boundary)
        if found:
            yield Clock("boundary", "outlook", filetime(int(found[1] + found[2], 16)), 6_600, zone_unknown=True)
    for value in marks.values("x-originalarrivaltime"):
        found = _ARRIVAL.search(value)
        if found:  # low half first
            yield Clock("field", "exchange", filetime(int(found[2] + found[1], 16)), 1)
            printed = wall_clock(f"{value.partition('.')[0]} +0000")  # it says (UTC) behind
            if printed is not None:
                yield Clock("field", "exchange as printed", printed, SECOND)
