"""A watch that does something to the dump while a unit is read."""

from __future__ import annotations

from collections.abc import Callable


class Meddler:
    """A watch that does something when an item is opened."""

    def __init__(self, ordinal: int, meddle: Callable[[], object]) -> None:
        self.ordinal, self.meddle = ordinal, meddle

    def opening(self, ordinal: int) -> str | None:
        if ordinal == self.ordinal:
            self.meddle()
        return None

    def within(self, ordinal: int) -> None:
        pass

    def alive(self) -> None:
        pass
