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

ROOT = Path(__file__).resolve().parent.parent.parent
TABLES = ("items", "findings", "signatures", "keys", "sources")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _started(*command: str, port: int) -> Iterator[None]:
    """A service on a loopback port, stopped with its children at the end."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # the pool starts `python`
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path}
    process = subprocess.Popen(
        [sys.executable, "-m", *command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
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


def _run(out: Path, *beam: str) -> None:
    sample = ROOT / "sample_dump"
    command = [sys.executable, "-m", "pipeline", "run", str(sample / "leak"), "-o", str(out), "-q"]
    done = subprocess.run(
        [*command, "--keys", str(sample / "keys"), *(["--", *beam] if beam else [])],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_the_portable_job_service_gives_the_same_tables_to_the_byte(tmp_path: Path) -> None:
    _run(tmp_path / "local")
    jobs, pool = _free_port(), _free_port()
    with (
        _started("apache_beam.runners.portability.local_job_service_main", "--port", str(jobs), port=jobs),
        _started("apache_beam.runners.worker.worker_pool_main", "--service_port", str(pool), port=pool),
    ):
        _run(
            tmp_path / "portable",
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{jobs}",
            "--environment_type=EXTERNAL",
            f"--environment_config=localhost:{pool}",
        )
    for name in TABLES:
        local = (tmp_path / "local" / f"{name}.parquet").read_bytes()
        assert (tmp_path / "portable" / f"{name}.parquet").read_bytes() == local, name
