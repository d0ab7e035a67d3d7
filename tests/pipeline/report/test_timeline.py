"""Messages over time: without a hole, in the unit that fits, and dead clocks do not stretch it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from pipeline.report import timeline


def dated(*moments: datetime) -> pa.Table:
    dates = pa.array(moments, pa.timestamp("us", tz="UTC"))
    return pa.table({"date_utc": dates, "verdict": pa.array(["verified"] * len(moments)).dictionary_encode()})


def test_a_month_of_mail_is_drawn_by_day_without_a_hole() -> None:
    start = datetime(2017, 4, 1, 12, tzinfo=UTC)
    found, outside, unit = timeline.columns(dated(start, start + timedelta(days=30)))
    assert (unit, len(found), outside) == ("day", 31, 0)
    assert [column.total for column in found] == [1, *[0] * 29, 1]
    assert found[0].label == "2017-04-01" and found[-1].label == "2017-05-01"


def test_two_years_are_drawn_by_month_and_ten_by_year() -> None:
    start = datetime(2016, 11, 30, tzinfo=UTC)
    assert timeline.columns(dated(start, start + timedelta(days=700)))[2] == "month"
    found, _, unit = timeline.columns(dated(start, start + timedelta(days=3_650)))
    assert unit == "year" and [column.label for column in found][:2] == ["2016", "2017"]


def test_a_clock_of_1970_and_one_of_2100_do_not_stretch_the_chart() -> None:
    start = datetime(2017, 4, 1, tzinfo=UTC)
    usual = [start + timedelta(hours=n) for n in range(600)]
    found, outside, unit = timeline.columns(
        dated(datetime(1970, 1, 1, tzinfo=UTC), *usual, datetime(2100, 1, 1, tzinfo=UTC))
    )
    assert unit == "day" and found[0].label >= "2017-04-01" and len(found) <= 26
    assert outside + sum(column.total for column in found) == 602
