"""Does a receiver's seal say whose key a recovered one is? (VERDICT §4; RFC 8617 §4.1, RFC 8601, RFC 6008)

A receiver that had the public key checked the signature when the mail came, and sealed its answer. If
that answer is about this very signature, and the signature is one of the recovered key's, then the
recovered key is the one that the receiver found published.
"""

from __future__ import annotations

from typing import NamedTuple

from transforms.auth.key import KeyRecord, parse_record
from transforms.auth.recorded import vouched_for
from transforms.auth.verify import verify_hash
from transforms.model import PreparedSignature, PublicKey

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
    oversigned = sealed.signed_fields.count(_SIGNATURE_FIELD) > sealed.signature_fields
    named = vouched_for(sealed.results, sealed.signatures, sealed.signature_fields, oversigned)
    return any(_confirms(record, one) for one in named if (one.domain, one.selector) == _name(key))


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
