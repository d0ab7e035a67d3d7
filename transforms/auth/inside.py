"""All signatures that stand inside a message's body: S/MIME and OpenPGP, as parts of their own or around a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from transforms.auth import openpgp, smime
from transforms.auth.enclosed import Alive, unreadable
from transforms.auth.signed_part import MULTIPART, covers, signed_part
from transforms.limits import LIMITS
from transforms.model import DocumentSignature, Part

_PASSES = 4  # triple wrapping signs twice (RFC 2634 §1.1)


def signatures(
    found: Sequence[Part], decoded: Mapping[str, bytes], quoted: bool, alive: Alive
) -> Iterator[DocumentSignature]:
    """At most LIMITS.signatures, with their seq. Never raises.

    found are all parts of the message, decoded the content of its texts by part number. quoted: it lies in a
    mailbox, whose writer may have quoted lines. alive passes chunks on and says that work goes on.
    """
    each = _each(found, decoded, quoted, alive)
    return (one._replace(seq=seq) for seq, one in enumerate(islice(each, LIMITS.signatures)))


def _each(
    found: Sequence[Part], decoded: Mapping[str, bytes], quoted: bool, alive: Alive
) -> Iterator[DocumentSignature]:
    """Of signatures inside each other, those are tried whose parts add up to _PASSES times the message."""
    left = _PASSES * found[0].body.size
    for part in found:
        if part.media_type == MULTIPART and not part.is_item:
            left -= part.body.size
            if left < 0:
                yield unreadable(smime.SMIME, covers(part), "signatures_nested")
                return
            pair = signed_part(part)
            if pair is None:
                continue
            if pair.signature.media_type in smime.DETACHED:
                yield from smime.detached(pair, quoted, alive)
            elif pair.signature.media_type == openpgp.DETACHED:
                yield from openpgp.detached(pair, quoted, alive)
    for number, octets in decoded.items():
        if openpgp.BEGIN_SIGNED in octets:
            yield from openpgp.cleartext(octets, f"a text in part {number}")
