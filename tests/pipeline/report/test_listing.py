"""The list: every item once, packed without loss, and above a size a sample that says so."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline import out_tables, tables
from pipeline.report import listing

Block = Callable[[str, str], Any]


def test_the_list_holds_every_item_once(named: Path, html: str, block: Block) -> None:
    items = out_tables.read_table(named, "items").to_pylist()
    told = block(html, "columns")
    assert told["path"] == [item["path"] for item in items]
    assert [told["words"]["kind"][number] for number in told["kind"]] == [item["kind"] for item in items]
    signs = {"0": "suspected_fake", "1": "verified", "2": "unverifiable"}
    assert all(
        signs.get(sign, item["verdict"]) == item["verdict"] for sign, item in zip(told["verdict"], items, strict=True)
    )
    assert told["verdict"].count("3") == sum(item["rule"] in ("container", "gap", "link", "unread") for item in items)


def test_the_details_hold_what_was_found(named: Path, html: str, block: Block) -> None:
    items = out_tables.read_table(named, "items").to_pylist()
    findings = out_tables.read_table(named, "findings").to_pylist()
    codes = block(html, "columns")["codes"]
    details = block(html, "details-0")
    assert [detail[0] for detail in details] == [item["headline"] for item in items]
    for item, detail in zip(items, details, strict=True):
        told = [codes[one[0]][0] for one in (detail[4] if len(detail) > 4 and detail[4] else [])]
        assert told == [one["code"] for one in findings if one["item_id"] == item["item_id"]]


def test_a_timeline_is_packed_as_numbers_from_the_date_of_its_message(html: str, block: Block) -> None:
    columns, details = block(html, "columns"), block(html, "details-0")
    row = columns["path"].index("mails/recus/words-changed.eml")
    code = [one[0] for one in columns["codes"]].index("clock.timeline")
    clocks = next(one for one in details[row][4] if one[0] == code)[2]
    assert clocks[0::2] == [0, 0, 28]  # the Date itself, signed in the same second, received 28 s later
    assert [columns["labels"][number] for number in clocks[1::2]] == ["date", "signature (dkim)", "received of hop 0"]


def test_a_timeline_in_other_words_stays_text() -> None:
    assert listing._clocks("2017-04-14 09:22:33 date · soon after", listing.Words()) is None


def test_a_carrier_is_named_by_its_row(named: Path, html: str, block: Block) -> None:
    items = out_tables.read_table(named, "items").to_pylist()
    details = block(html, "details-0")
    carried = [(item, detail) for item, detail in zip(items, details, strict=True) if item["inherits_from"]]
    assert carried
    for item, detail in carried:
        assert items[detail[6]]["item_id"] == item["inherits_from"]


def test_a_document_says_what_its_metadata_says(html: str, block: Block) -> None:
    columns, details = block(html, "columns"), block(html, "details-0")
    told = details[columns["path"].index("documents/note.docx")]
    assert told[10] == ["Anaïs Ferrand", "Anaïs Ferrand", "2012-03-05 08:15:00+00:00", *told[10][3:]]


@pytest.mark.parametrize(
    ("kind", "name", "whole"),
    [("dkim", "s1._domainkey.a.example", 0), ("arc-seal", "s1._domainkey.a.example", 0), ("pdf", "a.example s1", 1)],
)
def test_only_a_signature_of_header_fields_names_a_key_in_the_dns(kind: str, name: str, whole: int) -> None:
    row = dict.fromkeys((name for name, *_ in tables.SIGNATURES))
    told = listing._signature({**row, "type": kind, "domain": "a.example", "selector": "s1", "result": "pass"})
    assert (told[1], told[-1]) == (name, whole)


def table(verdicts: list[str], statuses: list[str]) -> pa.Table:
    return pa.table(
        {"verdict": pa.array(verdicts).dictionary_encode(), "status": pa.array(statuses).dictionary_encode()}
    )


def test_a_large_dump_lists_suspected_and_broken_items_and_says_what_it_leaves_out() -> None:
    verdicts = ["suspected_fake"] * 3 + ["verified"] * 500 + ["unverifiable"] * 497
    statuses = ["ok"] * 990 + ["error"] * 10
    chosen, note = listing.choose(table(verdicts, statuses), most=999, sample=100)
    assert chosen is not None
    rows = chosen.to_pylist()
    assert rows == sorted(set(rows)) and len(rows) <= 101
    assert {0, 1, 2, *range(990, 1_000)} <= set(rows)
    assert f"{len(rows)} of 1,000 items: all 13" in note and "one in 12" in note


def test_more_suspected_than_the_page_holds_are_cut_and_it_says_so() -> None:
    chosen, note = listing.choose(table(["suspected_fake"] * 60 + ["verified"] * 40, ["ok"] * 100), most=50, sample=20)
    assert chosen is not None and len(chosen) <= 51 and "the first 50 of them" in note


def test_a_small_dump_is_listed_whole() -> None:
    assert listing.choose(table(["verified"] * 5, ["ok"] * 5)) == (None, "All 5 items are listed.")


@pytest.mark.parametrize("path", ["-o", "x" * 1_200, "a\u200bb.eml"])
def test_a_path_that_no_command_line_takes_is_named_by_its_id(out: Path, rewrite: Any, path: str) -> None:
    def renamed(items: pa.Table) -> pa.Table:
        rows = items.to_pylist()
        rows[0]["path"] = path
        return pa.Table.from_pylist(rows, items.schema)

    rewrite("items", renamed)
    packed = listing.listing(out, {}).columns
    assert unpacked(packed)["ids"] == {"0": out_tables.read_table(out, "items")["item_id"][0].as_py()}


def unpacked(packed: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(packed)))
