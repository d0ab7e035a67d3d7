"""Whether a large dump costs more for each octet than a small one: the product on both, in turn.

    python benchmarks/make_dump.py SMALL --messages 8000 --seed 1
    python benchmarks/make_dump.py LARGE --messages 64000 --seed 8
    python benchmarks/growth.py SMALL LARGE [--rounds 3] [--workers N] [--name NAME]

Both dumps are looked through before the first round; the large one may not fit into the page cache,
which costs time, and processor time for reading. Every verdict is checked. Writes
results/DATE-NAME.json.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from contenders import PRODUCT, Bench, Wrong, load
from keeping import how_started, keep
from run import ROOT, Round, machine, run_once, spread, versions


def cost(bench: Bench, one: Round) -> float:
    """Processor seconds a megabyte."""
    return one.measured.cpu / (bench.octets / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("small", type=Path)
    parser.add_argument("large", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--name", default="growth")
    options = parser.parse_args()
    dumps = [folder.resolve() for folder in (options.small, options.large)]
    os.chdir(ROOT)
    os.environ["PYTHONPATH"] = str(ROOT)
    small, large = (load(dump, options.workers) for dump in dumps)
    try:
        rounds = [(run_once(small, PRODUCT), run_once(large, PRODUCT)) for _ in range(options.rounds)]
    except Wrong as wrong:
        sys.exit(f"no result: {wrong}")
    report = {
        "name": options.name,
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "command": how_started(),
        "megabytes": [round(bench.octets / 1e6, 1) for bench in (small, large)],
        "processor_seconds_a_megabyte": {
            "small": spread([cost(small, first) for first, _ in rounds], 5),
            "large": spread([cost(large, second) for _, second in rounds], 5),
            "large / small": spread([cost(large, second) / cost(small, first) for first, second in rounds]),
        },
        "rounds": [[asdict(first), asdict(second)] for first, second in rounds],
    }
    keep(options.name, report)
    print(json.dumps(report["processor_seconds_a_megabyte"]))


if __name__ == "__main__":
    main()
