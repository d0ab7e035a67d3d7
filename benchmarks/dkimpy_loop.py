"""The peer: what a newsroom writes by hand, a loop of dkim.verify over .eml files. One process.

    python benchmarks/dkimpy_loop.py FOLDER KEYS.csv [--limit N]

Prints one JSON object: messages, octets and how often dkim.verify said True for a message, False,
or raised. Keys come from the file, so nothing asks the DNS. Work differs from the product's: DKIM
only, no attachments, no tables; dkim.verify looks at the first signature only, and so does this.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import dkim


def published(keys: Path) -> Callable[..., bytes | None]:
    """dkimpy's look-up, answered from a key file."""
    with open(keys, encoding="utf-8", newline="") as table:
        records = {
            f"{row['selector']}._domainkey.{row['domain']}.".encode(): row["record"].encode()
            for row in csv.DictReader(table)
        }
    return lambda name, timeout=5: records.get(name)


def loop(messages: Iterator[Path], look_up: Callable[..., bytes | None]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for path in messages:
        octets = path.read_bytes()
        counts["messages"] += 1
        counts["octets"] += len(octets)
        try:
            counts["valid" if dkim.verify(octets, dnsfunc=look_up) else "not_valid"] += 1
        except Exception:
            counts["raised"] += 1
    return dict(counts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("keys", type=Path)
    parser.add_argument("--limit", type=int, help="messages looked at, in order of their names")
    options = parser.parse_args()
    messages = sorted(path for path in options.folder.rglob("*.eml") if path.is_file())
    print(json.dumps(loop(islice(iter(messages), options.limit), published(options.keys))))


if __name__ == "__main__":
    main()
