"""Mail with the clocks that Outlook and Exim leave in it, true or retyped."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

_FILETIME = 116_444_736_000_000_000  # 1970, in 100 ns since 1601
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_START = datetime(2017, 4, 24, 8, tzinfo=UTC)
_TRUE = timedelta()


def clocked(number: int, domain: str, shown: timedelta = _TRUE, printed: timedelta = _TRUE) -> bytes:
    """A mail that Outlook made and Exim took; shown is what Date is off by, printed the time in Received."""
    made = _START + timedelta(minutes=7 * number)
    seconds = int(made.timestamp())
    filetime = seconds * 10**7 + _FILETIME
    queue = "".join(_BASE62[seconds // 62**power % 62] for power in range(5, -1, -1))
    return (
        f"Received: from desk.{domain} by mx.newsroom.test with esmtp (Exim 4.88) id {queue}-0001xY-7Q; "
        f"{format_datetime(made + printed)}\r\n"
        f"From: A <a@{domain}>\r\n"
        "To: desk@newsroom.test\r\n"
        f"Subject: Number {number}\r\n"
        f"Date: {format_datetime(made + shown)}\r\n"
        f"Message-ID: <{number:04x}{filetime >> 32:08x}${filetime & 0xFFFFFFFF:08x}$b100a8c0@desk.{domain}>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain\r\n"
        "\r\n"
        f"This is number {number}.\r\n"
    ).encode()


def inbox(number: int) -> dict[str, bytes]:
    """Honest mail of as many domains, by file."""
    return {f"inbox/{n:03d}.eml": clocked(n, f"sender{n}.example") for n in range(number)}


# Somebody retyped the Date and the time of the hop, and left the Message-ID and the queue's name alone.
FORGED = {"inbox/forged.eml": clocked(500, "campaign.example", timedelta(days=-3), timedelta(days=-3))}
