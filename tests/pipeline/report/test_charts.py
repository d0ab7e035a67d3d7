"""Charts say the numbers, and a rare suspicion is not lost in them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from pipeline.report import charts


def column(label: str, verified: int, unverifiable: int, suspected: int) -> charts.Column:
    return charts.Column(label, dict(zip(charts.ORDER, (verified, unverifiable, suspected), strict=True)))


def test_a_column_says_its_numbers() -> None:
    drawn = charts.columns("c", "Messages", [column("2017-04", 1_200, 30, 1)])
    assert "2017-04: 1,200 verified, 30 unverifiable, 1 suspected" in drawn
    ElementTree.fromstring(drawn)


def test_one_suspected_of_a_million_is_drawn_and_flagged() -> None:
    drawn = charts.columns("c", "Messages", [column("2017", 1_000_000, 0, 1), column("2018", 5, 0, 0)])
    height = re.search(r'class="bar suspected_fake"[^>]*height="([\d.]+)"', drawn)
    assert height is not None and float(height[1]) >= 1
    assert drawn.count('class="flag"') == 1


@pytest.mark.parametrize("top", [1, 2, 5, 6, 9, 10, 11, 99, 1_234_567])
def test_the_scale_has_few_round_numbers_below_the_top(top: int) -> None:
    ticks = charts._ticks(top)
    assert 2 <= len(ticks) <= 6 and ticks[0] == 0 and ticks[-1] <= top
    assert str(ticks[1]).rstrip("0") in ("1", "2", "5")


def test_each_verdict_has_its_own_pattern() -> None:
    assert len(set(re.findall(r'class="bar (\w+)"', charts.legend()))) == 3
    assert 'id="fill-unverifiable"' in charts.PATTERNS and 'id="fill-suspected_fake"' in charts.PATTERNS
