"""Commands that read tables start without Examine, Judge and Beam, which nobody who asks for a row should wait for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pipeline.options import EXPORTS

ROOT = Path(__file__).resolve().parent.parent.parent

# Runs the command lines given, one a line, and prints what was imported by then.
ALL_OF_THEM = """
import shlex, sys
from pipeline import cli
for line in sys.argv[1].splitlines():
    assert cli.run(shlex.split(line)) == 0, line
print("imported:", *sys.modules)
"""
WRITERS = {
    "apache_beam",
    *(f"pipeline.{name}" for name in ("commit", "examining", "graph", "judging", "running", "workers")),
    *(f"transforms.{name}" for name in ("judgement", "unit", "unpack")),
}


def test_tables_are_read_without_what_writes_them(finished: Path, tmp_path: Path) -> None:
    lines = [
        *(f"{name} {finished}" for name in ("summary", "keys list", "keys wanted")),
        f"report {finished} -o {tmp_path}/report.html",
        f"explain {finished} copies/settlement-words.eml",
        f"query {finished} overview",
        f"diff {finished} {finished}",
        *(f"export {finished} --to {form} -o {tmp_path}/{form}" for form in EXPORTS),
    ]
    command = [sys.executable, "-c", ALL_OF_THEM, "\n".join(lines)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    imported = set(done.stdout.rpartition("imported:")[2].split())
    assert "pipeline.lookup" in imported
    assert not imported & WRITERS
