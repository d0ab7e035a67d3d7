"""Certificates and S/MIME mails for the tests, as mail programs make them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.x509.oid import NameOID

ADDRESS = "anna@campaign.example"
HEAD = (
    b"From: Anna <anna@campaign.example>\r\nTo: b@press.example\r\nSubject: Budget\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\nMessage-ID: <1@campaign.example>\r\nMIME-Version: 1.0\r\n"
)
ENTITY = b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe total is 5000.\r\n"
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def certificate(key: Any, address: str = ADDRESS, name: str = "Anna Ferrand", years: tuple[int, int] = (2016, 2046)):
    """A certificate that its holder issued to himself, as anybody can."""
    named = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Campaign"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    start, end = (datetime(year, 1, 1, tzinfo=UTC) for year in years)
    builder = x509.CertificateBuilder().subject_name(named).issuer_name(named).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(start).not_valid_after(end)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.sign(key, hashes.SHA256())


def signature(content: bytes, *options: PKCS7Options, key: Any = None, hash_used: Any = None, **more: Any) -> bytes:
    """Signed-data, DER: detached if an option says so."""
    key = key or rsa_key()
    padded = more.pop("rsa_padding", None)
    builder = PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(certificate(key, **more), key, hash_used or hashes.SHA256(), rsa_padding=padded)
    return builder.sign(Encoding.DER, [PKCS7Options.Binary, *options])


def detached(content: bytes, **more: Any) -> bytes:
    return signature(content, PKCS7Options.DetachedSignature, **more)


def signed(der: bytes, entity: bytes = ENTITY, head: bytes = HEAD, kind: str = "pkcs7-signature") -> bytes:
    """A mail whose first part is entity and whose second is the signature."""
    encoded = base64.encodebytes(der).replace(b"\n", b"\r\n")
    return (
        head + b"Content-Type: multipart/signed; micalg=sha-256;\r\n"
        b' protocol="application/%s"; boundary="=_s"\r\n\r\nThis is a signed message.\r\n'
        b"--=_s\r\n%s\r\n--=_s\r\n"
        b"Content-Type: application/%s; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename=smime.p7s\r\n\r\n%s\r\n--=_s--\r\n"
        % (kind.encode(), entity, kind.encode(), encoded)
    )


def enveloped(der: bytes, head: bytes = HEAD) -> bytes:
    """A mail that is one application/pkcs7-mime."""
    return (
        head + b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n"
        b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=smime.p7m\r\n\r\n"
        + base64.encodebytes(der).replace(b"\n", b"\r\n")
    )
