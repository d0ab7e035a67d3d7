"""X.509 certificates: whom they name, since when, and the key (RFC 5280 §4.1, §4.2.1).

A certificate is what the sender of a message says of a key. Who issued it is not checked: no root is given.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import NamedTuple

from transforms.auth.ber import (
    BOOLEAN,
    CONSTRUCTED,
    CONTEXT,
    GENERALIZED_TIME,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    UTC_TIME,
    Element,
    Malformed,
    Reader,
)
from transforms.limits import LIMITS
from transforms.text import clean_text

_MAX_ADDRESSES = 32
_MAX_ATTRIBUTES = 32  # of one name that are shown

_EMAIL_ADDRESS = bytes.fromhex("2a864886f70d010901")
_ATTRIBUTES = {  # RFC 4519 §2, RFC 2985 §5.2.1
    bytes.fromhex("550403"): "CN",
    bytes.fromhex("550404"): "SN",
    bytes.fromhex("550405"): "serialNumber",
    bytes.fromhex("550406"): "C",
    bytes.fromhex("550407"): "L",
    bytes.fromhex("550408"): "ST",
    bytes.fromhex("55040a"): "O",
    bytes.fromhex("55040b"): "OU",
    bytes.fromhex("55042a"): "GN",
    _EMAIL_ADDRESS: "emailAddress",
}
_SUBJECT_ALT_NAME = bytes.fromhex("551d11")
_SUBJECT_KEY_IDENTIFIER = bytes.fromhex("551d0e")
_RFC822_NAME = CONTEXT | 1
_CHARSETS = {0x1E: "utf-16-be", 0x1C: "utf-32-be", 0x14: "latin-1"}  # BMPString, UniversalString, T61String
_TIME = re.compile(rb"([0-9]{2}|[0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})?Z")


class Certificate(NamedTuple):
    """What one certificate says. Strings are clean and bounded."""

    subject: str  # `CN=..., O=..., C=...`, the holder first (RFC 4514 §2.1)
    issuer: str
    addresses: tuple[str, ...]  # rfc822Name, else emailAddress of the subject; lower case
    not_before: int | None  # seconds since 1970; None if it cannot be read
    not_after: int | None
    public_key: bytes  # SubjectPublicKeyInfo, DER
    fingerprint: str  # SHA-256 of the certificate, hex
    issuer_and_serial: tuple[bytes, bytes]  # as they stand: what a signature names its certificate by
    key_identifier: bytes | None

    @property
    def key_id(self) -> str:
        """SHA-256 of the SubjectPublicKeyInfo, hex."""
        return hashlib.sha256(self.public_key).hexdigest()


def read_certificate(reader: Reader, certificate: Element) -> Certificate:
    """One certificate. Malformed if it is none."""
    signed = next(reader.children(certificate), None)
    if signed is None or signed.tag != SEQUENCE:
        raise Malformed("no certificate")
    fields = list(reader.children(signed))
    if fields and fields[0].tag == CONTEXT | CONSTRUCTED:  # version
        del fields[0]
    if [field.tag for field in fields[:6]] != [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE]:
        raise Malformed("no certificate")
    serial, _, issuer, validity, subject, key = fields[:6]
    times = [moment(reader, one) for one in reader.children(validity)]
    addresses: list[str] = []
    identifier = None
    for oid, value in _extensions(reader, fields[6:]):
        if oid == _SUBJECT_ALT_NAME:
            names = reader.children(reader.only(value, SEQUENCE))
            addresses += [_ascii(reader.contents(one)) for one in names if one.tag == _RFC822_NAME]
        elif oid == _SUBJECT_KEY_IDENTIFIER:
            identifier = reader.contents(reader.only(value, OCTET_STRING))
    named, of_subject = _name(reader, subject)
    kept = dict.fromkeys(clean_text(one, LIMITS.display).lower() for one in addresses or of_subject)
    return Certificate(
        subject=named,
        issuer=_name(reader, issuer)[0],
        addresses=tuple(kept)[:_MAX_ADDRESSES],
        not_before=times[0] if times else None,
        not_after=times[1] if len(times) > 1 else None,
        public_key=reader.raw(key),
        fingerprint=hashlib.sha256(reader.raw(certificate)).hexdigest(),
        issuer_and_serial=(reader.raw(issuer), reader.contents(serial)),
        key_identifier=identifier,
    )


def moment(reader: Reader, element: Element) -> int | None:
    """Seconds since 1970 of a UTCTime or GeneralizedTime in the form that RFC 5280 §4.1.2.5 asks for; else None."""
    written = _TIME.fullmatch(reader.contents(element)) if element.tag in (UTC_TIME, GENERALIZED_TIME) else None
    if written is None or (len(written[1]) == 4) != (element.tag == GENERALIZED_TIME):
        return None
    year, *rest = (int(part or 0) for part in written.groups())
    if element.tag == UTC_TIME:
        year += 1900 if year >= 50 else 2000
    try:
        return int(datetime(year, *rest, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]
    except ValueError:
        return None


def _name(reader: Reader, name: Element) -> tuple[str, list[str]]:
    """A distinguished name as it is shown, and the mail addresses in it."""
    shown: list[str] = []
    addresses: list[str] = []
    for group in reader.children(name):
        if group.tag != SET:
            raise Malformed("no name")
        for attribute in reader.children(group):
            oid, value = _pair(reader, attribute)
            label = _ATTRIBUTES.get(reader.contents(oid))
            if label is None or len(shown) == _MAX_ATTRIBUTES:
                continue
            text = reader.contents(value).decode(_CHARSETS.get(value.tag, "utf-8"), "replace")
            shown.append(f"{label}={text}")
            if label == "emailAddress":
                addresses.append(text)
    return clean_text(", ".join(reversed(shown)), LIMITS.document_value), addresses


def _pair(reader: Reader, parent: Element) -> tuple[Element, Element]:
    pair = list(reader.children(parent))
    if len(pair) != 2 or pair[0].tag != OID:
        raise Malformed("a name and a value expected")
    return pair[0], pair[1]


def _extensions(reader: Reader, fields: list[Element]) -> list[tuple[bytes, Element]]:
    """Identifiers of the extensions, and the strings that hold their values."""
    found = []
    for field in fields:
        if field.tag != CONTEXT | CONSTRUCTED | 3:
            continue
        for extension in reader.children(reader.only(field, SEQUENCE)):
            parts = [part for part in reader.children(extension) if part.tag != BOOLEAN]  # critical or not
            if [part.tag for part in parts] != [OID, OCTET_STRING]:
                raise Malformed("no extension")
            found.append((reader.contents(parts[0]), parts[1]))
    return found


def _ascii(octets: bytes) -> str:
    return octets.decode("ascii", "backslashreplace")
