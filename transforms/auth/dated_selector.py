"""When was the key of this selector made, by its own name? (VERDICT §1.5)"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files


@lru_cache(maxsize=1024)
def made_on(domain: str, selector: str) -> datetime | None:
    """The day in the name of a provider's selector, None for any other selector.

    Only providers of data/dated_selectors.txt: elsewhere eight digits may mean anything.
    """
    day = selector.removeprefix("arc-")  # as Google names the keys of its ARC seals
    if len(day) != 8 or not day.isdigit():
        return None
    if not any(domain == provider or domain.endswith(f".{provider}") for provider in _providers()):
        return None
    try:
        return datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None


@cache
def _providers() -> tuple[str, ...]:
    lines = files("transforms.data").joinpath("dated_selectors.txt").read_text("utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))
