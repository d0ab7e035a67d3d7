"""Walk: the dump to planned work units (Beam)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import apache_beam as beam

from transforms.model import Planned


class Walk(beam.PTransform):  # type: ignore[misc]
    """Plan the dump. plan() yields where each unit lies; it runs where this step does."""

    def __init__(self, plan: Callable[[], Iterator[Planned]]) -> None:
        super().__init__()
        self.plan = plan

    def expand(self, root: beam.PBegin) -> beam.PCollection:
        plan = self.plan
        return root | beam.Impulse() | beam.FlatMap(lambda _: plan()).with_output_types(Planned)
