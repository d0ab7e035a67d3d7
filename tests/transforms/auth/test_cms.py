"""Signed-data as other programs write it, and what a key confirms."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from shutil import which

import pytest
from cryptography.hazmat.primitives.asymmetric.dsa import generate_private_key as generate_dsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from signed_mail import ENTITY, certificate, detached, rsa_key, signature
from transforms.auth.ber import Malformed
from transforms.auth.cms import DATA, SignedData, body_matches, confirmed, signed_data

OPENSSL = pytest.mark.skipif(which("openssl") is None, reason="openssl writes these")


def outcome(data: SignedData, content: bytes = ENTITY) -> tuple[str, bool | None, bool | None]:
    (signer,) = data.signers
    digests = {signer.hash_name: hashlib.new(signer.hash_name, content).digest()}
    return signer.algorithm, body_matches(signer, digests), confirmed(signer, digests)


def by_openssl(folder: Path, own: bytes, key: bytes, *options: str) -> bytes:
    for name, octets in (("content", ENTITY), ("certificate.pem", own), ("key.pem", key)):
        (folder / name).write_bytes(octets)
    command = ["openssl", "cms", "-sign", "-binary", "-outform", "DER", "-in", "content", "-out", "signed"]
    subprocess.run([*command, "-signer", "certificate.pem", "-inkey", "key.pem", *options], cwd=folder, check=True)
    return (folder / "signed").read_bytes()


def anna() -> tuple[bytes, bytes]:
    """Her certificate and her key, PEM."""
    pem = rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate(rsa_key()).public_bytes(Encoding.PEM), pem


def test_ed25519_signs_the_attributes_themselves() -> None:
    key = Ed25519PrivateKey.generate()
    (signer,) = signed_data(detached(ENTITY)).signers
    assert signer.certificate is not None
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    own = signer.certificate._replace(public_key=public)
    signed = signer._replace(algorithm="ed25519", certificate=own, signature=key.sign(signer.attributes))
    digests = {"sha256": hashlib.sha256(ENTITY).digest()}
    assert confirmed(signed, digests) is True
    assert confirmed(signed._replace(attributes=signed.attributes + b"x"), digests) is False


@OPENSSL
def test_content_written_in_pieces_reads_as_one(tmp_path: Path) -> None:
    octets = by_openssl(tmp_path, *anna(), "-nodetach", "-stream", "-md", "sha1")
    assert octets[1] == 0x80  # of indefinite length
    data = signed_data(octets)
    assert data.content_type == DATA and data.content is not None and b"".join(data.content) == ENTITY
    assert outcome(data) == ("rsa-sha1", True, True)


@OPENSSL
def test_a_certificate_may_be_named_by_its_key(tmp_path: Path) -> None:
    assert outcome(signed_data(by_openssl(tmp_path, *anna(), "-keyid"))) == ("rsa-sha256", True, True)


@OPENSSL
def test_md5_of_old_mail_is_checked_as_well(tmp_path: Path) -> None:
    assert outcome(signed_data(by_openssl(tmp_path, *anna(), "-md", "md5"))) == ("rsa-md5", True, True)


def test_a_certificate_with_a_key_of_another_kind_confirms_nothing() -> None:
    der = detached(ENTITY)
    (signer,) = signed_data(der).signers
    assert signer.certificate is not None
    for key in (b"", b"\x30\0", _spki()):
        other = signer._replace(certificate=signer.certificate._replace(public_key=key))
        assert confirmed(other, {"sha256": hashlib.sha256(ENTITY).digest()}) is None


def _spki() -> bytes:
    return generate_dsa(1024).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_two_message_digests_are_no_signature() -> None:
    der = bytearray(detached(ENTITY))
    signing_time = bytes.fromhex("2a864886f70d010905")
    der[der.index(signing_time) + 8] = 4  # its object identifier becomes that of message-digest
    with pytest.raises(Malformed):
        signed_data(bytes(der))


@pytest.mark.parametrize("cut", [1, 20, 60, 400])
def test_what_is_cut_off_is_malformed(cut: int) -> None:
    with pytest.raises(Malformed):
        signed_data(signature(ENTITY)[:-cut])
