"""Does a signature agree with a key that the dump's own signatures give away? (VERDICT §4)"""

from __future__ import annotations

from collections.abc import Iterator

from transforms.auth.coverage import SELF_ATTESTED
from transforms.case import ItemView
from transforms.model import Direction, Finding, Rule, Strength

# Weak: two planted mails are enough to have their forger's key recovered, so it must not corroborate.
CONSISTENT = Rule(
    "key.consistent_with_recovered_key",
    Direction.SUPPORTS,
    Strength.WEAK,
    "crypto",
    "The signature was made with a key that was computed from signatures of this dump: one signer made them all",
    "Whoever plants some mails signed with a key of his own has that key computed; only an archive or a "
    "receiver's seal says whose it is.",
    "the arithmetic has no false alarms: two other signatures gave the key, a third confirmed it; says nothing "
    "of its owner",
)
HEADER_CONSISTENT = Rule(
    "key.header_consistent_with_recovered_key",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The signed header fields agree with a key that was computed from signatures of this dump; "
    "the body is not known to be the one that was signed",
    "Mailing lists, virus scanners and exporters change bodies.",
    "says nothing: neither the key's owner nor the body is known",
)
TWO = Rule(
    "key.two_recovered",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "Signatures under this name were made with two different keys, and no archive says which of them is genuine",
    "A domain may put a new key under an old selector.",
    "not measured; an alarm about the name, not about this mail: either key may be the genuine one",
)

RULES = (CONSISTENT, HEADER_CONSISTENT, TWO)


def check(item: ItemView) -> Iterator[Finding]:
    for signature, result in zip(item.signatures, item.results, strict=True):
        if result.reason not in SELF_ATTESTED:
            continue
        who = f"d={signature.domain} s={signature.selector} key {result.key_id}"
        yield (CONSISTENT if result.result == "pass" else HEADER_CONSISTENT)(who)
        if result.reason == "key_two_recovered":
            yield TWO(who)
