"""What every process of a run knows: where the dump and OUT are, and what was asked. Picklable."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO

from pipeline.store_path import StorePath
from transforms import store
from transforms.scratch import scratch
from transforms.unpack.rows import Settings


@dataclass(frozen=True, slots=True)
class Job:
    dump: Path
    out: Path
    settings: Settings
    processes: int  # worker processes inside one Beam worker; 0: none
    together: bool = True  # one Examine call gets all units: one machine, not a cluster
    resume: bool = False
    protected: frozenset[str] = frozenset()
    sealers: frozenset[str] = frozenset()  # whose ARC seals are trusted
    beam: tuple[str, ...] = ()  # options of Beam, with which stores are asked

    def __post_init__(self) -> None:
        store.settle(self.beam, answered=True)  # whoever made it has looked for DUMP and OUT

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """A process that gets a job can open what it names."""
        return Job, tuple(getattr(self, one.name) for one in fields(self))

    @property
    def root(self) -> bytes:
        return bytes(self.dump)

    @property
    def work(self) -> Path:
        return self.out / "work"

    def spool(self) -> IO[bytes]:
        """A new file without a name, for decoded octets that must be seekable."""
        return scratch(None if isinstance(self.out, StorePath) else self.work)
