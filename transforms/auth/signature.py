"""A DKIM-Signature field, and what it was computed over (RFC 6376 §3.5, §3.7)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import idna

from transforms.auth.canonical import canonical_field, hash_of
from transforms.auth.tags import TagError, parse_tags
from transforms.limits import LIMITS
from transforms.model import HeaderField
from transforms.text import clean_text

ALGORITHMS = ("rsa-sha1", "rsa-sha256", "ed25519-sha256")
_CANONICALIZATIONS = ("simple", "relaxed")
_VERSIONS = (None, "1", "0.5")  # v=0.5 and no v= are the drafts of 2006 and 2007
_QUERIES = ("dns/txt", "dns")  # `dns` in the drafts
_REQUIRED = ("a", "b", "bh", "d", "h", "s")

_MAX_FIELDS = 1_000  # names in h=
_MAX_FIELDS_OCTETS = 16 * 1024
_MAX_DOMAIN = 253  # octets (RFC 1035 §2.3.4)
_MAX_DIGITS = 76  # of l= (RFC 6376 §3.5)
_MAX_LENGTH = 2**63 - 1  # longer than any body, and fits a column
_MAX_TIME = 253_402_300_799  # the last second of the year 9999

_LABELS = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}(?:\.[a-z0-9_][a-z0-9_-]{0,62})*+")
_WHITE_SPACE = re.compile(r"[ \t\r\n]+")
_QUOTED = re.compile(r"=([0-9A-F]{2})")


@dataclass(frozen=True, slots=True)
class Signature:
    """The tags of one signature. Where invalid is set, the others hold what could be read."""

    invalid: str | None = None  # reason code: the signature cannot be tried
    algorithm: str = ""  # a=, lower case
    header_canonicalization: str = "simple"  # c=
    body_canonicalization: str = "simple"
    domain: str = ""  # d=, lower-case A-label
    selector: str = ""  # s=, lower case
    auid: str | None = None  # i=, decoded; None if absent
    signed_fields: tuple[str, ...] = ()  # h=, lower case, in order
    body_hash: bytes = b""  # bh=
    signature: bytes = b""  # b=
    length: int | None = None  # l=, octets of the canonical body; None: all of it
    signed_at: int | None = None  # t=, seconds since 1970; None if absent or implausible
    expires_at: int | None = None  # x=

    @property
    def canonicalization(self) -> str:
        return f"{self.header_canonicalization}/{self.body_canonicalization}"


class _Invalid(Exception):
    """Carries the reason code."""


@lru_cache(maxsize=4 * LIMITS.signatures)
def parse_signature(field: HeaderField) -> Signature:
    """Read a DKIM-Signature field of any octets; never raises.

    Codes of invalid: signature_syntax, signature_duplicate_tag, signature_missing_tag,
    signature_version, signature_algorithm, signature_canonicalization, signature_domain,
    signature_selector, signature_auid (i= outside d=), signature_query, signature_fields (h= empty,
    unreadable or too long).
    """
    try:
        tags = parse_tags(field.value)
    except TagError as error:
        return Signature(invalid=f"signature_{error.code}")
    signature = _lenient(tags)
    try:
        return _strict(tags, signature)
    except _Invalid as reason:
        return replace(signature, invalid=f"signature_{reason}")


def data_hash(fields: Sequence[HeaderField], signature_field: HeaderField, signature: Signature) -> bytes:
    """The hash that b= signs (RFC 6376 §3.7).

    fields are all of the message, top to bottom; signature_field is one of them, the very object.
    h= takes the instances of a name from the bottom up, and nothing where there are no more (§5.4.2).
    """
    form = signature.header_canonicalization
    digest = hash_of(signature.algorithm)
    for field in signed_instances(fields, signature_field, signature):
        digest.update(canonical_field(field.raw, form))
    digest.update(own_field(signature_field, signature))
    return digest.digest()


def signed_instances(
    fields: Sequence[HeaderField], signature_field: HeaderField, signature: Signature
) -> list[HeaderField]:
    """The fields that b= covers, in the order in which they are hashed."""
    instances: dict[str, list[HeaderField]] = {name: [] for name in signature.signed_fields}
    for field in fields:
        if field.key in instances and field is not signature_field:
            instances[field.key].append(field)
    return [instances[name].pop() for name in signature.signed_fields if instances[name]]


def own_field(signature_field: HeaderField, signature: Signature) -> bytes:
    """What the signature's own field adds to the hash, last of all."""
    form = signature.header_canonicalization
    return canonical_field(_without_b(signature_field.raw), form).removesuffix(b"\r\n")


