"""What a message's own signatures prove, taken together (VERDICT §1).

One signature is enough; the best one is shown. A signature that is valid but leaves something
open proves nothing here: its objection becomes the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from transforms.auth.coverage import LIMITING, SELF_ATTESTED
from transforms.model import PreparedSignature, SignatureResult

RECIPIENTS = "recipients_not_covered"


class Proof(NamedTuple):
    """The best of a message's signatures and what it is worth."""

    # signature | repaired_signature | provider_signature | anchored_recovered_key; None: nothing is proven
    basis: str | None
    confidence: str | None  # strong | moderate | limited; None with basis
    reason: str  # one code: what limits the proof, or why there is none; "" if nothing does
    seq: int | None = None  # the signature shown; None: the message has none
    domain: str = ""  # d=
    selector: str = ""  # s=
    key_id: str | None = None
    aligned: str = "none"
    signed_at: int | None = None
    repairs: str = ""
    result: str = "none"  # RFC 8601 §2.7.1
    subject: str | None = None  # as signed, where a repair found another than is shown
    message_id: str | None = None

    @property
    def passes_on(self) -> bool:
        """Whether attachments and joins may rest on it (VERDICT §3)."""
        return self.basis is not None and (self.confidence != "limited" or self.reason == RECIPIENTS)


NO_SIGNATURE = Proof(None, None, "no_signature")

# Why a message is not proven, plainest last: a signature further up is shown and gives the reason.
_ORDER = (
    "body_not_hashed",
    "body_changed_after_signing",
    "key_two_recovered",
    "key_recovered",
    "key_unknown",
    "header_changed_after_signing",
)


def best_proof(signatures: Sequence[PreparedSignature], results: Sequence[SignatureResult]) -> Proof:
    """The proof of one message by its DKIM signatures; results in the order of all its signatures."""
    pairs = [pair for pair in zip(signatures, results, strict=True) if pair[0].type == "dkim"]
    if not pairs:
        return NO_SIGNATURE
    return min((_proof(*pair) for pair in pairs), key=_rank)


def _proof(signature: PreparedSignature, result: SignatureResult) -> Proof:
    basis, confidence, reason = _worth(signature, result)
    return Proof(
        basis,
        confidence,
        reason,
        signature.seq,
        signature.domain,
        signature.selector,
        result.key_id,
        signature.aligned,
        signature.signed_at,
        signature.repairs,
        result.result,
        result.subject,
        result.message_id,
    )


def _worth(signature: PreparedSignature, result: SignatureResult) -> tuple[str | None, str | None, str]:
    """Basis, confidence and reason of one signature."""
    if result.reason in SELF_ATTESTED or (result.result != "pass" and result.reason != "body_not_hashed"):
        return None, None, result.reason
    objections = signature.objections
    if result.objection is not None and result.objection not in objections:
        objections = (result.objection, *objections)
    blocking = next((code for code in objections if code not in LIMITING), None)
    if blocking is not None:
        return None, None, blocking
    if result.result != "pass":
        return None, None, result.reason
    basis = "repaired_signature" if signature.repairs else "signature"
    if signature.aligned == "provider":
        basis = "provider_signature"
    if result.reason == "key_anchored":
        basis = "anchored_recovered_key"
    if objections:
        # Whatever else limits it is named before the recipients, which limit nothing but themselves.
        reason = next((code for code in objections if code != RECIPIENTS), RECIPIENTS)
        return basis, "limited", reason
    strong = (result.key_bits >= 2048 or signature.algorithm.startswith("ed25519")) and (
        signature.aligned == "exact" and not signature.repairs and result.reason != "key_anchored"
    )
    return basis, "strong" if strong else "moderate", ""


def _rank(proof: Proof) -> tuple[int, int]:
    confidence = {"strong": 0, "moderate": 1, "limited": 2}
    if proof.confidence is not None:
        return confidence[proof.confidence], proof.seq or 0
    place = _ORDER.index(proof.reason) + 4 if proof.reason in _ORDER else 3
    return place if proof.result == "pass" or place > 3 else 9, proof.seq or 0
