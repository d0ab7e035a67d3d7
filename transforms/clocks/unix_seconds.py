"""Message identifiers and boundaries that begin with, or hold, a count since 1970.

mozilla     `58FDB2A0.3050403@host`            seconds in hex, salt with zeros between; -5 to 0 s in 291 of 291
evolution   `1493021600.1234.5.camel@host`     seconds; 2 of 152 more than 10 minutes from the Date
javamail    `1.2.1493021600123.JavaMail.x@h`   ms; 1 of 108 more than 10 minutes; boundary `----=_Part_1_2.1493...`
yahoo       `1.2.1493021600123@mail.yahoo.com` ms; 16 of 16 within 1 s
ses         `0100015b9f3e1a20-xxxxxxxx-...`    ms in hex; 0 to 1 s in 145 of 145
python      `149302160012.123.456@host`        hundredths of seconds (email.utils.make_msgid since 3.2)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.clocks import SECOND, Marks
from transforms.model import Clock

# pattern, base, microseconds of a unit
_MESSAGE_IDS = {
    "mozilla": (re.compile(r"([3-6][0-9A-F]{7})\.(?:[0-9]0){2,3}[0-9]{1,2}@"), 16, SECOND),
    "evolution": (re.compile(r"([0-9]{9,10})\.[0-9]+\.[0-9]+\.camel@"), 10, SECOND),
    "javamail": (re.compile(r"[-0-9.]{3,60}\.([0-9]{12,13})\.JavaMail\."), 10, 1_000),
    "yahoo": (re.compile(r"[0-9]+\.[0-9]+\.([0-9]{13})@mail\.yahoo\.com$"), 10, 1_000),
    "ses": (re.compile(r"0[0-9a-f]0[0-9a-f]([0-9a-f]{12})-[0-9a-f]{8}-[0-9a-f]{4}-"), 16, 1_000),
    "python": (re.compile(r"([0-9]{12})\.[0-9]{1,7}\.[0-9]{1,20}@"), 10, 10_000),
}
_BOUNDARY = re.compile(r"-{4,6}=_Part_[0-9]+_-?[0-9]+\.([0-9]{12,13})")


def read(marks: Marks) -> Iterator[Clock]:
    for generator, (form, base, unit) in _MESSAGE_IDS.items():
        found = form.match(marks.message_id)
        if found:
            yield Clock("message_id", generator, int(found[1], base) * unit, unit)
    for boundary in marks.boundaries:
        found = _BOUNDARY.fullmatch(boundary)
        if found:
            yield Clock("boundary", "javamail", int(found[1]) * 1_000, 1_000)
