"""Not one packet leaves: Internet sockets and look-ups are refused in every process of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("beam", [[], ["--", "--runner=DirectRunner"]], ids=["default", "DirectRunner"])
def test_a_run_opens_no_internet_socket_and_looks_nothing_up(tmp_path: Path, beam: list[str]) -> None:
    # sitecustomize is imported by every Python process of the run, forkserver and workers included.
    (tmp_path / "sitecustomize.py").write_text((Path(__file__).parent / "no_network.py").read_text("utf-8"), "utf-8")
    log = tmp_path / "network.log"
    log.touch()
    environment = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
        "NETWORK_LOG": str(log),
    }
    out = tmp_path / "out"
    command = [sys.executable, "-m", "pipeline", "run", str(ROOT / "sample_dump" / "leak"), "-o", str(out), "-q"]
    done = subprocess.run(
        [*command, "--keys", str(ROOT / "sample_dump" / "keys"), *beam],
        env=environment,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert log.read_text("utf-8") == ""


def test_the_guard_guards(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text((Path(__file__).parent / "no_network.py").read_text("utf-8"), "utf-8")
    log = tmp_path / "network.log"
    log.touch()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "NETWORK_LOG": str(log)}
    for line in ("socket.socket(socket.AF_INET)", "socket.getaddrinfo('a.example', 53)", "socket.socket()"):
        done = subprocess.run([sys.executable, "-c", f"import socket; {line}"], env=environment, capture_output=True)
        assert done.returncode != 0, line
    assert len(log.read_text("utf-8").splitlines()) == 3
