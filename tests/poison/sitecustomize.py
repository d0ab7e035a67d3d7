"""Mail that hurts whoever reads it: `X-Mock: KIND` on top of a message does to its reader what KIND says.

On PYTHONPATH it is imported by every Python process at its start. TRIAGE_STALL is the seconds without progress after
which a worker is killed; in a run with this and without mocks it is the same, so that evidence stays comparable.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
from types import SimpleNamespace
from typing import Any

TOP = b"X-Mock: "


def go_wrong(kind: str) -> None:
    if kind == "segv":
        ctypes.string_at(0)
    elif kind == "abort":
        os.abort()
    elif kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "exit":
        os._exit(3)
    elif kind == "hang":
        time.sleep(600)
    elif kind == "spin":
        while True:
            pass
    elif kind == "memory":
        hoard = []
        while True:
            hoard.append(bytearray(16 << 20))
    elif kind == "large":  # as on a system without RLIMIT_AS
        sys.platform = "darwin"
        resource.getrusage = lambda _: SimpleNamespace(ru_maxrss=1 << 40)  # type: ignore[assignment]
        time.sleep(600)
    elif kind == "recursion":
        go_deeper()
    elif kind == "raise":
        raise ValueError("poison")


def go_deeper() -> int:
    return go_deeper() + 1


def poisoned() -> None:
    """Have the reader of messages look for mocks first."""
    from transforms import limits
    from transforms.unpack import message

    object.__setattr__(limits.LIMITS, "stall_seconds", int(os.environ["TRIAGE_STALL"]))
    read = message.read

    def mocked(rows: Any, row: int, place: Any, landed: Any) -> None:
        head = landed.span.read(0, 64)
        if head.startswith(TOP) and os.environ["TRIAGE_MOCK"]:
            go_wrong(head[len(TOP) :].split()[0].decode())
        read(rows, row, place, landed)

    message.read = mocked


poisoned()
