"""Can the message be read in one way only? (VERDICT §1.3)"""

from __future__ import annotations

from collections.abc import Iterator

from transforms.case import ItemView
from transforms.mail.exporter import EXPORTED, REBUILT
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

REBUILT_ANEW = Rule(
    REBUILT,
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "An exporter wrote this message anew from what Outlook kept of it, so no signature over its body can match",
    "Whoever has only a PST file gets mail out of it this way.",
    "says nothing about who wrote it; a boundary that any other program could write too",
)
KEPT_BY = Rule(
    EXPORTED,
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "The program that exported this message wrote beside it where it was kept",
    "Every export of such a mailbox has it.",
    "says nothing about who wrote it; anybody can write such fields",
)

LISTED = Rule(
    "container.listed",
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "What the archive says of this member, which was not opened",
    "Members are encrypted, of a rare kind, or behind a damage.",
    "says nothing about who made it; an archive can claim anything",
)
COUNTED = Rule(
    "container.messages",
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "How many messages the folders of this file say that they hold, and how many they list",
    "Outlook leaves such counts behind when it is interrupted.",
    "says nothing about who made it",
)
READER_MISSING = Rule(
    "container.reader_missing",
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "What opens such a file is not installed here",
    "It is an extra of this program, to be installed where it is wanted.",
    "says nothing about the file",
)
WORDS_NOT_READ = Rule(
    "document.words_not_read",
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "The words of this document are not read, so it is not compared with others by them",
    "The words of PDFs need an extra of this program; a large one costs too much.",
    "says nothing about the file",
)

ENCRYPTED = Rule(
    "mail.encrypted",
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "S/MIME encrypted this, so that nobody but its recipients can read it",
    "None is needed. Whoever has a recipient's key can decrypt it.",
    "says nothing about who wrote it",
)
CREDENTIALS = Rule(
    "document.content_credentials",
    Direction.NEUTRAL,
    Strength.WEAK,
    "document",
    "The file holds content credentials (C2PA) of the camera or program that made it, which are not checked here",
    "Cameras and programs add them since about 2022; programs of C2PA show who signed them and what was changed.",
    "says nothing: they may be broken, or copied from elsewhere",
)

RULES = (
    FROM_AMBIGUOUS,
    HEADER_AMBIGUOUS,
    DAMAGED,
    SHOWN_OTHERWISE,
    REBUILT_ANEW,
    KEPT_BY,
    LISTED,
    COUNTED,
    READER_MISSING,
    WORDS_NOT_READ,
    ENCRYPTED,
    CREDENTIALS,
)
_OF_NOTES = {rule.code: rule for rule in RULES[RULES.index(SHOWN_OTHERWISE) :]}


def check(item: ItemView) -> Iterator[Finding]:
    if item.kind is Kind.EMAIL and not item.author_known:
        yield FROM_AMBIGUOUS()
    if item.header_ambiguous is not None:
        yield HEADER_AMBIGUOUS(item.header_ambiguous)
    for note in item.notes:
        code, _, detail = note.partition(": ")
        yield _OF_NOTES[code](detail) if code in _OF_NOTES else DAMAGED(note)
