"""Progress: octets and rate, time left, items, the slowest unit, verdicts; on stderr, without any name or subject.

Workers append a line for each finished unit to a file of their own in OUT/work/progress; whoever started the run adds
them up. That works with every runner that shares OUT. What an earlier run into OUT examined counts as done; the rate
and the time left are this run's. Nothing is judged before all is examined: verdicts are counted from then on.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self, TextIO

from pipeline.store_path import StorePath

_TICK = 0.5  # seconds between two looks on a terminal
LINE = 30.0  # seconds between two lines in a log


class Unit(NamedTuple):
    """What the plan says of a work unit."""

    octets: int  # of the dump, each of them in one unit
    effort: int  # how long it takes, counted in octets of large mail
    wanted: bool  # examined by this run: there was no evidence of it


class Done(NamedTuple):
    """What became of one."""

    octets: int
    items: int
    seconds: float


class Examined(NamedTuple):
    """How far Examine is."""

    octets: int  # of the dump, with those that an earlier run examined
    planned_octets: int
    octets_per_second: float
    items: int  # found by this run
    seconds_left: float | None  # None: nothing is finished yet to go by
    units: int
    slowest: tuple[int, Done] | None  # place in walk order, from 1, of the unit that took longest


class Judged(NamedTuple):
    """How far Judge is."""

    units: int
    units_done: int
    by_verdict: Mapping[str, int]  # items so far


def note_unit(out: Path, sequence: int, done: Done) -> None:
    """Called where a unit ends: one line, appended in one write; in a store, an object whose name says it.

    Of a unit that goes on it tells the items so far, and no octets.
    """
    folder = out / "work" / "progress"
    if isinstance(folder, StorePath):
        (folder / f"{sequence} {done.octets} {done.items} {done.seconds:.3f}").put(io.BytesIO(b"\n"))
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(folder / f"{os.getpid()}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(fd, b"%d %d %d %.3f\n" % (sequence, *done))
    finally:
        os.close(fd)


def finished(folder: Path) -> dict[int, Done]:
    """The units finished so far, by their place in walk order, from 0; those that go on, without octets."""
    found: dict[int, Done] = {}
    for line in _noted(folder):
        sequence, octets, items, seconds = line.split()
        one = Done(int(octets), int(items), float(seconds))
        found[int(sequence)] = max(one, found.get(int(sequence), one))
    return found


def _noted(folder: Path) -> Iterator[str]:
    if isinstance(folder, StorePath):
        yield from (path.name for path in folder.files())
        return
    for path in sorted(folder.glob("*.log")):
        yield from path.read_text("ascii").split("\n")[:-1]  # the last one may still be on its way


def examined(plan: Sequence[Unit], done: Mapping[int, Done], seconds: float) -> Examined:
    """Where a run is, so many seconds after planning ended."""
    octets = sum(one.octets for one in done.values())
    ended = (sequence for sequence, one in done.items() if one.octets or not plan[sequence].octets)
    effort = sum(plan[sequence].effort for sequence in ended)
    left = sum(unit.effort for unit in plan if unit.wanted) - effort
    slowest = max(done, key=lambda sequence: done[sequence].seconds, default=None)
    return Examined(
        sum(unit.octets for unit in plan if not unit.wanted) + octets,
        sum(unit.octets for unit in plan),
        octets / seconds if seconds > 0 else 0.0,
        sum(one.items for one in done.values()),
        left / effort * seconds if effort else None,
        len(plan),
        None if slowest is None else (slowest + 1, done[slowest]),
    )


class Live:
    """Shows lines while its block runs. said(seconds) makes them: on a terminal in place, else as one now and then."""

    def __init__(
        self, said: Callable[[float], str], stream: TextIO, quiet: bool = False, as_lines: bool = False
    ) -> None:
        self._said = said
        self._stream = stream
        self._quiet = quiet
        self._live = stream.isatty() and not as_lines
        self._above = 0  # lines of the block above the cursor
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
                self._write(f"{self._top()}\x1b[J")

    def say(self, sentence: str) -> None:
        """Print a sentence that stays."""
        if not self._quiet:
            self._write(f"{self._top()}{sentence}\x1b[J\n" if self._live else f"{sentence}\n")

    def _show(self) -> None:
        while not self._stop.wait(_TICK if self._live else LINE):
            lines = self._said(time.monotonic() - self._start).split("\n")
            if self._live:
                width = shutil.get_terminal_size().columns
                block = "\n".join(f"{line[: width - 1]}\x1b[K" for line in lines)
                self._write(self._top() + block)
                self._above = len(lines) - 1
            else:
                self._write("  ".join(lines) + "\n")

    def _top(self) -> str:
        """Takes the cursor to where the block begins."""
        above, self._above = self._above, 0
        return f"\x1b[{above}A\r" if above else "\r"

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # the terminal has gone: the run has not
            self._stream.write(text)
            self._stream.flush()


class Plan(NamedTuple):
    """What Examine has to do."""

    units: Sequence[Unit]  # in walk order
    made: float  # when planning ended, in seconds since 1970


class Examining(Live):
    """Progress of Examine. plan() answers None while walking."""

    def __init__(
        self, out: Path, plan: Callable[[], Plan | None], stream: TextIO, quiet: bool = False, as_json: bool = False
    ) -> None:
        super().__init__(self._lines, stream, quiet, as_lines=as_json)
        self._folder = out / "work" / "progress"
        self._read_plan, self._as_json = plan, as_json
        self._plan: Plan | None = None

    def _lines(self, _: float) -> str:
        self._plan = self._plan or self._read_plan()
        if self._plan is None:
            return json.dumps({"phase": "walk"}) if self._as_json else "walking the dump ..."
        state = examined(self._plan.units, finished(self._folder), time.time() - self._plan.made)
        return _as_json("examine", state) if self._as_json else as_text(state)


def _as_json(phase: str, state: Examined | Judged) -> str:
    record = {"phase": phase, **state._asdict()}
    if isinstance(state, Examined) and state.slowest is not None:
        record["slowest"] = {"unit": state.slowest[0], **state.slowest[1]._asdict()}
    return json.dumps(record)


class Judging(Live):
    """Progress of Judge."""

    def __init__(
        self, so_far: Callable[[], Judged], stream: TextIO, quiet: bool = False, as_json: bool = False
    ) -> None:
        def lines(_: float) -> str:
            return _as_json("judge", so_far()) if as_json else judged_as_text(so_far())

        super().__init__(lines, stream, quiet, as_lines=as_json)


def as_text(state: Examined) -> str:
    """How far, how fast, how long still; and what took longest."""
    share = state.octets / state.planned_octets if state.planned_octets else 1.0
    left = state.seconds_left
    until = f"{clock(left)} left" if left is not None and state.octets < state.planned_octets else ""
    size = f"{state.octets / 1e6:,.0f} of {state.planned_octets / 1e6:,.0f} MB"
    line = f"{share:4.0%}  {size}  {state.octets_per_second / 1e6:,.0f} MB/s  {state.items:,} items  {until}".rstrip()
    if state.slowest is None:
        return line
    unit, done = state.slowest
    return f"{line}\nslowest: part {unit:,} of {state.units:,}, {done.octets / 1e6:,.1f} MB in {done.seconds:,.1f} s"


def judged_as_text(state: Judged) -> str:
    """How much is judged, and what came out so far."""
    verdicts = "  ".join(f"{number:,} {verdict.replace('_', ' ')}" for verdict, number in state.by_verdict.items())
    return f"judging  {state.units_done:,} of {state.units:,} parts  {verdicts}".rstrip()


def clock(seconds: float) -> str:
    """Minutes and seconds, with hours if there are any."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
