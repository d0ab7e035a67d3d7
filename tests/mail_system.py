"""A mail system of an invented domain: dkimpy signs for it, as any other implementation would."""

from __future__ import annotations

import base64
from typing import Any

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from transforms.auth.key import parse_record
from transforms.model import PublicKey

MAIL = (
    b"Received: from mx.campaign.example by mx.newsroom.example; Mon, 24 Apr 2017 10:00:05 +0000\r\n"
    b"From: Claire Aubry <claire@campaign.example>\r\n"
    b"To: desk@newsroom.example\r\n"
    b"Subject: The hall on Friday\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0000\r\n"
    b"Message-ID: <hall.1@campaign.example>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 7bit\r\n"
    b"\r\n"
    b"The hall is booked for Friday at eight.\r\n"
    b"The keys are with the caretaker.\r\n"
)
FIELDS = "from to subject date message-id mime-version content-type content-transfer-encoding"


class Mailer:
    """A mail system: its private keys, and how it signs."""

    def __init__(self) -> None:
        self.keys: dict[int, RSAPrivateKey] = {bits: generate_private_key(65537, bits) for bits in (1024, 2048)}
        self.ed25519 = Ed25519PrivateKey.generate()

    def sign(
        self,
        mail: bytes = MAIL,
        h: str = FIELDS,
        a: str = "rsa-sha256",
        c: str = "relaxed/relaxed",
        d: str = "campaign.example",
        bits: int = 2048,
        length: bool = False,
        i: str | None = None,
    ) -> bytes:
        """mail with dkimpy's signature on top."""
        if a.startswith("ed25519"):
            private = base64.b64encode(self.ed25519.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
        else:
            private = self.keys[bits].private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        field = dkim.DKIM(mail, signature_algorithm=a.encode()).sign(
            b"s1",
            d.encode(),
            private,
            identity=i.encode() if i else None,
            canonicalize=tuple(form.encode() for form in c.split("/")),
            include_headers=[name.encode() for name in h.split()],
            length=length,
        )
        return bytes(field) + mail

    def record(self, a: str = "rsa", bits: int = 2048, tags: str = "") -> str:
        if a == "ed25519":
            octets = self.ed25519.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        else:
            octets = self.keys[bits].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k={a}; {tags}p={base64.b64encode(octets).decode()}"

    def key(self, a: str = "rsa", bits: int = 2048, tags: str = "", **known: Any) -> PublicKey:
        return public(self.record(a, bits, tags), **known)

    def sign_with(self, tag: str, mail: bytes = MAIL) -> bytes:
        """A signature with one more tag, such as `x=1`, which dkimpy does not write by itself."""
        name, _, value = tag.encode().partition(b"=")

        class Signing(dkim.DKIM):  # type: ignore[misc]
            def gen_header(self, fields: list[tuple[bytes, bytes]], *more: Any, **named: Any) -> bytes:
                return bytes(super().gen_header([*fields[:-1], (name, value), fields[-1]], *more, **named))

        private = self.keys[2048].private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        names = [name.encode() for name in FIELDS.split()]
        return bytes(Signing(mail).sign(b"s1", b"campaign.example", private, include_headers=names)) + mail


def public(record: str, d: str = "campaign.example", source: str = "archive", **known: Any) -> PublicKey:
    """A key under the selector s1, from a record."""
    return PublicKey(parse_record(record).key_id, d, "s1", record, source, "keys.csv", **known)
