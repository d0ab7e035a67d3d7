"""The cookbook is run: DuckDB, Polars and pandas give one answer, and the page shows it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.query import ask
from pipeline.questions import QUESTIONS

pytest.importorskip("polars", reason="needs the extra `cookbook`")
pytest.importorskip("pandas", reason="needs the extra `cookbook`")

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_dump"


def _cookbook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_cookbook", ROOT / "docs" / "cookbook.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


cookbook = _cookbook()


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OUT of the line that the cookbook begins with."""
    out = tmp_path_factory.mktemp("cookbook") / "out"
    command = [sys.executable, "-m", "pipeline", "run", str(SAMPLE / "leak"), "-o", str(out), "-q", "--workers", "2"]
    protected = ["--protect", "horizon-commun.example", "--protect", "lavigie.example"]
    done = subprocess.run(
        [*command, "--keys", str(SAMPLE / "keys"), *protected], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return out


def plain(value: Any) -> Any:
    """A value without what its library makes of it."""
    if value is None or value != value or type(value).__name__ in ("NaTType", "NAType"):
        return None
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return value.item() if hasattr(value, "item") else value


def rows(answer: Any) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names of the columns and rows of a Polars or pandas table."""
    found = answer.rows() if hasattr(answer, "rows") else answer.itertuples(index=False, name=None)
    return list(answer.columns), [tuple(map(plain, row)) for row in found]


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("library", cookbook.LIBRARIES)
def test_both_libraries_answer_as_duckdb_does(out: Path, library: str, name: str) -> None:
    table = ask(out, QUESTIONS[name].sql)
    expected = [tuple(map(plain, row)) for row in zip(*(c.to_pylist() for c in table.columns), strict=True)]
    names, found = rows(cookbook.answer(out, library, name))
    assert names == table.column_names
    assert found == expected


def test_every_question_is_shown_in_every_library() -> None:
    for snippets in cookbook.LIBRARIES.values():
        assert set(snippets) == set(QUESTIONS)


def test_the_page_is_what_the_script_makes(out: Path) -> None:
    made = cookbook.page(out)
    assert cookbook.PAGE.read_text("utf-8") == made, "run: python docs/cookbook.py OUT"


def test_most_questions_have_an_answer_on_the_sample(out: Path) -> None:
    assert sum(len(ask(out, question.sql)) > 0 for question in QUESTIONS.values()) >= 11
