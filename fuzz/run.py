"""Reads octets that a fuzzer makes up, guided by which lines of the project they reach.

    pip install atheris
    python fuzz/run.py TARGET --runs 100000 [--keep FOLDER] [--seed 1]

TARGET is one of targets.py. FOLDER collects octets that reached something new, for the next call. Ends with 0 after so
many executions; octets that break a promise are written to crash-SHA1 in the folder where it is started, and shown.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
with atheris.instrument_imports(include=["transforms"]):
    import targets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=tuple(targets.TARGETS))
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    keep = options.keep or Path(tempfile.mkdtemp())
    keep.mkdir(parents=True, exist_ok=True)
    for number, octets in enumerate(targets.seeds(options.target)):
        (keep / f"seed{number:03d}").write_bytes(octets)
    limits = [f"-runs={options.runs}", f"-seed={options.seed}", "-max_len=20000", "-timeout=30", "-rss_limit_mb=2048"]
    atheris.Setup([sys.argv[0], *limits, str(keep)], targets.TARGETS[options.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
