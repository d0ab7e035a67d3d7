"""A call of the operating system that fails costs a row, or ends the run with a sentence; resumed, nothing is lost."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_dump"
TIMES = 4  # of some 300 calls; all of them by hand: benchmarks/disturb.py


@pytest.fixture(scope="module")
def disturb() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        yield importlib.import_module("disturb")
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
        sys.modules.pop("disturb", None)


def test_calls_that_fail_lose_nothing_and_judge_nothing_wrongly(disturb: ModuleType, tmp_path: Path) -> None:
    dump = Path(shutil.copytree(SAMPLE / "leak" / "boites", tmp_path / "dump"))
    runs = disturb.Runs(dump, [SAMPLE / "keys"], tmp_path)
    outcomes = disturb.faults(runs, TIMES)
    assert outcomes.total() >= TIMES


def test_a_breach_is_seen(disturb: ModuleType, tmp_path: Path) -> None:
    dump = Path(shutil.copytree(SAMPLE / "leak" / "boites", tmp_path / "dump"))
    runs = disturb.Runs(dump, [SAMPLE / "keys"], tmp_path)
    runs.sources.add("a file that no run has seen")
    with pytest.raises(disturb.Breach, match="has no row"):
        runs.fault(0, 5)
