"""All signatures that a message carries: DKIM, Google's second one, and ARC."""

from __future__ import annotations

from transforms.auth import prepare
from transforms.auth.arc import arc_fields, prepare_sets
from transforms.auth.canonical import BodyDigests
from transforms.auth.coverage import leaves_mime_open
from transforms.auth.prepare import Bodies, prepare_one
from transforms.auth.signature import parse_message_signature, parse_signature
from transforms.model import Message, PreparedSignature, Reading

GOOGLE = "google"  # type of a row: X-Google-DKIM-Signature

_GOOGLE_FIELD = "x-google-dkim-signature"


Prepared = tuple[PreparedSignature, ...]


def prepare_all(message: Message, reading: Reading, digests: BodyDigests) -> tuple[Prepared, Prepared]:
    """DKIM signatures top to bottom, and apart from them the others, which no repair is tried on.

    digests are of message.body; seq counts through both.
    """
    dkim = prepare.prepare(message, reading, digests)
    return dkim, _others(message, reading, digests, len(dkim))


def _others(message: Message, reading: Reading, digests: BodyDigests, first: int) -> Prepared:
    """Google's second signature, then the ARC sets; their seq counts from first."""
    found: Prepared = ()
    google = message.named(_GOOGLE_FIELD)[:1]
    if google:
        bodies = Bodies(message, digests)
        signature = parse_signature(google[0])
        found = (prepare_one(first, GOOGLE, google[0], signature, message, reading, bodies),)
    return found + prepare_sets(message, reading, digests, first + len(found))


def leaves_body_open(message: Message) -> bool:
    """Whether some signature leaves it to unsigned fields how the body is read."""
    if prepare.leaves_body_open(message):
        return True
    signed = [parse_message_signature(one.messages[0]) for one in arc_fields(message).sets.values() if one.messages]
    return any(leaves_mime_open(message.fields, signature.signed_fields) for signature in signed)
