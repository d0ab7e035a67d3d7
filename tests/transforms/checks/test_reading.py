"""What the reader met is told, and weighs nothing."""

from __future__ import annotations

from transforms.auth.proof import NO_SIGNATURE
from transforms.case import ItemView
from transforms.checks import reading
from transforms.model import Direction, Kind, Strength
from transforms.verdict import Case, decide

PLAIN = ItemView(Kind.EMAIL, (), None, True, NO_SIGNATURE)


def codes(item: ItemView) -> list[str]:
    return [finding.code for finding in reading.check(item)]


def test_a_message_that_reads_one_way_gives_no_finding() -> None:
    assert codes(PLAIN) == []


def test_a_message_without_one_author_is_told() -> None:
    assert codes(PLAIN._replace(author_known=False)) == ["mail.from_ambiguous"]


def test_other_items_have_no_author() -> None:
    for kind in set(Kind) - {Kind.EMAIL}:
        assert codes(PLAIN._replace(kind=kind, author_known=False, proof=None)) == []


def test_a_header_of_two_readings_is_told_with_its_reason() -> None:
    (found,) = reading.check(PLAIN._replace(header_ambiguous="junk_between_fields"))
    assert found.code == "mail.header_ambiguous" and found.summary.endswith(": junk_between_fields")


def test_each_defect_is_a_finding() -> None:
    view = PLAIN._replace(kind=Kind.ARCHIVE, notes=("container.zip_no_directory", "mail.no_boundary"), proof=None)
    assert codes(view) == ["mail.damaged"] * 2


def test_nothing_here_speaks_for_or_against_an_item() -> None:
    assert {(rule.direction, rule.strength) for rule in reading.RULES} == {(Direction.NEUTRAL, Strength.WEAK)}


def test_a_note_with_a_rule_of_its_own_is_told_by_it() -> None:
    notes = (
        "container.listed: 12 octets, CRC-32 0000abcd",
        "container.messages: 3 by the folders' own count, 3 listed in them",
        "container.reader_missing: pip install 'leak-triage[pst]'",
        "document.words_not_read: larger than 16 MiB",
        "mail.rebuilt: readpst",
        "mail.exported: Google Takeout",
        "mail.shown_otherwise: Subject The bribe for The hall",
        "mail.encrypted",
        "document.content_credentials",
    )
    view = PLAIN._replace(kind=Kind.ARCHIVE, notes=notes, proof=None)
    assert codes(view) == [note.partition(":")[0] for note in notes]
    assert [one.summary.partition(": ")[2] for one in reading.check(view)] == [n.partition(": ")[2] for n in notes]


def test_hidden_words_and_two_authors_are_flagged_with_both_values() -> None:
    """WORDS_HIDDEN and AUTHORS (mail.words_hidden, mail.two_authors): what stands here, and what is shown of it."""
    notes = (
        "mail.words_hidden: multipart/mixed hides: The treasurer has refused: not a cent",
        "mail.two_authors: from: ada@club.example beside rho@outsider.test",
        "mail.headline_doubled: date: 1 May beside 2 May",
        "mail.field_doubled: to: a@b beside c@d",
    )
    hidden, authors, headlines, doubled = reading.check(PLAIN._replace(notes=notes))
    assert (hidden.expected, hidden.actual) == (
        "The treasurer has refused: not a cent",
        "shown as multipart/mixed",
    )
    assert (authors.expected, authors.actual) == ("ada@club.example", "rho@outsider.test")
    assert (headlines.expected, headlines.actual) == ("1 May", "2 May")  # HEADLINES
    assert (doubled.code, doubled.expected, doubled.actual) == ("mail.field_doubled", "a@b", "c@d")
    assert decide(Case(Kind.EMAIL, proof=NO_SIGNATURE, findings=(doubled,))).rule == "plain"
    for finding in (hidden, authors, headlines):
        assert decide(Case(Kind.EMAIL, proof=NO_SIGNATURE, findings=(finding,))).rule == "flagged"


def test_authors_of_one_house_are_not() -> None:
    assert codes(PLAIN._replace(notes=("mail.two_authors: from: a@club.example beside b@mail.club.example",))) == []
