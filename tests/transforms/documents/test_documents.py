"""Readers of documents: each declares what it reads, and times are instants only with a zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from transforms.documents import Moment, iso_moment, moment, number, readers


def test_each_format_has_one_reader_with_a_read() -> None:
    formats = [form for module in set(readers().values()) for form in module.FORMATS]
    assert len(formats) == len(set(formats)) == len(readers())
    assert all(callable(module.read) and module.__doc__ for module in readers().values())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2017-03-27T10:22:00Z", Moment(datetime(2017, 3, 27, 10, 22, tzinfo=UTC))),
        ("2017-03-27T10:22:00.25+02:00", Moment(datetime(2017, 3, 27, 8, 22, tzinfo=UTC))),
        ("2017-03-27T10:22:00-0230", Moment(datetime(2017, 3, 27, 12, 52, tzinfo=UTC))),
        ("2017-03-27T10:22", Moment(None, "2017-03-27T10:22:00")),
        ("2017-03-27", Moment(None, "2017-03-27T00:00:00")),
        ("2017-02-30T10:22:00Z", Moment()),
        ("1601-01-01T00:00:00Z", Moment()),  # no time, as some writers say it
        ("", Moment()),
        (None, Moment()),
    ],
)
def test_a_date_time(text: str | None, found: Moment) -> None:
    assert iso_moment(text) == found


def test_a_moment_at_the_end_of_time_is_none() -> None:
    assert moment([9999, 12, 31, 23, 59, 59], -14 * 60) == moment([1, 1, 1, 0, 0, 0], 14 * 60) == Moment()


@pytest.mark.parametrize(("text", "count"), [("7", 7), ("", None), ("-1", None), ("٣", None), ("9" * 40, None)])
def test_a_count(text: str, count: int | None) -> None:
    assert number(text) == count
