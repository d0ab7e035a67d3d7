"""Calendars and contacts: program, organiser, times."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from office_file import ICS, VCF


def test_an_invitation_says_who_when_and_with_what(see) -> None:
    facts = see(ICS, "a.ics").facts
    assert (facts.producer, facts.author) == ("-//Horizon//Agenda 2.1//FR", "Ferrand, Anaïs")
    assert facts.created_utc == datetime(2016, 5, 5, 8, 0, tzinfo=UTC)  # of the first entry
    assert facts.modified_utc == datetime(2017, 3, 27, 10, 22, tzinfo=UTC)


def test_an_organiser_without_a_name_is_an_address(see) -> None:
    octets = b"BEGIN:VCALENDAR\nORGANIZER:mailto:anais@horizon.example\nEND:VCALENDAR\n"
    assert see(octets, "a.ics").facts.author == "anais@horizon.example"


def test_a_contact_says_when_it_was_changed(see) -> None:
    facts = see(VCF, "a.vcf").facts
    assert (facts.producer, facts.author) == ("-//Carnet//3.0//FR", None)
    assert (facts.modified_utc, facts.modified_local) == (None, "2017-03-27T10:22:00")


@pytest.mark.parametrize("fill", [b"ORGANIZER;;;;", b'ORGANIZER;CN="', b"\r\n ", b"ORGANIZER;a" * 9])
def test_lines_without_end_cost_what_the_limit_costs(see, fill: bytes) -> None:
    started = time.process_time()
    see(b"BEGIN:VCALENDAR\r\n" + fill * 100_000, "a.ics")
    assert time.process_time() - started < 2


@pytest.mark.parametrize(("octets", "suffix"), [(ICS, ".ics"), (VCF, ".vcf")], ids=["calendar", "contact"])
def test_200_mutations_keep_their_rows(mutants, octets: bytes, suffix: str) -> None:
    mutants(octets, suffix)
