"""Kills a run, or makes one call of the operating system fail, again and again: nothing may be lost or judged wrongly.

    python benchmarks/disturb.py kills DUMP --keys KEYS --times 100
    python benchmarks/disturb.py faults DUMP --keys KEYS [--times N]

kills: SIGKILL to the whole tree, to one worker, or to the parent alone, at a random moment; then `--resume`, which
must give the tables of an undisturbed run to the byte. faults: the k-th open, read, write, rename or fsync that this
project's code makes fails with EIO, ENOSPC or EMFILE, for every k, or for N of them spread evenly. A run that ends with
0 must account for every file and say nothing that the undisturbed one does not, save that a file could not be read; one
that ends with 4 must say so in a sentence, and `--resume` must give the undisturbed tables. Stops at the first breach.
"""

from __future__ import annotations

import argparse
import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
TABLES = ("items", "findings", "signatures", "keys", "sources")
ERRORS = (errno.EIO, errno.ENOSPC, errno.EMFILE)
WHOM = ("tree", "worker", "parent")


class Breach(Exception):
    """Something was lost, or judged otherwise."""


class Runs:
    """Runs of one dump into folders below a place of their own."""

    def __init__(self, dump: Path, keys: Sequence[Path], place: Path) -> None:
        self.dump, self.keys, self.out = dump, keys, place / "out"
        self._counter = place / "calls"
        start = time.monotonic()
        if self.start().wait() != 0:
            raise Breach("the undisturbed run failed")
        self.seconds = time.monotonic() - start
        self.undisturbed = self.tables()
        self.verdicts = self.said()
        self.sources = set(pq.read_table(self.out / "sources.parquet")["source_path"].to_pylist())

    def start(self, *more: str, **surroundings: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "pipeline", "run", str(self.dump), "-o", str(self.out), "-q", *more]
        for key in self.keys:
            command += ["--keys", str(key)]
        with open(self.out.with_name("stderr"), "wb") as stderr:
            return subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **surroundings}, start_new_session=True, stderr=stderr,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip

    def tables(self) -> dict[str, bytes]:
        return {name: (self.out / f"{name}.parquet").read_bytes() for name in TABLES}

    def said(self) -> dict[str, str]:
        """The verdict of each item."""
        rows = pq.read_table(self.out / "items.parquet", columns=["path", "verdict"]).to_pylist()
        return {row["path"]: row["verdict"] for row in rows}

    def resumed(self) -> None:
        process = self.start("--resume")
        if process.wait() != 0 or self.tables() != self.undisturbed:
            raise Breach(f"--resume ended with {process.returncode}, or with other tables")

    def kill(self, whom: str, seconds: float) -> str:
        """Start, kill after some seconds, resume."""
        shutil.rmtree(self.out, ignore_errors=True)
        process = self.start()
        time.sleep(seconds)
        if whom == "tree":
            os.killpg(process.pid, signal.SIGKILL)
        elif whom == "parent":
            process.kill()
        else:
            below = _below(process.pid)
            if below:
                os.kill(random.choice(below), signal.SIGKILL)
        ended = process.wait()
        if whom != "worker" or ended not in (0, 4):
            time.sleep(0.2)  # workers whose parent is gone notice it and end
        if whom == "worker" and ended == 0 and self.tables() != self.undisturbed:
            raise Breach("a killed worker changed the tables")
        self.resumed()
        return f"{whom}, ended with {ended}"

    def fault(self, number: int, error: int) -> tuple[str, int]:
        """Start with a call that fails; answers what became of it, and how many calls there were."""
        shutil.rmtree(self.out, ignore_errors=True)
        for path in (self._counter, Path(f"{self._counter}.failed")):
            path.unlink(missing_ok=True)
        path = os.pathsep.join([str(ROOT / "tests" / "faults"), str(ROOT)])
        process = self.start(PYTHONPATH=path, TRIAGE_FAULT=f"{number}:{error}:{self._counter}")
        ended = process.wait()
        calls = self._counter.stat().st_size
        stderr = self.out.with_name("stderr").read_text(errors="replace")
        if "Traceback" in stderr or ended not in (0, 3, 4):
            raise Breach(f"call {number}, {errno.errorcode[error]}: ended with {ended}\n{stderr}")
        if ended == 0:
            self._still_true(number)
        else:
            self.resumed()
        return f"ended with {ended}", calls

    def _still_true(self, number: int) -> None:
        """Every file has its row, and no verdict but `unverifiable` that the undisturbed run did not give."""
        columns = ["source_path", "error_code"]
        rows = pq.read_table(self.out / "sources.parquet", columns=columns).to_pylist()
        sources = {row["source_path"] for row in rows}
        unlisted = [f"{row['source_path']}/" for row in rows if row["error_code"] == "io.unreadable"]
        for path in self.sources - sources:
            if not any(path.startswith(folder) for folder in unlisted):
                raise Breach(f"call {number}: {path} has no row")
        for path, verdict in self.said().items():
            if verdict != "unverifiable" and self.verdicts.get(path) != verdict:
                raise Breach(f"call {number}: {path} is {verdict}, undisturbed {self.verdicts.get(path)}")


def _below(pid: int) -> list[int]:
    """Processes of a session, but for its leader: workers and what starts them."""
    found = subprocess.run(["ps", "-o", "pid=", "-g", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(one) for one in found.split() if int(one) != pid]


def kills(runs: Runs, times: int, seed: int) -> Counter[str]:
    chance = random.Random(seed)
    return Counter(runs.kill(WHOM[at % 3], chance.uniform(0.2, runs.seconds)) for at in range(times))


def faults(runs: Runs, times: int | None) -> Counter[str]:
    _, calls = runs.fault(0, errno.EIO)
    step = max(1, calls // times) if times else 1
    outcomes: Counter[str] = Counter()
    for at, number in enumerate(range(1, calls + 1, step)):
        outcome, _ = runs.fault(number, ERRORS[at % 3])
        outcomes[outcome] += 1
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("how", choices=("kills", "faults"))
    parser.add_argument("dump", type=Path)
    parser.add_argument("--keys", type=Path, action="append", default=[])
    parser.add_argument("--times", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        runs = Runs(options.dump.absolute(), [key.absolute() for key in options.keys], Path(place))
        if options.how == "kills":
            outcomes = kills(runs, options.times or 100, options.seed)
        else:
            outcomes = faults(runs, options.times)
    for outcome, count in sorted(outcomes.items()):
        print(f"{count:5d}  {outcome}")


if __name__ == "__main__":
    main()
