"""From a message to prepared signatures: all that any key is tried on, without the mail (DESIGN §2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from transforms.auth.alignment import align
from transforms.auth.canonical import BodyDigests, body_hash, covered_octets
from transforms.auth.coverage import leaves_mime_open, objections, oversigned
from transforms.auth.repair.forms import DRAWN_ON
from transforms.auth.signature import Signature, data_hash, parse_signature
from transforms.limits import LIMITS, MIB
from transforms.mail.fields import SINGLETONS
from transforms.model import HeaderField, Message, PreparedSignature, Reading
from transforms.text import clean_text

DKIM_SIGNATURE = "dkim-signature"
LINE_ENDS = "line_ends"  # a repair: some lines ended in LF, others in CRLF

_MAX_UNSIGNED = 1_000  # names of fields outside h= that are listed
_MAX_NAME = 100  # characters of one
_MAX_PREFIXES = 256 * MIB  # octets hashed again for all l= of a message


def prepare(message: Message, reading: Reading, digests: BodyDigests | None) -> tuple[PreparedSignature, ...]:
    """The first LIMITS.signatures DKIM-Signature fields, top to bottom; digests are of message.body.

    Reads the body again only for an l= that ends inside it. Without digests the body as it was sent is
    lost, and only the header section can be tried: body_ok is None.
    """
    bodies = Bodies(message, digests)
    return tuple(
        prepare_one(seq, "dkim", field, parse_signature(field), message, reading, bodies)
        for seq, field in enumerate(message.named(DKIM_SIGNATURE)[: LIMITS.signatures])
    )


def leaves_body_open(message: Message) -> bool:
    """Whether some signature leaves it to unsigned fields how the body is read."""
    return any(leaves_mime_open(message.fields, signature.signed_fields) for signature in _signatures(message))


def needs_sha1(message: Message) -> bool:
    """Whether some signature is over SHA-1: hashing every body that way too costs 8 % of Examine."""
    return any(signature.algorithm == "rsa-sha1" for signature in _signatures(message))


def signed_fields_kept(message: Message, signatures: Sequence[PreparedSignature]) -> tuple[HeaderField, ...]:
    """Fields that later repairs and re-checks draw on, in the order of the message.

    DKIM-Signature fields first, then singletons, then all that any h= names, then what repairs draw
    on beside them, as long as they fit into LIMITS.signed_fields octets; a field is kept whole or not at all.
    """
    named = {name for signature in signatures for name in signature.signed_fields}
    wanted = ({DKIM_SIGNATURE}, SINGLETONS, named, DRAWN_ON)
    kept: set[int] = set()
    left = LIMITS.signed_fields
    for keys in wanted:
        for at, field in enumerate(message.fields):
            if field.key in keys and at not in kept and len(field.raw) <= left:
                kept.add(at)
                left -= len(field.raw)
    return tuple(message.fields[at] for at in sorted(kept))


def _signatures(message: Message) -> Iterator[Signature]:
    return map(parse_signature, message.named(DKIM_SIGNATURE)[: LIMITS.signatures])


class Bodies:
    """Answers whether the body is the one that a signature claims; hashes each prefix once."""

    def __init__(self, message: Message, digests: BodyDigests | None) -> None:
        self._message = message
        self._digests = digests
        self.repairs = LINE_ENDS if digests is not None and _mixed(message.line_ends, digests.line_ends) else ""
        self._prefixes: dict[tuple[str, str, int], bytes] = {}
        self._covered: dict[tuple[str, int], int] = {}
        self._left = _MAX_PREFIXES

    def size(self, signature: Signature) -> int | None:
        """Octets of the canonical body, None if it is lost."""
        if self._digests is None:
            return None
        relaxed = signature.body_canonicalization == "relaxed"
        return self._digests.relaxed_size if relaxed else self._digests.simple_size

    def open_octets(self, signature: Signature) -> int | None:
        """How many octets at the body's end, as found, l= leaves unsigned; None if it ends at no place in it."""
        form, length = signature.body_canonicalization, signature.length
        size = self.size(signature)
        if length is None or size is None or length >= size:
            return None
        asked = form, length
        if asked not in self._covered:
            self._covered[asked] = covered_octets(self._message.body.chunks(), form, length)
        return self._message.body.size - self._covered[asked]

    def match(self, signature: Signature) -> bool | None:
        """None if the body is lost, or if the l= of this message are more than one would hash."""
        size = self.size(signature)
        if self._digests is None or size is None:
            return None
        form, algorithm, length = signature.body_canonicalization, signature.algorithm, signature.length
        if length is None or length >= size:
            whole: bytes | None = getattr(self._digests, f"{form}_{algorithm.rpartition('-')[2]}")
            return None if whole is None else whole == signature.body_hash
        asked = form, algorithm, length
        if asked not in self._prefixes:
            self._left -= length
            if self._left < 0:
                return None
            self._prefixes[asked] = body_hash(self._message.body.chunks(), *asked)
        return self._prefixes[asked] == signature.body_hash


def prepare_one(
    seq: int,
    kind: str,
    field: HeaderField,
    signature: Signature,
    message: Message,
    reading: Reading,
    bodies: Bodies,
) -> PreparedSignature:
    """One signature over header fields and body; kind is its type.

    Of another kind than `dkim`, d= is a system that handled the message and need not speak for the
    author, so it is not held against the signature.
    """
    aligned = align(signature.domain, reading.author.domain if reading.author else "")
    valid = signature.invalid is None
    body_ok = bodies.match(signature) if valid else None
    return PreparedSignature(
        seq=seq,
        type=kind,
        domain=signature.domain,
        selector=signature.selector,
        auid=signature.auid,
        algorithm=signature.algorithm,
        canonicalization=signature.canonicalization,
        signed_fields=signature.signed_fields,
        unsigned_fields=_unsigned(message, signature),
        signed_at=signature.signed_at,
        expires_at=signature.expires_at,
        length=signature.length,
        body_hash=signature.body_hash,
        body_ok=body_ok,
        signature=signature.signature,
        data_hash=data_hash(message.fields, field, signature) if valid else b"",
        repairs=bodies.repairs,
        invalid=signature.invalid,
        objections=objections(
            signature, message.fields, reading, bodies.size(signature), aligned if kind == "dkim" else "exact"
        )
        if valid
        else (),
        aligned=aligned,
        oversigned=oversigned(message.fields, signature.signed_fields),
        open_octets=bodies.open_octets(signature) if body_ok else None,
    )


def _unsigned(message: Message, signature: Signature) -> tuple[str, ...]:
    """Names present in the message and not in h=, in order of appearance."""
    signed = {*signature.signed_fields, DKIM_SIGNATURE}
    unsigned = [key for key in dict.fromkeys(field.key for field in message.fields) if key not in signed]
    return tuple(clean_text(key, _MAX_NAME) for key in unsigned[:_MAX_UNSIGNED])


def _mixed(header: str, body: str) -> bool:
    """Whether the lines of a message end in more than one way."""
    forms = {header, body} - {"none"}
    return "mixed" in forms or len(forms) > 1
