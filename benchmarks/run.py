"""Interleaved rounds of the product and its peers on one dump, each checked against the truth.

    python benchmarks/make_dump.py DUMP --messages 20000 --seed 1
    python benchmarks/run.py DUMP [--rounds 5] [--workers N] [--name NAME]

A round runs each contender of `contenders.py` that this machine has, in an order that rotates; only
ratios within one such run compare. A round counts only if every exit code is 0 and every verdict is
right, else this stops. The dump is read once before, so all find it in the page cache. Writes
results/DATE-NAME.json and .md.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from contenders import FLOOR, PRODUCT, Bench, Contender, Notes, Wrong, contenders, load
from keeping import keep
from process_tree import Measured, measure

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
VERSIONS = ("leak-triage", "apache-beam", "pyarrow", "cryptography", "pybase64", "dkimpy", "fast-mail-parser")


@dataclass(frozen=True, slots=True)
class Round:
    contender: str
    cores: int  # that it may use
    measured: Measured
    notes: Notes
    load_before: float


def run_rounds(bench: Bench, running: Sequence[Contender], rounds: int) -> list[Round]:
    """Measure every contender in every round. Wrong if one fails or answers wrongly."""
    done = []
    for number in range(rounds):
        for at in range(len(running)):
            contender = running[(number + at) % len(running)]
            done.append(run_once(bench, contender))
            rate = bench.octets / 1e6 / done[-1].measured.cpu
            print(f"round {number + 1}: {contender.name}: {rate:.1f} MB per CPU second", file=sys.stderr)
    return done


def run_once(bench: Bench, contender: Contender) -> Round:
    """Measure one contender on a dump. Wrong if it fails or answers wrongly."""
    load_before = os.getloadavg()[0]
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
    return Round(contender.name, bench.workers if contender.parallel else 1, measured, notes, load_before)


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
        name: {figure: spread([of(one) for one in rounds if one.contender == name]) for figure, of in figures.items()}
        for name in names
    }


def ratios(rounds: Sequence[Round]) -> dict[str, list[float]]:
    """Peer -> how many times its CPU rate the product reaches, round by round: [median, lowest, highest].

    The pool does the Examine phase alone, so it is compared with that phase's wall time.
    """
    by_name: dict[str, list[Round]] = {}
    for one in rounds:
        by_name.setdefault(one.contender, []).append(one)
    ours, found = by_name.pop(PRODUCT.name), {}
    for name, peers in by_name.items():
        pairs = list(zip(ours, peers, strict=True))
        if name == FLOOR.name:
            found["wall time of Examine, plain pool / product"] = spread(
                [peer.notes["seconds"] / one.notes["examine_seconds"] for one, peer in pairs]
            )
        else:
            found[f"CPU rate, product / {name}"] = spread([peer.measured.cpu / one.measured.cpu for one, peer in pairs])
    return found


def spread(values: Sequence[float], places: int = 3) -> list[float]:
    """Median, lowest, highest."""
    return [round(of(values), places) for of in (statistics.median, min, max)]


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
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    bench = load(dump, options.workers)
    try:
        rounds = run_rounds(bench, contenders(bench), options.rounds)
    except Wrong as wrong:
        sys.exit(f"no result: {wrong}")
    table = summary(bench, rounds)
    report: dict[str, object] = {
        "name": options.name or dump.name,
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions() | {one.contender: one.notes["version"] for one in rounds if "version" in one.notes},
        "messages": len(bench.truth),
        "megabytes": round(bench.octets / 1e6, 1),
        "workers": bench.workers,
        "rounds_run": options.rounds,
        "figures": table,
        "ratios": ratios(rounds),
        "rounds": [asdict(one) for one in rounds],
    }
    keep(options.name or dump.name, report, as_markdown(report, table))


if __name__ == "__main__":
    main()
