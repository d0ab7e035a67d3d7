"""S/MIME: what do the signatures say that a mail carries as a part of its own? (RFC 8551)

They cover one part and none of the header: who sent the mail, when, and to whom is not signed.
"""

from __future__ import annotations

from typing import NamedTuple

from transforms.auth.ber import Malformed
from transforms.auth.cms import ENCRYPTED, content_type_of, signed_data
from transforms.auth.enclosed import Alive, hashed, judged, unreadable
from transforms.auth.signed_part import SignedPart
from transforms.limits import LIMITS
from transforms.mail.transfer import decode
from transforms.model import DocumentSignature

SMIME = "smime"  # type of a row
DETACHED = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
ENVELOPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})  # signed with the content inside


class Opaque(NamedTuple):
    """What lies in an application/pkcs7-mime."""

    signatures: tuple[DocumentSignature, ...]
    content: tuple[bytes, ...] | None  # what is signed, in pieces; None: there is none, or it is encrypted
    encrypted: bool = False


def detached(pair: SignedPart, quoted: bool, alive: Alive) -> tuple[DocumentSignature, ...]:
    """The signatures over the first part of a multipart/signed whose second is one of DETACHED. Never raises."""
    held = pair.signature
    if held.body.size > 2 * LIMITS.signature_der:
        return (unreadable(SMIME, pair.covers, "signature_too_large"),)
    try:
        data = signed_data(b"".join(decode(held.body, held.encoding)))
    except Malformed:
        return (unreadable(SMIME, pair.covers),)
    found: tuple[DocumentSignature, ...] = ()
    for form, chunks in pair.forms(quoted, alive):
        tried = tuple(judged(SMIME, data, pair.covers, hashed(data, chunks)))
        if not form or any(one.body_ok for one in tried):
            found = tuple(one._replace(repairs=form) for one in tried)
        if any(one.body_ok is not False for one in found):
            break
    return found


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
