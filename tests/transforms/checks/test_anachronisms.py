"""What did not exist yet contradicts a mail; a sender's wrong clock does not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from transforms.case import ItemView
from transforms.checks.anachronisms import check
from transforms.model import Clock, Kind, PreparedSignature, SignatureResult

SECOND = 1_000_000
DATE = "Mon, 24 Apr 2017 10:13:20 +0200"


def at(source: str, year: int, generator: str = "as written") -> Clock:
    return Clock(source, generator, int(datetime(year, 4, 24, tzinfo=UTC).timestamp()) * SECOND, SECOND)


def codes(*clocks: Clock, selector: str = "s1", objections: tuple[str, ...] = ()) -> list[str]:
    signature = PreparedSignature(
        0, "dkim", "gmail.com", selector, None, "rsa-sha256", "relaxed/relaxed", ("from",), (), None, None, None,
        b"", True, b"", b"", "", None, objections, "exact",
    )  # fmt: skip
    result = SignatureResult(0, None, "missing", None, "neutral", None, "key_unknown")
    view = ItemView(Kind.EMAIL, (), None, True, None, (signature,), (result,), date_raw=DATE, clocks=clocks)
    found = list(check(view))
    assert all(one.expected and one.actual for one in found)
    return [one.code for one in found]


def test_a_selector_younger_than_its_mail_contradicts_it() -> None:
    assert codes(selector="20180612", objections=("selector_later_than_mail",)) == ["dkim.selector_later_than_mail"]
    assert codes(selector="20161025") == []


def test_a_boundary_of_2018_contradicts_a_mail_of_2017() -> None:
    boundary = at("boundary", 2017, "gmail since 2018")
    assert codes(at("date", 2017), at("received", 2017), boundary) == ["client.boundary_later_than_mail"]
    assert codes(at("date", 2017), at("received", 2017), at("boundary", 2017, "gmail")) == []


@pytest.mark.parametrize("later", ["received", "signature", "date"])
def test_one_wrong_clock_is_not_enough(later: str) -> None:
    assert codes(at("date", 2010), at(later, 2019), at("boundary", 2019, "gmail since 2018")) == []


def test_a_mail_that_nothing_dates_is_not_contradicted() -> None:
    assert codes(at("boundary", 2017, "gmail since 2018")) == []
