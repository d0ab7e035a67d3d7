"""S/MIME: what do the signatures say that a mail carries as a part of its own? (RFC 8551; RFC 1847 §2.1)

They cover one part and none of the header: who sent the mail, when, and to whom is not signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from transforms.auth.ber import Malformed
from transforms.auth.canonical import LineEnds, wire_chunks
from transforms.auth.cms import ENCRYPTED, SignedData, Signer, body_matches, confirmed, content_type_of, signed_data
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
_DETACHED = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})


class Opaque(NamedTuple):
    """What lies in an application/pkcs7-mime."""

    signatures: tuple[DocumentSignature, ...]
    content: tuple[bytes, ...] | None  # what is signed, in pieces; None: there is none, or it is encrypted
    encrypted: bool = False


def detached(found: Iterable[Part], quoted: bool) -> Iterator[DocumentSignature]:
    """The signatures of every multipart/signed among a message's parts; seq counts through all of them.

    quoted: the mail lies in a mailbox, whose writer may have quoted lines that begin with `From `. Never raises.
    """
    seq = 0
    for part in found:
        if part.media_type != "multipart/signed" or part.is_item:
            continue
        for signature in _of_part(part, quoted):
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
        return Opaque((_unreadable("the content"),), None)
    if data.content is None:
        return Opaque((), None)
    return Opaque(tuple(judged(SMIME, data, "the content", hashed(data, data.content))), data.content)


def hashed(data: SignedData, content: Iterable[bytes]) -> dict[str, bytes]:
    """Every hash of the content that one of the signers names."""
    digests = {one.hash_name: hashlib.new(one.hash_name) for one in data.signers if one.hash_name}
    for piece in content:
        for digest in digests.values():
            digest.update(piece)
    return {name: digest.digest() for name, digest in digests.items()}


def judged(kind: str, data: SignedData, covers: str, digests: Mapping[str, bytes]) -> Iterator[DocumentSignature]:
    """What each signer's own key makes of content with these hashes.

    Reasons, by result:
        pass       pass
        fail       content_changed_after_signing, signature_not_of_its_key
        permerror  signature_syntax, signature_too_large, signature_algorithm, certificate_missing, key_type
    """
    for seq, signer in enumerate(data.signers):
        body_ok = body_matches(signer, digests) if signer.invalid is None else None
        if signer.invalid is not None:
            result, reason = "permerror", signer.invalid
        elif body_ok is False:
            result, reason = "fail", "content_changed_after_signing"
        else:
            confirms = confirmed(signer, digests)
            # Without signed attributes a changed content and a changed signature look the same.
            wrong = "content_changed_after_signing" if body_ok is None else "signature_not_of_its_key"
            result, reason = {True: ("pass", "pass"), False: ("fail", wrong), None: ("permerror", "key_type")}[confirms]
            body_ok = body_ok or confirms
        yield _row(kind, seq, covers, signer)._replace(body_ok=body_ok, result=result, reason=reason)


def _of_part(part: Part, quoted: bool) -> tuple[DocumentSignature, ...]:
    """The signatures over the first of the two parts of a multipart/signed; none if they are no S/MIME."""
    pair = _pair(part)
    if pair is None or pair[1].media_type not in _DETACHED:
        return ()
    signed, other = pair
    covers = f"part {part.number}.1" if part.number else "part 1"
    if other.body.size > 2 * LIMITS.signature_der:
        return (_unreadable(covers, "signature_too_large"),)
    try:
        data = signed_data(b"".join(decode(other.body, other.encoding)))
    except Malformed:
        return (_unreadable(covers),)
    found: tuple[DocumentSignature, ...] = ()
    for form in ("", "mboxrd", "mboxo") if quoted and signed.find(b">From ") >= 0 else ("",):
        chunks = mailbox.unquoted(signed.chunks(), form) if form else signed.chunks()
        tried = tuple(judged(SMIME, data, covers, hashed(data, wire_chunks(chunks, LineEnds()))))
        if not form or any(one.body_ok for one in tried):
            found = tuple(one._replace(repairs=form) for one in tried)
        if any(one.body_ok is not False for one in found):
            break
    return found


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


def _row(kind: str, seq: int, covers: str, signer: Signer) -> DocumentSignature:
    row = DocumentSignature(seq, kind, covers, signer.algorithm, None, "", "", signer.signed_at)
    certificate = signer.certificate
    if certificate is None:
        return row
    return row._replace(
        subject=certificate.subject,
        issuer=certificate.issuer,
        addresses=certificate.addresses,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        fingerprint=certificate.fingerprint,
        key_id=certificate.key_id,
    )


def _unreadable(covers: str, reason: str = "signature_syntax") -> DocumentSignature:
    return DocumentSignature(0, SMIME, covers, "", None, "permerror", reason)
