"""CMS signed-data: what was signed, by which certificate, and whether the key confirms it (RFC 5652 §5).

The key comes with the signature, so a signature that is valid says that the octets are as they were when somebody
signed them, and not who that was: anybody can write a certificate in any name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key

from transforms.auth.ber import (
    CONSTRUCTED,
    CONTEXT,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    Element,
    Malformed,
    Reader,
)
from transforms.auth.certificate import Certificate, moment, read_certificate
from transforms.limits import LIMITS

DATA = bytes.fromhex("2a864886f70d010701")
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
ENCRYPTED = (  # enveloped-data, encrypted-data, authenticated enveloped-data
    bytes.fromhex("2a864886f70d010703"),
    bytes.fromhex("2a864886f70d010706"),
    bytes.fromhex("2a864886f70d0109100117"),
)
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_SIGNING_TIME = bytes.fromhex("2a864886f70d010905")

_HASHES = {
    bytes.fromhex("2a864886f70d0205"): "md5",
    bytes.fromhex("2b0e03021a"): "sha1",
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
    bytes.fromhex("608648016503040204"): "sha224",
}
HASH_CLASSES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_OID_OF = {name: oid for oid, name in _HASHES.items()}

# Signature algorithm -> scheme, and the hash that it names; "": that of the signer (RFC 3370 §3.2, RFC 5754 §3).
_SCHEMES = {
    bytes.fromhex("2a864886f70d010101"): ("rsa", ""),
    bytes.fromhex("2a864886f70d010104"): ("rsa", "md5"),
    bytes.fromhex("2a864886f70d010105"): ("rsa", "sha1"),
    bytes.fromhex("2a864886f70d01010b"): ("rsa", "sha256"),
    bytes.fromhex("2a864886f70d01010c"): ("rsa", "sha384"),
    bytes.fromhex("2a864886f70d01010d"): ("rsa", "sha512"),
    bytes.fromhex("2a864886f70d01010e"): ("rsa", "sha224"),
    bytes.fromhex("2a864886f70d01010a"): ("rsa-pss", ""),
    bytes.fromhex("2a8648ce3d0201"): ("ecdsa", ""),
    bytes.fromhex("2a8648ce3d0401"): ("ecdsa", "sha1"),
    bytes.fromhex("2a8648ce3d040301"): ("ecdsa", "sha224"),
    bytes.fromhex("2a8648ce3d040302"): ("ecdsa", "sha256"),
    bytes.fromhex("2a8648ce3d040303"): ("ecdsa", "sha384"),
    bytes.fromhex("2a8648ce3d040304"): ("ecdsa", "sha512"),
    bytes.fromhex("2b6570"): ("ed25519", "sha512"),  # RFC 8419 §3.1
}


class Signer(NamedTuple):
    """One signature inside signed-data (RFC 5652 §5.3). Where invalid is set, it cannot be tried."""

    certificate: Certificate | None  # None: it is not enclosed
    hash_name: str  # of the content
    algorithm: str  # rsa-sha256, rsa-pss-sha256, ecdsa-sha384, ed25519 ...; "" if unknown
    salt_length: int  # of RSASSA-PSS, octets
    message_digest: bytes | None  # what the signed attributes say that the content hashes to; None: there are none
    attributes: bytes  # DER of the signed attributes, as it is signed
    signature: bytes
    signed_at: int | None  # signing-time, seconds since 1970, by the signer's own clock
    invalid: str | None = None  # reason code


class SignedData(NamedTuple):
    content_type: bytes
    content: tuple[bytes, ...] | None  # in pieces; None: it lies elsewhere
    signers: tuple[Signer, ...]


def content_type_of(octets: bytes) -> bytes:
    """Which kind of CMS structure this is, by its object identifier. Malformed if it is none."""
    reader = Reader(octets)
    first = next(reader.children(reader.top(SEQUENCE)), None)
    if first is None or first.tag != OID:
        raise Malformed("no content type")
    return reader.contents(first)


def signed_data(octets: bytes) -> SignedData:
    """Read a ContentInfo that holds signed-data. Malformed if it is none.

    At most LIMITS.signatures signers, each looked for among as many certificates as LIMITS.certificates.
    """
    reader = Reader(octets)
    outer = list(reader.children(reader.top(SEQUENCE)))
    if [one.tag for one in outer] != [OID, CONTEXT | CONSTRUCTED] or reader.contents(outer[0]) != _SIGNED_DATA:
        raise Malformed("no signed-data")
    parts = list(reader.children(reader.only(outer[1], SEQUENCE)))
    if len(parts) < 4 or [one.tag for one in parts[:3]] != [INTEGER, SET, SEQUENCE] or parts[-1].tag != SET:
        raise Malformed("no signed-data")
    enclosed = list(reader.children(parts[2]))
    if [one.tag for one in enclosed] not in ([OID], [OID, CONTEXT | CONSTRUCTED]):
        raise Malformed("no content")
    content = _content(reader, enclosed[1]) if len(enclosed) > 1 else None
    certificates = [one for part in parts[3:-1] if part.tag == CONTEXT | CONSTRUCTED for one in reader.children(part)]
    known = _certificates(reader, certificates[: LIMITS.certificates])
    signers = list(reader.children(parts[-1]))[: LIMITS.signatures]
    return SignedData(reader.contents(enclosed[0]), content, tuple(_signer(reader, one, known) for one in signers))


def _content(reader: Reader, tagged: Element) -> tuple[bytes, ...]:
    """In the pieces that it was written in; of another type than a string its contents are signed (RFC 2315 §9.1)."""
    inside = list(reader.children(tagged))
    if len(inside) != 1:
        raise Malformed("no content")
    if inside[0].tag & ~CONSTRUCTED == OCTET_STRING:
        return tuple(reader.pieces(inside[0]))
    return (reader.contents(inside[0]),)


def _signer(reader: Reader, signer: Element, known: Sequence[Certificate]) -> Signer:
    parts = list(reader.children(signer))
    attributes = parts.pop(3) if len(parts) > 3 and parts[3].tag == CONTEXT | CONSTRUCTED else None
    if len(parts) < 5 or [parts[place].tag for place in (0, 2, 3, 4)] != [INTEGER, SEQUENCE, SEQUENCE, OCTET_STRING]:
        raise Malformed("no signer")
    _, named, digest_algorithm, signature_algorithm, signature = parts[:5]
    hash_name = _HASHES.get(_algorithm(reader, digest_algorithm)[0], "")
    oid, parameters = _algorithm(reader, signature_algorithm)
    scheme, own_hash = _SCHEMES.get(oid, ("", ""))
    salt_length = 0
    if scheme == "rsa-pss":
        own_hash, salt_length = _pss(reader, parameters)
    invalid = None
    if not scheme or not hash_name or (own_hash and own_hash != hash_name) or (hash_name == "md5" and scheme != "rsa"):
        invalid = "signature_algorithm"
    digest, signed_at, signed = None, None, b""
    if attributes is not None:
        digest, signed_at = _attributes(reader, attributes)
        signed = b"\x31" + reader.raw(attributes)[1:]  # hashed as the SET that it is (RFC 5652 §5.4)
        if digest is None or attributes.end != attributes.stop:
            invalid = "signature_syntax"
    elif scheme == "ed25519":
        invalid = "signature_algorithm"  # it would sign the content itself, which is hashed here
    certificate = _certificate(reader, named, known)
    return Signer(
        certificate,
        hash_name,
        scheme if scheme in ("", "ed25519") else f"{scheme}-{hash_name}",
        salt_length,
        digest,
        signed,
        reader.contents(signature),
        signed_at,
        invalid or (None if certificate is not None else "certificate_missing"),
    )


def _algorithm(reader: Reader, element: Element) -> tuple[bytes, Element | None]:
    """An AlgorithmIdentifier: its object identifier, its parameters."""
    parts = list(reader.children(element))
    if not parts or parts[0].tag != OID:
        raise Malformed("no algorithm")
    return reader.contents(parts[0]), parts[1] if len(parts) > 1 else None


def _pss(reader: Reader, parameters: Element | None) -> tuple[str, int]:
    """Hash, "" if it is not the one of the mask as well, and length of the salt (RFC 4055 §3.1)."""
    hash_name, mask_hash, salt_length = "sha1", "sha1", 20
    for one in reader.children(parameters) if parameters is not None else ():
        if one.tag == CONTEXT | CONSTRUCTED:
            hash_name = _HASHES.get(_algorithm(reader, reader.only(one, SEQUENCE))[0], "?")
        elif one.tag == CONTEXT | CONSTRUCTED | 1:
            mask = _algorithm(reader, reader.only(one, SEQUENCE))[1]
            mask_hash = _HASHES.get(_algorithm(reader, mask)[0], "?") if mask is not None else "?"
        elif one.tag == CONTEXT | CONSTRUCTED | 2:
            salt_length = reader.number(reader.only(one, INTEGER))
    return (hash_name if hash_name == mask_hash else "?"), salt_length


def _attributes(reader: Reader, attributes: Element) -> tuple[bytes | None, int | None]:
    """message-digest, None unless it stands there once, and signing-time (RFC 5652 §11.2, §11.3)."""
    digests: list[bytes] = []
    signed_at = None
    for attribute in reader.children(attributes):
        parts = list(reader.children(attribute))
        if [one.tag for one in parts] != [OID, SET]:
            raise Malformed("no attribute")
        oid = reader.contents(parts[0])
        if oid == _MESSAGE_DIGEST:
            digests.append(reader.contents(reader.only(parts[1], OCTET_STRING)))
        elif oid == _SIGNING_TIME:
            signed_at = next((moment(reader, one) for one in reader.children(parts[1])), None)
    return digests[0] if len(digests) == 1 else None, signed_at


def _certificates(reader: Reader, elements: Sequence[Element]) -> list[Certificate]:
    """Those that can be read; there are other forms of certificates, which nobody uses."""
    known = []
    for element in elements:
        try:
            known.append(read_certificate(reader, element))
        except Malformed:
            continue
    return known


def _certificate(reader: Reader, named: Element, known: Sequence[Certificate]) -> Certificate | None:
    """The certificate that a signer names by issuer and number, or by the identifier of its key."""
    wanted: tuple[bytes, bytes] | bytes = reader.contents(named)
    if named.tag == SEQUENCE:
        parts = list(reader.children(named))
        if [one.tag for one in parts] != [SEQUENCE, INTEGER]:
            raise Malformed("no issuer and serial number")
        wanted = reader.raw(parts[0]), reader.contents(parts[1])
    return next((one for one in known if wanted in (one.issuer_and_serial, one.key_identifier)), None)


# ---- does the key confirm it? -----------------------------------------------------------------


def body_matches(signer: Signer, digests: Mapping[str, bytes]) -> bool | None:
    """Whether the content hashes to what was signed; None where only the key can tell: nothing else is signed."""
    return None if signer.message_digest is None else signer.message_digest == digests[signer.hash_name]


def confirmed(signer: Signer, digests: Mapping[str, bytes]) -> bool | None:
    """Whether the key of its certificate made the signature; None for a key that is not tried.

    digests are of the content, by name of the hash.
    """
    assert signer.certificate is not None and signer.invalid is None
    key = _key(signer.certificate.public_key)
    if signer.message_digest is None:
        digest = digests[signer.hash_name]
    else:
        digest = hashlib.new(signer.hash_name, signer.attributes).digest()
    try:
        if signer.algorithm == "ed25519" and isinstance(key, Ed25519PublicKey):
            key.verify(signer.signature, signer.attributes)
        elif signer.algorithm.startswith("ecdsa-") and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signer.signature, digest, ec.ECDSA(Prehashed(HASH_CLASSES[signer.hash_name]())))
        elif signer.algorithm.startswith("rsa-pss-") and _is_sane(key):
            algorithm = HASH_CLASSES[signer.hash_name]()
            masked = padding.PSS(padding.MGF1(algorithm), signer.salt_length)
            key.verify(signer.signature, digest, masked, Prehashed(algorithm))
        elif signer.algorithm.startswith("rsa-") and isinstance(key, RSAPublicKey):
            return holds_rsa(key, signer.hash_name, digest, signer.signature)
        else:
            return None
    except (InvalidSignature, ValueError):  # ValueError: a salt that is longer than the key
        return False
    return True


def holds_rsa(key: RSAPublicKey, hash_name: str, digest: bytes, signature: bytes) -> bool:
    """Whether a signature is the one of digest (RSASSA-PKCS1-v1_5, RFC 8017 §8.2.2); False for unsafe keys.

    The padding has one form only: what it holds, being equal, makes the whole block equal.
    """
    try:
        held = key.recover_data_from_signature(signature, padding.PKCS1v15(), None) if _is_sane(key) else b""
    except (InvalidSignature, ValueError):
        return False
    return bool(held == _digest_info(hash_name) + digest)


def _key(public_key: bytes) -> Any:
    try:
        return load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm):
        return None


def _is_sane(key: Any) -> TypeGuard[RSAPublicKey]:
    """Whether a key is an RSA key within the limits: the cost of others grows with its numbers."""
    return (
        isinstance(key, RSAPublicKey)
        and LIMITS.key_bits_min // 2 <= key.key_size <= LIMITS.key_bits_max
        and key.public_numbers().e.bit_length() <= LIMITS.key_exponent_bits
    )


def _digest_info(hash_name: str) -> bytes:
    """DER of DigestInfo up to the digest (RFC 8017 §9.2, note 1)."""
    oid = _OID_OF[hash_name]
    size = hashlib.new(hash_name).digest_size
    algorithm = bytes([OID, len(oid)]) + oid + b"\x05\0"
    inside = bytes([SEQUENCE, len(algorithm)]) + algorithm + bytes([OCTET_STRING, size])
    return bytes([SEQUENCE, len(inside) + size]) + inside
