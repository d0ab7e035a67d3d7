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


COMMANDS = [
    ["judge", "OUT", "-q", "--keys", "KEYS"],
    ["summary", "OUT"],
    ["explain", "OUT", "mails/campagne/0001-budget.eml"],
    ["diff", "OUT", "OUT"],
    ["query", "OUT", "overview"],
    ["export", "OUT", "--to", "xlsx", "-o", "NEW"],
    ["proof", "OUT", "mails/campagne/0001-budget.eml", "--dump", "LEAK", "-o", "NEW"],
    ["report", "OUT", "-o", "report.html"],
    ["check", "MAIL", "--keys", "KEYS"],
    ["keys", "list", "OUT"],
    ["keys", "wanted", "OUT"],
    ["keys", "add", "OUT", "KEYS"],
    ["verify", "OUT"],
    ["verify", "OUT", "--against", "LEAK"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_every_other_command_opens_no_internet_socket_and_does_not_know_the_dns(
    out: Path, tmp_path: Path, command: list[str]
) -> None:
    log = _guarded(tmp_path)
    places = {"OUT": out, "KEYS": ROOT / "sample_dump" / "keys", "LEAK": ROOT / "sample_dump" / "leak",
              "NEW": tmp_path / "new",
              "MAIL": ROOT / "sample_dump" / "leak" / "mails" / "campagne" / "0001-budget.eml"}  # fmt: skip
    code = (
        "import sys; from pipeline import cli; code = cli.run(sys.argv[1:])\n"
        "print('dns' in sys.modules); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *(str(places.get(word, word)) for word in command)],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "NETWORK_LOG": str(log)},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False"
    assert log.read_text("utf-8") == ""


def test_a_fetch_without_consent_opens_no_internet_socket(out: Path, tmp_path: Path) -> None:
    log = _guarded(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "keys", "fetch", str(out), "--resolver", "192.0.2.1"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "NETWORK_LOG": str(log)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 2 and "--yes" in done.stderr
    assert log.read_text("utf-8") == ""


def _guarded(folder: Path) -> Path:
    """A folder whose sitecustomize refuses the network; answers the log of what was refused."""
    (folder / "sitecustomize.py").write_text((Path(__file__).parent / "no_network.py").read_text("utf-8"), "utf-8")
    (folder / "network.log").touch()
    return folder / "network.log"


def test_the_guard_guards(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text((Path(__file__).parent / "no_network.py").read_text("utf-8"), "utf-8")
    log = tmp_path / "network.log"
    log.touch()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "NETWORK_LOG": str(log)}
    for line in ("socket.socket(socket.AF_INET)", "socket.getaddrinfo('a.example', 53)", "socket.socket()"):
        done = subprocess.run([sys.executable, "-c", f"import socket; {line}"], env=environment, capture_output=True)
        assert done.returncode != 0, line
    assert len(log.read_text("utf-8").splitlines()) == 3
