"""One dump on this machine and in an S3 store: are the tables the same to the octet, and how long does each take?

    python benchmarks/stores.py DUMP --keys KEYS [--workers 2] [--name NAME]

The store is moto's server (extra `store`), a Python process on loopback that keeps all of it in memory: DUMP should be
no larger than half of that. It is ended by its process id. Writes results/DATE-store-NAME.json.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import importlib.metadata
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from keeping import how_started, keep

ROOT = Path(__file__).resolve().parent.parent
TABLES = ("items", "findings", "signatures", "keys", "sources")
BUCKET = "leak"
_STARTS = 60.0  # seconds that the store may take until it listens
ACCOUNT = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing", "AWS_DEFAULT_REGION": "us-east-1"}


class Breach(Exception):
    """Other tables, or no end in time."""


class Store:
    """moto's S3 server, running, with one bucket."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        import boto3  # type: ignore[import-not-found]

        self.process, self.port = process, port
        self.client: Any = boto3.client(
            "s3", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="nobody",
            aws_secret_access_key="nothing",
        )  # fmt: skip
        self.client.create_bucket(Bucket=BUCKET)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def beam(self) -> tuple[str, ...]:
        """What a run is told behind `--`."""
        return (f"--s3_endpoint_url={self.url}",)

    def cpu(self) -> float:
        """Seconds of processor time that the server used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def names(self, prefix: str = "") -> dict[str, float]:
        """Objects below a prefix, with the times of their modification."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return {one["Key"]: one["LastModified"].timestamp() for page in pages for one in page.get("Contents", ())}

    def get(self, name: str) -> bytes:
        return self.client.get_object(Bucket=BUCKET, Key=name)["Body"].read()  # type: ignore[no-any-return]

    def put(self, name: str, octets: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=name, Body=octets)

    def put_all(self, folder: Path, prefix: str) -> None:
        """A whole folder; its files get the times that the store gave, so that both are one dump."""
        for path in folder.rglob("*"):
            if path.is_file():
                self.put(f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes())
        for name, seconds in self.names(f"{prefix}/").items():
            os.utime(folder / name.removeprefix(f"{prefix}/"), (int(seconds), int(seconds)))

    def tables(self, prefix: str) -> dict[str, bytes]:
        found = (name.removeprefix(f"{prefix}/") for name in self.names(f"{prefix}/"))
        return {name: self.get(f"{prefix}/{name}") for name in found if name.endswith(".parquet")}


@contextlib.contextmanager
def started(**environment: str) -> Iterator[Store]:
    """The store on a free port of loopback, ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        end = time.monotonic() + _STARTS
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        else:
            raise Breach("the store does not listen")
        yield Store(process, port)
    finally:
        process.kill()
        process.wait()


def run(dump: object, keys: Sequence[Path], out: object, *more: str) -> subprocess.Popen[str]:
    """`triage run`, started, in a process group of its own."""
    command = [sys.executable, "-m", "pipeline", "run", str(dump), "-o", str(out), "-q"]
    for key in keys:
        command += ["--keys", str(key)]
    return subprocess.Popen(
        [*command, *more], cwd=ROOT, env={**os.environ, **ACCOUNT}, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def tables(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for name in TABLES for path in sorted(out.glob(f"{name}*.parquet"))}


def compared(options: argparse.Namespace, place: Path) -> dict[str, object]:
    """Here; read there; read and written there."""
    dump, here = place / "dump", place / "here"
    shutil.copytree(options.dump, dump)
    seen: dict[str, object] = {}
    with started() as store:
        store.put_all(dump, "dump")
        there = f"s3://{BUCKET}/dump"
        for name, given, out, beam in (
            ("here", dump, here, ()),
            ("read_there", there, place / "read", store.beam),
            ("read_and_written_there", there, f"s3://{BUCKET}/out", store.beam),
        ):
            cpu, start = store.cpu(), time.monotonic()
            process = run(given, options.keys, out, "--workers", str(options.workers), *(("--", *beam) if beam else ()))
            try:
                _, said = process.communicate(timeout=options.seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                raise Breach(f"{name}: no end after {options.seconds:.0f} s") from None
            if process.returncode != 0:
                raise Breach(f"{name}: ended with {process.returncode}\n{said}")
            seconds = {"seconds": round(time.monotonic() - start, 1), "store_cpu": round(store.cpu() - cpu, 1)}
            found = tables(out) if isinstance(out, Path) else store.tables("out")
            if found != tables(here):
                raise Breach(f"{name}: other tables than on this machine")
            seen[name] = seconds
    record = json.loads((here / "run.json").read_text())
    return {**seen, "octets": record["octets"], "items": record["counts"]["items"], "same_tables": True}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dump", type=Path)
    parser.add_argument("--keys", type=Path, action="append", default=[])
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    parser.add_argument("--seconds", type=float, default=1_800.0, help="that one run may take")
    parser.add_argument("--name", help="keep the result under this name")
    options = parser.parse_args()
    options.keys = [key.absolute() for key in options.keys]
    with tempfile.TemporaryDirectory() as place:
        seen = compared(options, Path(place))
    versions = {name: importlib.metadata.version(name) for name in ("apache-beam", "boto3", "moto", "pyarrow")}
    told = {"date": f"{datetime.date.today()}", **seen, "workers": options.workers, "command": how_started(),
            "versions": {"python": platform.python_version(), **versions}, "cores": os.cpu_count()}  # fmt: skip
    print(json.dumps(told, indent=1))
    if options.name:
        keep(f"store-{options.name}", told)


if __name__ == "__main__":
    main()
