"""On an engine with processes of its own: the same tables, and nothing lost when one of them is killed.

Left out unless asked for: `TRIAGE_PRISM=FILE pytest -m engines`, where FILE is Beam's runner in Go, as
docs/engines.md builds it; TRIAGE_BOOT and TRIAGE_WORKER_PYTHON name what installs staged packages, and where to. The
portable job service runs in any case (tests/pipeline/test_portable.py).
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_dump"


@pytest.fixture(scope="module")
def engines() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        yield importlib.import_module("engines")
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
        sys.modules.pop("engines", None)


@pytest.fixture
def prism() -> Path:
    given = os.environ.get("TRIAGE_PRISM")
    if given is None:
        pytest.skip("TRIAGE_PRISM names no program")
    return Path(given)


def options(prism: Path | None, kill: str | None = None, bare: Any = None, hosts: bool = False) -> Namespace:
    return Namespace(
        engine="prism" if prism else "job-service", prism=prism, kill=kill, bare=bare, hosts=hosts, workers=2,
        seconds=300.0, dump=SAMPLE / "leak", keys=[SAMPLE / "keys"],
    )  # fmt: skip


@pytest.mark.engines
def test_prism_gives_the_same_tables_to_the_byte(engines: ModuleType, prism: Path, tmp_path: Path) -> None:
    seen = engines.compared(options(prism), tmp_path)
    assert (seen["exit_code"], seen["same_tables"], seen["temporary_files_left"]) == (0, True, 0)


@pytest.mark.engines
@pytest.mark.parametrize("whom", ["worker", "pool", "engine"])
def test_a_process_that_is_killed_loses_nothing(engines: ModuleType, prism: Path, tmp_path: Path, whom: str) -> None:
    seen = engines.compared(options(prism, whom), tmp_path)
    assert seen["same_tables"] and (
        seen["exit_code"] == 0 or "does not answer" in seen["said"] or "worker" in seen["said"]
    )


@pytest.mark.engines
def test_workers_without_this_package_get_it_by_setup_file(engines: ModuleType, tmp_path: Path) -> None:
    given = [os.environ.get(name) for name in ("TRIAGE_WORKER_PYTHON", "TRIAGE_BOOT")]
    if None in given:
        pytest.skip("TRIAGE_WORKER_PYTHON and TRIAGE_BOOT name no programs")
    seen = engines.compared(options(None, bare=engines.Bare(*map(Path, given))), tmp_path)
    assert (seen["exit_code"], seen["same_tables"]) == (0, True)


@pytest.mark.engines
def test_workers_on_two_machines_give_the_same_tables(engines: ModuleType, tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("unshare") is None:
        pytest.skip("network namespaces need root, ip and unshare")
    seen = engines.compared(options(None, hosts=True), tmp_path)
    assert (seen["exit_code"], seen["same_tables"]) == (0, True)


def test_an_end_without_a_sentence_is_a_breach(engines: ModuleType, tmp_path: Path) -> None:
    none = engines.run(tmp_path / "no dump", [], tmp_path / "out")
    with pytest.raises(engines.Breach, match="ended with 3"):
        engines.ended(none, tmp_path / "out", 60.0)


def test_a_run_without_an_end_is_a_breach(engines: ModuleType, tmp_path: Path) -> None:
    endless = engines.run(SAMPLE / "leak", [], tmp_path / "out")
    with pytest.raises(engines.Breach, match="no end after 0 s"):
        engines.ended(endless, tmp_path / "out", 0.0)
    assert endless.returncode is not None
