"""Interleaved rounds of the product and its peers on one dump, each checked against the truth.

    python benchmarks/make_dump.py DUMP --messages 20000 --seed 1
    python benchmarks/run.py DUMP [--rounds 5] [--workers N] [--name NAME]

A round runs each contender once, in an order that rotates; only ratios within one such run compare.
A round counts only if every exit code is 0 and every verdict is right, else this stops. The dump is
read once before, so all find it in the page cache. Writes results/DATE-NAME.json and .md.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow.parquet as pq
from process_tree import Measured, measure

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
VERSIONS = ("leak-triage", "apache-beam", "pyarrow", "cryptography", "pybase64", "dkimpy")
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


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    cores: int  # that it may use
    command: Callable[[Bench, Path], list[str]]  # out: a folder that does not exist yet
    check: Callable[[Bench, Path, str], dict[str, float]]  # (bench, out, stdout) -> notes; Wrong


def product(bench: Bench) -> Contender:
    return Contender("triage run", bench.workers, _triage, _check_triage)


def _triage(bench: Bench, out: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "pipeline", "run", str(bench.dump), "-o", str(out)),
        *("--keys", str(bench.keys), "--workers", str(bench.workers), "-q"),
    ]


def _check_triage(bench: Bench, out: Path, _: str) -> dict[str, float]:
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


def dkimpy_loop(bench: Bench) -> Contender:
    return Contender("dkimpy loop", 1, _dkimpy, _check_dkimpy)


def _dkimpy(bench: Bench, out: Path) -> list[str]:
    return [sys.executable, str(HERE / "dkimpy_loop.py"), str(bench.dump), str(bench.keys)]


def _check_dkimpy(bench: Bench, out: Path, stdout: str) -> dict[str, float]:
    counts: dict[str, float] = json.loads(stdout)
    valid = Counter(bench.truth.values())["valid"]
    if counts.get("valid") != valid or counts.get("messages") != len(bench.truth):
        raise Wrong(f"{counts}, but {valid} of {len(bench.truth)} are valid")
    return counts


def plain_pool(bench: Bench) -> Contender:
    return Contender("plain pool (Examine only)", bench.workers, _pool, _check_pool)


def _pool(bench: Bench, out: Path) -> list[str]:
    return [sys.executable, str(HERE / "plain_pool.py"), str(bench.dump), str(out), "--workers", str(bench.workers)]


def _check_pool(bench: Bench, out: Path, stdout: str) -> dict[str, float]:
    notes: dict[str, float] = json.loads(stdout)
    if notes["items"] < len(bench.truth):
        raise Wrong(f"{notes['items']} items of {len(bench.truth)} messages")
    return notes


@dataclass(frozen=True, slots=True)
class Round:
    contender: str
    cores: int
    measured: Measured
    notes: dict[str, float]
    load_before: float


def run_rounds(bench: Bench, contenders: Sequence[Contender], rounds: int) -> list[Round]:
    """Measure every contender in every round. Wrong if one fails or answers wrongly."""
    done = []
    for number in range(rounds):
        for at in range(len(contenders)):
            contender = contenders[(number + at) % len(contenders)]
            done.append(_one(bench, contender))
            rate = bench.octets / 1e6 / done[-1].measured.cpu
            print(f"round {number + 1}: {contender.name}: {rate:.1f} MB per CPU second", file=sys.stderr)
    return done


def _one(bench: Bench, contender: Contender) -> Round:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=bench.dump.parent, prefix=".bench-") as scratch:
        out = Path(scratch) / "out"
        with open(Path(scratch) / "stdout", "w+b") as stdout:
            measured = measure(contender.command(bench, out), stdout=stdout.fileno())
            stdout.seek(0)
            said = stdout.read().decode("utf-8", "replace")
        if measured.exit_code != 0:
            raise Wrong(f"{contender.name}: exit code {measured.exit_code}")
        try:
            notes = contender.check(bench, out, said)
        except Wrong as wrong:
            raise Wrong(f"{contender.name}: {wrong}") from None
    return Round(contender.name, contender.cores, measured, notes, load)


# ---- what is reported -------------------------------------------------------------------------


def summary(bench: Bench, rounds: Sequence[Round]) -> dict[str, dict[str, list[float]]]:
    """contender -> figure -> [median, lowest, highest] over the rounds."""
    mega = bench.octets / 1e6
    figures: dict[str, Callable[[Round], float]] = {
        "MB per CPU second": lambda one: mega / one.measured.cpu,
        "MB per second and core": lambda one: mega / one.measured.wall / one.cores,
        "wall seconds": lambda one: one.measured.wall,
        "peak memory MB": lambda one: (one.measured.peak_pss or one.measured.peak_rss) / 1e6,
    }
    names = list(dict.fromkeys(one.contender for one in rounds))
    return {
        name: {figure: _spread([of(one) for one in rounds if one.contender == name]) for figure, of in figures.items()}
        for name in names
    }


def ratios(bench: Bench, rounds: Sequence[Round]) -> dict[str, list[float]]:
    """Peer -> how many times its CPU rate the product reaches, round by round: [median, lowest, highest].

    The pool does the Examine phase alone, so it is compared with that phase's wall time.
    """
    by_name: dict[str, list[Round]] = {}
    for one in rounds:
        by_name.setdefault(one.contender, []).append(one)
    ours, found = by_name["triage run"], {}
    for name, peers in by_name.items():
        if name == "dkimpy loop":
            pairs = zip(ours, peers, strict=True)
            found["CPU rate, product / dkimpy loop"] = _spread([p.measured.cpu / o.measured.cpu for o, p in pairs])
        elif name.startswith("plain pool"):
            pairs = zip(ours, peers, strict=True)
            found["wall time of Examine, plain pool / product"] = _spread(
                [p.notes["seconds"] / o.notes["examine_seconds"] for o, p in pairs]
            )
    return found


def _spread(values: Sequence[float]) -> list[float]:
    return [round(statistics.median(values), 3), round(min(values), 3), round(max(values), 3)]


def machine() -> dict[str, str | int]:
    model = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            model = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), model)
    return {"processor": model, "cores": os.cpu_count() or 1, "system": f"{platform.system()} {platform.release()}"}


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in VERSIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def as_markdown(report: dict[str, object], table: dict[str, dict[str, list[float]]]) -> str:
    figures = list(next(iter(table.values())))
    lines = [
        f"# {report['name']}, {report['date']}",
        "",
        f"{report['messages']} messages, {report['megabytes']} MB; {report['rounds_run']} interleaved rounds, median "
        f"(lowest to highest); {report['workers']} workers; page cache warm. {report['machine']}",
        "",
        f"| | {' | '.join(figures)} |",
        "|---" * (len(figures) + 1) + "|",
    ]
    for name, row in table.items():
        cells = (f"{median:.1f} ({low:.1f} to {high:.1f})" for median, low, high in (row[f] for f in figures))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines.append("")
    compared = report["ratios"]
    assert isinstance(compared, dict)
    lines += [f"- {name}: {median:.2f} ({low:.2f} to {high:.2f})" for name, (median, low, high) in compared.items()]
    return "\n".join([*lines, "", f"Versions: {report['versions']}", ""])


def load(dump: Path, workers: int) -> Bench:
    """The dump and its truth, read once on the way."""
    with open(f"{dump}-truth.csv", encoding="utf-8", newline="") as table:
        truth = {row["path"]: row["truth"] for row in csv.DictReader(table)}
    octets = sum(len(path.read_bytes()) for path in dump.rglob("*") if path.is_file())
    return Bench(dump, octets, truth, workers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dump", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--name", help="of the result files (default: the dump's)")
    options = parser.parse_args()
    dump = options.dump.resolve()
    if not dump.is_dir():
        parser.error(f"{dump}: no such folder. Make it with benchmarks/make_dump.py.")
    os.chdir(ROOT)
    os.environ["PYTHONPATH"] = str(ROOT)
    bench = load(dump, options.workers)
    contenders = [product(bench), plain_pool(bench)]
    if any(path.endswith(".eml") and "!" not in path for path in bench.truth):
        contenders.append(dkimpy_loop(bench))
    try:
        rounds = run_rounds(bench, contenders, options.rounds)
    except Wrong as wrong:
        sys.exit(f"no result: {wrong}")
    table = summary(bench, rounds)
    report: dict[str, object] = {
        "name": options.name or dump.name,
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "messages": len(bench.truth),
        "megabytes": round(bench.octets / 1e6, 1),
        "workers": bench.workers,
        "rounds_run": options.rounds,
        "figures": table,
        "ratios": ratios(bench, rounds),
        "rounds": [asdict(one) for one in rounds],
    }
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    stem = f"{report['date']}-{report['name']}"
    (results / f"{stem}.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    page = as_markdown(report, table)
    (results / f"{stem}.md").write_text(page, "utf-8")
    print(page)


if __name__ == "__main__":
    main()
