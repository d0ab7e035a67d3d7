"""OpenPGP certificates that a user gives, and what their keys make of a signature (RFC 9580 §5.5, §10.1; RFC 4880).

A user gives a certificate because he knows whose it is. So neither the signatures inside it nor its expiry or
revocation are looked at: every key in it counts, and what it confirms stays weak.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from transforms.auth.cms import HASH_CLASSES, holds_rsa
from transforms.auth.openpgp import MalformedPacket, armored, bodies
from transforms.limits import LIMITS
from transforms.model import DocumentSignature, PublicKey
from transforms.text import clean_text

OPENPGP = "openpgp"  # in the place of a domain: no domain published these keys

_KEY, _USER, _SUBKEY = 6, 13, 14  # types of packets
_BLOCK = b"PUBLIC KEY BLOCK"
_RSA, _DSA, _ECDSA, _EDDSA, _ED25519 = (1, 3), 17, 19, 22, 27
_CURVES: dict[bytes, Any] = {
    bytes.fromhex("2a8648ce3d030107"): ec.SECP256R1,
    bytes.fromhex("2b81040022"): ec.SECP384R1,
    bytes.fromhex("2b81040023"): ec.SECP521R1,
}
_OF_ED25519 = bytes.fromhex("2b06010401da470f01")  # RFC 9580 §9.2


class GivenKey(NamedTuple):
    """One key of a certificate."""

    name: str  # key ID, hex: what a signature names it by
    record: str  # how it is kept: the packet in base64, and the first user ID


def read_certificates(octets: bytes) -> list[GivenKey]:
    """The primary and sub keys of certificates, armored or not; none if there are none. Never raises."""
    found: list[tuple[str, bytes, int]] = []  # key ID, packet, number of its certificate
    users: dict[int, str] = {}
    certificate = 0
    try:
        for kind, body in bodies(armored(octets, _BLOCK) or octets):
            if kind in (_KEY, _SUBKEY):
                certificate += kind == _KEY
                name = _key_id(body)
                if name and len(body) <= LIMITS.key_record // 2:
                    found.append((name, body, certificate))
            elif kind == _USER:
                users.setdefault(certificate, clean_text(body, LIMITS.document_value))
    except (MalformedPacket, IndexError):
        pass
    return [
        GivenKey(name, f"{base64.b64encode(body).decode()} {users.get(number, '')}".rstrip())
        for name, body, number in found
    ]


def key_id(issuer: str) -> str:
    """The ID of the key that a signature names by its ID or its fingerprint, hex (RFC 9580 §5.5.4)."""
    return issuer[:16] if len(issuer) == 64 else issuer[-16:]


def confirmed(signature: DocumentSignature, record: str) -> tuple[bool, str]:
    """Whether the key kept in this record made a signature, and the user ID of its certificate. Never raises."""
    packet, _, user = record.partition(" ")
    try:
        return _confirms(base64.b64decode(packet, validate=True), signature), user
    except (binascii.Error, IndexError, ValueError, UnsupportedAlgorithm):
        return False, user


def tried(signature: DocumentSignature, keys: Sequence[PublicKey]) -> DocumentSignature:
    """A signature whose text agrees with its hash, as the keys given under its name have it."""
    if signature.reason != "key_unknown" or not keys:
        return signature
    for key in keys:
        confirms, user = confirmed(signature, key.record)
        if confirms:
            return signature._replace(result="pass", reason="pass", subject=user)
    return signature._replace(result="fail", reason="signature_not_of_its_key")


def _key_id(body: bytes) -> str:
    if body[:1] == b"\x04":
        return hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False).hexdigest()[-16:]
    if body[:1] == b"\x06":
        return hashlib.sha256(b"\x9b" + len(body).to_bytes(4, "big") + body).hexdigest()[:16]
    return ""


def _confirms(body: bytes, signature: DocumentSignature) -> bool:
    """ValueError and IndexError for numbers that are no key, or no signature."""
    algorithm = body[5]
    material = body[6:] if body[0] == 4 else body[10:]
    hash_name = signature.algorithm.partition("-")[2].replace("-", "_")
    try:
        if algorithm in _RSA:
            n, e = _numbers(material, 2)
            (value,) = _numbers(signature.signature, 1)
            octets = value.to_bytes((n.bit_length() + 7) // 8, "big")
            return holds_rsa(RSAPublicNumbers(e, n).public_key(), hash_name, signature.digest, octets)
        if algorithm == _ED25519:
            Ed25519PublicKey.from_public_bytes(material[:32]).verify(signature.signature[:64], signature.digest)
            return True
        r, s = _numbers(signature.signature, 2)
        oid, point = material[1 : 1 + material[0]], material[1 + material[0] :]
        if algorithm == _EDDSA and oid == _OF_ED25519:
            octets = r.to_bytes(32, "big") + s.to_bytes(32, "big")
            Ed25519PublicKey.from_public_bytes(point[3:35]).verify(octets, signature.digest)
            return True
        used = Prehashed(HASH_CLASSES[hash_name]())
        if algorithm == _ECDSA and oid in _CURVES:
            public = ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[oid](), point[2:])
            public.verify(encode_dss_signature(r, s), signature.digest, ec.ECDSA(used))
            return True
        if algorithm == _DSA:
            p, q, g, y = _numbers(material, 4)
            numbers = dsa.DSAPublicNumbers(y, dsa.DSAParameterNumbers(p, q, g))
            numbers.public_key().verify(encode_dss_signature(r, s), signature.digest, used)
            return True
    except (InvalidSignature, OverflowError, KeyError):
        return False
    return False


def _numbers(octets: bytes, count: int) -> Iterator[int]:
    """The first numbers (RFC 9580 §3.2). ValueError if there are fewer."""
    at = 0
    for _ in range(count):
        size = (int.from_bytes(octets[at : at + 2], "big") + 7) // 8
        number = octets[at + 2 : at + 2 + size]
        if not size or len(number) != size:
            raise ValueError("a number is cut off")
        yield int.from_bytes(number, "big")
        at += 2 + size
