"""Survey: a question to all evidence, answered where the engine's workers are (Beam)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apache_beam as beam

Told = Iterator[tuple[str, Any]]  # by key
Group = tuple[str, list[Any]]  # its name, and the units that it is made of


class Survey(beam.PTransform):  # type: ignore[misc]
    """Groups of units -> what each tells by key, gathered and settled as often as there are steps, and stored.

    What travels from step to step is what read() and the steps answer.
    """

    def __init__(
        self,
        groups: Callable[[], Iterator[Group]],
        read: Callable[[str, list[Any]], Told],
        steps: Iterable[Callable[[str, Iterable[Any]], Told]],
        store: Callable[[str, Any], None],
    ) -> None:
        super().__init__()
        self.groups = groups
        self.read = read
        self.steps = tuple(steps)
        self.store = store

    def expand(self, root: beam.PBegin) -> beam.PCollection:
        groups, read, store = self.groups, self.read, self.store
        told = (
            root
            | "Survey" >> beam.Impulse()
            | "Groups" >> beam.FlatMap(lambda _: groups()).with_output_types(Any)
            | "Spread" >> beam.GroupByKey()
            | "Read" >> beam.FlatMap(lambda group: read(group[0], next(iter(group[1])))).with_output_types(Any)
        )
        for number, step in enumerate(self.steps):
            told = told | f"Gather{number}" >> beam.GroupByKey() | f"Settle{number}" >> _settle(step)
        return told | "Store" >> beam.Map(lambda one: store(*one)).with_output_types(Any)


def _settle(step: Callable[[str, Iterable[Any]], Told]) -> Any:
    return beam.FlatMap(lambda group: step(*group)).with_output_types(Any)
