"""sha256sum: the files of the dump with their SHA-256, to be checked inside the dump with `sha256sum -c`."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from pipeline.export.rows import rows
from pipeline.proof.octets import source_name
from pipeline.whole_file import write_whole


def write(out: Path, path: Path) -> int:
    """One line per file that was read: links and what could not be read have no octets to name."""
    count = 0

    def fill(file: BinaryIO) -> None:
        nonlocal count
        for row in rows(out, "sources", ["source_path", "sha256"]):
            if row["sha256"] is not None:
                file.write(_line(source_name(row["source_path"]), row["sha256"]))
                count += 1

    write_whole(path, fill)
    return count


def _line(name: bytes, digest: str) -> bytes:
    """As coreutils write it: a backslash in front where the name needs escapes."""
    escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return (b"\\" if escaped != name else b"") + digest.encode() + b"  " + escaped + b"\n"
