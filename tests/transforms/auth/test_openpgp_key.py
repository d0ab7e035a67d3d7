"""Keys that a user gives, and the signatures that they made or did not make."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mutations import mutations
from signed_mail import ec_key, rsa_key
from transforms.auth.openpgp import cleartext
from transforms.auth.openpgp_key import OPENPGP, confirmed, key_id, read_certificates, tried
from transforms.model import DocumentSignature, PublicKey

DIGEST = hashlib.sha256(b"what was signed").digest()
SHA256 = Prehashed(hashes.SHA256())
Made = tuple[int, bytes, bytes, str]  # algorithm, material of the public key, numbers of a signature, its name


def number(value: int) -> bytes:
    return value.bit_length().to_bytes(2, "big") + value.to_bytes((value.bit_length() + 7) // 8, "big")


def certificate(algorithm: int, material: bytes, user: bytes = b"Anna <anna@campaign.example>") -> bytes:
    """A primary key and its user ID, binary."""
    body = b"\x04" + bytes(4) + bytes([algorithm]) + material
    key = b"\xc6\xff" + len(body).to_bytes(4, "big") + body
    return key + b"\xcd" + bytes([len(user)]) + user


def by_rsa() -> Made:
    numbers = rsa_key().public_key().public_numbers()
    value = int.from_bytes(rsa_key().sign(DIGEST, PKCS1v15(), SHA256), "big")
    return 1, number(numbers.n) + number(numbers.e), number(value), "rsa"


def by_ecdsa() -> Made:
    point = ec_key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    oid = bytes.fromhex("2a8648ce3d030107")
    r, s = decode_dss_signature(ec_key().sign(DIGEST, ec.ECDSA(SHA256)))
    return 19, bytes([len(oid)]) + oid + number(int.from_bytes(point, "big")), number(r) + number(s), "ecdsa"


def by_dsa() -> Made:
    key = dsa.generate_private_key(1024)
    public = key.public_key().public_numbers()
    group = public.parameter_numbers
    r, s = decode_dss_signature(key.sign(DIGEST, SHA256))
    return 17, b"".join(map(number, (group.p, group.q, group.g, public.y))), number(r) + number(s), "dsa"


def by_eddsa() -> Made:
    key = Ed25519PrivateKey.generate()
    point = b"\x40" + key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    oid = bytes.fromhex("2b06010401da470f01")
    made = key.sign(DIGEST)
    values = (int.from_bytes(made[:32], "big"), int.from_bytes(made[32:], "big"))
    material = bytes([len(oid)]) + oid + number(int.from_bytes(point, "big"))
    return 22, material, b"".join(map(number, values)), "ed25519"


def by_ed25519() -> Made:
    key = Ed25519PrivateKey.generate()
    return 27, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), key.sign(DIGEST), "ed25519"


def one(made: Made, digest: bytes = DIGEST) -> DocumentSignature:
    known = {"fingerprint": "0123456789abcdef", "digest": digest, "signature": made[2]}
    return DocumentSignature(0, "pgp", "part 1", f"{made[3]}-sha256", True, "neutral", "key_unknown", **known)


def given(*records: str) -> list[PublicKey]:
    return [PublicKey("", OPENPGP, "0123456789abcdef", record, "file", "anna.asc") for record in records]


@pytest.mark.parametrize("make", [by_rsa, by_ecdsa, by_dsa, by_eddsa, by_ed25519])
def test_a_key_confirms_what_it_signed_and_nothing_else(make: Any) -> None:
    made = make()
    (key,) = read_certificates(certificate(*made[:2]))
    assert confirmed(one(made), key.record) == (True, "Anna <anna@campaign.example>")
    assert not confirmed(one(made, hashlib.sha256(b"something else").digest()), key.record)[0]
    other = read_certificates(certificate(*make()[:2]))[0] if make not in (by_rsa, by_ecdsa) else None
    if other is not None:
        assert not confirmed(one(made), other.record)[0]


def test_a_signature_is_tried_on_all_keys_of_its_name() -> None:
    (rsa,), (curve,) = (read_certificates(certificate(*make()[:2])) for make in (by_rsa, by_ecdsa))
    signature = one(by_rsa())
    passed = tried(signature, given(curve.record, rsa.record))
    assert (passed.result, passed.reason, passed.subject) == ("pass", "pass", "Anna <anna@campaign.example>")
    assert tried(signature, given(curve.record)).reason == "signature_not_of_its_key"
    assert tried(signature, ()) == signature
    changed = signature._replace(result="fail", reason="content_changed_after_signing")
    assert tried(changed, given(rsa.record)) == changed


def test_a_key_is_named_by_its_id_however_a_signature_tells_it() -> None:
    (key,) = read_certificates(certificate(*by_rsa()[:2]))
    assert len(key.name) == 16
    assert key_id("00" * 12 + key.name) == key_id(key.name) == key.name
    assert key_id(key.name + "00" * 24) == key.name  # of version 6


def test_what_is_no_certificate_gives_no_key() -> None:
    assert read_certificates(b"") == read_certificates(b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n") == []


@pytest.mark.parametrize("make", [by_rsa, by_ecdsa, by_eddsa])
def test_damaged_certificates_and_signatures_never_raise(make: Any) -> None:
    made = make()
    signature = one(made)
    for damaged in mutations(certificate(*made[:2]), seed=19):
        for key in read_certificates(damaged):
            confirmed(signature, key.record)
    (key,) = read_certificates(certificate(*made[:2]))
    for damaged in mutations(made[2], seed=23):
        confirmed(signature._replace(signature=damaged), key.record)
    for record in ("", "!!!! Anna", "AAAA", base64.b64encode(b"\x04" + bytes(9)).decode()):
        assert not confirmed(signature, record)[0]


def test_sequoia_signs_and_the_key_that_it_exports_confirms() -> None:
    sequoia = pytest.importorskip("pysequoia", reason="an independent signer")
    key = sequoia.Tsk.generate("Anna <anna@campaign.example>")
    text = sequoia.sign(key.signer(), b"The total is 5000.\n", mode=sequoia.SignatureMode.CLEAR)
    keys = {one.name: one.record for one in read_certificates(str(key.extract_certificate()).encode())}
    (signature,) = cleartext(text, "the text")
    found = tried(signature, given(keys[key_id(signature.fingerprint)]))
    assert (found.result, found.subject) == ("pass", "Anna <anna@campaign.example>")
