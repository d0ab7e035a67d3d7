"""Can the message be read in one way only? (VERDICT §1.3)"""

from __future__ import annotations

from collections.abc import Iterator

from transforms.auth.alignment import registered_domain
from transforms.case import ItemView
from transforms.mail.concealing import BESIDE, DOUBLED, HIDDEN, HIDES, TWO_AUTHORS, TWO_HEADLINES
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

WORDS_HIDDEN = Rule(
    HIDDEN,
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "Words stand in the body that no mail program shows, since its fields declare it to be something else",
    "Programs that write a notice above the first part for readers without MIME, and home-made HTML.",
    "0 of 4,157 honest mails of 2002; 5 of 6,728 mails of public test suites, made or broken on purpose",
)
AUTHORS = Rule(
    TWO_AUTHORS,
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "The From field names authors of two houses, and no Sender says which of them sent it; programs show one of them",
    "A letter that two houses sign together, written by a program that leaves Sender out.",
    "0 of 4,157 honest mails of 2002, 2 of 1,896 spam mails",
)
HEADLINES = Rule(
    TWO_HEADLINES,
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "From, Date or Subject stands twice and says two things; programs show the first or the last",
    "Importers and gateways that add a field of their own and leave the old one.",
    "0 of 4,157 honest mails of 2002; 4 of 6,728 mails of public test suites",
)
FIELD_DOUBLED = Rule(
    DOUBLED,
    Direction.NEUTRAL,
    Strength.WEAK,
    "reading",
    "A field that may stand once stands twice and says two things; programs show the first or the last",
    "Old mail programs wrote one To field for each recipient; importers and gateways add fields of their own.",
    "0 of 4,157 honest mails of 2002",
)

RULES = (
    FROM_AMBIGUOUS,
    HEADER_AMBIGUOUS,
    DAMAGED,
    WORDS_HIDDEN,
    AUTHORS,
    HEADLINES,
    FIELD_DOUBLED,
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
_OF_TWO = {rule.code: rule for rule in (AUTHORS, HEADLINES, FIELD_DOUBLED)}
_OF_NOTES = {rule.code: rule for rule in RULES[RULES.index(SHOWN_OTHERWISE) :]}


def check(item: ItemView) -> Iterator[Finding]:
    if item.kind is Kind.EMAIL and not item.author_known:
        yield FROM_AMBIGUOUS()
    if item.header_ambiguous is not None:
        yield HEADER_AMBIGUOUS(item.header_ambiguous)
    for note in item.notes:
        code, _, detail = note.partition(": ")
        if code == HIDDEN:
            declared, _, words = detail.partition(HIDES)
            yield WORDS_HIDDEN(expected=words, actual=f"shown as {declared}")
        elif code in _OF_TWO:
            name, _, values = detail.partition(": ")
            two = values.split(BESIDE) if code != TWO_AUTHORS else _of_two_houses(values.split(BESIDE))
            if len(two) > 1:
                yield _OF_TWO[code](name, two[0], two[-1])
        else:
            yield _OF_NOTES[code](detail) if code in _OF_NOTES else DAMAGED(note)


def _of_two_houses(addresses: list[str]) -> list[str]:
    """The first address of each of the first two registered domains."""
    houses: dict[str, str] = {}
    for address in addresses:
        house = registered_domain(address.rpartition("@")[2])
        if house is not None:
            houses.setdefault(house, address)
    return list(houses.values())[:2]
