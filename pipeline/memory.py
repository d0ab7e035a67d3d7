"""How a process of ours uses memory: what is freed is kept for what comes next, and cycles are looked for seldom.

Messages, rows, modules and Beam's graph are many and make few garbage cycles.
"""

from __future__ import annotations

import ctypes
import gc
import os

ARROW = ("ARROW_DEFAULT_MEMORY_POOL", "system")  # variable of the environment, read when pyarrow is imported

# mallopt(3). The C library would give the buffer of every mail back to the kernel, and have it zeroed for the next.
_M_ARENA_MAX, _M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD = -8, -3, -1
_MALLOC = {_M_ARENA_MAX: 2, _M_MMAP_THRESHOLD: 32 << 20, _M_TRIM_THRESHOLD: 64 << 20}

MAIN, WORKER = 500_000, 20_000  # new objects until cycles are looked for: a cycle of a worker may hold a mail


def settle(objects: int) -> None:
    """In this process, and of Arrow in those that it starts.

    Arrow's own pools reserve address space that RLIMIT_AS counts, and keep what they free from everybody else: 100,000
    messages would take 590 MB, not 458.
    """
    gc.set_threshold(objects, 10, 10)
    os.environ.setdefault(*ARROW)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # of glibc alone
    if mallopt is not None:
        for option, value in _MALLOC.items():
            mallopt(option, value)
