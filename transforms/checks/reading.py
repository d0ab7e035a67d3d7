"""Can the message be read in one way only? (VERDICT §1.3)"""

from __future__ import annotations

from collections.abc import Iterator

from transforms.case import ItemView
from transforms.model import Direction, Finding, Kind, Rule, Strength

FROM_AMBIGUOUS = Rule(
    "mail.from_ambiguous",
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "The message does not name exactly one author in exactly one From field",
    "Drafts, delivery reports and damaged exports lack a From field; some lists name two.",
    "1 of 467 honest mails of one mailbox had a doubled singleton field",
)
HEADER_AMBIGUOUS = Rule(
    "mail.header_ambiguous",
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "Two mail programs could show different header fields for this message",
    "Exporters and old gateways leave stray lines and characters in headers.",
    "says nothing about who wrote it; it only withholds proof",
)
DAMAGED = Rule(
    "mail.damaged",
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "The reader met a defect",
    "Exports, interrupted downloads and old mail programs leave such defects.",
    "says nothing about who wrote it",
)

SHOWN_OTHERWISE = Rule(
    "mail.shown_otherwise",
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "Outlook shows something else than the header field that came with the message",
    "Subjects can be edited in Outlook, and gateways rewrite senders for it.",
    "not measured; says only that the file shows two values",
)

RULES = (FROM_AMBIGUOUS, HEADER_AMBIGUOUS, DAMAGED, SHOWN_OTHERWISE)


def check(item: ItemView) -> Iterator[Finding]:
    if item.kind is Kind.EMAIL and not item.author_known:
        yield FROM_AMBIGUOUS()
    if item.header_ambiguous is not None:
        yield HEADER_AMBIGUOUS(item.header_ambiguous)
    for note in item.notes:
        code, _, detail = note.partition(": ")
        yield SHOWN_OTHERWISE(detail) if code == SHOWN_OTHERWISE.code else DAMAGED(note)
