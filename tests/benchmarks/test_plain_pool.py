from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from pipeline import evidence

ROOT = Path(__file__).parents[2]


def test_the_pool_examines_what_a_run_plans(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/plain_pool.py", "sample_dump/leak", str(tmp_path / "out"), "--workers", "1"]
    done = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=True)
    said = json.loads(done.stdout)
    planned = list(evidence.planned(tmp_path / "out"))
    assert said["units"] == len(planned) and said["items"] > said["units"]
    assert all(evidence.is_whole(tmp_path / "out", str(one["unit_id"])) for one in planned)
