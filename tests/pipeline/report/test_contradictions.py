"""Contradictions: both values, the innocent explanations, and nothing weak among them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from pipeline import out_tables
from pipeline.report import contradictions
from pipeline.report.page import _rules


def test_every_suspected_item_has_its_card(named: Path) -> None:
    suspected = {row["item_id"] for row in out_tables.read_table(named, "items").to_pylist() if row["subtype"]}
    assert set(contradictions.Contradicted(named).suspected) == suspected != set()


def test_a_card_shows_both_values_and_how_it_may_be_innocent(named: Path) -> None:
    told = contradictions.section(named, "out", contradictions.Contradicted(named), _rules())
    assert "<bdi>12</bdi><mark><bdi>,4</bdi></mark><bdi>00,</bdi>" in told
    assert "<bdi>12</bdi><mark><bdi>4,0</bdi></mark><bdi>00,</bdi>" in told
    assert "A system that rewrites words in passing" in told
    assert "triage explain out copies/invoice-amount.eml" in told


def test_an_item_that_is_only_flagged_is_told_apart(out: Path, rewrite) -> None:  # type: ignore[no-untyped-def]
    def strong(findings: pa.Table) -> pa.Table:
        rows = findings.to_pylist()
        row = next(row for row in rows if row["code"] == "key.other_at_that_time")
        row["strength"] = "strong"
        return pa.Table.from_pylist(rows, findings.schema)

    assert not contradictions.Contradicted(out).flagged  # weak findings flag nothing
    rewrite("findings", strong)
    found = contradictions.Contradicted(out)
    assert len(found.flagged) == 1
    assert "Not suspected, but worth a look (1)" in contradictions.section(out, "out", found, _rules())
