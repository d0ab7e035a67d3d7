"""A file that changes every few seconds for as long as somebody lives, and goes with him."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from transforms.store import StoreLost


@contextlib.contextmanager
def beating(mark: Path, seconds: float, change: Callable[[int], None]) -> Iterator[None]:
    """Call change(1), change(2) ... while a block runs; the mark, which was there before, is taken away behind it.

    A place that refuses stops nobody: the next change may come through.
    """
    ended = threading.Event()
    thread = threading.Thread(target=_beat, args=(seconds, change, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with contextlib.suppress(OSError, StoreLost):
            mark.unlink(missing_ok=True)


def _beat(seconds: float, change: Callable[[int], None], ended: threading.Event) -> None:
    count = 0
    while not ended.wait(seconds):
        count += 1
        with contextlib.suppress(OSError, StoreLost):
            change(count)
