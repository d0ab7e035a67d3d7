"""A signing domain for the tests: it signs what it is told to, sane or not, and publishes its key."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from transforms.auth.canonical import body_digests, body_hash
from transforms.auth.key import parse_record
from transforms.auth.prepare import prepare
from transforms.auth.signature import data_hash, parse_signature
from transforms.auth.verify import prove
from transforms.mail.fields import split_message
from transforms.mail.reading import read_one_way
from transforms.model import HeaderField, PreparedSignature, PublicKey, SignatureResult
from transforms.span import in_memory

DOMAIN, SELECTOR = "football.example", "brisbane"


@dataclass(frozen=True)
class Signer:
    rsa: RSAPrivateKey
    ed25519: Ed25519PrivateKey

    @property
    def pem(self) -> bytes:
        return self.rsa.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())

    @property
    def seed(self) -> bytes:
        return base64.b64encode(self.ed25519.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))

    def record(self, algorithm: str = "rsa", restrictions: str = "") -> str:
        if algorithm.startswith("ed25519"):
            octets = self.ed25519.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            return f"v=DKIM1; k=ed25519; {restrictions}p={base64.b64encode(octets).decode()}"
        der = self.rsa.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; {restrictions}p={base64.b64encode(der).decode()}"

    def key(self, algorithm: str = "rsa", restrictions: str = "", **known: Any) -> PublicKey:
        record = self.record(algorithm, restrictions)
        key = PublicKey(parse_record(record).key_id, DOMAIN, SELECTOR, record, "archive", "keys.csv")
        return replace(key, **known)

    def sign(
        self,
        message: bytes,
        h: str = "from:to:subject:date:content-type:content-transfer-encoding",
        c: str = "relaxed/relaxed",
        a: str = "rsa-sha256",
        d: str = DOMAIN,
        length: int | None = None,
        extra: str = "",
    ) -> bytes:
        """message with a DKIM-Signature field on top; extra are further tags, as they stand."""
        split = split_message(in_memory(message))
        bh = body_hash(split.body.chunks(), c.partition("/")[2] or "simple", a, length)
        limit = "" if length is None else f" l={length};"
        tags = (
            f" v=1; a={a}; c={c}; d={d}; s={SELECTOR};{limit}{extra}\r\n"
            f"\th={h};\r\n\tbh={base64.b64encode(bh).decode()};\r\n\tb="
        )
        unsigned = HeaderField("DKIM-Signature", f"DKIM-Signature:{tags}AAAA\r\n".encode())
        parsed = parse_signature(unsigned)
        assert parsed.invalid is None
        digest = data_hash(split.fields, unsigned, parsed)
        if a.startswith("ed25519"):
            signature = self.ed25519.sign(digest)
        else:
            hash_used = hashes.SHA1() if a == "rsa-sha1" else hashes.SHA256()
            signature = self.rsa.sign(digest, PKCS1v15(), Prehashed(hash_used))
        encoded = base64.b64encode(signature).decode()
        return f"DKIM-Signature:{tags}{encoded}\r\n".encode() + message


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer(generate_private_key(65537, 2048), Ed25519PrivateKey.generate())


@pytest.fixture(scope="session")
def examined() -> Callable[[bytes], tuple[PreparedSignature, ...]]:
    """The prepared signatures of a message."""

    def examine(octets: bytes) -> tuple[PreparedSignature, ...]:
        message = split_message(in_memory(octets))
        return prepare(message, read_one_way(message), body_digests(message.body.chunks()))

    return examine


@pytest.fixture(scope="session")
def proven(
    examined: Callable[[bytes], tuple[PreparedSignature, ...]], signer: Signer
) -> Callable[..., SignatureResult]:
    """The result of the topmost signature, under the signer's key or the keys given."""

    def prove_first(octets: bytes, *keys: PublicKey, written: Any = None) -> SignatureResult:
        return prove(examined(octets)[0], keys or (signer.key(),), written)

    return prove_first


@pytest.fixture
def mail() -> bytes:
    return (
        b"From: Joe SixPack <joe@football.example>\r\n"
        b"To: Suzie Q <suzie@shopping.example>\r\n"
        b"Subject: Is dinner ready?\r\n"
        b"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n"
        b"\r\n"
        b"Hi.\r\n"
        b"\r\n"
        b"We lost the game.  Are you hungry yet?\r\n"
        b"\r\n"
        b"Joe.\r\n"
    )
