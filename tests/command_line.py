"""The command line as a process of its own, and the tables that it leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline import out_tables, tables

ROOT = Path(__file__).resolve().parent.parent
MAIL = (
    b"From: anna@campaign.example\r\nTo: b@c.example\r\nSubject: hi\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\n\r\nText\r\n"
)


def triage(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command line; environment is added to that of the tests."""
    command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **environment})


def refused(done: subprocess.CompletedProcess[str], code: int, words: str) -> None:
    """It ended with this code and a sentence that says why, and printed nothing else."""
    assert done.returncode == code, done.stderr
    assert words in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == ""


def rows(out: Path, name: str = "items") -> list[dict[str, Any]]:
    """A table of OUT."""
    return list(out_tables.read_table(out, name).to_pylist())


def table_octets(out: Path) -> dict[str, bytes]:
    """The tables of OUT to the octet."""
    return {name: (out / f"{name}.parquet").read_bytes() for name in tables.TABLES}
