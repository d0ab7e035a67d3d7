"""Killed at any moment and resumed: the same tables to the byte. One poisoned unit: one row."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TABLES = ("items", "findings", "signatures", "keys", "sources")


def command(dump: Path, out: Path, *more: str) -> list[str]:
    keys = str(ROOT / "sample_dump" / "keys")
    return [sys.executable, "-m", "pipeline", "run", str(dump), "-o", str(out), "-q", "--keys", keys, *more]


def tables(out: Path) -> dict[str, bytes]:
    return {name: (out / f"{name}.parquet").read_bytes() for name in TABLES}


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample leak thirty times over, with scans between: enough units to be killed between two of them."""
    dump = tmp_path_factory.mktemp("resume") / "dump"
    for number in range(30):
        copy = dump / f"copy{number:02d}"
        shutil.copytree(ROOT / "sample_dump" / "leak", copy)
        (copy / "scan.bin").write_bytes(random.Random(number).randbytes(4_000_000))
    return dump


@pytest.fixture(scope="module")
def undisturbed(dump: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    subprocess.run(command(dump, out), check=True, cwd=ROOT, capture_output=True)
    return tables(out)


def test_a_damaged_shard_is_named_and_examined_again(dump: Path, undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    out = tmp_path / "out"
    subprocess.run(command(dump, out), check=True, cwd=ROOT, capture_output=True)
    damaged = sorted((out / "evidence").rglob("*.arrow"))[0]
    os.truncate(damaged, damaged.stat().st_size // 2)
    judge = [sys.executable, "-m", "pipeline", "judge", str(out)]
    done = subprocess.run(judge, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 4 and f"{damaged}: damaged evidence" in done.stderr
    done = subprocess.run(
        [*(word for word in command(dump, out) if word != "-q"), "--resume", "-v"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert "examined 1 of " in done.stderr
    assert tables(out) == undisturbed


@pytest.mark.parametrize("seed", range(3))
def test_killed_and_resumed_the_tables_are_the_same(
    dump: Path, undisturbed: dict[str, bytes], tmp_path: Path, seed: int
) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(command(dump, out), cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(random.Random(seed).uniform(0.8, 3.0))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    subprocess.run(command(dump, out, "--resume"), check=True, cwd=ROOT, capture_output=True)
    assert tables(out) == undisturbed


@pytest.mark.parametrize("whom", ["leader", "group"])
def test_interrupted_at_any_moment_it_says_so_and_resumes(
    dump: Path, undisturbed: dict[str, bytes], tmp_path: Path, whom: str
) -> None:
    out = tmp_path / "out"
    for seconds in (1.0, 2.0, 3.0):
        process = subprocess.Popen(
            command(dump, out, "--resume"), cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        time.sleep(seconds)
        (os.kill if whom == "leader" else os.killpg)(process.pid, signal.SIGINT)
        _, said = process.communicate()
        if process.returncode == 0:
            break
        assert process.returncode in (130, -signal.SIGINT)  # a shell calls both 130
        assert "Traceback" not in said or "pipeline" not in said, said  # while Python itself still starts
        assert "Mend" not in said
    subprocess.run(command(dump, out, "--resume"), check=True, cwd=ROOT, capture_output=True)
    assert tables(out) == undisturbed


def test_a_resumed_run_examines_only_what_is_missing(dump: Path, undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    out = tmp_path / "out"
    subprocess.run(command(dump, out), check=True, cwd=ROOT, capture_output=True)
    shards = {path: path.stat().st_mtime_ns for path in (out / "evidence").rglob("*.arrow")}
    assert len(shards) > 5
    lost = sorted(shards)[0]
    lost.unlink()
    subprocess.run(command(dump, out, "--resume"), check=True, cwd=ROOT, capture_output=True)
    again = {path: path.stat().st_mtime_ns for path in (out / "evidence").rglob("*.arrow")}
    assert {path for path in shards if shards[path] != again[path]} == {lost}
    assert tables(out) == undisturbed


def test_the_number_of_workers_and_the_surroundings_do_not_matter(
    dump: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    surroundings = {**os.environ, "TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    for workers in ("1", "4"):
        out = tmp_path / workers
        subprocess.run(
            command(dump, out, "--workers", workers), check=True, cwd=ROOT, capture_output=True, env=surroundings
        )
        assert tables(out) == undisturbed
