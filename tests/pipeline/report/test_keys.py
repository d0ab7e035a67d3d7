"""Keys: where each comes from, what it confirmed, and which are wanted."""

from __future__ import annotations

from pathlib import Path

from pipeline import wanted
from pipeline.report import keys


def test_each_key_says_where_it_comes_from_and_what_it_confirmed(named: Path) -> None:
    told = keys.section(named, wanted.names(named), "out")
    assert "hc2016._domainkey.horizon-commun.example" in told
    assert "archive given with --keys" in told and '2016-02-11</span> to <span class="day">2017-11-30' in told


def test_a_missing_key_is_named_with_what_it_would_decide(named: Path) -> None:
    names = wanted.names(named)
    told = keys.section(named, names, "out")
    assert names and f"<bdi>{names[0].name}</bdi>" in told and "triage keys fetch out" in told


def test_half_known_spans_say_what_is_not_known(named: Path) -> None:
    assert "2015-01-20</span> to …" in keys.section(named, [], "out")
