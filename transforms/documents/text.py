"""Plain text: nothing is said of its making, its words are kept."""

from __future__ import annotations

from transforms.documents import Described, Opened
from transforms.limits import LIMITS
from transforms.mail.charset import to_text

FORMATS = ("text",)


def read(opened: Opened) -> Described:
    octets = opened.span.read(0, 2 * LIMITS.text)
    charset = "utf-16" if octets.startswith((b"\xff\xfe", b"\xfe\xff")) else ""
    return Described(None, to_text(octets, charset).removeprefix("\ufeff"))
