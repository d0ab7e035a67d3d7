"""Which verdicts did Judge give so far? Counted in what it has written, for the progress."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pyarrow as pa

from pipeline import progress
from pipeline.store_path import StorePath
from transforms.model import VERDICTS


class VerdictsSoFar:
    """Counts the judged rows in OUT/work; a unit that is judged once more counts as it stands then."""

    def __init__(self, out: Path, units: int) -> None:
        self._folder = out / "work" / "judged"
        self._units = units
        self._seen: dict[Path, tuple[int, list[int]]] = {}  # time of modification; rows of each verdict

    def __call__(self) -> progress.Judged:
        if isinstance(self._folder, StorePath):  # to look into them costs as much as to judge
            return progress.Judged(self._units, sum(1 for _ in self._folder.glob("*/*.items.arrow")), {})
        for path in self._folder.glob("*/*.items.arrow"):
            with contextlib.suppress(OSError, pa.ArrowException):  # on its way, or just replaced
                written = path.stat().st_mtime_ns
                if self._seen.get(path, (0, []))[0] != written:
                    self._seen[path] = written, _rows(path)
        counts = map(sum, zip(*(rows for _, rows in self._seen.values()), strict=True))
        by_verdict = dict(zip((verdict.value for verdict in VERDICTS), counts, strict=False))
        return progress.Judged(self._units, len(self._seen), by_verdict)


def _rows(path: Path) -> list[int]:
    with pa.OSFile(str(path)) as file:
        batches = pa.ipc.open_file(file)
        return [batches.get_batch(at).num_rows for at in range(len(VERDICTS))]
