from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.mail.date import parse_date, received_date, seconds_of
from transforms.model import HeaderField


def at(*args: int) -> datetime:
    return datetime(*args, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "utc", "offset"),
    [
        (b" Fri, 21 Nov 1997 09:55:06 -0600\r\n", at(1997, 11, 21, 15, 55, 6), -360),  # RFC 5322 A.1.1
        (
            b"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n "
            b"              -0330 (Newfoundland Time)",
            None,
            -210,
        ),
        (b"21 Nov 97 09:55:06 GMT", at(1997, 11, 21, 9, 55, 6), 0),  # A.6.2
        (b"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", at(1997, 11, 21, 15, 55, 6), -360),  # A.6.3
        (b"Tue, 1 Jul 2003 10:52:37 +0200 (CEST)", at(2003, 7, 1, 8, 52, 37), 120),
        (b"Tue, 1 Jul 2003 10:52 EST", at(2003, 7, 1, 15, 52), -300),
        (b"Tue, 01 Jul 2003 10:52:37 Z", at(2003, 7, 1, 10, 52, 37), 0),
        (b"Thu Nov 24 18:22:48 2016 +0100", at(2016, 11, 24, 17, 22, 48), 60),
        (b"Thu Nov 24 18:22:48 GMT 2016", at(2016, 11, 24, 18, 22, 48), 0),
        (b"Sat, 31 Dec 2016 23:59:60 +0000", at(2017, 1, 1), 0),
        (b"24-Nov-2016 18:22:48 +0545", at(2016, 11, 24, 12, 37, 48), 345),
        (b"1 Jan 50 00:00 +0000", None, 0),
        (b"1 Jan 103 00:00 +0000", at(2003, 1, 1), 0),
    ],
)
def test_dates(value: bytes, utc: datetime | None, offset: int | None):
    parsed = parse_date(value)
    assert (parsed.utc, parsed.offset_min) == (utc, offset)


@pytest.mark.parametrize(
    ("value", "defect"),
    [
        (b"", "mail.date_unreadable"),
        (b"yesterday", "mail.date_unreadable"),
        (b"Fri, 31 Feb 2017 09:55:06 +0000", "mail.date_unreadable"),
        (b"Fri, 21 Foo 2017 09:55:06 +0000", "mail.date_unreadable"),
        (b"Fri, 21 Nov 2017 25:55:06 +0000", "mail.date_unreadable"),
        (b"Fri, 21 Nov 2017 09:55:06", "mail.date_no_zone"),
        (b"Fri, 21 Nov 2017 09:55:06 CET", "mail.date_zone_unknown"),
        (b"Fri, 21 Nov 2017 09:55:06 +9959", "mail.date_offset_impossible"),
        (b"Fri, 21 Nov 1601 09:55:06 +0000", "mail.date_out_of_range"),
        (b"Fri, 21 Nov 9999 23:55:06 -2300", "mail.date_out_of_range"),
        (b"Sat, 1 Jan 00 00:00:00 -0000", "mail.date_zone_unstated"),
    ],
)
def test_defects(value: bytes, defect: str):
    parsed = parse_date(value)
    assert parsed.defects == (defect,)
    assert (parsed.utc is None) == (defect != "mail.date_zone_unstated")


def test_minus_zero_is_utc_with_a_note():
    parsed = parse_date(b"Fri, 21 Nov 1997 09:55:06 -0000")
    assert (parsed.utc, parsed.offset_min) == (at(1997, 11, 21, 9, 55, 6), 0)
    assert parsed.defects == ("mail.date_zone_unstated",)


def test_raw_is_kept_clean():
    assert parse_date(b" Fri,\r\n 21 \x1b Nov\r\n").raw == "Fri, 21 \\x1b Nov"


def test_received_date_stands_after_the_last_semicolon():  # RFC 5322 A.4
    raw = b"Received: from x.y.test by example.net id ABC; a;\r\n 21 Nov 1997 10:05:43 -0600\r\n"
    assert received_date(HeaderField("Received", raw)) == at(1997, 11, 21, 16, 5, 43)
    assert received_date(HeaderField("Received", b"Received: from x\r\n")) is None


@given(st.datetimes(datetime(1970, 1, 2), datetime(2100, 12, 30)), st.integers(-840, 840))
def test_what_the_standard_library_writes_is_read_back(local: datetime, minutes: int):
    aware = local.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_date(format_datetime(aware).encode()).utc == aware


@given(st.binary(max_size=80))
def test_any_octets_are_taken(value: bytes):
    parse_date(value)
    parse_date(b"Fri, 21 Nov 1997 09:55:06 " + value)


@given(
    st.integers(0, 31),
    st.sampled_from(["Jan", "feb", "Feb", "Dec", "Foo"]),
    st.integers(1960, 2110),
    st.integers(0, 25),
    st.integers(0, 61),
    st.integers(0, 62),
    st.integers(-1600, 1600),
    st.sampled_from(["", "Mon, ", "\r\n\tTue, "]),
    st.sampled_from(["", " (CEST)", "x", "\r\n"]),
)
def test_seconds_agree_with_the_long_way(
    day: int, month: str, year: int, hour: int, minute: int, second: int, zone: int, before: str, behind: str
) -> None:
    value = f"{before}{day} {month} {year} {hour:02}:{minute:02}:{second:02} {zone:+05}{behind}".encode()
    moment = parse_date(value).utc
    assert seconds_of(value) == (int(moment.timestamp()) if moment is not None else None)


def test_blanks_push_no_part_of_a_date_out_of_sight():
    date = parse_date(b" Fri, 21" + b" " * 70_000 + b"Nov 1997 09:55:06" + b"\t" * 70_000 + b"-0600\r\n")
    assert (date.utc, date.offset_min, date.raw) == (
        at(1997, 11, 21, 15, 55, 6), -360, "Fri, 21 Nov 1997 09:55:06 -0600",
    )  # fmt: skip
