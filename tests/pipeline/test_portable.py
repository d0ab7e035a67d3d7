"""The same graph on Beam's portable job service with an external worker pool: the same bytes."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLE = ROOT / "sample_dump"
TABLES = ("items", "findings", "signatures", "keys", "sources")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _surroundings(*more: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # the pool starts `python`
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*more, ROOT))), "PATH": path}


@contextlib.contextmanager
def _started(*command: str, port: int, more: tuple[Path, ...] = ()) -> Iterator[None]:
    """A service on a loopback port, stopped with its children at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command], env=_surroundings(*more), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert process.poll() is None
            time.sleep(0.1)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait(20)


@contextlib.contextmanager
def _portable(*more: Path) -> Iterator[tuple[str, ...]]:
    """The job service and a worker pool; answers what a run is told of them."""
    jobs, pool = _free_port(), _free_port()
    with (
        _started("apache_beam.runners.portability.local_job_service_main", "--port", str(jobs), port=jobs),
        _started("apache_beam.runners.worker.worker_pool_main", "--service_port", str(pool), port=pool, more=more),
    ):
        yield (
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{jobs}",
            "--environment_type=EXTERNAL",
            f"--environment_config=localhost:{pool}",
        )


def _run(dump: Path, out: Path, *beam: str, more: tuple[Path, ...] = ()) -> None:
    command = [sys.executable, "-m", "pipeline", "run", str(dump), "-o", str(out), "-q"]
    done = subprocess.run(
        [*command, "--keys", str(SAMPLE / "keys"), *(["--", *beam] if beam else [])],
        capture_output=True, text=True, cwd=ROOT, timeout=120, env=_surroundings(*more),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _same_tables(one: Path, other: Path) -> None:
    for name in TABLES:
        assert (one / f"{name}.parquet").read_bytes() == (other / f"{name}.parquet").read_bytes(), name


def test_the_portable_job_service_gives_the_same_tables_to_the_byte(tmp_path: Path) -> None:
    _run(SAMPLE / "leak", tmp_path / "local")
    with _portable() as beam:
        _run(SAMPLE / "leak", tmp_path / "portable", *beam)
    _same_tables(tmp_path / "local", tmp_path / "portable")


KILLS = """
import os, pathlib, signal

pread, done = os.pread, pathlib.Path(__file__).with_name("done")

def kills(fd, size, at):
    octets = pread(fd, size, at)
    if octets.startswith(b"kills its reader") and not done.exists():
        done.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return octets

os.pread = kills
"""


def test_an_item_that_kills_its_reader_costs_its_row_there_as_here(tmp_path: Path) -> None:
    dump, path = tmp_path / "dump", tmp_path / "path"
    dump.mkdir()
    for number in range(3):
        (dump / f"{number}.eml").write_bytes(b"From: anna@campaign.example\n\nText\n")
    (dump / "1.bin").write_bytes(b"kills its reader")
    path.mkdir()
    (path / "sitecustomize.py").write_text(KILLS)
    _run(dump, tmp_path / "local", more=(path,))
    (path / "done").unlink()
    with _portable(path) as beam:
        _run(dump, tmp_path / "portable", *beam)
    rows = pq.read_table(tmp_path / "portable" / "items.parquet", columns=["path", "error_code"]).to_pylist()
    assert {row["path"]: row["error_code"] for row in rows} == {
        "0.eml": None, "1.eml": None, "2.eml": None, "1.bin": "crash.died"
    }  # fmt: skip
    _same_tables(tmp_path / "local", tmp_path / "portable")
