"""What is known of the key that confirms a signature? (VERDICT §1.5)"""

from __future__ import annotations

from collections.abc import Iterator

from transforms.case import ItemView
from transforms.model import Direction, Finding, Rule, Strength

FIRST_SEEN_LATER = Rule(
    "key.first_seen_later",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The key was first observed long after the date of this mail: whoever held the domain since could have signed",
    "Nobody recorded most keys while they were in use; archives began late, and the DNS of today is later still.",
    "says nothing about this mail; it only limits the proof",
)
OTHER_AT_THAT_TIME = Rule(
    "key.other_at_that_time",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "crypto",
    "Before and after the date of this mail another key was observed under this name, and this one was not near it",
    "A domain may publish two keys in turn under one name, and archives look only now and then.",
    "not measured: no archive with dense observations is public; it never changes a verdict",
)
KNOWN_WEAK = Rule(
    "key.known_weak",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "Anybody could have computed the private key of this signature, so it proves nothing",
    "Honest domains used such keys without knowing it; most of their mail is genuine.",
    "derived: the factor or fingerprint is shown by arithmetic, not by chance",
)

RULES = (FIRST_SEEN_LATER, OTHER_AT_THAT_TIME, KNOWN_WEAK)

_BY_OBJECTION = {
    "key_first_seen_later": FIRST_SEEN_LATER,
    "other_key_at_that_time": OTHER_AT_THAT_TIME,
    "key_known_weak": KNOWN_WEAK,
}


def check(item: ItemView) -> Iterator[Finding]:
    for signature, result in zip(item.signatures, item.results, strict=True):
        rule = _BY_OBJECTION.get(result.objection or "")
        if rule is not None and result.header_ok:
            yield rule(f"d={signature.domain} s={signature.selector}")
