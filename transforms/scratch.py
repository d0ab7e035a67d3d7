"""Files without a name for decoded octets that must be seekable. What goes wrong with them is no fault of the dump."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable
from typing import IO, Any, cast

Spool = Callable[[], IO[bytes]]  # a new file without a name


class Unwritten(Exception):
    """OUT, or a file that is needed on the way, cannot be written: the run ends, and no item is to blame.

    It is no OSError, which a file of the dump may raise.
    """


def unwritten(error: OSError) -> Unwritten:
    return Unwritten(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))


def scratch(folder: os.PathLike[str] | None = None) -> IO[bytes]:
    """A new file in a folder, by default that of the system for temporary files. Unwritten if it cannot be made."""
    try:
        with tempfile.TemporaryFile(dir=folder) as made:
            fd = os.dup(made.fileno())
    except OSError as error:
        raise unwritten(error) from error
    return cast(IO[bytes], io.BufferedRandom(_Raw(fd, "r+b")))


class _Raw(io.FileIO):
    def write(self, octets: Any) -> int:
        try:
            return super().write(octets)
        except OSError as error:
            raise unwritten(error) from error
