"""The page: one file, nothing from outside, every section there, and hostile text only as text."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline import cli, commit, out_tables, summary, tables
from pipeline.report import contradictions, method, strip
from pipeline.report.page import _SECTIONS, page
from transforms.model import SCHEMA_VERSION

# What a browser would fetch, follow or run.
_REACHING = {"src", "href", "srcset", "action", "formaction", "data", "poster", "background", "ping", "style", "srcdoc"}


class Page(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: Counter[str] = Counter()
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        self.open[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        self.open[tag] -= 1

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_every_section_is_there(html: str) -> None:
    ids = {attributes.get("id") for _, attributes in Page(html).elements}
    assert {name for name, _ in _SECTIONS} <= ids


def test_nothing_is_fetched_and_links_stay_on_the_page(html: str) -> None:
    for tag, attributes in Page(html).elements:
        reaching = {name: value for name, value in attributes.items() if name in _REACHING or name.startswith("on")}
        assert all(name == "href" and value and value.startswith("#") for name, value in reaching.items()), (
            tag,
            reaching,
        )


def test_the_policy_allows_its_own_script_and_style_and_nothing_else(html: str) -> None:
    policy = next(a["content"] for t, a in Page(html).elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    for text in (
        re.findall(r"<script>(.*?)</script>", html, re.DOTALL),
        re.findall(r"<style>(.*?)</style>", html, re.DOTALL),
    ):
        assert len(text) == 1
        assert f"'sha256-{base64.b64encode(hashlib.sha256(text[0].encode()).digest()).decode()}'" in policy


def test_the_script_makes_no_markup_of_text() -> None:
    script = (Path(cli.__file__).parent / "report" / "page.js").read_text("utf-8")
    ways = (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "DOMParser",
        "eval(",
        "Function(",
        "fetch(",
    )
    for way in ways:
        assert way not in script


def test_the_numbers_are_those_of_the_summary(named: Path, html: str) -> None:
    found = summary.counts(named)
    text = "".join(Page(html).text)
    verdicts = found["by_verdict"]
    assert f"Of {sum(verdicts.values())} items, {verdicts['verified']} are verified" in text
    assert f"{found['sources']} files with" in text


def test_every_table_is_closed_and_ids_are_given_once(html: str) -> None:
    read = Page(html)
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {tag: n for tag, n in read.open.items() if n and tag not in ("meta", "input", "br")} == {}


def hostile(number: int) -> str:
    forms = (
        "</script><script>alert({})</script>", '"><img src=x onerror=alert({})>', "<svg/onload=alert({})>", "<!--{}",
        "]]>{}", "\u202egnp.{}", "=HYPERLINK({})", "\u200b{}\u2066", "&lt;b&gt;{}", "{}\x00\x1b[2J",
    )  # fmt: skip
    return forms[number % len(forms)].format(number)


def test_hostile_names_and_subjects_are_text(out: Path, rewrite: Any) -> None:
    def spoiled(items: pa.Table) -> pa.Table:
        rows = items.to_pylist()
        for number, row in enumerate(rows):
            for column in ("subject", "file_name", "from_name", "from_email", "path", "headline", "lookalike_of"):
                row[column] = hostile(number)
        return pa.Table.from_pylist(rows, items.schema)

    plain = Page(page(out)).elements
    rewrite("items", spoiled)
    read = Page(page(out))
    allowed = {tag for tag, _ in plain} | {"mark"}
    assert {tag for tag, _ in read.elements} <= allowed
    assert sum(tag == "script" for tag, _ in read.elements) == sum(tag == "script" for tag, _ in plain)
    assert not any(name.startswith("on") for _, attributes in read.elements for name in attributes)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00\x1b]", "".join(read.text))


def test_one_item_is_and_several_are() -> None:
    verdicts = {"verified": 1, "suspected_fake": 2, "unverifiable": 7}
    told = strip.section(
        {"counts": {"by_verdict": verdicts, "apart": {}, "key_names_two_recovered": 0}}, [], 0, 0, "out"
    )
    for words in ("Of 10 items", "1 is verified", "2 are suspected", "and of <strong>7 nothing can be said"):
        assert words in told
    assert "pointed out" not in told


def test_items_that_are_flagged_without_a_contradiction_are_pointed_out(out: Path, rewrite: Any) -> None:
    def flagged(items: pa.Table) -> pa.Table:
        rows = items.to_pylist()
        letters = [row for row in rows if row["reason_code"] == "no_signature"][:3]
        for row in letters:
            row["rule"], row["reason_code"] = "flagged", "body_changed_after_signing"
        return pa.Table.from_pylist(rows, items.schema)

    before = contradictions.Contradicted(out).pointed_out
    rewrite("items", flagged)
    assert contradictions.Contradicted(out).pointed_out == before + 3
    assert f"{before + 3} more items are pointed out" in page(out)


def test_an_empty_dump_has_a_page(tmp_path: Path) -> None:
    for name in tables.TABLES:
        commit.write_table(tmp_path, name, [])
    record = {
        "counts": summary.counts(tmp_path), "look_ups": 0, "problems": [], "octets": 0, "timings": {"seconds": 0.0},
        "schema_version": SCHEMA_VERSION, "arguments": {"dump": "/empty"}, "tables": {}, "started": 0.0,
    }  # fmt: skip
    commit.write_run(tmp_path, record)
    assert "Of 0 items" in page(tmp_path)


def test_two_recovered_keys_of_one_name_are_an_alarm(named: Path) -> None:
    record = out_tables.read_run(named)
    assert record is not None
    assert "Alarm" not in strip.section(record, [], 0, 0, "out")
    record["counts"]["key_names_two_recovered"] = 1
    assert "Alarm:</strong> under 1 key name there are signatures of two" in strip.section(record, [], 0, 0, "out")


def test_signals_that_are_weak_in_this_dump_are_named(named: Path) -> None:
    record = out_tables.read_run(named)
    assert record is not None
    record["taught"] = {"protected": [], "weak_here": ["mail.odd in <export>"]}
    assert "<li><bdi>mail.odd in &lt;export&gt;</bdi></li>" in method.section(record, "out")


def test_the_same_tables_give_the_same_page(named: Path, html: str) -> None:
    assert page(named) == html


def test_the_command_writes_one_private_file_and_says_so(finished: Path, tmp_path: Path, capsys: Any) -> None:
    target = tmp_path / "page.html"
    assert cli.run(["report", str(finished), "-o", str(target)]) == 0
    assert target.stat().st_mode & 0o777 == 0o600
    assert "asks nothing of any network" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize("where", ["OUT", "DUMP", "FOLDER"])
def test_a_page_is_written_neither_into_the_dump_nor_into_out(
    finished: Path, tmp_path: Path, capsys: Any, where: str
) -> None:
    record = out_tables.read_run(finished)
    assert record is not None
    places = {"OUT": finished / "r.html", "DUMP": Path(record["arguments"]["dump"]) / "r.html", "FOLDER": tmp_path}
    assert cli.run(["report", str(finished), "-o", str(places[where])]) == 3
    assert "triage: " in capsys.readouterr().err
    assert not places[where].is_file()


def test_a_page_takes_the_place_of_an_older_one_and_of_nothing_else(
    finished: Path, tmp_path: Path, capsys: Any
) -> None:
    target = tmp_path / "page.html"
    target.write_text("<title>notes</title>")
    assert cli.run(["report", str(finished), "-o", str(target)]) == 3
    assert target.read_text() == "<title>notes</title>" and "is no report" in capsys.readouterr().err
    target.unlink()
    os.mkfifo(target)
    assert cli.run(["report", str(finished), "-o", str(target)]) == 3 and target.is_fifo()
    target.unlink()
    for _ in range(2):
        assert cli.run(["report", str(finished), "-o", str(target)]) == 0
