"""Memory of `triage run` on dumps that are large in one way each: peak of the whole process tree, two workers.

    python benchmarks/memory.py FOLDER [--only SHAPE]... [--scale 1.0] [--name NAME]

FOLDER holds one dump at a time and its OUT, up to 8 GB; both are removed behind each run. A run counts only if it ends
with 0, which means that every octet is accounted for, and finds as many messages as were written. --scale 0.01 makes
each dump a hundredth as large. Bound: 1.5 GiB. Writes results/DATE-NAME.json and .md.
"""

from __future__ import annotations

import argparse
import base64
import csv
import datetime
import functools
import json
import multiprocessing
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import judge
import make_dump
import process_tree
import run
from contenders import Wrong
from keeping import how_started, keep

BOUND = 3 << 29  # octets
GIB = 1 << 30
SIGNED_EVERY = 300  # seconds of Date: one small message in five
FROM_LINE = b"From sender@relay.example Sun Jan  1 00:00:00 2017\n"
PIECE = 500  # messages of some 125 KB made by one process at a time


class Small(judge.Small):
    """Messages of 2 KB on average, one in five of them signed."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.lines = ["\n".join(self.rng.sample(self.lines, 3)) for _ in range(500)]

    def _signature(self, domain: int, when: int, *rest: object) -> bytes:
        return super()._signature(domain, when, *rest) if when % SIGNED_EVERY == 0 else b""  # type: ignore[arg-type]


def small(messages: int, first: int) -> list[bytes]:
    made = Small(first)
    return [made.small(number) for number in range(first, min(first + judge.CHUNK, messages))]


def mails(messages: int, first: int) -> list[bytes]:
    """Messages as those of make_dump.py, all with LF line ends."""
    made = make_dump.Generator(first)
    numbers = range(first, min(first + PIECE, messages))
    return [made.message(number).octets.replace(b"\r\n", b"\n") for number in numbers]


def every(make: Callable[[int, int], list[bytes]], messages: int, step: int) -> Iterator[bytes]:
    with multiprocessing.Pool(2) as pool:
        for some in pool.imap(functools.partial(make, messages), range(0, messages, step)):
            yield from some


def one_mail(dump: Path, scale: float) -> int:
    """One signed message of 2 GiB: a text and an attachment in base64."""
    made = Small(0)
    line = base64.b64encode(made.rng.randbytes(57 * 1024)) + b"\r\n"
    lines = b"".join(line[at : at + 76] + b"\r\n" for at in range(0, len(line) - 2, 76))
    text = make_dump._text_part("plain", "These are the scans.\n", "8bit")
    attached = [
        ("Content-Type", "application/octet-stream"),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", 'attachment; filename="scans.bin"'),
    ]
    content, body = make_dump._multipart(
        "bound", "mixed", [text, (attached, lines * int(scale * 2 * GIB / len(lines)))]
    )
    fields = [("From", "<p@d00.example>"), ("To", "<r@newsroom.example>"), ("Subject", "Scans")]
    fields += [("Date", make_dump._date(make_dump.START)), ("Message-ID", "<scans@d00.example>"), *content]
    signature = made._signature(0, make_dump.START, "relaxed/simple", fields, body)
    with open(dump / "scans.eml", "wb") as file:
        file.writelines((signature, make_dump._header(fields), b"\r\n", body))
    return 1


def zip_members(dump: Path, scale: float) -> int:
    """One zip of 100,000 small messages."""
    messages = int(100_000 * scale)
    with zipfile.ZipFile(dump / "mail.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number, octets in enumerate(every(small, messages, judge.CHUNK)):
            archive.writestr(zipfile.ZipInfo(f"{number:06d}.eml"), octets, zipfile.ZIP_DEFLATED)
    return messages


def mailbox(dump: Path, scale: float, behind: bytes = b"\n") -> int:
    """One mbox of 5 GB, messages of 125 KB on average."""
    messages = int(40_000 * scale)
    with open(dump / "mail.mbox", "wb", buffering=1 << 20) as file:
        for octets in every(mails, messages, PIECE):
            file.writelines((FROM_LINE, octets, behind))
    return messages


def close_mailbox(dump: Path, scale: float) -> int:
    """One mbox of 5 GB without empty lines between its messages."""
    return mailbox(dump, scale, b"")


def one_folder(dump: Path, scale: float) -> int:
    """200,000 small messages, each a file, in one folder."""
    messages = int(200_000 * scale)
    for number, octets in enumerate(every(small, messages, judge.CHUNK)):
        (dump / f"{number:06d}.eml").write_bytes(octets)
    return messages


def million(dump: Path, scale: float) -> int:
    """A million small messages in one mbox."""
    messages = int(1_000_000 * scale)
    with open(dump / "mail.mbox", "wb", buffering=1 << 20) as file:
        for octets in every(small, messages, judge.CHUNK):
            file.writelines((FROM_LINE, octets, b"\n"))
    return messages


SHAPES = {one.__name__: one for one in (one_mail, zip_members, mailbox, close_mailbox, one_folder, million)}


def keys(folder: Path) -> Path:
    """Those of all shapes; the domains of the two kinds of messages share their names."""
    path = folder / "keys.csv"
    with open(path, "w", newline="") as table:
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(("domain", "selector", "record"))
        rows.writerows({*Small(0).records(), *make_dump.Generator(0).records()})
    return path


def measured(shape: str, folder: Path, scale: float) -> dict[str, object]:
    """Make one dump, run on it, remove it; Wrong unless every message was found."""
    dump, out = folder / "dump", folder / "out"
    for path in (dump, out):
        shutil.rmtree(path, ignore_errors=True)
    dump.mkdir(parents=True)
    messages = SHAPES[shape](dump, scale)
    octets = sum(path.stat().st_size for path in dump.iterdir())
    command = [sys.executable, "-m", "pipeline", "run", str(dump), "-o", str(out), "-q", "--workers", "2"]
    with open(os.devnull, "wb") as nowhere:
        took = process_tree.measure([*command, "--keys", str(keys(folder))], stdout=nowhere.fileno())
    if took.exit_code != 0:
        raise Wrong(f"{shape}: exit code {took.exit_code}")
    found = judge.verdicts(out)
    if found.total() != messages:
        raise Wrong(f"{shape}: {found.total()} of {messages} messages")
    record = json.loads((out / "run.json").read_text("utf-8"))
    row = {
        "shape": shape, "what": str(SHAPES[shape].__doc__).partition("\n")[0], "octets": octets, "messages": messages,
        "verdicts": dict(found), "peak_mib": round((took.peak_pss or took.peak_rss) / (1 << 20)),
        "cpu": round(took.cpu, 1), "wall": round(took.wall, 1), **record["timings"],
    }  # fmt: skip
    for path in (dump, out):
        shutil.rmtree(path)
    print(json.dumps(row), file=sys.stderr)
    return row


def markdown(report: dict[str, object], rows: list[dict[str, object]]) -> str:
    lines = [
        f"# {report['name']}, {report['date']}", "",
        f"`{report['command']}`: peak memory of the whole process tree (PSS), sampled five times a second. "
        f"{report['machine']}", "",
        "| dump | MB | messages | peak MiB | CPU s | wall s | of it Examine | Judge |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {one['what']} | {int(str(one['octets'])) / 1e6:,.0f} | {one['messages']:,} | {one['peak_mib']:,} "
            f"| {one['cpu']} | {one['wall']} | {one['examine_seconds']} | {one['judge_seconds']} |"
            for one in rows
        ),
        "", f"Beyond {BOUND >> 20:,} MiB: {', '.join(report['over']) or 'none'}", "",  # type: ignore[arg-type]
    ]  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=tuple(SHAPES), action="append", default=[])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--name", default="memory")
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = str(run.ROOT)
    options.folder.mkdir(parents=True, exist_ok=True)
    rows = [measured(shape, options.folder, options.scale) for shape in options.only or SHAPES]
    report = {
        "name": options.name, "date": datetime.date.today().isoformat(), "machine": run.machine(),
        "versions": run.versions(), "command": how_started(),
        "over": [str(one["shape"]) for one in rows if int(str(one["peak_mib"])) > BOUND >> 20],
    }  # fmt: skip
    keep(options.name, {**report, "runs": rows}, markdown(report, rows))


if __name__ == "__main__":
    main()
