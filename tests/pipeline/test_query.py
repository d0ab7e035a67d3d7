"""query: the tables of OUT and nothing else; questions by name and SQL, as a table, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline import cli, out_tables, query
from pipeline.questions import QUESTIONS


def ask(out: Path, *more: str) -> int:
    return cli.run(["query", str(out), *more])


def test_every_question_is_answered_as_table_csv_and_json(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, question in QUESTIONS.items():
        expected = query.ask(finished, question.sql)
        assert ask(finished, name) == 0
        shown = capsys.readouterr().out.splitlines()
        assert shown[-1].startswith(f"({len(expected)} row") and len(shown) == len(expected) + 3
        assert ask(finished, name, "--csv") == 0
        lines = list(csv.reader(io.StringIO(capsys.readouterr().out)))
        assert lines[0] == expected.column_names and len(lines) == len(expected) + 1
        assert ask(finished, name, "--json") == 0
        records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert len(records) == len(expected)
        assert all(list(record) == expected.column_names for record in records)


def test_questions_agree_with_the_tables(finished: Path) -> None:
    items = out_tables.read_table(finished, "items").to_pylist()
    assert sum(query.ask(finished, QUESTIONS["overview"].sql)["n"].to_pylist()) == len(items)
    suspected = {item["path"] for item in items if item["verdict"] == "suspected_fake"}
    assert set(query.ask(finished, QUESTIONS["contradictions"].sql)["path"].to_pylist()) == suspected
    inherited = {item["path"] for item in items if item["inherits_from"]}
    assert set(query.ask(finished, QUESTIONS["documents"].sql)["path"].to_pylist()) == inherited
    keys = query.ask(finished, QUESTIONS["keys"].sql)
    assert len(keys) == len(out_tables.read_table(finished, "keys"))


def test_without_a_question_the_names_are_listed(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(finished) == 0
    printed = capsys.readouterr().out
    assert all(name in printed and question.asks in printed for name, question in QUESTIONS.items())


def test_free_sql_joins_the_tables(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT count(*) AS n FROM findings JOIN items USING (item_id) JOIN sources USING (source_path)"
    assert ask(finished, sql, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"n": len(out_tables.read_table(finished, "findings"))}


def test_what_only_sql_makes_is_printed(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT 1 AS n, 2 AS n, DATE '2017-04-24' AS d, 1.50::DECIMAL(4, 2) AS x, {'a': [1]} AS s, '\x1b[31m' AS t"
    for form in ((), ("--csv",), ("--json",)):
        assert ask(finished, sql, *form) == 0
        printed = capsys.readouterr().out
        assert "2017-04-24" in printed and "1.50" in printed
    assert ask(finished, sql) == 0
    assert capsys.readouterr().out.replace("\n", "").isprintable()


def test_a_subject_is_no_formula_in_csv(out: Path, rewrite, capsys: pytest.CaptureFixture[str]) -> None:
    def edit(table: pa.Table) -> pa.Table:
        rows = table.to_pylist()
        rows[0]["subject"] = "=1+1"
        return pa.Table.from_pylist(rows, table.schema)

    rewrite("items", edit)
    assert ask(out, "FROM items SELECT subject WHERE subject LIKE '=%'", "--csv") == 0
    assert capsys.readouterr().out.splitlines() == ["subject", "'=1+1"]


@pytest.mark.parametrize(
    "sql",
    [
        "FROM read_csv('/etc/passwd')",
        "FROM read_text('/etc/passwd')",
        "FROM glob('/etc/*')",
        "FROM '{out}/items.parquet'",
        "COPY items TO '{tmp}/copy.csv'",
        "EXPORT DATABASE '{tmp}/copy'",
        "ATTACH '{tmp}/other.db' AS other",
        "INSTALL httpfs FROM core",
        "LOAD httpfs ",
        "FROM 'https://example.org/a.parquet'",
        "SET enable_external_access = true",
        "SET autoinstall_known_extensions = true",
        "SET temp_directory = '{tmp}'",
        "FROM parsed SELECT 1",
        "FROM items SELECT no_such_column",
        "not sql at all",
    ],
)
def test_duckdb_gets_the_tables_and_nothing_else(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], sql: str
) -> None:
    assert ask(finished, sql.format(out=finished, tmp=tmp_path)) == 2
    printed = capsys.readouterr()
    assert "DuckDB cannot answer this" in printed.err and printed.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_none_is_refused_with_the_names(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(finished, "overveiw") == 2
    assert "overview" in capsys.readouterr().err


def test_without_duckdb_it_says_what_to_install(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert ask(finished, "overview") == 3
    assert "leak-triage[query]" in capsys.readouterr().err
