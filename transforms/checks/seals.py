"""What did a trusted receiver record when it took the message? (RFC 8617; VERDICT §4, §5.3)"""

from __future__ import annotations

from collections.abc import Iterator

from transforms.auth.receiver import Record, recipient_domains, records, summary
from transforms.case import ItemView
from transforms.model import Direction, Finding, Kind, Rule, Strength

PROVEN = Rule(
    "arc.receiver_seal",
    Direction.SUPPORTS,
    Strength.DECISIVE,
    "crypto",
    "A trusted receiver held exactly this message and recorded that the author's signature was valid",
    "The account may have been taken over, and what it says may still be untrue.",
    "0 false passes: derived from RSA and SHA-256; rests on the receiver's honesty and on its key's origin",
)
RECORDED_PASS = Rule(
    "arc.receiver_recorded_pass",
    Direction.SUPPORTS,
    Strength.STRONG,
    "crypto",
    "A trusted receiver held exactly this message and recorded that the author's domain had passed its check",
    "The check may have been of the sending server only, or of another form of the message than this one.",
    "derived from RSA and SHA-256; never verifies",
)
RECORDED_IN_PART = Rule(
    "arc.recorded_before_a_change",
    Direction.SUPPORTS,
    Strength.WEAK,
    "crypto",
    "A trusted receiver recorded that the author's domain had passed its check; the body has changed since, "
    "or the receiver's signature leaves something open",
    "Mailing lists, forwarders and exporters change bodies after a seal.",
    "derived from RSA and SHA-256; never verifies",
)
HELD = Rule(
    "arc.held_by_receiver",
    Direction.SUPPORTS,
    Strength.WEAK,
    "crypto",
    "A trusted receiver held a message with this header at that time",
    "It says when the message was there, not who wrote it.",
    "derived from RSA and SHA-256; never verifies",
)
SPOOFED = Rule(
    "arc.spoofed_at_receipt",
    Direction.CONTRADICTS,
    Strength.DECISIVE,
    "crypto",
    "A trusted receiver recorded that the sender was not allowed to use the author's domain",
    "A forwarder or gateway that leaves no trace in the message and breaks its signature looks the same.",
    "0 of 5 honest mails of one organisation that failed so: in all 5 the receiver had set the policy aside",
)
FAILED = Rule(
    "arc.failed_at_receipt",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "crypto",
    "A trusted receiver recorded that the author's domain had failed its check",
    "Mailing lists, forwarders, aliases and security gateways make honest mail fail.",
    "not measured; frequent in mail that came through lists and gateways",
)
FAILED_PASSED_ON = Rule(
    "arc.failed_when_passed_on",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "crypto",
    "A trusted receiver recorded that the author's domain had failed its check; somebody had passed the mail on",
    "Lists, forwarders and aliases make honest mail fail.",
    "not measured; frequent in mail that came through lists and gateways",
)
BROKEN = Rule(
    "arc.chain_broken",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The chain of receivers' seals does not hold as it stands here",
    "Exporters, forwarders and lists change what seals cover, or leave some of their fields out.",
    "normal for forwarded and exported mail; never evidence of forgery",
)
KEY_UNKNOWN = Rule(
    "arc.key_unknown",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "A trusted receiver's seal cannot be checked, its public key is not among the keys given",
    "Keys are rotated and withdrawn; most keys of past years are no longer published.",
    "says nothing",
)
NOT_TRUSTED = Rule(
    "arc.sealer_not_trusted",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "A valid seal comes from a system that is not on the list of trusted ones",
    "Anybody with a domain can seal mail; naming a receiver with --trusted-sealer makes its seals count.",
    "says nothing",
)

RULES = (
    PROVEN,
    RECORDED_PASS,
    RECORDED_IN_PART,
    HELD,
    SPOOFED,
    FAILED,
    FAILED_PASSED_ON,
    BROKEN,
    KEY_UNKNOWN,
    NOT_TRUSTED,
)


def check(item: ItemView) -> Iterator[Finding]:
    if item.kind is not Kind.EMAIL or item.proof is None:
        return
    if item.sealed is not None:
        yield PROVEN(f"d={item.sealed.sealer} i={item.sealed.instance}, of {item.sealed.signer}'s signature")
    said = records(item.chain, item.from_domain or "")
    if item.sealed is None:
        yield from _support(said)
    if item.sealed is None and item.proof.basis is None:
        yield from _contradiction(item, said)
    if item.chain.result == "fail":
        yield BROKEN(item.chain.reason)
    for domain, selector in item.chain.waiting:
        yield KEY_UNKNOWN(f"d={domain} s={selector}")
    if item.chain.untrusted:
        yield NOT_TRUSTED(f"d={item.chain.untrusted}")


def made(item: ItemView) -> Iterator[str]:
    """Codes of the strong contradictions that are looked for in an item: a trusted receiver told its result.

    Not in a proven one, nor in one that its missing key might prove: what is comparable must not grow as keys are lost.
    """
    if item.kind is not Kind.EMAIL or item.proof is None or item.proof.basis is not None or item.sealed is not None:
        return
    told = (record for record in records(item.chain, item.from_domain or "") if record.says in ("pass", "fail"))
    if not item.awaits_key and any(not _passed_on(item, record) for record in told):
        yield FAILED.code


def _support(said: tuple[Record, ...]) -> Iterator[Finding]:
    """The best that the seals say for the author, once."""
    passed = [record for record in said if record.says == "pass"]
    whole = [record for record in passed if record.whole]
    if whole:
        yield RECORDED_PASS(_detail(whole[0]))
    elif passed:
        yield RECORDED_IN_PART(_detail(passed[0]))
    elif said:
        yield HELD(_detail(said[0]))


def _contradiction(item: ItemView, said: tuple[Record, ...]) -> Iterator[Finding]:
    """The worst that they say against him, once; nothing where another receiver saw him pass."""
    failed = [record for record in said if record.says == "fail"]
    if not failed or any(record.says == "pass" for record in said):
        return
    direct = [record for record in failed if not _passed_on(item, record)]
    spoofed = next((record for record in direct if _unexplained(item, record)), None)
    if spoofed is not None:
        rule, record = SPOOFED, spoofed
    else:
        rule, record = (FAILED, direct[0]) if direct else (FAILED_PASSED_ON, failed[0])
    yield rule(
        _detail(record),
        expected=f"mail that {item.from_domain} lets through its own check",
        actual=summary(record.seal.results),
    )


def _passed_on(item: ItemView, record: Record) -> bool:
    """Whether the mail shows that somebody stood between the author and this receiver."""
    return (
        record.seal.instance > 1
        or item.delivered_elsewhere
        or any(not name.startswith("arc-") for name in item.intermediaries)
        or not recipient_domains(record.seal) <= {one.rpartition("@")[2] for one in item.recipients}
    )


def _unexplained(item: ItemView, record: Record) -> bool:
    """Whether nothing but the author's own sending can have failed (VERDICT §5.3), of mail that nobody passed on."""
    unsigned = not any(signature.type == "dkim" for signature in item.signatures)
    told = any(one.method == "dkim" for one in record.seal.results)
    return record.enforced and record.whole and (told or unsigned)


def _detail(record: Record) -> str:
    seal = record.seal
    return f"d={seal.message.domain} i={seal.instance} {summary(seal.results)}".rstrip()
