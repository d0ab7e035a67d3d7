"""Progress in octets, with rate, time left and items so far; on stderr, without any name or subject.

Workers append a line for each finished unit to a file of their own in OUT/work/progress; whoever
started the run adds them up. That works with every runner that shares OUT.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self, TextIO

_TICK = 0.5  # seconds between two looks on a terminal
_LINE = 30.0  # seconds between two lines in a log


def note_unit(out: Path, octets: int, items: int) -> None:
    """Called where a unit ends: one line, appended in one write."""
    folder = out / "work" / "progress"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(folder / f"{os.getpid()}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(fd, b"%d %d\n" % (octets, items))
    finally:
        os.close(fd)


class Live:
    """Shows a line while its block runs. line(seconds) makes it: on a terminal in place, else now and then."""

    def __init__(self, line: Callable[[float], str], stream: TextIO, quiet: bool = False) -> None:
        self._line_of = line
        self._stream = stream
        self._quiet = quiet
        self._live = stream.isatty()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)
        self._start = time.monotonic()

    def __enter__(self) -> Self:
        if not self._quiet:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if not self._quiet:
            self._thread.join()
            if self._live:
                self._stream.write("\r\x1b[K")
                self._stream.flush()

    def say(self, sentence: str) -> None:
        """Print a sentence that stays."""
        if not self._quiet:
            self._write(f"\r{sentence}\x1b[K\n" if self._live else f"{sentence}\n")

    def _show(self) -> None:
        while not self._stop.wait(_TICK if self._live else _LINE):
            line = self._line_of(time.monotonic() - self._start)
            if self._live:
                width = shutil.get_terminal_size().columns
                self._write(f"\r{line[: width - 1]}\x1b[K")
            else:
                self._write(f"{line}\n")

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # the terminal has gone: the run has not
            self._stream.write(text)
            self._stream.flush()


class Reporter(Live):
    """Progress of Examine. planned() answers the octets to do, None while walking."""

    def __init__(self, out: Path, stream: TextIO, planned: Callable[[], int | None], quiet: bool = False) -> None:
        folder = out / "work" / "progress"
        super().__init__(lambda seconds: status(*done(folder), planned(), seconds), stream, quiet)


def done(folder: Path) -> tuple[int, int]:
    """Octets and items of the units finished so far."""
    octets = items = 0
    for path in sorted(folder.glob("*.log")):
        for line in path.read_bytes().split(b"\n")[:-1]:  # the last one may still be on its way
            unit_octets, unit_items = line.split()
            octets += int(unit_octets)
            items += int(unit_items)
    return octets, items


def status(octets: int, items: int, planned: int | None, seconds: float) -> str:
    """One line: how far, how fast, how long still."""
    if planned is None:
        return "walking the dump ..."
    share = octets / planned if planned else 1.0
    rate = octets / seconds if seconds > 0 else 0.0
    left = f"{clock((planned - octets) / rate)} left" if rate > 0 and octets < planned else ""
    size = f"{octets / 1e6:,.0f} of {planned / 1e6:,.0f} MB"
    return f"{share:4.0%}  {size}  {rate / 1e6:,.0f} MB/s  {items:,} items  {left}".rstrip()


def clock(seconds: float) -> str:
    """Minutes and seconds, with hours if there are any."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
