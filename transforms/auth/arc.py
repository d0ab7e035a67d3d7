"""The ARC sets of a message, as signatures that any key can be tried on (RFC 8617 §4, §5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import count
from typing import NamedTuple

from transforms.auth.alignment import align
from transforms.auth.canonical import BodyDigests
from transforms.auth.prepare import Bodies, prepare_one
from transforms.auth.signature import (
    Signature,
    parse_message_signature,
    parse_seal,
    read_instance,
    seal_hash,
)
from transforms.limits import LIMITS
from transforms.mail.authentication_results import parse_results, to_text
from transforms.mail.comments import unfolded
from transforms.model import HeaderField, Message, PreparedSignature, Reading

MESSAGE_SIGNATURE, SEAL = "arc-message", "arc-seal"  # types of rows

# In the order in which a seal covers them (RFC 8617 §5.1.1).
_NAMES = ("arc-authentication-results", "arc-message-signature", "arc-seal")
_KINDS = {name: kind for kind, name in enumerate(_NAMES)}
_RESULTS_FIELD, _MESSAGE_FIELD, _ = _NAMES
_NUMBERED = re.compile(rb"[ \t]*i[ \t]*=[ \t]*([0-9]{1,2})[ \t]*;")  # RFC 8617 §4.1.1


class ArcSet(NamedTuple):
    """The fields of one instance, top to bottom; of each kind there should be one."""

    results: tuple[HeaderField, ...] = ()
    messages: tuple[HeaderField, ...] = ()
    seals: tuple[HeaderField, ...] = ()

    @property
    def whole(self) -> bool:
        return len(self.results) == len(self.messages) == len(self.seals) == 1

    @property
    def doubled(self) -> bool:
        return max(map(len, self)) > 1


class ArcFields(NamedTuple):
    """All ARC fields of a message."""

    sets: Mapping[int, ArcSet]  # by instance, in order
    unreadable: bool  # some field names no instance, or cannot be read

    def leading(self) -> int:
        """The highest instance up to which every set is there and whole."""
        return next(i for i in count() if not self.sets.get(i + 1, ArcSet()).whole)


def arc_fields(message: Message) -> ArcFields:
    """The ARC sets of a message of any octets."""
    present = [field for field in message.fields if field.key in _KINDS]
    if not present:  # as most mail, and asked several times of each
        return _NO_FIELDS
    found: dict[int, list[list[HeaderField]]] = {}
    unreadable = False
    for field in present:
        instance = _instance(field)
        if instance is None:
            unreadable = True
        else:
            found.setdefault(instance, [[], [], []])[_KINDS[field.key]].append(field)
    return ArcFields({i: ArcSet(*map(tuple, found[i])) for i in sorted(found)}, unreadable)


_NO_FIELDS = ArcFields({}, False)


def chain_defect(fields: ArcFields) -> str | None:
    """Why the sets form no chain (RFC 8617 §5.2 step 3), None if they do or there are none.

    arc_unreadable, arc_doubled, arc_incomplete, arc_gap; arc_too_many_sets if there are more than are
    examined here, which says nothing about them.
    """
    if fields is _NO_FIELDS:
        return None
    if fields.unreadable:
        return "arc_unreadable"
    if any(one.doubled for one in fields.sets.values()):
        return "arc_doubled"
    if not all(one.whole for one in fields.sets.values()):
        return "arc_incomplete"
    if fields.leading() < len(fields.sets):
        return "arc_gap"
    return "arc_too_many_sets" if len(fields.sets) > LIMITS.arc_sets else None


def prepare_sets(message: Message, reading: Reading, digests: BodyDigests, first: int) -> tuple[PreparedSignature, ...]:
    """Message signature and seal of each set, in order of their instances, numbered from first on.

    A seal is tried only where all sets up to its own are whole; what a later hop did to later ones
    does not touch it.
    """
    fields = arc_fields(message)
    if not fields.sets:
        return ()
    bodies = Bodies(message, digests)
    leading = fields.leading()
    author = reading.author.domain if reading.author else ""
    seq = count(first)
    found: list[PreparedSignature] = []
    covered: list[HeaderField] = []
    for instance, one in list(fields.sets.items())[: LIMITS.arc_sets]:
        broken = "arc_doubled" if one.doubled else None
        if one.messages:
            field = one.messages[0]
            prepared = prepare_one(
                next(seq), MESSAGE_SIGNATURE, field, parse_message_signature(field), message, reading, bodies
            )
            found.append(prepared._replace(instance=instance, invalid=prepared.invalid or broken))
        if one.seals:
            covered += one.results[:1] + one.messages[:1]
            seal = parse_seal(one.seals[0])
            # A seal that fails the chain covers its own set alone (RFC 8617 §5.1.2).
            earlier = covered if seal.chain_validation != "fail" else [*one.results[:1], *one.messages[:1]]
            broken = seal.invalid or (None if instance <= leading else broken or "arc_incomplete")
            found.append(
                _seal(
                    next(seq),
                    seal,
                    instance,
                    author,
                    broken,
                    seal_hash(earlier, one.seals[0], seal) if broken is None else b"",
                    tuple(_reported(one.results[0])) if one.whole else (),
                )
            )
            covered.append(one.seals[0])
    return tuple(found)


def _seal(
    seq: int,
    seal: Signature,
    instance: int,
    author: str,
    invalid: str | None,
    digest: bytes,
    reported: tuple[str, ...],
) -> PreparedSignature:
    return PreparedSignature(
        seq=seq,
        type=SEAL,
        domain=seal.domain,
        selector=seal.selector,
        auid=None,
        algorithm=seal.algorithm,
        canonicalization="relaxed",
        signed_fields=_NAMES,
        unsigned_fields=(),
        signed_at=seal.signed_at,
        expires_at=None,
        length=None,
        body_hash=b"",
        body_ok=None,
        signature=seal.signature,
        data_hash=digest,
        repairs="",
        invalid=invalid,
        objections=(),
        aligned=align(seal.domain, author),
        instance=instance,
        chain_validation=seal.chain_validation,
        reported=reported,
    )


@lru_cache(maxsize=8 * LIMITS.arc_sets)
def _instance(field: HeaderField) -> int | None:
    if field.key == _RESULTS_FIELD:
        match = _NUMBERED.match(unfolded(field.value))
        return read_instance(match[1].decode("ascii")) if match else None
    parse = parse_message_signature if field.key == _MESSAGE_FIELD else parse_seal
    return parse(field).instance


def _reported(field: HeaderField) -> Iterator[str]:
    """The results of an ARC-Authentication-Results field, in the form in which they travel."""
    value = unfolded(field.value)
    match = _NUMBERED.match(value)
    assert match is not None  # its set was found by it
    return map(to_text, parse_results(value[match.end() :])[1])
