"""What did a trusted receiver record of this message, and what is that worth? (VERDICT §4, §5.3)

A seal fixes what its sealer wrote. That it wrote so of *this* message is fixed by the message
signature of the same set, so nothing here rests on a seal alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from transforms.auth.alignment import align, registered_domain
from transforms.auth.chain import Chain, Seal
from transforms.auth.coverage import ADDED_TEXT, BLOCKING, LIMITING, in_order
from transforms.auth.recorded import fields_in, vouched_for
from transforms.mail.authentication_results import Result, to_text
from transforms.model import PreparedSignature, SignatureResult

RECIPIENTS = "recipients_not_covered"

# Fields of those who may change a mail between checking and sealing it: lists and resenders.
_CHANGERS = ("list-id", "list-post", "resent-", "x-mailman-", "x-original-from", "x-loop")
# What the signature that the sealer checked must not have left open. The rest is asked of the seal's own.
_LEFT_OPEN = frozenset(
    {
        ADDED_TEXT,
        "from_not_signed",
        "doubled_field",
        "body_length_limit",
        "subject_not_signed",
        "date_not_signed",
        "mime_reinterpretation_possible",
    }
)
_BINDING = frozenset({"from_not_signed", "from_ambiguous", "doubled_field", "header_ambiguous"})
_ENFORCED = ("quarantine", "reject")


class ReceiverSeal(NamedTuple):
    """Proof that a trusted receiver held exactly this message and found the author's signature valid."""

    confidence: str  # moderate | limited
    reason: str  # what limits it; "" if nothing does
    sealer: str  # d= of the seal
    instance: int
    signed_at: int | None  # t= of the message signature
    signer: str  # whose signature was recorded as valid
    seq: int  # of the message signature

    @property
    def passes_on(self) -> bool:
        """Whether attachments may rest on it (VERDICT §3)."""
        return self.confidence != "limited" or self.reason == RECIPIENTS


# ---- proof ------------------------------------------------------------------------------------


def receiver_seal(
    chain: Chain,
    signatures: Sequence[PreparedSignature],
    results: Sequence[SignatureResult],
    intermediaries: Iterable[str],
) -> ReceiverSeal | None:
    """The best proof of the seals of one message, None if there is none.

    Beyond the seal (VERDICT §4): the receiver checks first and seals what it passes on, and dkim=pass does
    not say what the signature covered. So the very signature that it recorded must stand here, be held
    fast by the seal's message signature, and fit and cover what is here; and a message that a list
    handled proves nothing this way.
    """
    if any(name.startswith(_CHANGERS) for name in intermediaries):
        return None
    own = [(s, r) for s, r in zip(signatures, results, strict=True) if s.type == "dkim"]
    found = [_proof(seal, own) for seal in chain.seals]
    return min(filter(None, found), key=lambda proof: (proof.confidence == "limited", proof.instance), default=None)


def _proof(seal: Seal, own: Sequence[tuple[PreparedSignature, SignatureResult]]) -> ReceiverSeal | None:
    objections = _objections(seal)
    if seal.outcome.result != "pass" or not BLOCKING.isdisjoint(objections):
        return None
    if any(one.method == "dmarc" and one.result == "fail" for one in seal.results):
        return None  # an aligned pass makes dmarc pass: the two contradict each other
    fields = fields_in(len(own))
    held = seal.message.signed_fields.count("dkim-signature")
    if held < fields:
        return None
    results = [to_text(one) for one in seal.results if not any(name.startswith("smtp.") for name, _ in one.properties)]
    named = {one.seq for one in vouched_for(results, [one for one, _ in own], fields, held > fields)}
    for signature, result in own:
        if signature.seq in named and signature.aligned in ("exact", "relaxed") and _still_fits(signature, result):
            reasons = [code for code in objections if code in LIMITING]
            if signature.aligned == "relaxed":
                reasons.append("aligned_relaxed")
            if "sha1" in signature.objections:
                reasons.append("sha1")
            reason = next((code for code in reasons if code != RECIPIENTS), next(iter(reasons), ""))
            return ReceiverSeal(
                "limited" if reasons else "moderate",
                reason,
                seal.message.domain,
                seal.instance,
                seal.message.signed_at,
                signature.domain,
                seal.message.seq,
            )
    return None


def _still_fits(signature: PreparedSignature, result: SignatureResult) -> bool:
    """Whether a signature may be the one that the sealer found valid for what is here now."""
    return (
        signature.invalid is None
        and signature.body_ok is True
        and result.header_ok is not False
        and _LEFT_OPEN.isdisjoint(signature.objections)
    )


def _objections(seal: Seal) -> tuple[str, ...]:
    """Those of the message signature, its key's included."""
    return in_order((*seal.message.objections, *filter(None, [seal.outcome.objection])))


def _passed_aligned(results: Iterable[Result], from_domain: str) -> bool:
    """Whether a dkim=pass is recorded that speaks for the From domain."""
    return any(
        one.method == "dkim"
        and one.result == "pass"
        # With properties of another check in it, two results have run into each other.
        and not any(name.startswith("smtp.") for name, _ in one.properties)
        and align(_signer(one), from_domain) in ("exact", "relaxed")
        for one in results
    )


