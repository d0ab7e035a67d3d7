"""Every number of the summary is a count over the tables."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from pipeline import cli, commit, out_tables, summary, tables
from transforms.model import SCHEMA_VERSION


def rows(out: Path, name: str) -> list[dict]:
    return out_tables.read_table(out, name).to_pylist()


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """OUT of a dump without a file."""
    for name in tables.TABLES:
        commit.write_table(tmp_path, name, [])
    record = {
        "counts": summary.counts(tmp_path), "look_ups": 0, "problems": [], "octets": 0, "timings": {"seconds": 0.0},
        "schema_version": SCHEMA_VERSION, "arguments": {"dump": "/empty"}, "tables": {},
    }  # fmt: skip
    commit.write_run(tmp_path, record)
    return tmp_path


def test_counts_are_counts_over_the_tables(finished: Path) -> None:
    found = summary.counts(finished)
    items = rows(finished, "items")
    judged = [item for item in items if item["rule"] not in ("container", "gap", "link", "unread")]
    assert found["items"] == len(items) == sum(found["by_verdict"].values()) + sum(found["apart"].values())
    assert found["by_verdict"] == dict(Counter(item["verdict"] for item in judged))
    assert found["reasons"] == Counter(item["reason_code"] for item in judged if item["verdict"] == "unverifiable")
    assert found["flagged"] == sum(item["rule"] == "flagged" for item in judged) > 0
    assert found["errors"] == Counter(item["error_code"] for item in items if item["error_code"])
    assert found["emails"] == sum(item["kind"] == "email" for item in items)
    assert (found["sources"], found["keys"]) == (len(rows(finished, "sources")), len(rows(finished, "keys")))
    signatures = [row for row in rows(finished, "signatures") if row["type"] == "dkim"]
    missing = {(s["domain"], s["selector"]) for s in signatures if s["key_status"] == "missing"}
    assert found["key_names_signed_with"] == len({(s["domain"], s["selector"]) for s in signatures})
    assert found["key_names_missing"] == len(missing) > 0


def test_run_json_holds_the_same_counts(finished: Path) -> None:
    record = out_tables.read_run(finished)
    assert record is not None and record["counts"] == summary.counts(finished)


def test_containers_gaps_links_and_unread_are_counted_apart(finished: Path) -> None:
    found = summary.counts(finished)
    assert found["apart"]["container"] > 0 and found["apart"]["gap"] > 0
    assert not {"container", "gap", "link", "unread"} & set(found["reasons"])


def test_the_text_is_short_and_names_what_counts(finished: Path) -> None:
    text = summary.as_text(finished)
    found = summary.counts(finished)
    assert len(text.splitlines()) <= 25
    lines = [line.split() for line in text.splitlines()]
    for verdict, number in found["by_verdict"].items():
        words = verdict.split("_")
        assert any(line[: len(words) + 1] == [*words, str(number)] for line in lines)
    assert "look-ups made:    0" in text
    assert f"worth a look:     {found['flagged']} of these" in text
    assert text.replace("\n", "").isprintable()


def test_the_json_is_one_object_with_the_counts(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["summary", str(finished), "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    record = json.loads(line)
    assert record["counts"] == summary.counts(finished)
    assert (record["look_ups"], record["problems"]) == (0, [])


def test_the_command_prints_the_text(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["summary", str(finished)]) == 0
    assert capsys.readouterr().out == summary.as_text(finished) + "\n"


def test_an_empty_dump_has_a_summary(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert summary.counts(empty)["by_verdict"] == {"suspected_fake": 0, "verified": 0, "unverifiable": 0}
    assert cli.run(["summary", str(empty)]) == 0
    assert capsys.readouterr().out.startswith("0 items in 0 files, 0 of them messages")
    assert cli.run(["summary", str(empty), "--json"]) == 0
