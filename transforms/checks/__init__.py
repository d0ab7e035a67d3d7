"""One item to findings; one question per file. A folder scan finds them.

A check module declares RULES and `check(item: ItemView) -> Iterator[Finding]`; it never parses.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every check, by name."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}") for name in names)
