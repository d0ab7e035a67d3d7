"""datashare: a CSV that `tarentula tagging` reads: each item's verdict as a tag.

Datashare names a document by a digest of its octets, and by default of more than those. The ids here are SHA-256 of the
octets alone: they fit an index that was made with that digest and without the project in it. What lies inside
another file is named there in a way that the tables cannot repeat: such items carry the id of the file of the dump that
holds them, and their verdict with `inside:` before it.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pipeline.export.rows import rows
from pipeline.whole_file import write_whole

COLUMNS = ["tag", "documentId", "routing"]


def write(out: Path, path: Path) -> int:
    """One line per item, those that could not be read with an empty id."""
    digests = {row["source_path"]: row["sha256"] for row in rows(out, "sources", ["source_path", "sha256"])}
    count = 0

    def fill(file: io.BufferedWriter) -> None:
        nonlocal count
        text = io.TextIOWrapper(file, "utf-8", newline="")
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(COLUMNS)
        for row in rows(out, "items", ["source_path", "depth", "verdict"]):
            digest = digests.get(row["source_path"]) or ""
            lines.writerow([row["verdict"] if not row["depth"] else f"inside:{row['verdict']}", digest, digest])
            count += 1
        text.flush()
        text.detach()

    write_whole(path, fill)  # type: ignore[arg-type]
    return count
