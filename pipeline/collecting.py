"""How often does Python look for garbage cycles? Seldom: modules, rows and Beam's graph are many and make few."""

from __future__ import annotations

import gc


def seldom() -> None:
    """In this process; a start takes a fifth less of it."""
    gc.set_threshold(20_000, 10, 10)
