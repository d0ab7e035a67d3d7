"""The wheel alone, outside the checkout: packages, data files and entry point are all in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("setup.py", "README.md", "pipeline", "transforms")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: a build leaves folders behind."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    command = (*(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"), "-w", folder, source)
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("leak_triage-*.whl"))


def test_the_wheel_holds_every_module_and_data_file(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    ours = {
        path.relative_to(ROOT).as_posix()
        for package in ("pipeline", "transforms")
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".py", ".txt", ".js", ".css")
    }
    assert ours <= held


def test_an_installed_wheel_runs_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    out = tmp_path / "out"
    entry = (
        "from importlib.metadata import distribution\n"
        "(command,) = distribution('leak-triage').entry_points.select(name='triage')\n"
        "command.load()()"
    )
    sample = ROOT / "sample_dump"
    done = subprocess.run(
        [sys.executable, "-c", entry, "run", str(sample / "leak"), "-o", str(out), "--keys", str(sample / "keys")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "suspected fake         4" in done.stdout
    assert (out / "items.parquet").exists()
