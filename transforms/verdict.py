"""Findings to a verdict: one ordered table, the first match wins (VERDICT §7). Never looks at mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from transforms.auth.chain import NO_CHAIN, Chain
from transforms.auth.coverage import ADDED_TEXT
from transforms.auth.proof import Proof
from transforms.auth.receiver import ReceiverSeal
from transforms.lookalike import Likeness
from transforms.model import Direction, Finding, Kind, Status, Strength, Verdict


class Inheritance(NamedTuple):
    """The verified message that an item was sent in, in exactly this form (VERDICT §3)."""

    carrier_id: str
    carrier_path: str
    domain: str  # d= of the carrier's signature
    author: str  # From address of the carrier
    date: str  # of the carrier, ISO 8601 or ""
    loose: bool  # found by equal sha256, not by its place in the message
    protected: bool  # the sender's domain is one that the user named
    confidence: str | None = "strong"  # of the carrier
    sealed: bool = False  # the carrier rests on a receiver's seal; domain is the sealer's


class Case(NamedTuple):
    """All that the verdict of one item may rest on."""

    kind: Kind
    status: Status = Status.OK
    error_code: str | None = None
    proof: Proof | None = None  # of a message, by its own signatures
    inheritance: Inheritance | None = None
    findings: tuple[Finding, ...] = ()
    inside_message: bool = False
    covered: bool = True  # its octets have one reading where it lies in a message
    blanks_open: bool = False  # its message is verified, but for the blanks and line ends of this text
    sender: str = ""  # From domain of a message
    likeness: Likeness | None = None  # of the From domain to one that the user named, or else to a learned one
    comparable: int = 0  # items of its container that two of its strong findings may be measured by
    vouched: bool = False  # a signature speaks for its header fields; or it, or another mail, might with its key
    body_lost: bool = False  # the body as it was sent is not in it (Outlook)
    sealed: ReceiverSeal | None = None  # of a message, by a trusted receiver
    chain: Chain = NO_CHAIN


class Decision(NamedTuple):
    """The verdict columns of items.parquet, before wording."""

    verdict: Verdict
    rule: str
    reason_code: str
    basis: str | None = None
    subtype: str | None = None
    confidence: str | None = None


def decide(case: Case) -> Decision:
    """The first rule of the table that matches. The order of findings does not matter."""
    for name, rule in RULES:
        decision = rule(case, name)
        if decision is not None:
            return decision
    raise AssertionError("the last rule matches everything")


_Rule = Callable[[Case, str], Decision | None]

# Codes of decisive findings and the subtype that they give (VERDICT §5.1).
SUBTYPES = {
    "dkim.altered": "altered",
    "dkim.grafted_signature": "grafted_signature",
    "copy.altered": "altered_copy",
}
COMPARABLE = 30  # messages (VERDICT §5.4)
IMPERSONATION = "identity.impersonation"
SPOOFED = "arc.spoofed_at_receipt"
REBUILT = "mail.rebuilt"

# A signature speaks, and for another form of the message than stands here, or for part of it: proven except what was
# added or rewritten since (VERDICT §7). Honest software does all of that, so it flags, and adds up with nothing.
_OF_ANOTHER_FORM = ("body_changed_after_signing", ADDED_TEXT, "body_length_limit", "doubled_field")  # reasons
# Neither alone says anything; both do: files saved in one go by a stranger, each with other words than were mailed.
_CHANGED_IN_ONE_GO = frozenset({"document.changed_in_a_batch", "document.near_duplicate"})
# Neutral or weak, and rarer than one in a hundred honest mails where it could be measured: worth a look, no more.
_WORTH_A_LOOK = frozenset(
    {
        "client.marks_of_another_program",
        "copy.copies_disagree",
        "copy.says_otherwise_to_the_same_readers",
        "copy.signed_anew",
        "dkim.body_signed_by_another",
        "dkim.selector_out_of_use",
        "dkim.signature_reused",
        "dkim.signed_by_a_registry",
        "dkim.signed_with_another_value",
        "mail.headline_doubled",
        "mail.two_authors",
        "mail.words_hidden",
    }
)

# Bases in the order of the table; what a proof of each is worth was settled where it was made.
_BASES = {
    "signature": "signature",
    "repaired": "repaired_signature",
    "provider": "provider_signature",
    "anchored": "anchored_recovered_key",
    "document_signature": "document_signature",
}


def _unverifiable(rule: str, reason: str) -> Decision:
    return Decision(Verdict.UNVERIFIABLE, rule, reason)


def _suspected(rule: str, reason: str, subtype: str, confidence: str) -> Decision:
    return Decision(Verdict.SUSPECTED_FAKE, rule, reason, subtype=subtype, confidence=confidence)


def _unread(case: Case, rule: str) -> Decision | None:
    if case.status is Status.LIMITED:
        return _unverifiable(rule, "limited")
    if case.status is Status.ERROR or case.kind is Kind.SPECIAL:
        return _unverifiable(rule, "unread")
    return None


def _container(case: Case, rule: str) -> Decision | None:
    return _unverifiable(rule, "container") if case.kind in (Kind.MAILBOX, Kind.ARCHIVE) else None


def _gap(case: Case, rule: str) -> Decision | None:
    return _unverifiable(rule, "gap") if case.kind is Kind.GAP else None


def _link(case: Case, rule: str) -> Decision | None:
    return _unverifiable(rule, "link") if case.kind is Kind.LINK else None


def _decisive(case: Case, rule: str) -> Decision | None:
    """A decisive contradiction about this item, unless its own aligned, full signature is valid."""
    if case.proof is not None and case.proof.basis is not None:
        return None
    found = sorted(f.code for f in case.findings if f.code in SUBTYPES and _contradicts(f, Strength.DECISIVE))
    return _suspected(rule, found[0], SUBTYPES[found[0]], "strong") if found else None


def _impersonation(case: Case, rule: str) -> Decision | None:
    for finding in case.findings:
        if finding.code == IMPERSONATION and _contradicts(finding, Strength.DECISIVE):
            return _suspected(rule, finding.code, "impersonation", "moderate")
    return None


def _proven(case: Case, rule: str) -> Decision | None:
    proof = case.proof
    if proof is None or proof.basis != _BASES[rule]:
        return None
    return Decision(Verdict.VERIFIED, rule, proof.reason or rule, basis=proof.basis, confidence=proof.confidence)


def _sealed(case: Case, rule: str) -> Decision | None:
    seal = case.sealed
    if seal is None:
        return None
    return Decision(Verdict.VERIFIED, rule, seal.reason or rule, basis="receiver_seal", confidence=seal.confidence)


def _inherited(case: Case, rule: str) -> Decision | None:
    carrier = case.inheritance
    if carrier is None or case.kind is Kind.EMAIL:
        return None
    if carrier.loose and not carrier.protected:
        return None
    # A carrier is limited by its recipients only, or passes nothing on: what it covers is as proven as ever.
    confidence = "moderate" if carrier.loose or carrier.confidence == "moderate" else "strong"
    return Decision(Verdict.VERIFIED, rule, rule, basis="inherited", confidence=confidence)


def _spoofed_at_receipt(case: Case, rule: str) -> Decision | None:
    for finding in case.findings:
        if finding.code == SPOOFED and _contradicts(finding, Strength.DECISIVE):
            return _suspected(rule, finding.code, "spoofed_at_receipt", "moderate")
    return None


def _contradicted(case: Case, rule: str) -> Decision | None:
    """Two strong contradictions of different families, nothing speaking for the item (VERDICT §5.4).

    Only in a container with enough comparable messages to tell a habit of its exporter from a forgery. Where a
    signature confirms the header fields, odd clocks are the sender's own; where its key is missing, it might:
    the loss of a key must never make an honest mail suspected.
    """
    if case.comparable < COMPARABLE or case.vouched:
        return None
    strong = [f for f in case.findings if _contradicts(f, Strength.STRONG)]
    supported = any(f.direction is Direction.SUPPORTS and f.strength is not Strength.WEAK for f in case.findings)
    if supported or len({family_of(f) for f in strong}) < 2:
        return None
    return _suspected(rule, min(f.code for f in strong), "contradicted", "limited")


def _flagged(case: Case, rule: str) -> Decision | None:
    """Worth a look, and no more than that."""
    strong = sorted(f.code for f in case.findings if _contradicts(f, Strength.STRONG))
    if strong:
        return _unverifiable(rule, strong[0])
    if case.proof is not None and case.proof.reason in _OF_ANOTHER_FORM:
        return _unverifiable(rule, _why_not_proven(case, case.proof.reason))
    codes = {f.code for f in case.findings}
    found = sorted(codes & _WORTH_A_LOOK) + sorted(_CHANGED_IN_ONE_GO if codes >= _CHANGED_IN_ONE_GO else ())
    return _unverifiable(rule, found[0]) if found else None


def _corroborated(case: Case, rule: str) -> Decision | None:
    strong = sorted(
        f.code for f in case.findings if f.direction is Direction.SUPPORTS and f.strength is not Strength.WEAK
    )
    return _unverifiable(rule, strong[0]) if strong else None


def _plain(case: Case, rule: str) -> Decision | None:
    """Nothing can be said either way; the plainest reason."""
    if case.proof is not None:
        lost = case.body_lost and case.proof.reason == "body_not_hashed"
        return _unverifiable(rule, "header_proven_body_lost" if lost else _why_not_proven(case, case.proof.reason))
    if case.inheritance is not None:
        return _unverifiable(rule, "sent_by_outsider")
    if case.inside_message:
        if not case.covered:
            return _unverifiable(rule, "encoding_ambiguous")
        return _unverifiable(rule, "blanks_not_signed" if case.blanks_open else "parent_not_verified")
    return _unverifiable(rule, "no_signature")


def _why_not_proven(case: Case, reason: str) -> str:
    """Of a message that an exporter wrote anew, that is the reason why no signature matches."""
    changed = reason in ("body_changed_after_signing", "header_changed_after_signing")
    return REBUILT if changed and any(f.code == REBUILT for f in case.findings) else reason


RULES: tuple[tuple[str, _Rule], ...] = (
    ("unread", _unread),
    ("container", _container),
    ("gap", _gap),
    ("link", _link),
    ("decisive", _decisive),
    ("impersonation", _impersonation),
    ("signature", _proven),
    ("repaired", _proven),
    ("provider", _proven),
    ("seal", _sealed),
    ("anchored", _proven),
    ("document_signature", _proven),
    ("inherited", _inherited),
    ("spoofed_at_receipt", _spoofed_at_receipt),
    ("contradicted", _contradicted),
    ("flagged", _flagged),
    ("corroborated", _corroborated),
    ("plain", _plain),
)


def family_of(finding: Finding) -> str:
    """The family of a finding, its rule's or that of its area: independent findings differ in it."""
    return finding.family or FAMILIES[finding.code.partition(".")[0]]


FAMILIES = {
    "dkim": "crypto",
    "arc": "crypto",
    "key": "crypto",
    "mail": "reading",
    "clock": "transport clock",
    "client": "client fingerprint",
    "identity": "identity",
    "copy": "copy",
    "thread": "copy",
    "document": "document",
    "container": "reading",
    "limit": "reading",
    "io": "reading",
    "crash": "reading",
}


def _contradicts(finding: Finding, strength: Strength) -> bool:
    return finding.direction is Direction.CONTRADICTS and finding.strength is strength
