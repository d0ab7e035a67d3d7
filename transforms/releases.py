"""When could anybody have had this version of a program? (data/software_releases.txt)"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files


@lru_cache(maxsize=1024)
def available_from(application: str, version: str) -> datetime | None:
    """A day before which nobody outside its maker had it; None for programs and versions that are not listed."""
    return next(
        (day for program, start, day in _releases() if application.startswith(program) and version.startswith(start)),
        None,
    )


@cache
def _releases() -> tuple[tuple[str, str, datetime], ...]:
    lines = files("transforms.data").joinpath("software_releases.txt").read_text("utf-8").splitlines()
    rows = (line.split("|") for line in lines if line and not line.startswith("#"))
    return tuple((program, start, datetime.fromisoformat(day).replace(tzinfo=UTC)) for program, start, day in rows)
