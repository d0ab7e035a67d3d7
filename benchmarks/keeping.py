"""What a benchmark found, kept in results/ with its date and the command that made it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"


def keep(name: str, report: Mapping[str, object], page: str | None = None) -> None:
    """Write results/DATE-NAME.json, of the report's date, and a page for readers beside it, which is shown."""
    RESULTS.mkdir(exist_ok=True)
    stem = f"{report['date']}-{name}"
    (RESULTS / f"{stem}.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    if page is not None:
        (RESULTS / f"{stem}.md").write_text(page, "utf-8")
        print(page)


def how_started() -> str:
    """How this program was started; folders by their own names alone, wherever this machine has them."""
    program, *arguments = sys.argv
    return " ".join([f"python benchmarks/{Path(program).name}", *(one.rpartition("/")[2] or one for one in arguments)])
