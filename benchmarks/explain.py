"""Time of `triage explain` at a million items: a generated OUT, not a generated dump.

    python benchmarks/explain.py FOLDER [--copies N] [--rounds 5] [--name NAME]

FOLDER is made if need be and keeps the tables. The sample leak is run once; the rows of its tables are repeated under
other paths and ids until there are a million items, sorted by verdict as in any OUT, and written by the program's own
writer with its row groups. Then the command runs as a process of its own, once a round for each way to name an item.
Writes results/DATE-NAME.json and .md.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pipeline import commit, out_tables  # noqa: E402
from transforms import path_spec  # noqa: E402

VERDICTS = ("suspected_fake", "verified", "unverifiable")
RENAMED = {
    "items": ("item_id", "parent_id", "inherits_from", "dup_of", "path", "source_path", "sha256", "message_id"),
    "findings": ("item_id",),
    "signatures": ("item_id",),
    "sources": ("source_path", "sha256"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--copies", type=int, default=0, help="of the sample (default: a million items)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--name", default="explain")
    options = parser.parse_args()
    out = options.folder / "out"
    if not (out / "generated").exists():
        make(out, options.copies)
    items = pq.read_table(out / "items.parquet", columns=["path", "item_id", "message_id", "sha256", "verdict"])
    middle = {verdict: _middle(items, verdict) for verdict in VERDICTS}
    timed = {}
    for verdict, item in middle.items():
        for name in ("path", "item_id", "message_id", "sha256"):
            timed[f"{verdict} by {name}"] = [_seconds(out, item[name]) for _ in range(options.rounds)]
    report(options.name, len(items), out, timed)


def make(out: Path, copies: int) -> None:
    """An OUT of many copies of the sample leak's rows."""
    sample = ROOT / "sample_dump"
    command = [sys.executable, "-m", "pipeline", "run", str(sample / "leak"), "-o", str(out), "-q"]
    subprocess.run([*command, "--keys", str(sample / "keys")], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    n_items = pq.read_metadata(out / "items.parquet").num_rows
    copies = copies or -(-1_000_000 // n_items)
    ids = pq.read_table(out / "items.parquet", columns=["item_id", "verdict", "path"])
    of = {row["item_id"]: row for row in ids.to_pylist()}
    for name, columns in RENAMED.items():
        table = pq.read_table(out / f"{name}.parquet")
        commit.write_table(out, name, _copies(table, columns, copies, of))
    record = out_tables.read_run(out)
    assert record is not None
    record["tables"] = {name: out_tables.file_sha256(out / name) for name in record["tables"]}
    commit.write_run(out, record)
    (out / "generated").touch()


Rows = dict[str, dict[str, str]]  # item_id, verdict and path of the sample's items, by item_id


def _copies(table: pa.Table, columns: tuple[str, ...], copies: int, of: Rows) -> Iterator[pa.Table]:
    """The rows of one verdict in all copies, then those of the next, as the tables are sorted."""
    if "item_id" not in table.column_names:
        parts = [table]
    else:
        verdicts = pa.array([of[one]["verdict"] for one in table["item_id"].to_pylist()])
        parts = [table.filter(pc.equal(verdicts, verdict)) for verdict in VERDICTS]
    for part in parts:
        for number in range(copies):
            yield _renamed(part, columns, number, of)


def _renamed(table: pa.Table, columns: tuple[str, ...], number: int, of: Rows) -> pa.Table:
    for name in columns:
        at = table.schema.get_field_index(name)
        values = [None if one is None else _other(name, one, number, of) for one in table[name].to_pylist()]
        table = table.set_column(at, table.schema.field(name), pa.array(values, pa.string()))
    return table


def _other(name: str, value: str, number: int, of: Rows) -> str:
    if name in ("path", "source_path"):
        return f"copy-{number:05d}/{value}"
    if name == "message_id":
        return f"{number}.{value}"
    if name == "sha256":
        return hashlib.sha256(f"{number} {value}".encode()).hexdigest()
    return path_spec.item_id(f"copy-{number:05d}/{of[value]['path']}")


def _middle(items: pa.Table, verdict: str) -> dict[str, str]:
    """The item in the middle of those of a verdict that have a Message-ID."""
    mails = items.filter(pc.and_(pc.equal(items["verdict"], verdict), pc.is_valid(items["message_id"])))
    found: dict[str, str] = mails.slice(len(mails) // 2, 1).to_pylist()[0]
    return found


def _seconds(out: Path, item: str) -> tuple[float, float]:
    """Wall and processor seconds of one command."""
    command = [sys.executable, "-m", "pipeline", "explain", str(out), item]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _in_short(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"


def report(name: str, n_items: int, out: Path, timed: dict[str, list[tuple[float, float]]]) -> None:
    """Print and keep the result."""
    today = datetime.date.today().isoformat()
    rows = {table: pq.read_metadata(out / f"{table}.parquet").num_rows for table in RENAMED}
    result = {"date": today, "rows": rows, "seconds": timed, "load": os.getloadavg()[0], "pyarrow": pa.__version__}
    lines = [
        f"# {name}, {today}",
        "",
        f"`python benchmarks/explain.py FOLDER`: `triage explain` as a process of its own, {n_items} items, "
        f"{rows['findings']} findings, {rows['signatures']} signatures; {len(next(iter(timed.values())))} rounds each, "
        f"median (lowest to highest) in seconds; {os.cpu_count()} cores, load at the end {result['load']:.1f}, "
        f"pyarrow {pa.__version__}.",
        "",
        "| item | wall | processor |",
        "|---|---|---|",
    ]
    for what, seconds in timed.items():
        wall, processor = zip(*seconds, strict=True)
        lines.append(f"| {what} | {_in_short(wall)} | {_in_short(processor)} |")
    results = Path(__file__).parent / "results"
    (results / f"{today}-{name}.json").write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", "utf-8")
    (results / f"{today}-{name}.md").write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
