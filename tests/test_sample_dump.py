"""The sample leak: what the command line says is what its README says."""

from __future__ import annotations

import csv
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "sample_dump"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the main job, through the command line."""
    out = tmp_path_factory.mktemp("sample") / "out"
    command = [sys.executable, "-m", "pipeline", "run", str(SAMPLE / "leak"), "-o", str(out)]
    done = subprocess.run([*command, "--keys", str(SAMPLE / "keys"), "-q"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return out


def test_each_item_gets_the_verdict_that_the_readme_gives(out: Path) -> None:
    with (SAMPLE / "expected.csv").open(encoding="utf-8", newline="") as file:
        expected = {
            row["path"]: (row["verdict"], row["basis_or_reason"], row["subtype"] or None)
            for row in csv.DictReader(file)
        }
    actual = {
        row["path"]: (row["verdict"], row["basis"] or row["reason_code"], row["subtype"])
        for row in pq.read_table(out / "items.parquet").to_pylist()
    }
    assert actual == expected


def test_every_octet_is_accounted_for(out: Path) -> None:
    record = json.loads((out / "run.json").read_text("utf-8"))
    assert record["problems"] == [] and record["look_ups"] == 0
    files = [path for path in (SAMPLE / "leak").rglob("*") if path.is_file()]
    assert pq.read_table(out / "sources.parquet").num_rows == len(files)


def test_the_sample_is_what_its_script_makes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("sample_make", SAMPLE / "make.py")
    assert spec is not None
    before = {
        p.relative_to(SAMPLE): p.read_bytes() for p in SAMPLE.rglob("*") if p.is_file() and "__pycache__" not in p.parts
    }
    copy = tmp_path / "sample_dump"
    for name, octets in before.items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(octets)
    subprocess.run([sys.executable, str(copy / "make.py")], check=True, cwd=tmp_path)
    after = {
        p.relative_to(copy): p.read_bytes() for p in copy.rglob("*") if p.is_file() and "__pycache__" not in p.parts
    }
    assert after == before
