"""One dump on this machine and on an engine with worker processes of its own: are the tables the same to the octet?

    python benchmarks/engines.py job-service DUMP --keys KEYS [--workers 2] [--kill worker|pool|engine] [--name NAME]
    python benchmarks/engines.py prism DUMP --keys KEYS --prism FILE ...
    python benchmarks/engines.py ... --boot FILE --worker-python FILE
    python benchmarks/engines.py job-service ... --hosts     as root, on Linux

job-service: the portable job service of Beam's Python SDK. prism: Beam's own runner in Go, built from the module of
Beam's Go SDK in the version of the Python SDK. Either gets a worker pool, as a cluster has it beside each of its
machines. All of it listens on loopback only in what it is given, is ended by its process id, and must be done in time.

--kill ends one process with SIGKILL as soon as the first evidence is written. The run must then give the same tables,
or say in a sentence that it stopped and end with 4; `--resume` with a fresh engine must complete it to the same tables.

--boot is the program that a worker image of Beam begins with (python/container of the same module): it fetches what
the engine has staged and installs it. The pool then runs in the environment of --worker-python, which has Beam, the
dependencies and setuptools, and from which this package is removed before and after; --setup_file must bring it there.

--hosts puts the job service with the launcher, and two worker pools, on three machines: network namespaces that share a
wire between them, the file system, and nothing else; no name or address of one means anything on another.

Writes results/DATE-engine-NAME.json.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import dataclasses
import datetime
import importlib.metadata
import json
import os
import platform
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from keeping import keep

ROOT = Path(__file__).resolve().parent.parent
TABLES = ("items", "findings", "signatures", "keys", "sources")
INCOMPLETE = 4
PR_SET_CHILD_SUBREAPER = 36  # prctl(2): orphans become ours, and so do the seconds that they used
_ORPHANS = 10.0  # seconds that readers get to notice that their parent has ended
_STARTS = 60.0  # seconds that a service may take until it listens


class Breach(Exception):
    """Other tables, no end in time, or an end that says nothing."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """An engine and its worker pool, running."""

    engine: subprocess.Popen[bytes]
    pool: subprocess.Popen[bytes]
    beam: tuple[str, ...]  # what a run is told behind `--`
    host: tuple[str, ...] = ()  # what a command is put behind to run where the launcher is

    def kill(self, whom: str) -> None:
        """SIGKILL, without any chance to say good-bye."""
        if whom == "engine":
            self.engine.kill()
            return
        workers = _children(self.pool.pid)
        if whom == "pool":
            self.pool.kill()
        for pid in workers if whom == "pool" else workers[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Bare:
    """An environment of workers that lacks this package, and the program that installs in it what is staged."""

    python: Path
    boot: Path

    def command(self, place: Path) -> list[str]:
        """What starts a worker: boot, which has no other way to be told where to put what it fetches."""
        starts = place / "boot"
        starts.write_text(f'#!/bin/sh\nexec {self.boot} -semi_persist_dir {place} "$@"\n')
        starts.chmod(0o700)
        return ["--container_executable", str(starts)]

    def remove_package(self) -> None:
        subprocess.run([self.python, "-I", "-m", "pip", "uninstall", "-qy", "leak-triage"], check=True)
        if subprocess.run([self.python, "-I", "-c", "import pipeline"], stderr=subprocess.DEVNULL).returncode == 0:
            raise Breach(f"{self.python} has this package already")


@contextlib.contextmanager
def started(engine: str, workers: int, prism: Path | None = None, bare: Bare | None = None) -> Iterator[Cluster]:
    """The engine and its pool on free ports, ended with their children."""
    if bare is not None:
        with tempfile.TemporaryDirectory() as place:
            bare.remove_package()
            with _started(engine, workers, prism, bare.python, bare.command(Path(place)), Path(place)) as cluster:
                yield dataclasses.replace(cluster, beam=(*cluster.beam, "--setup_file=./setup.py"))
            bare.remove_package()
        return
    with _started(engine, workers, prism, Path(sys.executable), [], ROOT) as cluster:
        yield cluster


@contextlib.contextmanager
def _started(
    engine: str, workers: int, prism: Path | None, python: Path, more: list[str], place: Path
) -> Iterator[Cluster]:
    jobs, pool = _free_port(), _free_port()
    command = {
        "job-service": [
            *(sys.executable, "-m", "apache_beam.runners.portability.local_job_service_main"),
            *("--port", str(jobs)),
        ],
        "prism": [str(prism), "-job_port", str(jobs), "-serve_http=false", "-log_level", "error"],
    }[engine]
    pool_command = [
        str(python),
        "-m",
        "apache_beam.runners.worker.worker_pool_main",
        "--service_port",
        str(pool),
        *more,
    ]
    with _service(command, jobs, place) as job_service, _service(pool_command, pool, place) as worker_pool:
        beam = (
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{jobs}",
            "--environment_type=EXTERNAL",
            f"--environment_config=localhost:{pool}",
            f"--direct_num_workers={workers}",
        )
        yield Cluster(job_service, worker_pool, beam)


@contextlib.contextmanager
def started_on_hosts(workers: int) -> Iterator[Cluster]:
    """The job service on one machine, and a worker pool on each of two others."""
    jobs, pools, pool = 8099, 50000, 50001
    module = (sys.executable, "-m")
    with contextlib.ExitStack() as stack:
        engine, *others = stack.enter_context(_hosts(3))
        services = [
            ((*module, "apache_beam.runners.worker.worker_pool_main", "--service_port", str(pool)), pool, other)
            for other in others
        ]
        spread = [f"{_NETWORK}.{number}:{pool}" for number in range(2, 2 + len(others))]
        services.append(((sys.executable, "benchmarks/worker_pools.py", str(pools), *spread), pools, engine))
        command = (*module, "apache_beam.runners.portability.local_job_service_main", "--port", str(jobs))
        services.append((command, jobs, engine))
        *_, first, job_service = (stack.enter_context(_service(what, port, ROOT, on)) for what, port, on in services)
        beam = (
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{jobs}",
            "--environment_type=EXTERNAL",
            f"--environment_config=localhost:{pools}",
            f"--direct_num_workers={workers}",
        )
        yield Cluster(job_service, first, beam, engine)


_NETWORK = "10.77.0"


@contextlib.contextmanager
def _hosts(count: int) -> Iterator[list[tuple[str, ...]]]:
    """So many machines on one wire, as what a command is put behind to run on each; the first is known by its name."""
    names = [f"triage-{os.getpid()}-{number}" for number in range(1, count + 1)]
    files = [Path("/etc/netns", name) for name in names]
    try:
        for name, folder in zip(names, files, strict=True):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
            folder.mkdir(parents=True)
            (folder / "hosts").write_text(f"127.0.0.1 localhost\n{_NETWORK}.1 {names[0]}.example {names[0]}\n")
        first = names[0]
        _ip("-n", first, "link", "add", "name", "wire", "type", "bridge")
        _ip("-n", first, "addr", "add", f"{_NETWORK}.1/24", "dev", "wire")
        _ip("-n", first, "link", "set", "wire", "up")
        for number, name in enumerate(names[1:], 2):
            _ip("-n", first, "link", "add", f"to{number}", "type", "veth", "peer", "name", "wire", "netns", name)
            _ip("-n", first, "link", "set", f"to{number}", "master", "wire", "up")
            _ip("-n", name, "addr", "add", f"{_NETWORK}.{number}/24", "dev", "wire")
            _ip("-n", name, "link", "set", "wire", "up")
        renamed = ("unshare", "--uts", "sh", "-c", 'hostname "$0"; exec "$@"')
        yield [("ip", "netns", "exec", name, *renamed, f"{name}.example") for name in names]
    finally:
        for name, folder in zip(names, files, strict=True):
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)
            shutil.rmtree(folder, ignore_errors=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@contextlib.contextmanager
def _service(
    command: Sequence[str], port: int, place: Path, host: Sequence[str] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """place: where it runs, and where its Python finds modules; host: what puts it on a machine."""
    path = f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"  # the pool starts `python`, and boot does
    more = {"PYTHONPATH": str(place), "PATH": path, "RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT": "1"}  # for boot
    process = subprocess.Popen(
        [*host, *command], env={**os.environ, **more}, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _until_it_listens(process, port, host)
        yield process
    finally:
        left = [process.pid, *_children(process.pid)]
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def _until_it_listens(process: subprocess.Popen[bytes], port: int, host: Sequence[str]) -> None:
    connects = [*host, sys.executable, "-Sc", f"import socket; socket.create_connection(('127.0.0.1', {port}), 1)"]
    end = time.monotonic() + _STARTS
    while time.monotonic() < end:
        if subprocess.run(connects, stderr=subprocess.DEVNULL).returncode == 0:
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise Breach(f"{process.args!r} does not listen")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(one) for one in found.stdout.split()]


def run(dump: Path, keys: Sequence[Path], out: Path, *more: str, host: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """`triage run`, started; what it says on stderr lies beside OUT."""
    command = [*host, sys.executable, "-m", "pipeline", "run", str(dump), "-o", str(out), "-q"]
    for key in keys:
        command += ["--keys", str(key)]
    with open(f"{out}.stderr", "wb") as stderr:
        return subprocess.Popen([*command, *more], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=stderr)


def ended(process: subprocess.Popen[bytes], out: Path, seconds: float) -> int:
    """The exit code. Breach if there is none in time, or one that is neither 0 nor a stop told in a sentence."""
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Breach(f"no end after {seconds:.0f} s") from None
    said = Path(f"{out}.stderr").read_text(errors="replace")
    if (
        code not in (0, INCOMPLETE)
        or "Traceback" in said
        or (code == INCOMPLETE and "triage: the run stopped" not in said)
    ):
        raise Breach(f"ended with {code}\n{said}")
    return code


def tables(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for name in TABLES for path in sorted(out.glob(f"{name}*.parquet"))}


def shards(out: Path) -> int:
    """Evidence shards, each of which some unit has left once."""
    return sum(1 for _ in out.glob("evidence/*/*.arrow"))


def leftovers(out: Path) -> int:
    """Temporary files that a killed attempt left beside its shard."""
    return sum(1 for _ in out.glob("evidence/*/.*"))


def _cpu() -> float:
    """User and system seconds of all processes that were started here, their orphans included; waits for these."""
    end = time.monotonic() + _ORPHANS
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < end:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.05)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _wanted(options: argparse.Namespace) -> contextlib.AbstractContextManager[Cluster]:
    if options.hosts:
        return started_on_hosts(options.workers)
    return started(options.engine, options.workers, options.prism, options.bare)


def compared(options: argparse.Namespace, place: Path) -> dict[str, object]:
    """Run on both; after a kill, resume. Answers what was seen."""
    local, out = place / "local", place / "engine"
    dump, keys = options.dump.absolute(), [key.absolute() for key in options.keys]
    start, before = time.monotonic(), _cpu()
    if ended(run(dump, keys, local, "--workers", str(options.workers)), local, options.seconds) != 0:
        raise Breach("the run on this machine failed")
    seen: dict[str, object] = {"local_seconds": round(time.monotonic() - start, 1)}
    seen["local_cpu"] = round(_cpu() - before, 1)
    record = json.loads((local / "run.json").read_text())
    seen |= {"octets": record["octets"], "items": record["counts"]["items"], "units": shards(local)}
    expected, before = tables(local), _cpu()
    with _wanted(options) as cluster:
        start = time.monotonic()
        process = run(dump, keys, out, "--", *cluster.beam, host=cluster.host)
        if options.kill:
            while not shards(out) and process.poll() is None:
                time.sleep(0.05)
            cluster.kill(options.kill)
            seen["shards_when_killed"] = shards(out)
        code = ended(process, out, options.seconds)
        seen |= {"engine_seconds": round(time.monotonic() - start, 1), "exit_code": code}
    seen["engine_cpu"] = round(_cpu() - before, 1)  # of the engine, its pool and the launching process
    if code == INCOMPLETE:
        if not options.kill:
            raise Breach(Path(f"{out}.stderr").read_text(errors="replace"))
        seen["said"] = Path(f"{out}.stderr").read_text(errors="replace").splitlines()[0]
        with _wanted(options) as cluster:
            start = time.monotonic()
            if (
                ended(run(dump, keys, out, "--resume", "--", *cluster.beam, host=cluster.host), out, options.seconds)
                != 0
            ):
                raise Breach("--resume failed")
            seen["resumed_seconds"] = round(time.monotonic() - start, 1)
    else:
        seen["timings"] = json.loads((out / "run.json").read_text())["timings"]
    if tables(out) != expected:
        raise Breach("other tables than on this machine")
    if shards(out) != shards(local):
        raise Breach("another number of shards than on this machine")
    return {**seen, "same_tables": True, "temporary_files_left": leftovers(out), "local_timings": record["timings"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=("job-service", "prism"))
    parser.add_argument("dump", type=Path)
    parser.add_argument("--keys", type=Path, action="append", default=[])
    parser.add_argument("--workers", type=int, default=2, help="worker processes, there and here")
    parser.add_argument("--prism", type=Path, help="the program that `go install .../cmd/prism` made")
    parser.add_argument("--boot", type=Path, help="the program that `go install .../python/container` made")
    parser.add_argument("--worker-python", type=Path, help="Python of an environment without this package")
    parser.add_argument("--hosts", action="store_true", help="three machines, as network namespaces")
    parser.add_argument("--kill", choices=("worker", "pool", "engine"))
    parser.add_argument("--seconds", type=float, default=900.0, help="that one run may take")
    parser.add_argument("--name", help="keep the result under this name")
    options = parser.parse_args()
    if options.engine == "prism" and options.prism is None:
        parser.error("--prism is missing")
    if (options.boot is None) != (options.worker_python is None):
        parser.error("--boot and --worker-python go together")
    if options.hosts and (options.engine != "job-service" or options.boot or os.geteuid() != 0):
        parser.error("--hosts: the job service alone, as root")
    options.bare = Bare(options.worker_python.absolute(), options.boot.absolute()) if options.boot else None
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that what was started is ended
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER refused: this measures on Linux only")
    with tempfile.TemporaryDirectory() as place:
        seen = compared(options, Path(place))
    versions = {name: importlib.metadata.version(name) for name in ("apache-beam", "pyarrow")}
    told = {"date": f"{datetime.date.today()}", "engine": options.engine, "workers": options.workers,
            "kill": options.kill, "setup_file": options.bare is not None, "hosts": options.hosts, **seen,
            "versions": {"python": platform.python_version(), **versions}, "cores": os.cpu_count()}  # fmt: skip
    print(json.dumps(told, indent=1))
    if options.name:
        keep(f"engine-{options.name}", told)


if __name__ == "__main__":
    main()
