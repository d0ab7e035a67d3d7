"""What one pair of signatures costs: time and memory to compute a key of each size, checked against the key.

    python benchmarks/recover.py [--bits 1024 2048 4096]

Each size in a process of its own, once, with the usual exponent 65537, also for a pair whose second
signature is over a changed header: it gives nothing, at the full price. Writes results/DATE-recover.json
and .md.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import run  # noqa: E402
from keeping import how_started, keep  # noqa: E402

from transforms.auth import recover  # noqa: E402


def specimen(key: RSAPrivateKey, number: int) -> recover.Specimen:
    digest = hashlib.sha256(b"%d" % number).digest()
    signature = key.sign(digest, PKCS1v15(), Prehashed(hashes.SHA256()))
    return recover.Specimen("rsa-sha256", signature, digest, True, "relaxed/relaxed", number, "")


def measure(bits: int, exponent: int, damaged: bool) -> dict[str, object]:
    """In this process: CPU seconds, wall seconds and the peak of its resident size."""
    key = generate_private_key(exponent, bits)
    one, two, third = (specimen(key, number) for number in range(3))
    if damaged:
        two = two._replace(data_hash=bytes(32))
    wall, cpu = time.perf_counter(), time.process_time()
    record = recover.key_record(one, two, [third])
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    numbers = key.public_key().public_numbers()
    if record != (None if damaged else recover.record_of(numbers.n, numbers.e)):
        sys.exit(f"{bits} bits: another answer than the key")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "bits": bits, "exponent": exponent, "gives": "nothing" if damaged else "the key",
        "cpu_seconds": round(cpu, 2), "wall_seconds": round(wall, 2), "peak_mb": round(peak / 1e6, 1),
    }  # fmt: skip


def as_markdown(report: dict[str, object], rows: list[dict[str, object]]) -> str:
    lines = [
        f"# {report['name']}, {report['date']}",
        "",
        f"`{report['command']}`: one pair of generated signatures, once each, other work on the machine. "
        f"{report['machine']}",
        "",
        "| key | the pair gives | CPU seconds | wall seconds | peak memory MB |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        cells = row["gives"], row["cpu_seconds"], row["wall_seconds"], row["peak_mb"]
        lines.append(f"| {row['bits']} bits, e={row['exponent']} | {' | '.join(map(str, cells))} |")
    return "\n".join([*lines, "", f"Versions: {report['versions']}", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bits", type=int, nargs="+", default=[1024, 2048, 4096])
    parser.add_argument("--exponent", type=int, default=65537)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)  # in the child: measure and print
    parser.add_argument("--damaged", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.bits[0], options.exponent, options.damaged)))
        return
    rows = []
    for bits in options.bits:
        for more in ([], ["--damaged"]):
            command = [sys.executable, __file__, "--one", "--bits", str(bits), "--exponent", str(options.exponent)]
            done = subprocess.run([*command, *more], check=True, stdout=subprocess.PIPE, text=True, env=os.environ)
            rows.append(json.loads(done.stdout))
    report: dict[str, object] = {
        "name": "recover",
        "date": datetime.date.today().isoformat(),
        "command": how_started(),
        "machine": run.machine(),
        "versions": {**run.versions(), "gmpy2": recover.gmpy2.version()},
        "rows": rows,
    }
    keep("recover", report, as_markdown(report, rows))


if __name__ == "__main__":
    main()
