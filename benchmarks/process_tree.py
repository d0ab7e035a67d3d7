"""Runs a command and measures its whole process tree, orphaned grandchildren included (Linux).

    python benchmarks/process_tree.py [--every 0.2] -- COMMAND [ARGUMENT...]

Prints one JSON object; the command's own stdout goes to stderr. CPU is user + system time of every
process that the command started: this process becomes their reaper (PR_SET_CHILD_SUBREAPER), so
those of a fork server, which outlives the command's own processes, are counted too. Memory is the
largest sum seen over all living processes, sampled: RSS counts shared pages once per process, PSS
shares them out.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
STRAGGLERS = 30.0  # seconds that descendants get to end after the command did
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command used; times in seconds, memory in octets."""

    exit_code: int
    wall: float
    user: float
    system: float
    peak_rss: int
    peak_pss: int | None  # None: the kernel does not tell
    reaped: int  # processes that ended as our children; those reaped by others are inside their times
    still_running: int  # descendants that had not ended: their times are missing

    @property
    def cpu(self) -> float:
        return self.user + self.system


def measure(command: Sequence[str], every: float = 0.2, stdout: int | None = None) -> Measured:
    """Run a command to its end and that of its descendants. OSError if it cannot be started."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER refused: this measures on Linux only")
    start = time.monotonic()
    main = subprocess.Popen(command, stdout=stdout)
    user = system = 0.0
    peak_rss, peak_pss, reaped = 0, 0, 0
    pss_known = True
    exit_code, wall, next_sample = None, 0.0, start
    while exit_code is None or time.monotonic() < start + wall + STRAGGLERS:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid:
            reaped += 1
            user += usage.ru_utime  # of the process and of the children that it waited for itself
            system += usage.ru_stime
            if pid == main.pid:
                exit_code, wall = os.waitstatus_to_exitcode(status), time.monotonic() - start
                main.returncode = exit_code
            continue
        if time.monotonic() >= next_sample:
            next_sample = time.monotonic() + every
            rss, pss = _memory(list(_descendants(os.getpid())))
            peak_rss = max(peak_rss, rss)
            pss_known = pss_known and pss is not None
            peak_pss = max(peak_pss, pss or 0)
        time.sleep(0.005)
    assert exit_code is not None
    left = len(list(_descendants(os.getpid())))
    return Measured(exit_code, wall, user, system, peak_rss, peak_pss if pss_known else None, reaped, left)


def _descendants(root: int) -> Iterator[int]:
    """Process ids below root, from one reading of /proc."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue  # it ended meanwhile
            children.setdefault(parent, []).append(int(name))
    pending = children.get(root, [])
    while pending:
        pid = pending.pop()
        yield pid
        pending.extend(children.get(pid, []))


def _memory(pids: Sequence[int]) -> tuple[int, int | None]:
    """Summed RSS and PSS of processes."""
    rss, pss = 0, 0
    readable = True
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm", "rb") as file:
                rss += int(file.read().split()[1]) * PAGE
        except (OSError, IndexError):
            continue
        try:
            with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
                pss += next((int(line.split()[1]) * 1024 for line in file if line.startswith(b"Pss:")), 0)
        except FileNotFoundError:
            readable = readable and os.path.exists("/proc/self/smaps_rollup")
        except ProcessLookupError:
            continue  # it ended meanwhile
        except OSError:
            readable = False
    return rss, pss if readable else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=float, default=0.2, help="seconds between two samples of memory")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    options = parser.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("no command given")
    measured = measure(command, options.every, stdout=sys.stderr.fileno())
    print(json.dumps({"command": command, **asdict(measured), "cpu": measured.cpu}))
    sys.exit(measured.exit_code if measured.exit_code >= 0 else 128 - measured.exit_code)


if __name__ == "__main__":
    main()
