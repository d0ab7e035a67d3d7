"""One poisoned item among 10,000: what it does to the others, and how long the run takes to get over it.

    python benchmarks/isolation.py FOLDER [--items 10000] [--stall 30] [--name NAME]

Small mails, some as files, some in a mailbox, some in a zip. One of them begins with `X-Mock: KIND`; a reader put there
for this test alone (tests/poison) then crashes, aborts, exits, hangs, recurses or grows without end. Each run must end
with 0, mark that mail with the code that fits, and say of all others, in every column of every table, what it says
where the same mail is harmless. Stops at the first breach. Writes results/DATE-NAME.json and .md.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import memory
import pyarrow.parquet as pq
import run
from keeping import how_started, keep

CODES = {
    "segv": "crash.died", "abort": "crash.died", "kill": "crash.died", "exit": "crash.died", "hang": "crash.timeout",
    "spin": "crash.timeout", "memory": "crash.memory", "large": "crash.memory", "recursion": "crash.internal",
    "raise": "crash.internal",
}  # fmt: skip
PLACES = ("file", "mailbox", "zip")
TABLES = ("items", "findings", "signatures", "keys", "sources")
TIMES_STALLED = 2  # a worker that stalls is tried once more before its item is given up (DESIGN §6.8)


class Breach(Exception):
    """Another row changed, or the poisoned one does not say why it was not read."""


class Dump:
    """A dump with one mail that can be poisoned, in one of three places."""

    def __init__(self, folder: Path, items: int, stall: int) -> None:
        self.dump, self.out, self.stall = folder / "dump", folder / "out", stall
        self.dump.mkdir(parents=True, exist_ok=True)
        self.keys = memory.keys(folder)  # else those of the signed mails are computed, which takes its time
        self.mails = list(memory.every(memory.small, items, memory.judge.CHUNK))

    def write(self, kind: str, place: str) -> str:
        """The dump anew; answers the path of its mocking mail."""
        shutil.rmtree(self.dump, ignore_errors=True)
        self.dump.mkdir(parents=True)
        share = len(self.mails) * 3 // 10
        cut = {"file": slice(0, -2 * share), "mailbox": slice(-2 * share, -share), "zip": slice(-share, None)}
        parts = {name: self.mails[one] for name, one in cut.items()}
        middle = share // 20 * 10 + 7  # neither signed nor an answer nor answered
        parts[place][middle] = b"X-Mock: %b\n%b" % (kind.encode(), parts[place][middle])
        for number, octets in enumerate(parts["file"]):
            (self.dump / f"{number:05d}.eml").write_bytes(octets)
        in_mailbox = [memory.FROM_LINE + octets + b"\n" for octets in parts["mailbox"]]
        (self.dump / "mail.mbox").write_bytes(b"".join(in_mailbox))
        with zipfile.ZipFile(self.dump / "mail.zip", "w") as archive:
            for number, octets in enumerate(parts["zip"]):
                archive.writestr(zipfile.ZipInfo(f"{number:05d}.eml"), octets)
        for path in self.dump.iterdir():
            os.utime(path, (0, 0))
        offset = sum(map(len, in_mailbox[:middle]))
        paths = {
            "file": f"{middle:05d}.eml", "mailbox": f"mail.mbox!@{offset}", "zip": f"mail.zip!{middle:05d}.eml"
        }  # fmt: skip
        return paths[place]

    def run(self, mocking: bool) -> float:
        """Seconds of the Examine phase. Breach unless the run ends with 0."""
        shutil.rmtree(self.out, ignore_errors=True)
        surroundings = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(run.ROOT / "tests" / "poison"), str(run.ROOT)]),
            "TRIAGE_STALL": str(self.stall),
            "TRIAGE_MOCK": "1" if mocking else "",
        }
        command = [sys.executable, "-m", "pipeline", "run", str(self.dump), "-o", str(self.out), "-q", "--workers", "2"]
        command += ["--keys", str(self.keys)]
        done = subprocess.run(command, env=surroundings, capture_output=True, text=True, cwd=run.ROOT)
        if done.returncode != 0:
            raise Breach(f"ended with {done.returncode}: {done.stderr}")
        seconds: float = json.loads((self.out / "run.json").read_text("utf-8"))["timings"]["examine_seconds"]
        return seconds

    def rows(self, path: str) -> tuple[dict[str, object], dict[str, list[dict[str, object]]]]:
        """The row of one item, and all other rows; of the file that holds it, without the count of its errors."""
        tables = {name: pq.read_table(self.out / f"{name}.parquet").to_pylist() for name in TABLES}
        (mine,) = (row for row in tables["items"] if row["path"] == path)
        others = {name: [row for row in rows if row.get("item_id") != mine["item_id"]] for name, rows in tables.items()}
        others["sources"] = [row for row in others["sources"] if row["source_path"] != path]
        for row in others["sources"]:
            if row["source_path"] == mine["source_path"]:
                del row["n_errors"]
        return mine, others


def poisoned(dump: Dump, kind: str, place: str) -> dict[str, object]:
    """Run with and without the mock; what it cost. Breach if another row changed."""
    path = dump.write(kind, place)
    undisturbed = dump.run(mocking=False)
    harmless, before = dump.rows(path)
    if harmless["status"] != "ok":
        raise Breach(f"{path}: {harmless['status']} without the mock")
    seconds = dump.run(mocking=True)
    mine, after = dump.rows(path)
    unread = [None] if place == "zip" else []  # a member that hurt is not decompressed again
    named = mine["sha256"] in (harmless["sha256"], *unread)
    if (mine["status"], mine["error_code"]) != ("error", CODES[kind]) or not named:
        raise Breach(f"{kind}, {place}: {mine['status']}, {mine['error_code']}")
    for name in TABLES:
        if before[name] != after[name]:
            raise Breach(f"{kind}, {place}: other rows of {name} changed")
    row = {
        "kind": kind, "place": place, "code": CODES[kind], "undisturbed": undisturbed, "seconds": seconds,
        "cost": round(seconds - undisturbed, 1), "rows": sum(map(len, after.values())),
    }  # fmt: skip
    print(json.dumps(row), file=sys.stderr)
    return row


def markdown(report: dict[str, object], rows: Sequence[dict[str, object]]) -> str:
    return "\n".join([
        f"# {report['name']}, {report['date']}", "",
        f"`{report['command']}`: {report['items']:,} mails, one of them poisoned; every other row the same in every "
        f"column. Seconds of the Examine phase, two workers; a worker is given up after {report['stall']} s without "
        f"progress, {TIMES_STALLED} times. Load before: {report['load']}. {report['machine']}", "",
        "| what it does | where | its code | without | with | cost |", "|---|---|---|---|---|---|",
        *("| {kind} | {place} | `{code}` | {undisturbed} | {seconds} | {cost} |".format(**one) for one in rows), "",
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--stall", type=int, default=30)
    parser.add_argument("--name", default="isolation")
    options = parser.parse_args()
    load = round(os.getloadavg()[0], 1)
    dump = Dump(options.folder, options.items, options.stall)
    rows = [poisoned(dump, kind, PLACES[at % len(PLACES)]) for at, kind in enumerate(CODES)]
    report = {
        "name": options.name, "date": datetime.date.today().isoformat(), "machine": run.machine(), "load": load,
        "versions": run.versions(), "command": how_started(),
        "items": options.items, "stall": options.stall,
    }  # fmt: skip
    keep(options.name, {**report, "runs": rows}, markdown(report, rows))


if __name__ == "__main__":
    main()