def _without_b(raw: bytes) -> bytes:
    """The field with the value of b= and the white space around that value taken out."""
    name, colon, value = raw.partition(b":")
    specs = value.split(b";")
    for at, spec in enumerate(specs):
        tag, equals, _ = spec.partition(b"=")
        if equals and tag.strip(b" \t\r\n") == b"b":
            specs[at] = tag + equals
    return name + colon + b";".join(specs)


def _lenient(tags: dict[str, str]) -> Signature:
    """What a reader of the table may see of a signature that cannot be tried."""
    return Signature(
        algorithm=clean_text(tags.get("a", "").lower(), LIMITS.display),
        domain=_a_label(tags.get("d", "")) or "",
        selector=_selector(tags.get("s", "")) or "",
        signed_at=_time(tags.get("t")),
        expires_at=_time(tags.get("x")),
    )


def _strict(tags: dict[str, str], signature: Signature) -> Signature:
    if any(tag not in tags for tag in _REQUIRED):
        raise _Invalid("missing_tag")
    if tags.get("v") not in _VERSIONS:
        raise _Invalid("version")
    if signature.algorithm not in ALGORITHMS:
        raise _Invalid("algorithm")
    if not signature.domain:
        raise _Invalid("domain")
    if not signature.selector:
        raise _Invalid("selector")
    queries = _without_white_space(tags.get("q", "dns/txt")).lower().split(":")
    if not any(query in _QUERIES for query in queries):
        raise _Invalid("query")
    header_form, body_form = _canonicalizations(tags.get("c", "simple"))
    return replace(
        signature,
        header_canonicalization=header_form,
        body_canonicalization=body_form,
        auid=_auid(tags.get("i"), signature.domain),
        signed_fields=_signed_fields(tags["h"]),
        body_hash=_base64(tags["bh"]),
        signature=_base64(tags["b"]),
        length=_length(tags.get("l")),
    )


def _canonicalizations(value: str) -> tuple[str, str]:
    header_form, slash, body_form = value.lower().partition("/")
    forms = header_form, body_form if slash else "simple"  # RFC 6376 §3.5: `relaxed` is relaxed/simple
    if any(form not in _CANONICALIZATIONS for form in forms):
        raise _Invalid("canonicalization")
    return forms


def _signed_fields(value: str) -> tuple[str, ...]:
    joined = _without_white_space(value).lower()
    names = tuple(name for name in joined.split(":") if name)
    if not names or len(names) > _MAX_FIELDS or len(joined) > _MAX_FIELDS_OCTETS:
        raise _Invalid("fields")
    if not joined.isascii() or not joined.isprintable():
        raise _Invalid("fields")
    return names


def _auid(value: str | None, sdid: str) -> str | None:
    """i= without its quoting (RFC 6376 §2.11); its domain must be d= or lie below it."""
    if value is None:
        return None
    plain = _QUOTED.sub(lambda match: chr(int(match[1], 16)), _without_white_space(value))
    local_part, at, name = plain.rpartition("@")
    domain = _a_label(name) or ""
    if not at or not (domain == sdid or domain.endswith(f".{sdid}")):
        raise _Invalid("auid")
    return f"{clean_text(local_part, LIMITS.display)}@{domain}"


def _a_label(domain: str) -> str | None:
    """A domain name in lower-case A-labels (RFC 5891); None if it is none."""
    if len(domain) > _MAX_DOMAIN:
        return None
    domain = domain.lower()
    if not domain.isascii():
        try:
            domain = idna.encode(domain).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    return domain if len(domain) <= _MAX_DOMAIN and _LABELS.fullmatch(domain) else None


def _selector(value: str) -> str | None:
    selector = value.lower()
    return selector if len(selector) <= _MAX_DOMAIN and _LABELS.fullmatch(selector) else None


def _base64(value: str) -> bytes:
    """Strict base64 once folding is gone (RFC 6376 §3.5 b=)."""
    try:
        octets = base64.b64decode(_without_white_space(value), validate=True)
    except (binascii.Error, ValueError):
        raise _Invalid("syntax") from None
    if not octets:
        raise _Invalid("syntax")
    return octets


def _length(value: str | None) -> int | None:
    if value is None:
        return None
    if not _is_number(value) or len(value) > _MAX_DIGITS:
        raise _Invalid("syntax")
    return min(int(value), _MAX_LENGTH)


def _time(value: str | None) -> int | None:
    """Seconds since 1970; None for what no clock shows. It decides nothing, so it invalidates nothing."""
    if value is None or not _is_number(value) or len(value) > 12:
        return None
    seconds = int(value)
    return seconds if 0 < seconds <= _MAX_TIME else None


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit()


def _without_white_space(value: str) -> str:
    return _WHITE_SPACE.sub("", value)
