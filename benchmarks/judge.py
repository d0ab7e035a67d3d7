"""Time and memory of `triage judge` when the keys come after the run (DESIGN §2).

    python benchmarks/judge.py FOLDER [--messages 100000] [--rounds 3] [--workers N] [--name NAME]

FOLDER is made if need be and keeps the mailbox, its keys and OUT: a second call begins with the
judgement. One mbox of small messages, 1 to 2 KB each, signed relaxed/relaxed by two domains with keys
of 2048 bits, 10,000 senders, every tenth an answer to the one before. `triage run` examines it without
keys; then `triage judge OUT --only-keys --keys KEYS` runs once a round. It counts only if every message
turns from unverifiable into verified. Writes results/DATE-NAME.json and .md.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import functools
import json
import multiprocessing
import os
import random
import statistics
import sys
from collections import Counter
from pathlib import Path

import make_dump
import process_tree
import pyarrow.parquet as pq
import run
from contenders import Wrong
from keeping import keep

KEY_NAMES = ("law_office", "newspaper")  # of 2048 bits, one a domain
CHUNK = 1_000  # messages made by one process at a time
SENDERS = 10_000


class Small(make_dump.Generator):
    """Small signed messages from a seed: a chunk's do not depend on the chunks before it."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.keys = [make_dump._private_key(name) for name in KEY_NAMES]
        self.lines = [self._line() for _ in range(500)]

    def small(self, number: int) -> bytes:
        """A signed message with LF line ends."""
        rng = self.rng
        domain, when = number % len(KEY_NAMES), make_dump.START + number * 60
        content, body = make_dump._text_part("plain", "\n".join(rng.choices(self.lines, k=rng.randint(2, 12))), "8bit")
        fields = [
            ("From", f"Person {number % 97} <p{number % SENDERS}@d{domain:02d}.example>"),
            ("To", f"<r{rng.randrange(50)}@newsroom.example>"),
            ("Subject", " ".join(rng.choices(make_dump.WORDS, k=5)).encode("ascii", "ignore").decode()),
            ("Date", make_dump._date(when)),
            ("Message-ID", f"<{number}@d{domain:02d}.example>"),
            ("MIME-Version", "1.0"),
            *content,
        ]
        signature = self._signature(domain, when, "relaxed/relaxed", fields, body + b"\r\n")
        if number % 10 == 1:
            fields.append(("In-Reply-To", f"<{number - 1}@d{1 - domain:02d}.example>"))
        return (signature + make_dump._header(fields) + b"\r\n" + body + b"\r\n").replace(b"\r\n", b"\n")


def chunk(messages: int, first: int) -> bytes:
    """A piece of the mbox."""
    small = Small(first)
    return b"".join(
        b"From sender@relay.example Sun Jan  1 00:00:00 2017\n" + small.small(number) + b"\n"
        for number in range(first, min(first + CHUNK, messages))
    )


def make(folder: Path, messages: int) -> None:
    """Write the mailbox and its keys, unless they are there."""
    dump = folder / "dump"
    if (folder / "keys.csv").exists():
        return
    dump.mkdir(parents=True, exist_ok=True)
    with multiprocessing.Pool() as pool, open(dump / "mail.mbox", "wb") as mbox:
        for octets in pool.imap(functools.partial(chunk, messages), range(0, messages, CHUNK)):
            mbox.write(octets)
    with open(folder / "keys.csv", "w", newline="") as table:
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(("domain", "selector", "record"))
        rows.writerows(Small(0).records())


def triage(*arguments: str | Path) -> process_tree.Measured:
    """Run the program; Wrong unless it ends well."""
    measured = process_tree.measure([sys.executable, "-m", "pipeline", *map(str, arguments), "-q"], stdout=2)
    if measured.exit_code != 0:
        raise Wrong(f"triage {arguments[0]}: exit code {measured.exit_code}")
    return measured


def verdicts(out: Path) -> Counter[str]:
    """How many messages have each verdict."""
    tables = [pq.read_table(path, columns=["kind", "verdict"]) for path in sorted(out.glob("items*.parquet"))]
    return Counter(row["verdict"] for table in tables for row in table.to_pylist() if row["kind"] == "email")


def judged(folder: Path, messages: int) -> dict[str, float]:
    """Judge once with the keys; what it took. Wrong unless every message is verified."""
    out, load = folder / "out", os.getloadavg()[0]
    measured = triage("judge", out, "--only-keys", "--keys", folder / "keys.csv")
    found = verdicts(out)
    if found != {"verified": messages}:
        raise Wrong(f"{dict(found)}, but all of {messages} messages are genuine")
    timings = json.loads((out / "run.json").read_text("utf-8"))["timings"]
    peak = (measured.peak_pss or measured.peak_rss) / 1e6
    return {"wall": measured.wall, "cpu": measured.cpu, "peak_mb": peak, **timings, "load": load}


def as_markdown(report: dict[str, object], rounds: list[dict[str, float]]) -> str:
    lines = [
        f"# {report['name']}, {report['date']}",
        "",
        f"`{report['command']}`: {report['messages']} signed messages in one mbox of {report['megabytes']} MB, "
        "examined without keys, then judged with both keys; all turn from unverifiable into verified. "
        f"{len(rounds)} rounds, median (lowest to highest); {report['workers']} workers. {report['machine']}",
        "",
        "| | |",
        "|---|---|",
    ]
    names = {
        "wall": "wall seconds",
        "cpu": "CPU seconds",
        "peak_mb": "peak memory of the process tree, MB",
        "load": "load of the machine before",
    }
    for name in rounds[0]:
        values = [one[name] for one in rounds]
        spread = f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"
        lines.append(f"| {names.get(name, f'of these, {name}')} | {spread} |")
    return "\n".join([*lines, "", f"Versions: {report['versions']}", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--name", default="judge", help="of the result files")
    options = parser.parse_args()
    folder = options.folder.resolve()
    os.chdir(run.ROOT)
    make(folder, options.messages)
    out = folder / "out"
    try:
        if not (out / "run.json").exists():
            triage("run", folder / "dump", "-o", out, "--workers", str(options.workers), "--resume")
            if "verified" in verdicts(out):
                raise Wrong("a message is verified without a key")
        rounds = [judged(folder, options.messages) for _ in range(options.rounds)]
    except Wrong as wrong:
        sys.exit(f"no result: {wrong}")
    report: dict[str, object] = {
        "name": options.name,
        "date": datetime.date.today().isoformat(),
        "command": f"python benchmarks/judge.py FOLDER --messages {options.messages} --rounds {options.rounds}",
        "machine": run.machine(),
        "versions": run.versions(),
        "messages": options.messages,
        "megabytes": round((folder / "dump" / "mail.mbox").stat().st_size / 1e6, 1),
        "workers": options.workers,
        "rounds": rounds,
    }
    keep(options.name, report, as_markdown(report, rounds))


if __name__ == "__main__":
    main()
