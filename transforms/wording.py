"""The sentences of a verdict: plain and modest, for somebody who must decide tonight (VERDICT §9)."""

from __future__ import annotations

from transforms.auth.proof import Proof
from transforms.model import Finding, Verdict
from transforms.verdict import Case, Decision

# Reason code -> (headline, what would change the verdict). Both are whole sentences.
REASONS: dict[str, tuple[str, str]] = {
    "unread": (
        "This could not be read, so nothing can be said about it.",
        "A readable copy of this file.",
    ),
    "limited": (
        "Reading stopped at a safety limit, so nothing can be said about it.",
        "A smaller or undamaged copy, or higher limits.",
    ),
    "container": (
        "A container: look at the items inside it, each has its own verdict.",
        "Nothing; what it holds is judged item by item.",
    ),
    "gap": (
        "Octets of a container that belong to no message or member.",
        "Nothing; they are kept so that every octet is accounted for.",
    ),
    "link": (
        "A link, which was not followed.",
        "The file that it points to, if it lies inside the dump, has its own row.",
    ),
    "no_signature": (
        "Nothing here can be checked: there is no signature. That does not make it fake.",
        "A copy with its signature, or a verified message that carries exactly these octets.",
    ),
    "key_unknown": (
        "There is a signature, but the key that would decide it is not at hand. That does not make it fake.",
        "The public key of selector {selector} of {domain}, from the time of the mail.",
    ),
    "body_changed_after_signing": (
        "{domain} signed these header fields; the body is not exactly the one it signed. "
        "Exporters and mailing lists often cause this.",
        "A copy of the message with its body as it was sent.",
    ),
    "header_changed_after_signing": (
        "The signature does not match these header fields. Relays and exporters often cause this; "
        "it does not make it fake.",
        "A copy as it was received, or another key of selector {selector} of {domain}.",
    ),
    "parent_not_verified": (
        "The message that carries it is not verified, so nothing can be said about this part.",
        "Whatever verifies the message.",
    ),
    "encoding_ambiguous": (
        "Its encoding can be read in two ways, so the message's signature does not cover it.",
        "The same file from another copy of the message, or as a loose file.",
    ),
    "sent_by_outsider": (
        "Exactly these octets were sent by {author}{on}, whose signature is valid. "
        "Sending a file does not make it authentic.",
        "Naming the sender's domain with --protect, if it is the organisation that the file claims.",
    ),
}

_UNCHECKED = (
    "There is a signature, but it proves too little here ({reason}). That does not make it fake.",
    "A copy whose signature covers what a reader sees.",
)


def headline(case: Case, decision: Decision) -> str:
    """One sentence that says why, naming address and signing domain, never a display name."""
    if decision.verdict is Verdict.VERIFIED:
        return _verified(case, decision)
    if decision.verdict is Verdict.SUSPECTED_FAKE:
        return _suspected(case)
    return _fill(REASONS.get(decision.reason_code, _UNCHECKED)[0], case, decision)


def would_change(case: Case, decision: Decision) -> str | None:
    """What would change an unverifiable item's verdict."""
    if decision.verdict is not Verdict.UNVERIFIABLE:
        return None
    return _fill(REASONS.get(decision.reason_code, _UNCHECKED)[1], case, decision)


def _verified(case: Case, decision: Decision) -> str:
    if decision.basis == "inherited" and case.inheritance is not None:
        carrier = case.inheritance
        on = f" on {carrier.date}" if carrier.date else ""
        return f"Sent by {carrier.author}{on} in exactly this form; {carrier.domain} signed the message."
    assert case.proof is not None
    limit = f" Limited: {decision.reason_code}." if decision.confidence == "limited" else ""
    return f"Exactly these octets were signed by {case.proof.domain}'s mail system.{limit}"


def _suspected(case: Case) -> str:
    contradicting = [f for f in case.findings if f.direction.value == "contradicts" and f.strength.value != "weak"]
    # The same two values are one fact, however many joins have found them.
    facts = len({(f.expected, f.actual) if f.expected or f.actual else f.code for f in contradicting})
    what = "1 fact contradicts" if facts == 1 else f"{facts} facts contradict"
    proof = next((f for f in contradicting if f.code in _SIGNED_VALUES), None)
    return f"{what} what this item claims to be; a person must look.{_told(proof)}"


# Findings whose summary names the value that was signed and the one that is shown (VERDICT §5.1).
_SIGNED_VALUES = ("dkim.altered", "dkim.grafted_signature")


def _told(proof: Finding | None) -> str:
    """What was shown and what was signed, as the finding says it behind its own sentence."""
    detail = proof.summary.partition(": ")[2] if proof is not None else ""
    return f" {detail[0].upper()}{detail[1:]}." if detail else ""


def _fill(sentence: str, case: Case, decision: Decision) -> str:
    proof = case.proof or Proof(None, None, "")
    carrier = case.inheritance
    return sentence.format(
        reason=decision.reason_code,
        domain=proof.domain or "the signing domain",
        selector=proof.selector or "?",
        author=carrier.author if carrier else "",
        on=f" on {carrier.date}" if carrier and carrier.date else "",
    )
