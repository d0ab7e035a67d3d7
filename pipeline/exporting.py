"""triage export: the tables in a format of other programs."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

from pipeline.options import EXIT_OK, EXPORTS
from pipeline.places import lies_in
from pipeline.refused import Refused
from pipeline.store_path import path_of
from transforms.text import clean_text


def run(parsed: argparse.Namespace, record: dict[str, Any]) -> int:
    """Write one file, whole or not at all. Refused if it is there, or would lie in the dump or in OUT."""
    path: Path = parsed.output
    if path.exists() or path.is_symlink():
        raise Refused(f"{path}: is there already, and is not overwritten. Name another file with -o.")
    if not path.parent.is_dir():
        raise Refused(f"{path}: its folder does not exist. Make it first, or name another file with -o.")
    for place, name in ((path_of(record["arguments"]["dump"]), "the dump"), (parsed.out, "OUT")):
        if lies_in(path, place):
            raise Refused(f"{path}: lies inside {name}, to which nothing is added. Name another file with -o.")
    count = import_module(f"pipeline.export.{EXPORTS[parsed.to]}").write(parsed.out, path)
    print(f"{clean_text(str(path))}: {count} {'files' if parsed.to == 'sha256sum' else 'items'}.")
    return EXIT_OK
