"""What every process of a run knows: where the dump and OUT are, and what was asked. Picklable."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

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

    @property
    def root(self) -> bytes:
        return os.fsencode(self.dump)

    @property
    def work(self) -> Path:
        return self.out / "work"

    def spool(self) -> IO[bytes]:
        """A new file without a name, for decoded octets that must be seekable."""
        return tempfile.TemporaryFile(dir=self.work)
