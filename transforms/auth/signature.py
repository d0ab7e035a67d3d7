"""A DKIM-Signature or ARC field, and what it was computed over (RFC 6376 §3.5, §3.7; RFC 8617 §4.1)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

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
_ARC_ALGORITHMS = ("rsa-sha256", "ed25519-sha256")  # RFC 8617 §4.1; RFC 8301 §3.1 has no SHA-1 left
_CHAIN_VALIDATIONS = ("none", "fail", "pass")
_MAX_INSTANCE = 50  # RFC 8617 §4.2.1

_MAX_FIELDS = 1_000  # names in h=
_MAX_FIELDS_OCTETS = 16 * 1024
_MAX_DOMAIN = 253  # octets (RFC 1035 §2.3.4)
_MAX_DIGITS = 76  # of l= (RFC 6376 §3.5)
_MAX_LENGTH = 2**63 - 1  # longer than any body, and fits a column
_MAX_TIME = 253_402_300_799  # the last second of the year 9999

_LABELS = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}(?:\.[a-z0-9_][a-z0-9_-]{0,62})*+")
_WHITE_SPACE = re.compile(r"[ \t\r\n]+")
_QUOTED = re.compile(r"=([0-9A-F]{2})")


class Signature(NamedTuple):
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
    instance: int | None = None  # i= of an ARC field
    chain_validation: str | None = None  # cv= of a seal

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
    return _parsed(field, _strict)


@lru_cache(maxsize=2 * LIMITS.arc_sets)
def parse_message_signature(field: HeaderField) -> Signature:
    """Read an ARC-Message-Signature field (RFC 8617 §4.1.2): as DKIM, but i= is the instance; never raises.

    Codes of invalid as of parse_signature, and signature_instance.
    """
    return _parsed(field, _strict_message_signature)


@lru_cache(maxsize=2 * LIMITS.arc_sets)
def parse_seal(field: HeaderField) -> Signature:
    """Read an ARC-Seal field (RFC 8617 §4.1.3): it has cv=, and neither h= nor bh=; never raises.

    Codes of invalid as of parse_message_signature, and signature_chain_validation.
    """
    return _parsed(field, _strict_seal)


def _parsed(field: HeaderField, strict: Callable[[dict[str, str], Signature], Signature]) -> Signature:
    try:
        tags = parse_tags(field.value)
    except TagError as error:
        return Signature(invalid=f"signature_{error.code}")
    signature = _lenient(tags)
    try:
        return strict(tags, signature)
    except _Invalid as reason:
        return signature._replace(invalid=f"signature_{reason}")


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
    return canonical_field(without_b(signature_field.raw), form).removesuffix(b"\r\n")


def seal_hash(earlier: Sequence[HeaderField], seal_field: HeaderField, signature: Signature) -> bytes:
    """The hash that b= of an ARC-Seal signs (RFC 8617 §5.1.1): always in relaxed form.

    earlier are the fields that it covers besides itself, in the order of their sets and within one:
    Authentication-Results, Message-Signature, Seal.
    """
    digest = hash_of(signature.algorithm)
    for field in earlier:
        digest.update(canonical_field(field.raw, "relaxed"))
    digest.update(canonical_field(without_b(seal_field.raw), "relaxed").removesuffix(b"\r\n"))
    return digest.digest()


def without_b(raw: bytes) -> bytes:
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
        instance=read_instance(tags.get("i", "")),  # of a DKIM-Signature i= is the auid, and this means nothing
    )


def _strict(tags: dict[str, str], signature: Signature) -> Signature:
    if tags.get("v") not in _VERSIONS:
        raise _Invalid("version")
    _demand(tags, signature, _REQUIRED, ALGORITHMS)
    return _covering(tags, signature, "simple")._replace(auid=_auid(tags.get("i"), signature.domain))


def _strict_message_signature(tags: dict[str, str], signature: Signature) -> Signature:
    _arc_demand(tags, signature)
    _demand(tags, signature, _REQUIRED, _ARC_ALGORITHMS)
    covering = _covering(tags, signature, "relaxed/relaxed")  # what deployed sealers leave out
    if "arc-seal" in covering.signed_fields:  # RFC 8617 §4.1.2
        raise _Invalid("fields")
    return covering


def _strict_seal(tags: dict[str, str], signature: Signature) -> Signature:
    _arc_demand(tags, signature)
    _demand(tags, signature, ("a", "b", "cv", "d", "s"), _ARC_ALGORITHMS)
    if "h" in tags:  # RFC 8617 §4.1.3
        raise _Invalid("fields")
    if tags["cv"] not in _CHAIN_VALIDATIONS:
        raise _Invalid("chain_validation")
    return signature._replace(
        chain_validation=tags["cv"],
        header_canonicalization="relaxed",
        signature=_base64(tags["b"]),
    )


def _arc_demand(tags: dict[str, str], signature: Signature) -> None:
    """What ARC asks for besides: an instance, and a t= that is a number."""
    if signature.instance is None:
        raise _Invalid("instance")
    if "t" in tags and not _is_number(tags["t"]):
        raise _Invalid("syntax")


def read_instance(value: str) -> int | None:
    """The number of an ARC set, 1 to 50 (RFC 8617 §4.2.1); None for anything else."""
    instance = int(value) if _is_number(value) and len(value) <= 2 else 0
    return instance if 1 <= instance <= _MAX_INSTANCE else None


def _demand(tags: dict[str, str], signature: Signature, required: tuple[str, ...], algorithms: tuple[str, ...]) -> None:
    """What every signature must name."""
    if any(tag not in tags for tag in required):
        raise _Invalid("missing_tag")
    if signature.algorithm not in algorithms:
        raise _Invalid("algorithm")
    if not signature.domain:
        raise _Invalid("domain")
    if not signature.selector:
        raise _Invalid("selector")
    queries = _without_white_space(tags.get("q", "dns/txt")).lower().split(":")
    if not any(query in _QUERIES for query in queries):
        raise _Invalid("query")


def _covering(tags: dict[str, str], signature: Signature, canonicalization: str) -> Signature:
    """With what it covers, and in which form: fields and body; canonicalization is that without c=."""
    header_form, body_form = _canonicalizations(tags.get("c", canonicalization))
    return signature._replace(
        header_canonicalization=header_form,
        body_canonicalization=body_form,
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
