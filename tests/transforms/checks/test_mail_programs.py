"""A program of its future contradicts a mail, marks of another program are a remark; a wrong clock does neither."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from transforms.case import ItemView
from transforms.checks.mail_programs import check
from transforms.model import Clock, Kind

SECOND = 1_000_000
NEW = "client.program_not_yet_released"
OTHER = "client.marks_of_another_program"


def at(source: str, year: int, generator: str = "as written") -> Clock:
    return Clock(source, generator, int(datetime(year, 4, 24, tzinfo=UTC).timestamp()) * SECOND, SECOND)


def codes(program: str | None, *clocks: Clock, message_id: str = "1@host.example") -> list[str]:
    view = ItemView(
        Kind.EMAIL, (), None, True, None, (), (), clocks=clocks, mail_program=program, message_id=message_id
    )
    found = list(check(view))
    assert all(one.expected and one.actual for one in found)
    return [one.code for one in found]


@pytest.mark.parametrize(
    ("program", "year", "expected"),
    [
        ("Microsoft Outlook 16.0", 2012, [NEW]),
        ("Microsoft Outlook 16.0", 2016, []),
        ("Microsoft Outlook 14.0", 2012, []),
        ("Microsoft Outlook 16.0.16130.20306", 2017, [NEW]),
        ("Microsoft Outlook 16.0.4266.1001", 2017, []),
        ("Apple Mail (2.3731.500.231)", 2017, [NEW]),
        ("Apple Mail (2.3259)", 2017, []),
        ("Microsoft Office Outlook, Build 12.0.6504", 2003, [NEW]),
        ("Microsoft Outlook, Build 10.0.2627", 2002, []),
        ("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Thunderbird/102.4.0", 2017, [NEW]),
        ("Mozilla/5.0 (Windows NT 6.1) Gecko/20100101 Thunderbird/45.8.0", 2017, []),
        ("iPhone Mail (15A372)", 2016, [NEW]),
        ("iPhone Mail (14E304)", 2017, []),
        ("iPhone Mail (1C28)", 2017, []),  # of 2008: not build 14 of another year
        ("KMail 1.4", 1999, []),
        (None, 1999, []),
    ],
)
def test_a_program_of_the_future(program: str | None, year: int, expected: list[str]) -> None:
    assert codes(program, at("date", year), at("received", year)) == expected


@pytest.mark.parametrize("later", ["received", "signature", "date"])
def test_one_wrong_clock_is_not_enough(later: str) -> None:
    assert codes("Microsoft Outlook 16.0", at("date", 2004), at(later, 2017)) == []


def test_a_mail_that_nothing_dates_is_not_contradicted() -> None:
    assert codes("Microsoft Outlook 16.0") == []


def test_marks_of_another_program_are_a_remark() -> None:
    assert codes("Microsoft Outlook 16.0", at("message_id", 2017, "mozilla"), at("date", 2017)) == [OTHER]
    assert codes("Microsoft Outlook 16.0", at("message_id", 2017, "outlook"), at("date", 2017)) == []
    upper = "A3B7C1D2-1F20-4D6E-9C1A-0B1C2D3E4F50@host.example"
    assert codes("Mozilla/5.0 Thunderbird/45.8.0", at("date", 2017), message_id=upper) == [OTHER]
    assert codes("Apple Mail (2.3259)", at("date", 2017), message_id=upper) == []


def test_an_identifier_that_a_server_gave_says_nothing() -> None:
    assert codes("Microsoft Outlook 16.0", at("message_id", 2017, "postfix"), at("date", 2017)) == []
