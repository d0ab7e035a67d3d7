"""When did the signer sign? t= of DKIM and ARC signatures (RFC 6376 §3.5, RFC 8617 §4.1.2). Resolution 1 s."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.clocks import SECOND, Marks
from transforms.model import Clock

_TIME = re.compile(r"(?:^|;)\s*t\s*=\s*([0-9]{9,11})\s*(?:;|$)")
_FIELDS = {
    "dkim-signature": "dkim",
    "arc-message-signature": "arc",
    "arc-seal": "arc",
    "x-google-dkim-signature": "google",
}


def read(marks: Marks) -> Iterator[Clock]:
    for key, generator in _FIELDS.items():
        for value in marks.values(key):
            found = _TIME.search(value)
            if found:
                yield Clock("signature", generator, int(found[1]) * SECOND, SECOND)
