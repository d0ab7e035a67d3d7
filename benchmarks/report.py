"""Size and speed of `triage report` for many items: making the page, opening it, searching it.

    python benchmarks/report.py FOLDER [--items 100000] [--loads 5] [--name NAME]

FOLDER is made if need be: a run of the sample dump, and OUT with its tables grown to the number of items, each copy
with paths, subjects, senders, dates and clocks of its own. So the list holds every kind of item, verdict and evidence
that the sample has, in its proportions. Then `triage report` makes the page, and a headless Chromium (extra `browser`)
opens it --loads times: seconds until it can be used, milliseconds for each of a few searches, memory of its script.
Writes results/DATE-NAME.json and .md.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import os
import random
import re
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import make_dump
import process_tree
import pyarrow as pa
import run
from contenders import Wrong
from keeping import keep

sys.path.insert(0, str(run.ROOT))
from pipeline import commit, out_tables, summary, tables
from transforms.model import VERDICTS

SAMPLE = run.ROOT / "sample_dump"
PROTECT = ("horizon-commun.example", "lavigie.example")
SENDERS = 5_000
SEARCHES = ("a", "invoice", "p42", "budget june", "no such words", "xn--", "")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")

Record = dict[str, Any]


def triage(*arguments: str | Path) -> process_tree.Measured:
    """Run the program; Wrong unless it ends well."""
    measured = process_tree.measure([sys.executable, "-m", "pipeline", *map(str, arguments)], stdout=2)
    if measured.exit_code != 0:
        raise Wrong(f"triage {arguments[0]}: exit code {measured.exit_code}")
    return measured


def make(folder: Path, items: int) -> Path:
    """OUT with that many items."""
    sample, out = folder / "sample", folder / "out"
    if not (sample / out_tables.RUN).exists():
        protect = [word for domain in PROTECT for word in ("--protect", domain)]
        triage("run", SAMPLE / "leak", "-o", sample, "--keys", SAMPLE / "keys", "-q", "--force", *protect)
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(sample, out)
    grow(sample, out, items)
    return out


def grow(sample: Path, out: Path, items: int) -> None:
    """Write the tables of sample into out, as many copies of its items as it takes."""
    rows = {name: out_tables.read_table(sample, name).to_pylist() for name in ("items", "findings", "signatures")}
    grown: dict[str, list[Record]] = {name: [] for name in rows}
    for number in range(-(-items // len(rows["items"]))):
        for name, copied in copy(rows, random.Random(number), number).items():
            grown[name] += copied
    rank = {verdict.value: number for number, verdict in enumerate(VERDICTS)}
    places = {row["item_id"]: (rank[row["verdict"]], at) for at, row in enumerate(grown["items"])}
    kept = {row["item_id"] for row in grown["items"][:items]}
    for name, found in grown.items():
        found.sort(key=lambda row: (*places[row["item_id"]], row.get("seq", 0)))
        written = [row for row in found if row["item_id"] in kept]
        commit.write_table(out, name, [pa.Table.from_pylist(written, tables.schema(name))])
    record = out_tables.read_run(out)
    assert record is not None
    record["counts"] = summary.counts(out)
    record["tables"] = {name: out_tables.file_sha256(out / name) for name in record["tables"]}
    commit.write_run(out, record)


def copy(rows: dict[str, list[Record]], rng: random.Random, number: int) -> dict[str, list[Record]]:
    """The items of the sample once more, as other items."""
    folder = f"{rng.choice(make_dump.WORDS)}-{number:05d}"
    ids = {row["item_id"]: hashlib.sha256(f"{folder}/{row['path']}".encode()).hexdigest()[:32] for row in rows["items"]}
    shifts = {row["item_id"]: datetime.timedelta(seconds=rng.randrange(-(10**8), 10**8)) for row in rows["items"]}
    return {name: [_other(row, ids, shifts, folder, rng) for row in found] for name, found in rows.items()}


def _other(
    row: Record, ids: dict[str, str], shifts: dict[str, datetime.timedelta], folder: str, rng: random.Random
) -> Record:
    other = {**row, "item_id": ids[row["item_id"]]}
    shift = shifts[row["item_id"]]
    for name in ("parent_id", "inherits_from", "dup_of"):
        if other.get(name):
            other[name] = ids[other[name]]
    for name in ("path", "source_path"):
        if name in other:
            other[name] = f"{folder}/{other[name]}"
    if other.get("subject"):
        other["subject"] = " ".join([other["subject"], *rng.choices(make_dump.WORDS, k=rng.randint(1, 5))])
    if other.get("from_email"):
        other["from_email"] = f"p{rng.randrange(SENDERS)}@{other['from_domain']}"
    if other.get("date_utc"):
        other["date_utc"] += shift
    if other.get("code") == "clock.timeline":
        other["summary"] = _MOMENT.sub(lambda found: _shifted(found[0], shift, rng), other["summary"])
    return other


def _shifted(moment: str, shift: datetime.timedelta, rng: random.Random) -> str:
    moved = datetime.datetime.fromisoformat(moment) + shift + datetime.timedelta(seconds=rng.randrange(90))
    return f"{moved:%Y-%m-%d %H:%M:%S}"


def opened(page: Path, loads: int) -> dict[str, list[float]]:
    """Open the page in a headless Chromium, search, sort and open an item; what each took."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise Wrong("no chromium on the PATH")
    found: dict[str, list[float]] = {"usable_s": [], "search_ms": [], "sort_ms": [], "item_ms": [], "script_mb": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(loads):
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            start = time.monotonic()
            tab.goto(page.as_uri())
            tab.wait_for_selector("html[data-ready]", state="attached")
            found["usable_s"].append(time.monotonic() - start)
            found["search_ms"] += tab.evaluate(_SEARCH, list(SEARCHES))
            found["sort_ms"] += tab.evaluate(_SORT)
            found["script_mb"].append(tab.evaluate("performance.memory.usedJSHeapSize") / 1e6)
            start = time.monotonic()
            tab.click("#rows [role=row]")
            tab.wait_for_selector("#drawer[open]")
            found["item_ms"].append(1_000 * (time.monotonic() - start))
            tab.close()
        browser.close()
    return found


# Until the rows are laid out again.
_SEARCH = """words => words.map(word => {
  const start = performance.now();
  document.getElementById("search").value = word;
  document.getElementById("search").dispatchEvent(new Event("input", { bubbles: true }));
  document.body.offsetHeight;
  return performance.now() - start;
})"""
_SORT = """() => ["date", "sender", "title", "reason", "verdict"].map(by => {
  const start = performance.now();
  document.querySelector(`[data-sort=${by}]`).click();
  document.body.offsetHeight;
  return performance.now() - start;
})"""


def as_markdown(report: dict[str, Any]) -> str:
    lines = [
        f"# {report['name']}, {report['date']}",
        "",
        f"`{report['command']}`: {report['items']} items grown from the sample dump. {report['machine']}",
        "",
        "| | |",
        "|---|---|",
        f"| page, MB | {report['megabytes']} |",
        f"| making it, wall seconds | {report['wall']:.1f} |",
        f"| making it, CPU seconds | {report['cpu']:.1f} |",
        f"| making it, peak memory, MB | {report['peak_mb']:.0f} |",
        f"| load of the machine before, of {os.cpu_count()} cores | {report['load']:.1f} |",
    ]
    names = {
        "usable_s": "open until usable, s",
        "search_ms": f"a search, ms ({len(SEARCHES)} of them)",
        "sort_ms": "a sort, ms",
        "item_ms": "opening an item, ms",
        "script_mb": "memory of the page's script, MB",
    }
    for name, values in report["browser"].items():
        spread = f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
        lines.append(f"| {names[name]}: median (lowest to highest) of {len(values)} | {spread} |")
    return "\n".join([*lines, "", f"Versions: {report['versions']}", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--name", default="report", help="of the result files")
    options = parser.parse_args()
    folder = options.folder.resolve()
    os.chdir(run.ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        out, page, load = make(folder, options.items), folder / "report.html", os.getloadavg()[0]
        made = triage("report", out, "-o", page)
        browser = opened(page, options.loads)
    except Wrong as wrong:
        sys.exit(f"no result: {wrong}")
    report: dict[str, Any] = {
        "name": options.name,
        "date": datetime.date.today().isoformat(),
        "command": f"python benchmarks/report.py FOLDER --items {options.items} --loads {options.loads}",
        "machine": run.machine(),
        "versions": run.versions(),
        "items": options.items,
        "megabytes": round(page.stat().st_size / 1e6, 2),
        "wall": made.wall,
        "cpu": made.cpu,
        "peak_mb": (made.peak_pss or made.peak_rss) / 1e6,
        "load": load,
        "browser": browser,
    }
    keep(options.name, report, as_markdown(report))


if __name__ == "__main__":
    main()
