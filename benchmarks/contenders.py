"""Who runs on a dump of `make_dump.py`: the product, its floor, its limit and its peers.

Each is a command that is checked: its answer is compared with the truth of the dump, since the speed
of a wrong answer means nothing. What a peer needs and this machine lacks is said, not installed:

    apt-get install libmail-dkim-perl libopendkim11      Mail::DKIM in Perl, libopendkim in C
    npm install mailauth; export NODE_PATH=node_modules  mailauth in JavaScript
    pip install fast-mail-parser                         a parser in Rust
"""

from __future__ import annotations

import csv
import importlib.util
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
VERDICT_OF = {"valid": "verified", "tampered": "unverifiable", "unsigned": "unverifiable"}


class Wrong(Exception):
    """A contender's answer differs from the truth: its speed means nothing."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all contenders run on."""

    dump: Path
    octets: int  # of its files
    truth: dict[str, str]  # path -> valid | tampered | unsigned
    workers: int

    @property
    def keys(self) -> Path:
        return Path(f"{self.dump}-keys.csv")


def load(dump: Path, workers: int) -> Bench:
    """The dump and its truth, read once on the way."""
    with open(f"{dump}-truth.csv", encoding="utf-8", newline="") as table:
        truth = {row["path"]: row["truth"] for row in csv.DictReader(table)}
    octets = sum(len(path.read_bytes()) for path in dump.rglob("*") if path.is_file())
    return Bench(dump, octets, truth, workers)


Notes = dict[str, Any]  # what a contender said of itself: counts, and seconds or its version
Command = Callable[[Bench, Path], Sequence[str]]  # out: a folder that does not exist yet
Check = Callable[[Bench, Path, str], Notes]  # (bench, out, stdout) -> notes; Wrong


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    command: Command
    check: Check
    parallel: bool = False  # it uses as many cores as the run has workers
    here: Callable[[], bool] = lambda: True  # whether this machine has what it needs


def triage(bench: Bench, out: Path) -> Sequence[str]:
    return [
        *(sys.executable, "-m", "pipeline", "run", str(bench.dump), "-o", str(out)),
        *("--keys", str(bench.keys), "--workers", str(bench.workers), "-q"),
    ]


def check_triage(bench: Bench, out: Path, _: str) -> Notes:
    """Every message has the verdict that its making implies; nothing else is suspected."""
    verdicts = {
        row["path"]: row["verdict"]
        for table in sorted(out.glob("items*.parquet"))
        for row in pq.read_table(table, columns=["path", "verdict"]).to_pylist()
    }
    wrong = [path for path, truth in bench.truth.items() if verdicts.get(path) != VERDICT_OF[truth]]
    if wrong:
        raise Wrong(f"{len(wrong)} of {len(bench.truth)} messages, the first {wrong[0]}: {verdicts.get(wrong[0])}")
    if "suspected_fake" in verdicts.values():
        raise Wrong("an item of a dump without fakes is suspected")
    record = json.loads((out / "run.json").read_text("utf-8"))
    return {"items": len(verdicts), **record["timings"]}


def pool(bench: Bench, out: Path) -> Sequence[str]:
    return [sys.executable, str(HERE / "plain_pool.py"), str(bench.dump), str(out), "--workers", str(bench.workers)]


def check_pool(bench: Bench, _: Path, stdout: str) -> Notes:
    notes: Notes = json.loads(stdout)
    if notes["items"] < len(bench.truth):
        raise Wrong(f"{notes['items']} items of {len(bench.truth)} messages")
    return notes


def check_signatures(bench: Bench, _: Path, stdout: str) -> Notes:
    """As many valid messages as were made."""
    valid = Counter(bench.truth.values())["valid"]
    return _counted(bench, stdout, {"valid": valid})


def check_messages(bench: Bench, _: Path, stdout: str) -> Notes:
    """Every message was looked at, and none rejected."""
    return _counted(bench, stdout, {"rejected": 0})


def _counted(bench: Bench, stdout: str, wanted: dict[str, int]) -> Notes:
    counts: Notes = json.loads(stdout)
    for name, number in {"messages": len(bench.truth), **wanted}.items():
        if counts.get(name, 0) != number:
            raise Wrong(f"{counts}, but {name} are {number}")
    return counts


def loop(*program: str, keys: bool = True) -> Command:
    """A program that is given the dump, and the keys unless it looks at no signature."""
    return lambda bench, _: [*program, str(bench.dump), *([str(bench.keys)] if keys else [])]


def starts(*command: str) -> Callable[[], bool]:
    """Whether a command can be run and ends well."""
    return lambda: shutil.which(command[0]) is not None and not subprocess.run(command, capture_output=True).returncode


PRODUCT = Contender("triage run", triage, check_triage, parallel=True)
FLOOR = Contender("plain pool (Examine only)", pool, check_pool, parallel=True)
DKIMPY = Contender("dkimpy loop", loop(sys.executable, str(HERE / "dkimpy_loop.py")), check_signatures)
LIMIT = Contender("primitive limit", loop(sys.executable, str(PEERS / "primitives.py"), keys=False), check_messages)
IN_FILES = (  # these read .eml files only
    DKIMPY,
    Contender(
        "libopendkim (C)",
        loop(sys.executable, str(PEERS / "opendkim_loop.py")),
        check_signatures,
        here=lambda: find_library("opendkim") is not None,
    ),
    Contender(
        "Mail::DKIM (Perl)",
        loop("perl", str(PEERS / "mail_dkim.pl")),
        check_signatures,
        here=starts("perl", "-MMail::DKIM", "-e1"),
    ),
    Contender(
        "mailauth (JavaScript)",
        loop("node", str(PEERS / "mailauth.cjs")),
        check_signatures,
        here=starts("node", "-e", "require('mailauth/lib/dkim/verify')"),
    ),
    Contender(
        "fast-mail-parser (Rust)",
        loop(sys.executable, str(PEERS / "fast_mail_parser_loop.py"), keys=False),
        check_messages,
        here=lambda: importlib.util.find_spec("fast_mail_parser") is not None,
    ),
    LIMIT,
)


def contenders(bench: Bench) -> list[Contender]:
    """Those that can run on this dump and on this machine; the others are named on stderr."""
    in_files = any(path.endswith(".eml") and "!" not in path for path in bench.truth)
    found = [PRODUCT, FLOOR, *(IN_FILES if in_files else ())]
    for absent in (one for one in found if not one.here()):
        print(f"not on this machine: {absent.name}", file=sys.stderr)
    return [one for one in found if one.here()]
