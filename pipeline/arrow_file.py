"""A file as Arrow reads and writes it: one of this machine, or an object of a store."""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.store_path import StorePath


def source(path: Path) -> pa.NativeFile:
    """A file that is read from its beginning to its end, or a part of that."""
    return pa.BufferReader(path.read_bytes()) if isinstance(path, StorePath) else pa.OSFile(str(path))


def mapped(path: Path) -> pa.NativeFile:
    """A file of which parts are read."""
    return pa.BufferReader(path.read_bytes()) if isinstance(path, StorePath) else pa.memory_map(str(path))


def parquet(path: Path) -> Any:
    """What pyarrow.parquet opens: of an object it fetches the columns that are asked for."""
    return pa.PythonFile(path.open("rb"), mode="r") if isinstance(path, StorePath) else path


@contextlib.contextmanager
def local(path: Path) -> Iterator[Path]:
    """The file under a name of this machine: a copy that is gone afterwards, if it lies in a store."""
    if not isinstance(path, StorePath):
        yield path
        return
    with tempfile.NamedTemporaryFile(suffix=path.suffix) as copy, path.open("rb") as file:
        shutil.copyfileobj(file, copy, 1 << 20)
        copy.flush()
        yield Path(copy.name)


@contextlib.contextmanager
def sink(path: Path) -> Iterator[pa.NativeFile]:
    """A new file, which need not survive a crash."""
    if not isinstance(path, StorePath):
        with pa.OSFile(str(path), "wb") as file:
            yield file
        return
    held = pa.BufferOutputStream()
    yield held
    path.put(io.BytesIO(held.getvalue()))
