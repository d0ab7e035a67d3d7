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
    "blanks_not_signed": (
        "The message that carries it is verified, but its signature leaves blanks and line ends open, and in this "
        "part they may have been changed. Its words are as they were sent.",
        "The same part from a copy that was signed to the octet, or as base64.",
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

REASONS["key_weak"] = (
    "There is a valid signature, but its key is so short that others could have computed the private key. "
    "That does not make it fake.",
    "A signature of the same mail under a longer key, or another copy that is proven by other means.",
)
REASONS["key_known_weak"] = (
    "There is a valid signature, but anybody could have computed the private key of selector {selector} of {domain}. "
    "That does not make it fake.",
    "A signature of the same mail under a sound key, or another copy that is proven by other means.",
)

# keys.parquet.weakness in words: why a key proves nothing.
KEY_WEAKNESS = {
    "weak": "shorter than 1024 bits: others could have factored it",
    "revoked": "withdrawn: the record names no key",
    "unparsable": "the record is damaged: no key can be read from it",
    "refused": "its numbers are unsafe: an even or oversized modulus, or a small, even or oversized exponent",
    "small_factor": "its modulus has a small factor: damaged, or never made as a key",
    "close_primes": "its two primes lie so close together that anybody can find them",
    "known_factor": "one of its primes was found and published by a survey of keys",
    "shared_factor": "it shares a prime with another key at hand, so anybody can compute both private keys",
    "roca": "made by a smart card library whose keys can be factored (CVE-2017-15361)",
    "prime_modulus": "its modulus is a prime: anybody can compute the private key",
}

# What a look-up of `keys fetch` came to.
LOOK_UPS = {
    "found": "found",
    "nxdomain": "do not exist any more (NXDOMAIN)",
    "no_key": "hold no key",
    "error": "without an answer",
}
LOOK_UP_REVEALS = """\
What this tells others, and cannot be taken back:
- The resolver ({servers}), whoever runs it, and whoever listens on the way see every name and when it was asked.
- The name servers of each of these domains see it too. A key of years ago interests few: who reads their logs can
  conclude that somebody holds mail of theirs, from which time, and, by the combination of names, which mail.
- A mail may carry a selector made for it alone, in order to learn when, and from where, it is examined.
If that matters, do this from a network that does not point to you, or look for an archive of keys instead.
What it gives: the keys of today. One that is first seen now, years after the mail, gives a limited proof only.
"""

_UNCHECKED = (
    "There is a signature, but it proves too little here ({reason}). That does not make it fake.",
    "A copy whose signature covers what a reader sees.",
)


def headline(case: Case, decision: Decision) -> str:
    """One sentence that says why, naming address and signing domain, never a display name."""
    if decision.verdict is Verdict.VERIFIED:
        return _verified(case, decision)
    if decision.verdict is Verdict.SUSPECTED_FAKE:
        return _suspected(case, decision)
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


def _suspected(case: Case, decision: Decision) -> str:
    if decision.subtype == "impersonation" and case.likeness is not None:
        signed = " It was really sent from there: the signature is valid." if _is_proven(case) else ""
        return (
            f"The sender's domain {case.sender} imitates {case.likeness.imitates} and is not it.{signed} "
            "A person must look."
        )
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


def _is_proven(case: Case) -> bool:
    return case.proof is not None and case.proof.basis is not None


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
