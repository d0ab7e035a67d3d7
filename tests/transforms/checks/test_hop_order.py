"""A trace that goes back by more than a day contradicts a mail; slow clocks, resent mail and one relay do not."""

from __future__ import annotations

import pytest

from transforms.case import ItemView
from transforms.checks.hop_order import BACKWARDS, check, made
from transforms.model import Clock, Kind

HOUR = 3_600_000_000
NOON = 1_493_035_200_000_000  # 2017-04-24 12:00 UTC


def view(*hours: float, **changes: object) -> ItemView:
    """Relays' times in hours from noon, the newest first."""
    clocks = [Clock("received", "as written", NOON + int(h * HOUR), 1_000_000, hop=n) for n, h in enumerate(hours)]
    return ItemView(Kind.EMAIL, (), None, True, None, clocks=tuple(clocks))._replace(**changes)


def test_a_relay_a_day_before_the_one_below_it_contradicts_with_both_times() -> None:
    (found,) = check(view(-72, -71, 1, 0))
    assert (found.code, found.strength) == (BACKWARDS.code, "strong")
    assert (found.expected, found.actual) == ("after 2017-04-24 13:00:00", "2017-04-21 13:00:00")


@pytest.mark.parametrize(
    "item",
    [
        view(2, 1, 0),
        view(0, 23),  # a clock that is slow by a day and a zone that was lost
        view(72, 0),  # it waited
        view(0),
        view(),
        view(-72, 0, intermediaries=("resent-date",)),
        view(-72, 0, kind=Kind.DOCUMENT),
    ],
)
def test_honest_traces_do_not(item: ItemView) -> None:
    assert list(check(item)) == []


def test_it_is_asked_of_mail_with_two_relays() -> None:
    assert list(made(view(1, 0))) == [BACKWARDS.code]
    assert list(made(view(0))) == [] == list(made(view(1, 0, intermediaries=("list-id",))))


def test_a_clock_without_a_zone_is_left_out() -> None:
    item = view(-72, 0)
    unsure = item.clocks[0]._replace(zone_unknown=True)
    assert list(check(item._replace(clocks=(unsure, *item.clocks[1:])))) == []
