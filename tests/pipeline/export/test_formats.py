"""Each export is read back by a program of its own: every item is there, and no text of the leak does anything."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sqlite3
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

from pipeline import cli, out_tables
from pipeline.export import workbook
from pipeline.export.rows import as_cell
from pipeline.options import EXPORTS

LEAK = Path(__file__).resolve().parents[3] / "sample_dump" / "leak"
HOSTILE = [
    '=HYPERLINK("https://tracker.example/","open")', "+1+1", "-2+3", "@SUM(A1)", "＝1+1", "a;=1+1",
    "https://tracker.example/",
    "</t></is></c><c><f>1+1</f></c>", "_x003D_1+1", "\\x0d=1+1", "\ufffe=1", '"', "'", ",",
    "x" * 40_000, "\U0001f5dd" * 20_000,
]  # fmt: skip
FORMULA = "[=+\\-@＝＋－＠]"


@pytest.fixture
def hostile(out: Path, rewrite) -> Path:
    """An OUT whose subjects and authors come from somebody who knows spreadsheets."""

    def edit(table: pa.Table) -> pa.Table:
        rows = table.to_pylist()
        for row, text in zip(rows, HOSTILE, strict=False):
            row.update(subject=text, from_name=text, to_emails=[text, text])
        rows[0].update(date_utc=datetime(1, 1, 1, tzinfo=UTC), received_utc=datetime(9999, 12, 31, 23, tzinfo=UTC))
        return pa.Table.from_pylist(rows, table.schema)

    rewrite("items", edit)
    return out


def exported(out: Path, form: str, tmp_path: Path) -> Path:
    path = tmp_path / f"items.{form}"
    assert cli.run(["export", str(out), "--to", form, "-o", str(path)]) == 0
    return path


def items(out: Path) -> list[dict[str, Any]]:
    return out_tables.read_table(out, "items").to_pylist()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("form", [form for form in EXPORTS if form != "sha256sum"])
def test_every_item_is_counted(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    path = exported(finished, form, tmp_path)
    assert f": {len(items(finished))} items." in capsys.readouterr().out
    assert path.stat().st_mode & 0o777 == 0o600


# ---- csv ----------------------------------------------------------------------------------------


def test_a_csv_holds_every_value(finished: Path, tmp_path: Path) -> None:
    path = exported(finished, "csv", tmp_path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert len(found) == len(items(finished))
    for row, item in zip(found, items(finished), strict=True):
        values = {name: re.sub(f"(^|;)'(?={FORMULA})", r"\1", value) for name, value in row.items()}
        assert values == {name: _plain(as_cell(value)) for name, value in item.items()}


def _plain(cell: object) -> str:
    return "" if cell is None else str(cell)


def test_no_cell_of_a_csv_begins_like_a_formula_in_any_country(hostile: Path, tmp_path: Path) -> None:
    path = exported(hostile, "csv", tmp_path)
    text = path.read_text("utf-8-sig")
    csv.field_size_limit(len(text))
    for delimiter in ",;\t":
        for row in csv.reader(text.splitlines(), delimiter=delimiter):
            for cell in row:
                assert not re.match("[=+@＝＋－＠]", cell), cell
                assert not cell.startswith("-") or re.fullmatch("-[0-9]+", cell), cell


# ---- xlsx ---------------------------------------------------------------------------------------


def test_a_workbook_holds_every_value(finished: Path, tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(exported(finished, "xlsx", tmp_path), read_only=True)["items"]
    names, *found = ([cell.value for cell in row] for row in sheet.iter_rows())
    assert len(found) == len(items(finished))
    for row, item in zip(found, items(finished), strict=True):
        for name, cell in zip(names, row, strict=True):
            value = item[name]
            if isinstance(value, datetime):
                assert abs((cell - value.replace(tzinfo=None)).total_seconds()) < 1
            else:
                assert cell == (as_cell(value) if value not in (None, [], "") else None), name


def test_nothing_in_a_workbook_is_calculated_or_followed(hostile: Path, tmp_path: Path) -> None:
    path = exported(hostile, "xlsx", tmp_path)
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
        assert b"<f" not in sheet and b"hyperlink" not in sheet.lower().replace(b"=hyperlink", b"")
        assert sorted(archive.namelist()) == [
            "[Content_Types].xml", "_rels/.rels", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/workbook.xml",
            "xl/worksheets/sheet1.xml",
        ]  # fmt: skip
    book = openpyxl.load_workbook(path)["items"]
    assert book.max_row == len(items(hostile)) + 1
    at = next(cell.column for cell in book[1] if cell.value == "subject")
    for number, text in enumerate(HOSTILE, start=2):
        cell = book.cell(number, at)
        # openpyxl takes a text with = in front for a formula, whatever the file says: the file is looked at above.
        assert cell.hyperlink is None
        shown = str(cell.value)
        assert shown == text or len(shown) <= 32_767 or text in ("_x003D_1+1", "\ufffe=1")
    assert "_x005F_x003D_1+1" in sheet.decode() and "\ufffe" not in sheet.decode()


def test_more_items_than_a_sheet_holds_go_on_in_the_next(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "SHEET_ROWS", 50)
    book = openpyxl.load_workbook(exported(finished, "xlsx", tmp_path))
    assert sum(sheet.max_row - 1 for sheet in book) == len(items(finished))
    assert book.sheetnames == [f"items {n}" for n in range(1, len(items(finished)) // 50 + 2)]


# ---- sqlite -------------------------------------------------------------------------------------


def test_a_database_holds_all_tables_and_finds_words(finished: Path, tmp_path: Path) -> None:
    with sqlite3.connect(exported(finished, "sqlite", tmp_path)) as database:
        for table in ("items", "findings", "signatures", "keys", "sources"):
            expected = out_tables.read_table(finished, table).to_pylist()
            found = database.execute(f"SELECT * FROM {table}").fetchall()
            assert len(found) == len(expected)
            for row, one in zip(found, expected, strict=True):
                assert list(row) == [
                    value if isinstance(value, (bool, bytes)) else as_cell(value) for value in one.values()
                ]
        query = "SELECT path FROM items WHERE rowid IN (SELECT rowid FROM items_fts WHERE items_fts MATCH 'budget')"
        paths = {path for (path,) in database.execute(query)}
        assert "mails/campagne/0001-budget.eml" in paths and "mails/campagne/0008-interne.eml" not in paths
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_hostile_texts_stand_in_a_database_as_they_are(hostile: Path, tmp_path: Path) -> None:
    with sqlite3.connect(exported(hostile, "sqlite", tmp_path)) as database:
        found = [subject for (subject,) in database.execute("SELECT subject FROM items LIMIT ?", [len(HOSTILE)])]
    assert found == HOSTILE


# ---- JSON ---------------------------------------------------------------------------------------


def test_json_lines_hold_every_value(finished: Path, tmp_path: Path) -> None:
    found = lines(exported(finished, "jsonl", tmp_path))
    assert len(found) == len(items(finished))
    for record, item in zip(found, items(finished), strict=True):
        assert set(record) == set(item) and record["evidence"] == item["evidence"]
        assert record["date_utc"] == (item["date_utc"].isoformat() if item["date_utc"] else None)


def test_entities_carry_verdict_sentence_and_what_a_mail_says(finished: Path, tmp_path: Path) -> None:
    found = {entity["id"]: entity for entity in lines(exported(finished, "ftm", tmp_path))}
    assert len(found) == len(items(finished))
    for item in items(finished):
        entity = found[item["item_id"]]
        assert f"verdict:{item['verdict']}" in entity["properties"]["keywords"]
        assert entity["properties"]["notes"] == [item["headline"]]
        assert all(isinstance(value, str) for values in entity["properties"].values() for value in values)
        if item["kind"] == "email":
            assert entity["schema"] == "Email" and entity["properties"].get("to", []) == item["to_emails"]
        for parent in entity["properties"].get("parent", []):
            assert parent == item["parent_id"] and found[parent]["schema"] in ("Email", "Package")


def test_entities_are_valid_in_the_published_model(finished: Path, tmp_path: Path) -> None:
    model = pytest.importorskip("followthemoney").model
    for entity in lines(exported(finished, "ftm", tmp_path)):
        proxy = model.get_proxy(entity)
        model.get(entity["schema"]).validate(entity)
        given = entity["properties"]
        kept = proxy.to_dict()["properties"]
        assert {name: sorted(set(values)) for name, values in given.items()} == {n: sorted(v) for n, v in kept.items()}


# ---- datashare, sha256sum -----------------------------------------------------------------------


def test_tags_name_the_file_of_the_dump_by_its_digest(finished: Path, tmp_path: Path) -> None:
    with exported(finished, "datashare", tmp_path).open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    sources = {row["source_path"]: row["sha256"] for row in out_tables.read_table(finished, "sources").to_pylist()}
    for row, item in zip(found, items(finished), strict=True):
        inside = "inside:" if item["depth"] else ""
        digest = sources[item["source_path"]] or ""
        assert row == {"tag": f"{inside}{item['verdict']}", "documentId": digest, "routing": digest}


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum here")
def test_coreutils_check_the_manifest(finished: Path, tmp_path: Path) -> None:
    path = exported(finished, "sha256sum", tmp_path)
    done = subprocess.run(["sha256sum", "-c", "--strict", str(path)], cwd=LEAK, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == sum(one.is_file() for one in LEAK.rglob("*"))
    path.write_text(path.read_text("utf-8").replace("a", "b", 1), "utf-8")
    done = subprocess.run(["sha256sum", "-c", str(path)], cwd=LEAK, capture_output=True, text=True)
    assert done.returncode != 0


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum here")
def test_names_of_any_octets_are_checked(tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    for name in (b"back\\slash", b"new\nline", b"latin-\xe9", b"100% !", b"@at", b"#hash"):
        Path(str(dump).encode().decode(), name.decode("utf-8", "surrogateescape")).write_bytes(name)
    assert cli.run(["run", str(dump), "-o", str(tmp_path / "out"), "-q", "--workers", "1"]) == 0
    path = exported(tmp_path / "out", "sha256sum", tmp_path)
    done = subprocess.run(["sha256sum", "-c", "--strict", str(path)], cwd=dump, capture_output=True)
    assert done.returncode == 0 and len(path.read_bytes().splitlines()) == 6


# ---- refused ------------------------------------------------------------------------------------


def test_nothing_is_overwritten_and_nothing_is_added_to_dump_or_out(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine")
    for path, words in (
        (there, "is there already"), (LEAK / "new.csv", "inside the dump"), (finished / "new.csv", "inside OUT"),
        (tmp_path / "none" / "new.csv", "does not exist"),
    ):  # fmt: skip
        assert cli.run(["export", str(finished), "--to", "csv", "-o", str(path)]) == 3
        assert words in capsys.readouterr().err
    assert there.read_text() == "mine"
    assert cli.run(["export", str(finished), "--to", "ods", "-o", str(tmp_path / "a")]) == 2
