"""Which names in OUT are a run's own: nothing else there is ever deleted."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from pipeline import evidence, out_tables, store_lock, tables
from pipeline.options import EXIT_INCOMPLETE
from pipeline.refused import Refused
from pipeline.store_path import StorePath

LOCK = ".lock"
_FOLDERS = ("evidence", "work", "keys")
_TABLES = "|".join(tables.TABLES)
_RANDOM = r"\.[0-9a-f]{16}"  # write_whole adds it to a file on its way
_FILES = re.compile(
    rf"\.lock|run\.json|\.run\.json{_RANDOM}|(?:{_TABLES})(?:-[0-9]{{5,}}-of-[0-9]{{5,}})?\.parquet"
    rf"|\.(?:{_TABLES})-[0-9]{{5,}}\.parquet\.part|\.\.(?:{_TABLES})-[0-9]{{5,}}\.parquet\.part{_RANDOM}"
)


def stranger(out: Path) -> str | None:
    """The first name in OUT that no run wrote; any name at all where no run has ever been.

    Hidden files beside a run's own, as file managers leave them, are no hindrance.
    """
    names = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    if not _held_a_run(out):
        return next(iter(names), None)
    return next((name for name in names if not _is_ours(name) and not name.startswith(".")), None)


def holds_results(out: Path) -> bool:
    """Whether there is more of a run than its lock."""
    return any(_is_ours(path.name) and path.name != LOCK for path in out.iterdir())


def clear(out: Path) -> None:
    """Delete what a run wrote, the lock excepted. OSError if the folder does not let go of it."""
    for path in out.iterdir():
        if not _is_ours(path.name) or path.name == LOCK:
            continue
        if isinstance(path, StorePath) and path.name in _FOLDERS:
            path.remove()
        elif not isinstance(path, StorePath) and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def clear_work(work: Path) -> None:
    """Delete what a run needs no longer, as far as the folder lets go of it."""
    if isinstance(work, StorePath):
        work.remove()
    else:
        shutil.rmtree(work, ignore_errors=True)


def _is_ours(name: str) -> bool:
    return name in _FOLDERS or _FILES.fullmatch(name) is not None


def _held_a_run(out: Path) -> bool:
    """A run's first act is to make its lock; a copy of OUT may have lost that."""
    return (
        (out / LOCK).is_file() or (out / "evidence" / evidence.PLAN).is_file() or out_tables.read_run(out) is not None
    )


@contextlib.contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold OUT for this process; the kernel lets go when the process ends, however it ends."""
    if isinstance(out, StorePath):
        with store_lock.held(out / LOCK):
            yield
        return
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(out / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Refused(f"{out}: cannot be written ({error.strerror}). Choose another OUT.", EXIT_INCOMPLETE) from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise Refused(f"{out}: another run is writing there. Wait for it, or choose another OUT.") from None
    try:
        yield
    finally:
        os.close(fd)
