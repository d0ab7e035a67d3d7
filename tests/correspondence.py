"""Mail between invented domains over months: as much as makes one of them a learned domain."""

from __future__ import annotations

import base64
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "sample_dump"))
from signing import Signer, sign

HOME, PHISHING, PHISHING_TOO, NEWSLETTER = (
    "campaign.example", "onedrive-campaign.example", "secure-files.test", "newsletter.test",
)  # fmt: skip
OTHERS = ("printer.test", "newspaper.test", "hall.test")
SIGNERS = {name: Signer(name, "s1", "campaign") for name in (HOME, PHISHING, PHISHING_TOO, NEWSLETTER, *OTHERS)}
START = datetime(2017, 1, 1, 9, tzinfo=UTC)
MINUTES = b"%PDF-1.5\r\n1 0 obj\r\n<< >>\r\nendobj\r\ntrailer\r\n<< >>\r\nstartxref\r\n9\r\n%%EOF\r\n"


def mail(sender: str, to: str, day: float = 0, signed: bool = True, attached: bytes = b"") -> bytes:
    """A mail of an invented domain to another, with a file attached."""
    number = f"{sender}.{to}.{day}"
    head = (
        f"From: A <a@{sender}>\r\nTo: b@{to}\r\nSubject: Minutes of day {day}\r\n"
        f"Date: {format_datetime(START + timedelta(days=day))}\r\nMessage-ID: <{number}@{sender}>\r\n"
        "MIME-Version: 1.0\r\n"
    ).encode()
    text = b"Content-Type: text/plain\r\n\r\nThe hall is booked.\r\n"
    if attached:
        part = b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + _base64(attached)
        text = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n' + text + b"--b\r\n" + part + b"--b--\r\n"
    return sign(head + text, SIGNERS[sender]) if signed else head + text


def _base64(octets: bytes) -> bytes:
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")


def correspondence(domain: str, writers: tuple[str, ...]) -> dict[str, bytes]:
    """As much as makes a domain a learned one."""
    own = {f"{domain}/{n}.eml": mail(domain, "printer.test", 10 * n) for n in range(10)}
    return own | {f"{domain}/from-{one}.eml": mail(one, domain) for one in writers}
