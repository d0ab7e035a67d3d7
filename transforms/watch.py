"""What the reading of a unit tells the process that watches it."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """Seen by whatever reads hostile octets for a long time."""

    def opening(self, ordinal: int) -> str | None:
        """Announce the item that is read next.

        Answers an error code if reading this item has already killed a worker: it must not be parsed.
        """

    def within(self, ordinal: int) -> None:
        """Announce an item that lies in no other: it is given up where none of those inside is to blame."""

    def alive(self) -> None:
        """Say that work goes on, within a long item."""


class _Unwatched:
    def opening(self, ordinal: int) -> str | None:
        return None

    def within(self, ordinal: int) -> None:
        return None

    def alive(self) -> None:
        return None


UNWATCHED: Watch = _Unwatched()
