"""What the reader met is told, and weighs nothing."""

from __future__ import annotations

from transforms.auth.proof import NO_SIGNATURE
from transforms.case import ItemView
from transforms.checks import reading
from transforms.model import Direction, Kind, Strength

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
