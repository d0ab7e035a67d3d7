"""Key records: the TXT record at SELECTOR._domainkey.DOMAIN (RFC 6376 §3.6.1, RFC 8463 §4)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from transforms.auth.tags import TagError, parse_tags
from transforms.limits import LIMITS

_BETWEEN_STRINGS = re.compile(r'"\s*"')  # RFC 1035 §5.1
_WHITE_SPACE = re.compile(r"\s+")
_RSA_ENCRYPTION = bytes.fromhex("06092a864886f70d010101")  # OID 1.2.840.113549.1.1.1 (RFC 8017 §A.1)
_ED25519_OCTETS = 32
_SEQUENCE, _INTEGER, _BIT_STRING = 0x30, 0x02, 0x03  # DER (X.690 §8)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What a record says. Without a usable key the fields after status are empty, bits apart."""

    status: str  # ok | weak (short modulus) | revoked (p= empty) | unparsable | refused (unsafe numbers)
    key_type: str = ""  # k=: rsa | ed25519
    n: int = 0
    e: int = 0
    raw: bytes = b""  # of an Ed25519 key
    bits: int = 0  # of the modulus; 256 for Ed25519
    hashes: frozenset[str] | None = None  # h=; None: any
    services: frozenset[str] = frozenset({"*"})  # s=
    flags: frozenset[str] = frozenset()  # t=
    granularity: str = "*"  # g= (RFC 4871 §3.6.1), which local parts may sign
    spki: bytes = b""  # SubjectPublicKeyInfo, DER

    @property
    def key_id(self) -> str:
        """SHA-256 of the SPKI, hex; "" without a usable key."""
        return _fingerprint(self.spki) if self.spki else ""


@lru_cache(maxsize=4096)  # asked for several times for each signature
def _fingerprint(spki: bytes) -> str:
    return hashlib.sha256(spki).hexdigest()


def parse_record(record: str) -> KeyRecord:
    """Read a TXT record as archives keep it: plain, or as quoted strings side by side. Never raises."""
    if len(record) > LIMITS.key_record:
        return KeyRecord("unparsable")
    try:
        tags = parse_tags(_joined(record).encode("utf-8", "backslashreplace"))
    except TagError:
        return KeyRecord("unparsable")
    key_type = tags.get("k", "rsa").lower()
    if tags.get("v", "DKIM1") != "DKIM1" or key_type not in ("rsa", "ed25519") or "p" not in tags:
        return KeyRecord("unparsable")
    encoded = _WHITE_SPACE.sub("", tags["p"])
    if not encoded:
        return KeyRecord("revoked", key_type)
    # A missing = at the end is a common slip of whoever typed the zone; it changes no octet.
    encoded = encoded.rstrip("=")
    try:
        octets = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        return _rsa(octets, tags) if key_type == "rsa" else _ed25519(octets, tags)
    except (binascii.Error, ValueError):
        return KeyRecord("unparsable", key_type)


def _joined(record: str) -> str:
    """The record on one line, its strings joined as the DNS joins them (RFC 6376 §3.6.2.2).

    Quotes mean nothing in a record, so those left inside by a careless export are dropped.
    """
    text = _BETWEEN_STRINGS.sub("", record).replace('"', "").replace("\\;", ";")
    return text.replace("\r", " ").replace("\n", " ")


def _rsa(octets: bytes, tags: dict[str, str]) -> KeyRecord:
    n, e = _rsa_numbers(octets)
    bits = n.bit_length()
    odd = n & 1 and e & 1
    if n < 0 or not odd or e < 3 or e.bit_length() > LIMITS.key_exponent_bits or bits > LIMITS.key_bits_max:
        return KeyRecord("refused", "rsa", bits=bits)
    try:
        public_key = RSAPublicNumbers(e, n).public_key()
    except ValueError:  # e not below n
        return KeyRecord("refused", "rsa", bits=bits)
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    status = "ok" if bits >= LIMITS.key_bits_min else "weak"
    return KeyRecord(status, "rsa", n, e, b"", bits, *_restrictions(tags), spki)


def _ed25519(octets: bytes, tags: dict[str, str]) -> KeyRecord:
    if len(octets) != _ED25519_OCTETS:  # the bare key, no SPKI around it (RFC 8463 §4)
        return KeyRecord("unparsable", "ed25519")
    public_key = Ed25519PublicKey.from_public_bytes(octets)
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return KeyRecord("ok", "ed25519", 0, 0, octets, 8 * _ED25519_OCTETS, *_restrictions(tags), spki)


def _restrictions(tags: dict[str, str]) -> tuple[frozenset[str] | None, frozenset[str], frozenset[str], str]:
    """h=, s=, t= and g=."""
    granularity = tags.get("g", "*")
    if not granularity and "v" not in tags:
        granularity = "*"  # a DomainKeys record (RFC 4870 §3.2.3): empty means any
    hashes = _list(tags["h"]) if "h" in tags else None
    return hashes, _list(tags.get("s", "*")), _list(tags.get("t", "")), granularity


def _list(value: str) -> frozenset[str]:
    return frozenset(_WHITE_SPACE.sub("", value).lower().split(":")) - {""}


# ---- DER --------------------------------------------------------------------------------------


def _rsa_numbers(octets: bytes) -> tuple[int, int]:
    """Modulus and exponent of a SubjectPublicKeyInfo or a bare RSAPublicKey (RFC 8017 §A.1.1).

    ValueError for anything else.
    """
    key = _content(octets, _SEQUENCE)
    if key[:1] == bytes([_SEQUENCE]):  # AlgorithmIdentifier: a SubjectPublicKeyInfo (RFC 5280 §4.1)
        algorithm, rest = _take(key, _SEQUENCE)
        if not algorithm.startswith(_RSA_ENCRYPTION):
            raise ValueError("not an RSA key")
        bits = _content(rest, _BIT_STRING)
        if bits[:1] != b"\x00":  # unused bits at the end
            raise ValueError("not whole octets")
        key = _content(bits[1:], _SEQUENCE)
    modulus, rest = _take(key, _INTEGER)
    exponent = _content(rest, _INTEGER)
    return int.from_bytes(modulus, "big", signed=True), int.from_bytes(exponent, "big", signed=True)


def _content(octets: bytes, tag: int) -> bytes:
    """Content of the one element that octets hold."""
    content, rest = _take(octets, tag)
    if rest:
        raise ValueError("octets after the element")
    return content


def _take(octets: bytes, tag: int) -> tuple[bytes, bytes]:
    """Content of the first element, which must have this tag, and what follows it."""
    if len(octets) < 2 or octets[0] != tag:
        raise ValueError("another element expected")
    start, size = 2, octets[1]
    if size & 0x80:  # long form: so many octets of length
        start += size & 0x7F
        size = int.from_bytes(octets[2:start], "big")
    if len(octets) < start + size:
        raise ValueError("element cut short")
    return octets[start : start + size], octets[start + size :]
