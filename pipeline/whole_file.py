"""A file that is there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from pipeline.store_path import StorePath


def write_whole(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Call fill(file) on a temporary file beside path, then put it there in one step (mode 0600)."""
    with whole(path) as file:
        fill(file)


@contextlib.contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A temporary file beside path that is put there in one step when the block ends, or not at all (mode 0600).

    An object of a store is put from a file without a name on this machine.
    """
    if isinstance(path, StorePath):
        with tempfile.TemporaryFile() as file:
            yield file
            path.put(file)
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as file:
            yield file
            file.flush()
            os.fsync(fd)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
