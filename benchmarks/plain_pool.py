"""The floor for Examine: a plain multiprocessing pool over the same units, writing the same evidence.

    python benchmarks/plain_pool.py DUMP OUT --workers N

What Beam, the killable workers and the bookkeeping cost is the difference between this and the
`examine_seconds` of `triage run`. Nothing here survives a crash, a hang or a kill.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import os
import time
from pathlib import Path

from pipeline.examining import examine_and_store, plan
from pipeline.job import Job
from transforms.limits import LIMITS
from transforms.unpack.rows import Settings
from transforms.watch import UNWATCHED


def examine(dump: Path, out: Path, workers: int) -> dict[str, float]:
    """Examine a dump into OUT/evidence; units, items, seconds."""
    start = time.monotonic()
    job = Job(dump.absolute(), out.absolute(), Settings(LIMITS), workers)
    job.work.mkdir(parents=True)
    (job.out / "evidence").mkdir()
    units = sorted(plan(job), key=lambda unit: (-unit.octets, unit.sequence))
    work = functools.partial(examine_and_store, job, watch=UNWATCHED)
    with multiprocessing.get_context("fork").Pool(workers) as pool:  # the cheapest start there is
        items = sum(count for count, _ in pool.imap_unordered(work, units))
    return {"units": len(units), "items": items, "seconds": round(time.monotonic() - start, 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dump", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    print(json.dumps(examine(options.dump, options.out, options.workers)))


if __name__ == "__main__":
    main()
