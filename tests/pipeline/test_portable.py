"""The same graph on Beam's portable job service with an external worker pool: the same bytes."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from detached_mail import FIELDS, PDF, attachment, deleted, take_out
from detached_mail import mail as with_attachment
from lost_key_mail import APRIL, mail
from mail_system import Mailer
from pipeline import cli, engines, pulse, surveying
from sealing import Signer, prefix_of, seal

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
def _started(*command: str, port: int, more: tuple[Path, ...] = ()) -> Iterator[int]:
    """A service on a loopback port, stopped with its children at the end; answers its process id."""
    process = subprocess.Popen(
        command, env=_surroundings(*more), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert process.poll() is None
            time.sleep(0.1)
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait(20)


@contextlib.contextmanager
def _portable(*more: Path, prism: str | None = None) -> Iterator[tuple[str, ...]]:
    """The job service, or Prism, and a worker pool; answers what a run is told of them."""
    with _portable_and_pool(*more, prism=prism) as (beam, _):
        yield beam


@contextlib.contextmanager
def _portable_and_pool(*more: Path, prism: str | None = None) -> Iterator[tuple[tuple[str, ...], int]]:
    jobs, pool = _free_port(), _free_port()
    python = (sys.executable, "-m")
    service = (*python, "apache_beam.runners.portability.local_job_service_main", "--port", str(jobs))
    if prism is not None:
        service = (prism, "-job_port", str(jobs), "-serve_http=false", "-log_level", "error")
    workers = (*python, "apache_beam.runners.worker.worker_pool_main", "--service_port", str(pool))
    with _started(*service, port=jobs), _started(*workers, port=pool, more=more) as pid:
        beam = (
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{jobs}",
            "--environment_type=EXTERNAL",
            f"--environment_config=localhost:{pool}",
        )
        yield beam, pid


def _run(dump: Path, out: Path, *beam: str, more: tuple[Path, ...] = (), resume: bool = False) -> None:
    command = [sys.executable, "-m", "pipeline", "run", str(dump), "-o", str(out), "-q"]
    command += ["--resume"] if resume else []
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


@pytest.fixture
def hard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, tuple[str, ...]]:
    """A dump with a lost key that a seal anchors, and with an attachment that was taken out; what a run is told of it.

    It is read as if it were large.
    """
    monkeypatch.setattr(surveying, "HERE", 0)
    dump = tmp_path / "dump"
    dump.mkdir()
    key, mailer, sealer = generate_private_key(3, 1024), Mailer(), Signer("mx.example", "arc", "newspaper")
    for number in range(4):
        octets = mail(key, APRIL + timedelta(days=number), f"anna{number}")
        if number == 0:
            named = f"mx.example; dkim=pass header.d=press.example header.s=s1 header.b={prefix_of(octets)}"
            octets = seal(octets, sealer, named)
        (dump / f"{number}.eml").write_bytes(octets)
    signed = mailer.sign(with_attachment(attachment()), h=FIELDS)
    (dump / "noted.eml").write_bytes(take_out(signed, attachment(), deleted()))
    (dump / "report.pdf").write_bytes(PDF)
    keys = tmp_path / "keys.csv"
    with keys.open("w", newline="") as file:
        rows = [("campaign.example", "s1", mailer.record()), ("mx.example", "arc", sealer.record())]
        csv.writer(file).writerows([("domain", "selector", "record"), *rows])
    return dump, ("-q", "--keys", str(keys), "--trusted-sealer", "mx.example")


def _same_and_found(dump: Path, told: tuple[str, ...], beam: tuple[str, ...], folder: Path) -> None:
    assert cli.run(["run", str(dump), "-o", str(folder / "local"), *told]) == 0
    assert cli.run(["run", str(dump), "-o", str(folder / "there"), *told, "--", *beam]) == 0
    _same_tables(folder / "local", folder / "there")
    records = [json.loads((folder / name / "run.json").read_text()) for name in ("local", "there")]
    for record in records:
        assert record["put_back"] == {"restored": 1}
        assert record["recovery"] == {"state": "done", "names": 1, "pairs": 1, "anchored": 1}
        assert record["problems"] == []


def test_a_lost_key_and_an_attachment_are_found_by_workers_as_here(
    hard: tuple[Path, tuple[str, ...]], tmp_path: Path
) -> None:
    with _portable() as beam:
        _same_and_found(*hard, beam, tmp_path)


@pytest.mark.engines
def test_prism_finds_them_as_well(hard: tuple[Path, tuple[str, ...]], tmp_path: Path) -> None:
    given = os.environ.get("TRIAGE_PRISM")
    if given is None:
        pytest.skip("TRIAGE_PRISM names no program")
    with _portable(prism=given) as beam:
        _same_and_found(*hard, beam, tmp_path)


KILLS = """
import os, pathlib, signal

pread, done = os.pread, pathlib.Path(__file__).with_name("done")

def kills(fd, size, at):
    octets = pread(fd, size, at)
    if octets.startswith(b"kills its reader") and (not done.exists() or done.stat().st_size < 2):
        with done.open("a") as file:  # twice: a worker that dies once blames nothing
            file.write("x")
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


LINGERS = """
import os, pathlib, time

pread, done = os.pread, pathlib.Path(__file__).with_name("lingering")

def lingers(fd, size, at):
    octets = pread(fd, size, at)
    if octets.startswith(b"keeps its reader") and not done.exists():
        done.touch()
        time.sleep(20)
    return octets

os.pread = lingers
"""


@pytest.mark.engines
def test_a_beam_worker_that_is_killed_ends_the_run_and_it_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The portable job service itself would wait for it for ever."""
    monkeypatch.setattr(engines, "SILENCE", 3 * pulse.BEAT)
    dump, path = tmp_path / "dump", tmp_path / "path"
    dump.mkdir()
    for number in range(3):
        (dump / f"{number}.eml").write_bytes(b"From: anna@campaign.example\n\nText\n")
    (dump / "1.bin").write_bytes(b"keeps its reader")
    path.mkdir()
    (path / "sitecustomize.py").write_text(LINGERS)
    with _portable_and_pool(path) as (beam, pool):
        killing = threading.Thread(target=_kill_workers, args=(pool, path / "lingering"))
        killing.start()
        assert cli.run(["run", str(dump), "-o", str(tmp_path / "portable"), "-q", "--", *beam]) == 4
        killing.join()
    assert "has given no sign for" in capsys.readouterr().err
    with _portable() as beam:
        _run(dump, tmp_path / "portable", *beam, resume=True)
    _run(dump, tmp_path / "local")
    _same_tables(tmp_path / "local", tmp_path / "portable")


def _kill_workers(pool: int, once: Path) -> None:
    while not once.exists():
        time.sleep(0.1)
    workers = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pool)], capture_output=True, text=True, check=True)
    for pid in workers.stdout.split():
        os.kill(int(pid), signal.SIGKILL)