def _signer(result: Result) -> str:
    """header.d, else the domain of header.i."""
    named = result.of("header.d") or (result.of("header.i") or "").rpartition("@")[2]
    return named.lower().removesuffix(".")


# ---- what else was recorded -------------------------------------------------------------------


class Record(NamedTuple):
    """What one seal says for or against the author of the message."""

    seal: Seal
    says: str  # pass | fail | nothing
    whole: bool  # its message signature covers all that is here
    enforced: bool = False  # fail: the domain asked for its mail to be refused, and the receiver followed


def records(chain: Chain, from_domain: str) -> tuple[Record, ...]:
    """Of each seal that is bound to this message's author, what it says of him."""
    found = []
    for seal in chain.seals:
        objections = _objections(seal)
        if not seal.outcome.header_ok or not _BINDING.isdisjoint(objections):
            continue
        whole = seal.outcome.result == "pass" and BLOCKING.isdisjoint(objections)
        if _passed(seal.results, from_domain):
            found.append(Record(seal, "pass", whole))
        elif _failed(seal.results, from_domain):
            found.append(Record(seal, "fail", whole, _enforced(seal.results, from_domain)))
        else:
            found.append(Record(seal, "nothing", whole))
    return tuple(found)


def summary(results: Iterable[Result]) -> str:
    """The results that count, in short: `spf=fail dkim=none dmarc=fail`."""
    return " ".join(f"{one.method}={one.result}" for one in results if one.method in ("spf", "dkim", "dmarc"))


def recipient_domains(seal: Seal) -> frozenset[str]:
    """Whom the sealer took the message for, where it says so (Microsoft 365)."""
    return frozenset(filter(None, ((one.of("smtp.rcpttodomain") or "").lower() for one in seal.results)))


def _passed(results: Collection[Result], from_domain: str) -> bool:
    """dkim, spf or dmarc passed for the From domain itself."""
    if _passed_aligned(results, from_domain):
        return True
    for one in results:
        sender = (one.of("smtp.mailfrom") or "").rpartition("@")[2].lower()
        if one.result == "pass" and (
            (one.method == "dmarc" and _same_author(one, from_domain))
            or (one.method == "spf" and align(sender, from_domain) != "none")
        ):
            return True
    return False


def _failed(results: Collection[Result], from_domain: str) -> bool:
    """dmarc failed; or, without an answer of dmarc, spf and a signature of the From domain did.

    A temporary error anywhere leaves open what a second try would have said.
    """
    of = {method: [one for one in results if one.method == method] for method in ("dkim", "spf", "dmarc")}
    if any(one.result == "temperror" for found in of.values() for one in found):
        return False
    if any(one.result != "none" for one in of["dmarc"]):
        return all(one.result == "fail" and _same_author(one, from_domain) for one in of["dmarc"])
    own = [one for one in of["dkim"] if align(_signer(one), from_domain) != "none"]
    return (
        bool(own and of["spf"])
        and all(one.result == "fail" for one in (*of["spf"], *own))
        and not any(one.result == "pass" for one in of["dkim"])
    )


def _same_author(result: Result, from_domain: str) -> bool:
    """Whether header.from is the From domain, or one above it; servers may leave it out."""
    named = (result.of("header.from") or from_domain).rpartition("@")[2].lower().rstrip(".>")
    return from_domain == named or from_domain.endswith(f".{named}")


def _enforced(results: Collection[Result], from_domain: str) -> bool:
    """Whether dmarc failed against a policy that applies, spf failed and no signature did better.

    Google writes `(p=REJECT sp=REJECT dis=NONE)`, Microsoft `(p=reject sp=reject pct=100) action=oreject`,
    Fastmail policy.published-domain-policy. Where the receiver says that it set the policy aside (dis=NONE,
    oreject, applied-disposition=none), it does not count: receivers do so for forwarders and gateways
    that they know, and most honest mail that fails is of that kind.
    """
    dmarc = [one for one in results if one.method == "dmarc"]
    spf = [one.result for one in results if one.method == "spf"]
    dkim = [one.result for one in results if one.method == "dkim"]
    return (
        bool(dmarc and spf)
        and all(_policy_applies(one, from_domain) for one in dmarc)
        and all(result == "fail" for result in spf)
        and all(result in ("none", "fail") for result in dkim)
    )


def _policy_applies(result: Result, from_domain: str) -> bool:
    policy = result.of("comment.p") or result.of("policy.published-domain-policy") or result.of("policy.dmarc")
    below = result.of("comment.sp") or result.of("policy.published-subdomain-policy")
    if result.result != "fail" or (policy or "") not in _ENFORCED:
        return False
    if below and below not in _ENFORCED and registered_domain(from_domain) != from_domain:
        return False  # sp= may be the one that applies (RFC 7489 §6.3)
    if (result.of("comment.pct") or "100") != "100":
        return False
    done = [result.of(name) for name in ("comment.dis", "action", "policy.applied-disposition")]
    return all(one is None or one.lower() in _ENFORCED for one in done)
