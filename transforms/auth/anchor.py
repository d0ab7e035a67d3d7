"""Does a receiver's seal say whose key a recovered one is? (VERDICT §4; RFC 8617 §4.1, RFC 8601, RFC 6008)

A receiver that had the public key checked the signature when the mail came, and sealed its answer. If
that answer is about this very signature, and the signature is one of the recovered key's, then the
recovered key is the one that the receiver found published.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from transforms.auth.key import KeyRecord, parse_record
from transforms.auth.verify import verify_hash
from transforms.model import PreparedSignature, PublicKey

MIN_PREFIX = 8  # characters of header.b (RFC 6008 §3)

_COVERED = ("from", "date", "subject")
_SIGNATURE_FIELD = "dkim-signature"


class SealedMessage(NamedTuple):
    """A message and one instance of a trusted sealer, whose seal and message signature are both valid.

    Valid is the caller's word: seal(i) over the sets 1 to i with a consistent chain, message
    signature(i) over the full body as it lies here.
    """

    signed_fields: tuple[str, ...]  # h= of message signature(i), lower case, repeats kept
    key_sources: tuple[str, ...]  # PublicKey.source of every key that the seals and it rest on
    results: tuple[str, ...]  # of the sealed Authentication-Results: `dkim=pass header.d=a.example ...`, no comments
    signatures: tuple[PreparedSignature, ...]  # the message's own DKIM signatures
    signature_fields: int  # DKIM-Signature fields in the message, those not examined included


def anchors(sealed: SealedMessage, key: PublicKey) -> bool:
    """Whether the seal anchors a recovered key.

    True if message signature(i) covers From, Date, Subject and every DKIM-Signature; no key that this
    rests on was itself recovered, anchored or not; and a passing result names exactly one signature,
    aligned, with the key's d= and s=, that is valid for these octets under the key.
    """
    if not sealed.key_sources or any(source == "recovered" for source in sealed.key_sources):
        return False  # anchors do not chain
    if any(name not in sealed.signed_fields for name in _COVERED):
        return False
    if sealed.signed_fields.count(_SIGNATURE_FIELD) < sealed.signature_fields:
        return False  # one of them was, or could have been, put there later
    record = parse_record(key.record)
    return any(_confirms(record, one) for one in _vouched_for(sealed) if (one.domain, one.selector) == _name(key))


def _name(key: PublicKey) -> tuple[str, str]:
    return key.domain, key.selector


def _confirms(record: KeyRecord, one: PreparedSignature) -> bool:
    """Whether the signature is full, aligned, and valid under the key."""
    return (
        one.invalid is None
        and one.body_ok is True
        and one.length is None
        and one.aligned == "exact"
        and verify_hash(record, one.algorithm, one.data_hash, one.signature)
    )


def _vouched_for(sealed: SealedMessage) -> Iterator[PreparedSignature]:
    """The signatures that a passing result names, each alone, and that no other result could contradict."""
    said: dict[int, set[str]] = {}
    for outcome, properties in _dkim_results(sealed.results):
        meant = [one for one in sealed.signatures if _fits(one, properties)]
        names = _names_one(properties, sealed.signature_fields) and len(meant) == 1
        if outcome != "pass" or names:
            for one in meant:
                said.setdefault(one.seq, set()).add(outcome)
    return (one for one in sealed.signatures if said.get(one.seq) == {"pass"})


def _names_one(properties: Mapping[str, str], signature_fields: int) -> bool:
    """Whether a result says which signature it is about: of whose domain, and which one of several."""
    if "header.d" not in properties and "header.i" not in properties:
        return False
    if len(properties.get("header.b", "-" * MIN_PREFIX)) < MIN_PREFIX:
        return False
    return signature_fields == 1 or ("header.s" in properties and "header.b" in properties)


def _fits(one: PreparedSignature, properties: Mapping[str, str]) -> bool:
    """Whether all that a result says of a signature is true of this one."""
    auid = one.auid or f"@{one.domain}"
    return (
        properties.get("header.d", one.domain).lower() == one.domain
        and properties.get("header.i", auid).lower() == auid.lower()
        and properties.get("header.s", one.selector).lower() == one.selector
        and base64.b64encode(one.signature).decode().startswith(properties.get("header.b", ""))
    )


def _dkim_results(results: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Outcome and properties of each result of the method dkim; one that says a thing twice is left out."""
    for result in results:
        words = [word.partition("=") for word in result.split()]
        properties = {name.lower(): value for name, _, value in words}
        if len(properties) == len(words) and words and words[0][0].lower().partition("/")[0] == "dkim":
            yield words[0][2].lower(), properties
