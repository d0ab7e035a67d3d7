"""A dump of everything, through the command line: every octet accounted for, every item as it was made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from mixed_dump import EXPECTED, WITHOUT_EXTRAS, Row, files

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("py7zr", "rarfile", "pypff", "pypdf")


def run(tmp_path: Path, hidden: tuple[str, ...] = ()) -> tuple[dict[str, Any], dict[str, dict[str, Any]], list[Any]]:
    """run.json, items by path, and sources, of a run that does not find these modules, nor a program for rar."""
    for name, octets in files().items():
        path = tmp_path / "dump" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
    absent = tmp_path / "absent"
    absent.mkdir()
    for name in hidden:
        (absent / f"{name}.py").write_text("raise ImportError\n")
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "run", str(tmp_path / "dump"), "-o", str(out), "-q", "--workers", "1"],
        env={**os.environ, "PYTHONPATH": f"{absent}{os.pathsep}{ROOT}", "PATH": str(absent)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    items = {row["path"]: row for row in pq.read_table(out / "items.parquet").to_pylist()}
    return json.loads((out / "run.json").read_text()), items, pq.read_table(out / "sources.parquet").to_pylist()


def as_rows(items: dict[str, dict[str, Any]]) -> dict[str, Row]:
    return {
        path: Row(*(row[name] for name in ("kind", "media_type", "status", "error_code")))
        for path, row in items.items()
    }


def accounted(record: dict[str, Any], sources: list[Any]) -> bool:
    """Whether each file has its row with all its octets, and the ledger has nothing to say."""
    sizes = {name: len(octets) for name, octets in files().items()}
    return record["problems"] == [] and {one["source_path"]: one["size"] for one in sources} == sizes


def test_every_item_is_as_it_was_made_and_every_octet_accounted_for(tmp_path: Path) -> None:
    for name in EXTRAS:
        pytest.importorskip(name)
    record, items, sources = run(tmp_path)
    assert as_rows(items) == EXPECTED
    assert accounted(record, sources)
    for one in sources:
        if one["bytes_in_items"] is not None:
            assert one["bytes_in_items"] + one["bytes_outside"] == one["size"], one


def test_without_the_extras_the_run_completes_and_says_which_is_missing(tmp_path: Path) -> None:
    record, items, sources = run(tmp_path, EXTRAS)
    closed = {path: code for path, (code, _) in WITHOUT_EXTRAS.items() if code is not None}
    expected = {path: row for path, row in EXPECTED.items() if path.split("!")[0] not in closed}
    expected |= {path: EXPECTED[path]._replace(status="error", code=code) for path, code in closed.items()}
    assert as_rows(items) == expected
    assert accounted(record, sources)
    for path, (_, extra) in WITHOUT_EXTRAS.items():
        assert any(extra in finding["summary"] for finding in items[path]["evidence"]), path
