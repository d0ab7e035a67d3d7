"""jsonl: one JSON object per item, all columns, lists as lists: for jq, grep and search engines."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from pipeline.export.rows import rows
from pipeline.showing import json_line
from pipeline.whole_file import write_whole


def write(out: Path, path: Path) -> int:
    """One line per item; times in ISO 8601, octets as hex."""
    count = 0

    def fill(file: BinaryIO) -> None:
        nonlocal count
        for row in rows(out, "items"):
            file.write(json_line(row).encode() + b"\n")
            count += 1

    write_whole(path, fill)
    return count
