"""Senders: every message that names one is counted once, and key coverage is what the signatures say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pipeline import out_tables
from pipeline.report import senders


def test_the_counts_are_counts_over_the_tables(named: Path) -> None:
    items = [
        row
        for row in out_tables.read_table(named, "items").to_pylist()
        if row["kind"] == "email" and row["from_domain"]
    ]
    found = {one.name: one for one in senders.by(senders._messages(named), "from_domain")}
    assert {name: one.total for name, one in found.items()} == Counter(row["from_domain"] for row in items)
    for name, one in found.items():
        own = [row for row in items if row["from_domain"] == name]
        assert {v: n for v, n in one.counts.items() if n} == Counter(row["verdict"] for row in own)
        assert one.signed == sum(row["dkim_result"] != "none" for row in own)


def test_a_domain_without_a_key_has_none_at_hand(named: Path) -> None:
    found = {one.name: one for one in senders.by(senders._messages(named), "from_domain")}
    assert found["sondages-kappa.example"].signed > 0 == found["sondages-kappa.example"].decidable
    assert found["horizon-commun.example"].decidable == found["horizon-commun.example"].signed > 0


def test_the_most_frequent_sender_stands_first(named: Path) -> None:
    totals = [one.total for one in senders.by(senders._messages(named), "from_email")]
    assert totals == sorted(totals, reverse=True)
