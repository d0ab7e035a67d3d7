"""A message as one of its signatures covers it: damage undone, and the octets that were hashed (RFC 6376 §3.7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from transforms.auth.arc import MESSAGE_SIGNATURE, SEAL, arc_fields
from transforms.auth.canonical import LineEnds, body_digests, canonical_body, canonical_field, wire_chunks
from transforms.auth.prepare import DKIM_SIGNATURE, needs_sha1
from transforms.auth.repair.body import restore
from transforms.auth.repair.header import fields_as_signed, prove_repaired, repaired
from transforms.auth.signature import (
    Signature,
    own_field,
    parse_message_signature,
    parse_seal,
    parse_signature,
    signed_instances,
    without_b,
)
from transforms.auth.signatures import leaves_body_open, prepare_all
from transforms.containers import mailbox
from transforms.mail.fields import split_message
from transforms.mail.mime import parts
from transforms.mail.reading import read_one_way
from transforms.model import HeaderField, Message, PreparedSignature, PublicKey
from transforms.span import in_memory


class Signed(NamedTuple):
    """What one signature of a message was made over."""

    prepared: PreparedSignature
    message: Message  # as it was signed
    header: bytes  # the octets that b= signs the hash of
    body: bytes | None  # canonical, what bh= is the hash of; None: a seal, which covers no body
    unquoted: str = ""  # the quoting of its mailbox that was undone: mboxrd | mboxo; ""


def as_signed(
    octets: bytes, in_mailbox: bool, seq: int, keys: Sequence[PublicKey], written: datetime | None
) -> Signed | None:
    """The octets that a message's signature of this number covers, if one of the keys confirms it.

    in_mailbox says that a mailbox may have quoted lines of it; written is its Date.
    """
    for message, unquoted, damaged in _readings(split_message(in_memory(octets)), in_mailbox):
        reading = read_one_way(message, leaves_body_open(message), tuple(parts(message)))
        digests = body_digests(message.body.chunks(), needs_sha1(message))
        own, others = prepare_all(message, reading, digests)
        one = next((one for one in own + others if one.seq == seq), None)
        if one is None:
            return None
        if one.body_ok is False and one.type == "dkim" and damaged:
            restored = restore(message, reading, (one,), lambda: None)
            message, one = restored.fields_of or message, restored.signatures[0]
        result = prove_repaired(one, keys, written, lambda fields=message.fields: fields)  # type: ignore[misc]
        if result.result != "pass":
            continue
        if result.repairs:
            fields = fields_as_signed(one, keys, message.fields)
            assert fields is not None  # prove_repaired found them a moment ago
            message, one = message._replace(fields=fields), repaired(one, result)
        return Signed(one, message, *_hashed(message, one), unquoted)
    return None


def _readings(message: Message, in_mailbox: bool) -> Iterator[tuple[Message, str, bool]]:
    """A message as it lies there, with the quoting of its mailbox undone, and as damaged: as Examine tries them."""
    quoted = in_mailbox and message.body.find(b">From ") >= 0
    yield message, "", not quoted
    if quoted:
        for form in ("mboxrd", "mboxo"):
            body = b"".join(mailbox.unquoted(message.body.chunks(), form))
            yield message._replace(body=in_memory(body)), form, True
        yield message, "", True


def _hashed(message: Message, one: PreparedSignature) -> tuple[bytes, bytes | None]:
    """Header input and canonical body of a signature."""
    if one.type == SEAL:
        return _sealed(message, one), None
    field, signature = signature_field(message, one)
    form = signature.header_canonicalization
    covered = signed_instances(message.fields, field, signature)
    header = b"".join(canonical_field(each.raw, form) for each in covered) + own_field(field, signature)
    body = b"".join(canonical_body(wire_chunks(message.body.chunks(), LineEnds()), signature.body_canonicalization))
    return header, body[: signature.length]


def signature_field(message: Message, one: PreparedSignature) -> tuple[HeaderField, Signature]:
    """The field of a DKIM, Google or ARC message signature, and its tags."""
    if one.type == MESSAGE_SIGNATURE:
        field = arc_fields(message).sets[one.instance or 0].messages[0]
        return field, parse_message_signature(field)
    if one.type == "dkim":
        field = message.named(DKIM_SIGNATURE)[one.seq]
    else:
        field = message.named("x-google-dkim-signature")[0]
    return field, parse_signature(field)


def _sealed(message: Message, one: PreparedSignature) -> bytes:
    """What an ARC-Seal covers: the fields of the sets up to its own, in relaxed form (RFC 8617 §5.1.1)."""
    sets = arc_fields(message).sets
    last = one.instance or 0
    first = last if parse_seal(sets[last].seals[0]).chain_validation == "fail" else 1
    covered = [field for i in range(first, last + 1) for kind in sets[i] for field in kind][:-1]
    own = canonical_field(without_b(sets[last].seals[0].raw), "relaxed").removesuffix(b"\r\n")
    return b"".join(canonical_field(field.raw, "relaxed") for field in covered) + own
