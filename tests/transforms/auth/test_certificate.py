"""What a certificate says, as another reader of certificates has it."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mutations import mutations
from signed_mail import certificate, ec_key, rsa_key
from transforms.auth.ber import SEQUENCE, Malformed, Reader
from transforms.auth.certificate import Certificate, read_certificate


def read(octets: bytes) -> Certificate:
    reader = Reader(octets)
    return read_certificate(reader, reader.top(SEQUENCE))


@pytest.mark.parametrize("known", [certificate(rsa_key()), certificate(ec_key(), "Bruno@Campaign.Example")])
def test_a_certificate_reads_as_elsewhere(known: x509.Certificate) -> None:
    found = read(known.public_bytes(Encoding.DER))
    names = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert found.addresses == tuple(one.lower() for one in names.get_values_for_type(x509.RFC822Name))
    assert found.not_before == int(known.not_valid_before_utc.timestamp())
    assert found.not_after == int(known.not_valid_after_utc.timestamp())
    assert found.fingerprint == known.fingerprint(hashes.SHA256()).hex()
    assert found.public_key == known.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert found.key_identifier == x509.SubjectKeyIdentifier.from_public_key(known.public_key()).digest
    assert found.subject == "CN=Anna Ferrand, O=Campaign, C=FR"


def test_a_name_with_control_characters_is_shown_escaped() -> None:
    octets = certificate(rsa_key(), name="Anna\x1b[2J").public_bytes(Encoding.DER)
    assert read(octets).subject == "CN=Anna\\x1b[2J, O=Campaign, C=FR"


def test_damaged_certificates_are_malformed_or_read_and_never_raise_otherwise() -> None:
    for damaged in mutations(certificate(rsa_key()).public_bytes(Encoding.DER), seed=3):
        try:
            found = read(damaged)
        except Malformed:
            continue
        assert found.subject.isprintable() and found.key_id
