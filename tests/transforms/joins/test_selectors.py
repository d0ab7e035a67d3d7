"""When verified mail bears which selector, and mail that fails under one of another time."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from signing import Signer

from transforms.joins import selectors

Told = Callable[..., Any]
Signed = Callable[..., bytes]

BOTH = (
    Signer("campaign.example", "s1", "campaign"),
    Signer("campaign.example", "s2", "newspaper"),
    Signer("outsider.example", "s1", "impostor"),
)
CODE = "dkim.selector_out_of_use"
DAY = 86_400_000_000


def span(selector: str, first: int, last: int, domain: str = "d") -> dict[str, Any]:
    """A unit's verified mail under a selector, by days."""
    return {"key": domain, "selector": selector, "first": first * DAY, "last": last * DAY, "unit_id": None, "row": None}


def fails(selector: str, day: int, domain: str = "d") -> dict[str, Any]:
    return {**span(selector, day, day, domain), "unit_id": "u", "row": 7}


def told_of(*rows: dict[str, Any]) -> list[Any]:
    return selectors.join(pa.Table.from_pylist(list(rows), selectors._ROWS))


def test_a_selector_of_another_year_is_out_of_use() -> None:
    (found,) = told_of(span("old", 0, 400), span("new", 600, 900), fails("new", 300))
    assert (found.code, found.row) == (CODE, 7)
    assert (found.expected, found.actual) == ("1971-08-24 to 1972-06-19", "1970-10-28")
    assert selectors.OUT_OF_USE.strength == "weak"


@pytest.mark.parametrize(
    "rows",
    [
        [span("old", 0, 400), span("new", 600, 900), fails("new", 700)],
        [span("old", 0, 400), span("new", 600, 900), fails("new", 520)],  # near enough
        [span("new", 600, 900), fails("new", 300)],  # nothing says what was in use
        [span("old", 290, 310), span("new", 600, 900), fails("new", 300)],  # a few days say nothing of habits
        [span("old", 0, 400), span("new", 600, 900, "other"), fails("new", 300)],
        [span("old", 0, 400), fails("new", 300)],  # no verified mail under it
        [span("old", 0, 400), span("new", 600, 900)],
        [span("old", 0, 400), span("new", 600, 800), span("new", 100, 200), fails("new", 300)],  # two units
    ],
)
def test_what_fits_or_cannot_be_told_is_left_alone(rows: list[dict[str, Any]]) -> None:
    assert told_of(*rows) == []


def test_the_answer_does_not_depend_on_the_order_of_rows() -> None:
    rows = (span("old", 0, 100), span("old", 200, 400), span("new", 600, 900), fails("new", 150), fails("new", 700))
    found = [told_of(*order) for order in itertools.permutations(rows)]
    assert len(found[0]) == 1 and all(one == found[0] for one in found)


# ---- from mail ----------------------------------------------------------------------------------


def mail(month: str, number: int) -> bytes:
    return (
        f"Received: from mx.campaign.example by mx.newsroom.example; 4 {month} 10:00:05 +0000\n"
        f"From: <claire@campaign.example>\nTo: desk@newsroom.example\nSubject: Letter {number}\n"
        f"Date: 4 {month} 10:00:00 +0000\nMessage-ID: <{number}@campaign.example>\nMIME-Version: 1.0\n"
        f"Content-Type: text/plain; charset=utf-8\n\nLetter number {number}.\n"
    ).encode()


@pytest.fixture
def years(signed: Signed) -> dict[str, bytes]:
    """Verified mail of 2016 under s1 and of 2017 under s2."""
    old = {f"old{n}.eml": signed(mail(f"{month} 2016", n)) for n, month in enumerate(("Feb", "Oct"))}
    new = {
        f"new{n}.eml": signed(mail(f"{month} 2017", 10 + n), by="campaign_again")
        for n, month in enumerate(("Mar", "Dec"))
    }
    return old | new


def test_a_mail_moved_into_another_year_is_remarked_on(told: Told, signed: Signed, years: dict[str, bytes]) -> None:
    moved = signed(mail("May 2017", 20), (b"May 2017", b"May 2016"), by="campaign_again")
    found = told({**years, "moved.eml": moved}, signers=BOTH)["moved.eml"]
    assert found[CODE]["expected"] == "2017-03-04 to 2017-12-04" and found[CODE]["actual"] == "2016-05-04"
    assert found[CODE]["strength"] == "weak"


def test_a_changed_mail_of_its_own_year_is_not(told: Told, signed: Signed, years: dict[str, bytes]) -> None:
    changed = signed(mail("May 2017", 20), (b"Letter 20", b"Letter 21"), by="campaign_again")
    assert CODE not in told({**years, "changed.eml": changed}, signers=BOTH)["changed.eml"]


def test_a_strangers_mail_teaches_nothing_about_the_domain(told: Told, signed: Signed, years: dict[str, bytes]) -> None:
    planted = {
        f"p{n}.eml": signed(mail(f"{month} 2016", 30 + n), by="stranger") for n, month in enumerate(("Jan", "Dec"))
    }
    changed = signed(mail("Feb 2018", 20), (b"Letter 20", b"Letter 21"), by="campaign_again")
    assert CODE not in told({**years, **planted, "changed.eml": changed}, signers=BOTH)["changed.eml"]
