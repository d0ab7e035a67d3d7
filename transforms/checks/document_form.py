"""Was the file made anew by another program than it names, or continued behind a signature?"""

from __future__ import annotations

from collections.abc import Iterator

from transforms.case import ItemView
from transforms.model import Direction, Finding, Rule, Strength

ZIPPED_ANEW = Rule(
    "document.zipped_anew",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "document",
    "It names Microsoft Office as its maker, but its zip was made by another program",
    "Document management, labels, e-signature and virus gateways write office files anew; so do many programs that "
    "call themselves Office.",
    "10 of 136 files that name Microsoft in the test files of public tools, 7 of 115 office files of Apache Tika's",
)
BEHIND_SIGNATURE = Rule(
    "document.continues_behind_signature",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "document",
    "The PDF goes on behind the last octet that its signature covers",
    "A second signature, a time stamp, a form filled in or a comment: all of them are written there. What they "
    "changed stands with the signature, where it can be read.",
    "not measured; weak whatever the count",
)

RULES = (ZIPPED_ANEW, BEHIND_SIGNATURE)

_NO_TIME = "1980-01-01T00:00:00"  # what Office dates every member of a zip


def check(item: ItemView) -> Iterator[Finding]:
    facts = item.document
    if facts is None:
        return
    if (facts.application or "").startswith("Microsoft") and facts.zip_last not in (None, _NO_TIME):
        by = f"as {facts.zip_writer} makes them" if facts.zip_writer else ""
        yield ZIPPED_ANEW(by, expected=f"members dated {_NO_TIME}", actual=f"{facts.zip_first} to {facts.zip_last}")
    if facts.unsigned_octets:
        yield BEHIND_SIGNATURE(f"{facts.unsigned_octets} octets", expected="0", actual=str(facts.unsigned_octets))
