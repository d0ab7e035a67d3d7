"""S/MIME: what do the signatures say that a mail carries as a part of its own? (RFC 8551; RFC 1847 §2.1)

They cover one part and none of the header: who sent the mail, when, and to whom is not signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from transforms.auth.ber import Malformed
from transforms.auth.canonical import LineEnds, wire_chunks
from transforms.auth.cms import ENCRYPTED, content_type_of, signed_data
from transforms.auth.enclosed import Alive, hashed, judged, unreadable
from transforms.containers import mailbox
from transforms.limits import LIMITS
from transforms.mail.fields import split_part
from transforms.mail.mime import boundary_of, delimiters_of, parts
from transforms.mail.parameters import raw_parameters
from transforms.mail.transfer import decode
from transforms.model import DocumentSignature, Part
from transforms.span import Span

SMIME = "smime"  # type of a row
ENVELOPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})  # signed with the content inside
_PASSES = 4  # triple wrapping signs twice (RFC 2634 §1.1)
_DETACHED = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})


class Opaque(NamedTuple):
    """What lies in an application/pkcs7-mime."""

    signatures: tuple[DocumentSignature, ...]
    content: tuple[bytes, ...] | None  # what is signed, in pieces; None: there is none, or it is encrypted
    encrypted: bool = False


def detached(found: Sequence[Part], quoted: bool, alive: Alive) -> Iterator[DocumentSignature]:
    """The signatures of every multipart/signed among a message's parts; seq counts through all of them.

    quoted: the mail lies in a mailbox, whose writer may have quoted lines that begin with `From `. alive passes
    chunks on and says that work goes on. Of signatures inside each other, those are tried whose parts add up to
    _PASSES times the message. Never raises.
    """
    seq = 0
    left = _PASSES * found[0].body.size
    for part in found:
        if part.media_type != "multipart/signed" or part.is_item:
            continue
        left -= part.body.size
        if left < 0:
            yield unreadable(SMIME, _covers(part), "signatures_nested")._replace(seq=seq)
            return
        for signature in _of_part(part, quoted, alive):
            if seq == LIMITS.signatures:
                return
            yield signature._replace(seq=seq)
            seq += 1


def opaque(octets: bytes) -> Opaque:
    """The content of a file or part that holds what it signs, and its signatures. Never raises."""
    try:
        if content_type_of(octets) in ENCRYPTED:
            return Opaque((), None, encrypted=True)
        data = signed_data(octets)
    except Malformed:
        return Opaque((unreadable(SMIME, "the content"),), None)
    if data.content is None:
        return Opaque((), None)
    return Opaque(tuple(judged(SMIME, data, "the content", hashed(data, data.content))), data.content)


def _of_part(part: Part, quoted: bool, alive: Alive) -> tuple[DocumentSignature, ...]:
    """The signatures over the first of the two parts of a multipart/signed; none if they are no S/MIME."""
    pair = _pair(part)
    if pair is None or pair[1].media_type not in _DETACHED:
        return ()
    signed, other = pair
    covers = _covers(part)
    if other.body.size > 2 * LIMITS.signature_der:
        return (unreadable(SMIME, covers, "signature_too_large"),)
    try:
        data = signed_data(b"".join(decode(other.body, other.encoding)))
    except Malformed:
        return (unreadable(SMIME, covers),)
    found: tuple[DocumentSignature, ...] = ()
    for form in ("", "mboxrd", "mboxo") if quoted and signed.find(b">From ") >= 0 else ("",):
        chunks = alive(signed.chunks())
        if form:
            chunks = mailbox.unquoted(chunks, form)
        tried = tuple(judged(SMIME, data, covers, hashed(data, wire_chunks(chunks, LineEnds()))))
        if not form or any(one.body_ok for one in tried):
            found = tuple(one._replace(repairs=form) for one in tried)
        if any(one.body_ok is not False for one in found):
            break
    return found


def _covers(part: Part) -> str:
    return f"part {part.number}.1" if part.number else "part 1"


def _pair(part: Part) -> tuple[Span, Part] | None:
    """The octets of the signed part, its header section included, and the part that holds the signature.

    The line end before a delimiter belongs to the delimiter (RFC 1847 §2.1, RFC 2046 §5.1.1).
    """
    content_type = next((field for field in part.fields if field.key == "content-type"), None)
    boundary = boundary_of(raw_parameters(content_type.value)[1]) if content_type is not None else None
    if boundary is None:
        return None
    found = tuple(islice(delimiters_of(part.body, boundary), 3))
    if len(found) < 2 or found[1].closing:
        return None
    stop = found[2].start if len(found) == 3 else part.body.size
    other = split_part(part.body.sub(found[1].stop, max(stop, found[1].stop)))
    return part.body.sub(found[0].stop, max(found[1].start, found[0].stop)), next(parts(other))
