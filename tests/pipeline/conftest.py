"""A finished run of the sample leak, made once; tests that change it work on a copy."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import commit, out_tables

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLE = ROOT / "sample_dump"

Rewrite = Callable[[str, Callable[[pa.Table], pa.Table]], None]


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OUT of the sample leak with its keys; not to be written to."""
    out = tmp_path_factory.mktemp("finished") / "out"
    command = [sys.executable, "-m", "pipeline", "run", str(SAMPLE / "leak"), "-o", str(out), "-q", "--workers", "2"]
    done = subprocess.run([*command, "--keys", str(SAMPLE / "keys")], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def out(finished: Path, tmp_path: Path) -> Path:
    """A copy of a finished OUT."""
    return Path(shutil.copytree(finished, tmp_path / "out"))


@pytest.fixture
def rewrite(out: Path) -> Rewrite:
    """Change a table of the copy and have run.json vouch for it."""

    def change(name: str, edit: Callable[[pa.Table], pa.Table]) -> None:
        path = out / f"{name}.parquet"
        pq.write_table(edit(pq.read_table(path)), path)
        record = out_tables.read_run(out)
        assert record is not None
        record["tables"][path.name] = out_tables.file_sha256(path)
        commit.write_run(out, record)

    return change
