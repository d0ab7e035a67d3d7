"""When could anybody have had this version of a program? (data/software_releases.txt, mail_program_releases.txt)"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files


@lru_cache(maxsize=1024)
def available_from(application: str, version: str) -> datetime | None:
    """A day before which nobody outside its maker had it; None for programs and versions that are not listed."""
    return next(
        (
            day
            for program, start, day in _releases("software_releases.txt")
            if application.startswith(program) and version.startswith(start)
        ),
        None,
    )


@lru_cache(maxsize=1024)
def mail_program_from(named: str) -> tuple[str, datetime] | None:
    """What X-Mailer or User-Agent names, and a day before which nobody outside its maker had it; None if not listed."""
    fitting = [(found[0], day) for form, day in _mail_programs() if (found := form.search(named)) is not None]
    return max(fitting, key=lambda one: one[1], default=None)


@cache
def _releases(name: str) -> tuple[tuple[str, str, datetime], ...]:
    """Program, beginning of its version and day, as a list of transforms/data has them."""
    lines = files("transforms.data").joinpath(name).read_text("utf-8").splitlines()
    rows = (line.split("|") for line in lines if line and not line.startswith("#"))
    return tuple((program, start, datetime.fromisoformat(day).replace(tzinfo=UTC)) for program, start, day in rows)


@cache
def _mail_programs() -> tuple[tuple[re.Pattern[str], datetime], ...]:
    return tuple(
        # The letters of a build follow its number: 1 is not the beginning of 14.
        (re.compile(rf"\b{re.escape(program)}{re.escape(start)}" + ("" if "." in start else "(?![0-9])")), day)
        for program, start, day in _releases("mail_program_releases.txt")
    )
