"""Work that goes wrong on purpose, importable by worker processes."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
from types import SimpleNamespace

from transforms.watch import Watch

ITEMS = 5


def work(task: str, watch: Watch) -> list[str]:
    """Read ITEMS items; task is `KIND@ORDINAL` for what happens at an item, or anything else."""
    kind, _, at = task.partition("@")
    read = []
    for ordinal in range(ITEMS):
        mark = watch.opening(ordinal)
        if mark is not None:
            read.append(mark)
            continue
        if at and int(at) == ordinal:
            _go_wrong(kind)
        read.append("ok")
    return read


def killed_once(task: str, watch: Watch) -> str | None:
    """As if somebody else ended the worker: at the first attempt only. task is a file that is not there yet."""
    mark = watch.opening(0)
    try:
        open(task, "x").close()
    except FileExistsError:
        return mark
    os.kill(os.getpid(), signal.SIGKILL)
    return None


def _go_wrong(kind: str) -> None:
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "exit":
        os._exit(3)
    elif kind == "segv":
        ctypes.string_at(0)
    elif kind == "hang":
        time.sleep(600)
    elif kind == "memory":
        bytearray(3 << 30)
    elif kind == "large":  # as on a system without RLIMIT_AS
        sys.platform = "darwin"
        resource.getrusage = lambda _: SimpleNamespace(ru_maxrss=1 << 40)  # type: ignore[assignment]
        time.sleep(60)
    elif kind == "recursion":
        _recurse()
    elif kind == "raise":
        raise ValueError("poison")


def _recurse() -> int:
    return _recurse() + 1


def too_many_together(task: str, watch: Watch) -> list[str]:
    """No item takes much, all of them take more than there is; the first holds the others, if the task is large."""
    if task == "large":
        watch.within(0)
    mark = watch.opening(0)
    if mark is not None:
        return [mark]
    read = ["ok"]
    for ordinal in range(1, 20):
        mark = watch.opening(ordinal)
        read.append(mark or "ok")
        if mark is None and ordinal > 9:
            raise MemoryError
    return read


def fails_behind_the_last(task: str, watch: Watch) -> list[str]:
    if task == "large":
        watch.within(0)
    mark = watch.opening(0)
    if mark is not None:
        return [mark]
    watch.opening(1)
    raise MemoryError


def slow_but_alive(task: str, watch: Watch) -> str:
    watch.opening(0)
    for _ in range(6):
        time.sleep(0.3)
        watch.alive()
    return task


def dies_at_once(task: str, watch: Watch) -> str:
    os._exit(1)


def sleeps(task: str, watch: Watch) -> str:
    watch.opening(0)
    time.sleep(60)
    return task


def process_id(task: str, watch: Watch) -> int:
    return os.getpid()


def dies_with_a_pair(task: object, watch: Watch) -> tuple[str, str]:
    mark = watch.opening(0)
    if mark is None:
        os.kill(os.getpid(), signal.SIGKILL)
    return str(mark), ""


def knows(task: str, watch: Watch) -> tuple[bool, bool]:
    """Whether a module was imported already, and whether a file of the parent is open here."""
    names = (os.readlink(f"/dev/fd/{fd}") for fd in os.listdir("/dev/fd") if os.path.islink(f"/dev/fd/{fd}"))
    return task in sys.modules, any(name.endswith("parent.py") for name in names)
