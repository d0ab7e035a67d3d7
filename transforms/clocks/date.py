"""What do the Date and Received fields say? (RFC 5322 §3.6.1, §3.6.7) Resolution 1 s."""

from __future__ import annotations

from collections.abc import Iterator

from transforms.clocks import SECOND, Marks, wall_clock
from transforms.model import Clock


def read(marks: Marks) -> Iterator[Clock]:
    for value in marks.values("date")[-1:]:
        micros = wall_clock(value)
        if micros is not None:
            yield Clock("date", "as written", micros, SECOND)
    for hop in marks.hops:
        micros = wall_clock(hop.text.rpartition(";")[2])
        if micros is not None:
            yield Clock("received", "as written", micros, SECOND, hop=hop.number)
