"""Is somebody still at work? What a launcher asks where an engine never notices that a worker was killed.

Whoever begins a piece of work leaves a mark in OUT/work/pulse, changes it every ten seconds, and takes it away at its
end. A mark that stays as it is, while no other one changes either, is a dead worker's, and nobody does its work again:
an engine that tries work twice would have changed the mark or taken it away. Slow work changes its mark like any other.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pipeline.heartbeat import beating
from pipeline.job import Job
from pipeline.store_path import StorePath
from transforms.store import StoreLost

T = TypeVar("T")

BEAT = 10.0  # seconds


@contextlib.contextmanager
def during(job: Job, work: str) -> Iterator[None]:
    """Mark a piece of work, under a name that another attempt at it has as well. On one machine nobody asks."""
    if job.together:
        yield
        return
    mark = _folder(job) / work
    mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(OSError, StoreLost):  # a file system that refuses is no reason not to work
        _change(mark, 0)
    with beating(mark, BEAT, functools.partial(_change, mark)):
        yield


def doing(fn: Callable[..., T], job: Job, unit_id: str, *more: Any) -> T:
    """What fn makes of a unit, marked for as long as it takes."""
    with during(job, f"{fn.__name__} {unit_id}"):
        return fn(job, unit_id, *more)


def signs(job: Job) -> Mapping[str, bytes]:
    """All marks as they are now. What is taken away meanwhile is left out."""
    folder = _folder(job)
    found = {}
    for path in folder.files() if isinstance(folder, StorePath) else folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            found[path.name] = path.read_bytes()
    return found


def _folder(job: Job) -> Path:
    return job.work / "pulse"


def _change(mark: Path, count: int) -> None:
    mark.write_text(f"{os.getpid()} {count}", "ascii")
