"""Makes one call of the operating system fail, in whichever process of a run makes it.

On PYTHONPATH it is imported by every Python process at its start. TRIAGE_FAULT=NUMBER:ERRNO:COUNTER names
the call that fails, counted over all processes in the file COUNTER, and how. Only calls that this project's
own code makes count; NUMBER 0 counts and lets all of them pass.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

CALLS = ("open", "pread", "write", "replace", "fsync", "mkdir", "scandir", "fstat", "unlink")

_number, _errno, _counter = os.environ["TRIAGE_FAULT"].split(":", 2)
_open, _write, _close = os.open, os.write, os.close
_lseek = os.lseek


def _is_ours() -> bool:
    """Whether code of the project made the call, itself or through pathlib and its like."""
    frame = sys._getframe(2)
    for _ in range(4):
        if frame.f_globals.get("__name__", "").partition(".")[0] in ("pipeline", "transforms"):
            return True
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False


def _count() -> int:
    fd = _open(_counter, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        _write(fd, b".")
        return _lseek(fd, 0, os.SEEK_CUR)  # appending is one step: no two processes get one number
    finally:
        _close(fd)


def _faulty(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def fail_or_call(*args: Any, **more: Any) -> Any:
        if _is_ours() and _count() == int(_number):
            with open(f"{_counter}.failed", "w", encoding="utf-8") as note:
                note.write(f"{name} {args[0] if args else ''}")
            raise OSError(int(_errno), os.strerror(int(_errno)))
        return call(*args, **more)

    return fail_or_call


for _name in CALLS:
    setattr(os, _name, _faulty(_name, getattr(os, _name)))
