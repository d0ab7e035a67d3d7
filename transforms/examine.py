"""Examine: work units to evidence (Beam). Mail octets stay inside this one step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import apache_beam as beam

from transforms.model import Planned
from transforms.taken_out import Batch

ExamineUnits = (
    Callable[[Iterable[Planned]], Iterator[tuple[str, int]]] | Callable[[Iterable[Batch]], Iterator[tuple[str, int]]]
)


_UNITS = 8  # in one call


class Examine(beam.PTransform):  # type: ignore[misc]
    """Examine every unit, or its orders, and store what it says; answers (unit_id, number of items or messages).

    together=True gives all units to one call, which spreads them over worker processes of its
    own (one machine); else the runner schedules a few of them at a time (a cluster).
    """

    def __init__(self, examine_units: ExamineUnits, together: bool) -> None:
        super().__init__()
        self.examine_units = examine_units
        self.together = together

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        together, examine_units = self.together, self.examine_units
        return (
            units
            | "Key" >> beam.Map(lambda unit: ("" if together else _call(unit), unit))
            | "Gather" >> beam.GroupByKey()
            | "ExamineUnits" >> beam.FlatMap(lambda group: examine_units(group[1]))
        )


def _call(unit: Planned | Batch) -> str:
    """Units next to each other go into one call: a process to read them in costs as much as 8 MB of mail."""
    return str(unit.sequence // _UNITS) if isinstance(unit, Planned) else unit.unit_id
