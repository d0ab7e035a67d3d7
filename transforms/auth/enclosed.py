"""A signature that brings its own key: is what it covers as it was signed, and by the key of which certificate?

Nothing here asks who holds that key: no root is given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from transforms.auth.cms import SignedData, Signer, body_matches, confirmed
from transforms.model import DocumentSignature

Alive = Callable[[Iterable[bytes]], Iterator[bytes]]  # the same chunks, each of which says that work goes on


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
        permerror  signature_syntax, signature_too_large, signature_algorithm, certificate_missing, key_type,
                   signatures_nested, byte_range, signature_form
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


def unreadable(kind: str, covers: str, reason: str = "signature_syntax") -> DocumentSignature:
    """One that cannot be tried."""
    return DocumentSignature(0, kind, covers, "", None, "permerror", reason)
