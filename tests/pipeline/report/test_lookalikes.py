"""Look-alike domains stand side by side, and what differs is marked."""

from __future__ import annotations

from pathlib import Path

from pipeline.report import lookalikes


def test_the_pairs_of_the_sample_are_found(named: Path) -> None:
    found = {(pair.sender, pair.resembles): pair.counts["suspected_fake"] for pair in lookalikes.pairs(named)}
    assert found == {
        ("xn--lvigie-3nf.example", "lavigie.example"): 1,
        ("onedrive-lavigie.example", "lavigie.example"): 1,
    }


def test_a_foreign_letter_is_marked_and_named(named: Path) -> None:
    told = lookalikes.section(named, ["lavigie.example"], [])
    assert "<bdi>l</bdi><mark><bdi>\u0430</bdi></mark><bdi>vigie.example</bdi>" in told
    assert "<bdi>\u0430 U+0430</bdi>" in told


def test_without_a_named_domain_the_page_says_that_nothing_was_compared(finished: Path) -> None:
    assert "Not looked for" in lookalikes.section(finished, [], [])


def test_a_named_domain_that_nobody_imitates_is_said_to_be_so(finished: Path) -> None:
    told = lookalikes.section(finished, ["lavigie.example"], [])
    assert "Named with --protect: <bdi>lavigie.example</bdi>. No sender's domain looks like one of them" in told


def test_a_domain_that_the_dump_taught_is_told_apart_from_a_named_one(named: Path) -> None:
    told = lookalikes.section(named, [], ["lavigie.example"])
    assert "Taught by the dump's own verified mail: <bdi>lavigie.example</bdi>" in told and "--protect" in told
