"""Mail signed at the moment of its Date with a key that no archive knows."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from types import SimpleNamespace
from unittest import mock

import dkim
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

APRIL = datetime(2017, 4, 1, tzinfo=UTC)


def mail(key: RSAPrivateKey, day: datetime, sender: str, domain: str = "press.example") -> bytes:
    """A mail of that day, signed with this key as s1 of the domain."""
    octets = (
        f"From: {sender}@{domain}\r\nTo: desk@newsroom.example\r\nSubject: Note of {day:%d %B}\r\n"
        f"Date: {format_datetime(day)}\r\nMessage-ID: <{sender}.{day:%m%d}@{domain}>\r\n\r\nRead this by {day:%A}.\r\n"
    ).encode()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    with mock.patch.object(dkim, "time", SimpleNamespace(time=day.timestamp)):  # t= is its Date
        signed = dkim.sign(octets, b"s1", domain.encode(), pem, canonicalize=(b"relaxed", b"relaxed"))
    return bytes(signed) + octets
