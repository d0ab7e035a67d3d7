"""Work that is marked for as long as it takes, so that a launching machine can tell that somebody does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")

Mark = Callable[[str], AbstractContextManager[None]]  # by a name that another attempt at the work has as well


def within(mark: Mark, name: str, fn: Callable[[T], Iterable[U]], one: T) -> Iterator[U]:
    """What fn makes of one thing."""
    with mark(name):
        yield from fn(one)
