"""Killable worker processes: one that crashes, hangs or grows costs one item, never the run.

Why not a library: pebble and loky bound the total time of a task; here a task is a work unit that
may honestly take minutes, and what must be bounded is the time without progress, and the item that
was being opened must be known after a crash. Each worker has a slot of shared memory with the
ordinal of the item it opened last and a pulse; the parent watches both.

A worker that dies gets its task run again, on a new process, with that ordinal marked. One that
stalls is killed and its task tried once more as it was; a second stall at any item marks it. Where marking items one
by one does not help, the one that holds them and lies in no other is marked.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection, forkserver, resource_tracker, util
from typing import Any, Generic, TypeVar

from pipeline import memory
from transforms import store
from transforms.limits import Limits
from transforms.scratch import Unwritten
from transforms.watch import UNWATCHED, Watch

T = TypeVar("T")
R = TypeVar("R")

DIED, TIMEOUT, MEMORY, INTERNAL = "crash.died", "crash.timeout", "crash.memory", "crash.internal"

_TOGETHER = 3  # items of one task that ran out of memory: the next time it is what holds them
_IN_FLIGHT = 2  # tasks sent to a worker: it never waits for the parent
_OPEN_FILES = 256
_STARTS = 3  # a worker that dies so often before it opens anything means a broken installation
_TICK = 0.5  # seconds between two looks at the pulses
_TOO_LARGE = 77  # exit code of a worker that grew beyond its limit


class WorkersUnusable(RuntimeError):
    """Worker processes cannot do anything on this machine."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T, R]):
    """What became of a task: its result, or why it was given up."""

    task: T
    result: R | None
    error: str | None = None


@dataclass(slots=True, eq=False)
class _Task(Generic[T]):
    task: T
    marks: dict[int, str] = field(default_factory=dict)  # ordinal -> error code
    stalled: bool = False
    died: set[int] = field(default_factory=set)  # ordinals at which a worker died once


def run(
    tasks: Iterable[T],
    work: Callable[[T, Watch], R],
    *,
    processes: int,
    limits: Limits,
) -> Iterator[Outcome[T, R]]:
    """Outcomes as they come. tasks are taken lazily; processes=0 works here, without isolation."""
    if processes == 0:
        for task in tasks:
            yield Outcome(task, work(task, UNWATCHED))
        return
    pool = _Pool(work, processes, limits)
    try:
        yield from pool.outcomes(deque(), iter(tasks))
    finally:
        pool.close()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """What is started here never sees Ctrl-C, from its first instruction on: the parent ends it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def fork_ahead() -> None:
    """Start now, as a copy of this process, what forks the workers: all that is imported here needs no second import.

    Of a process with threads no copy is made, for nobody knows what they hold. Where nothing was started, the first
    pool starts it, as a new Python.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return
    gc.freeze()  # or a look for cycles would copy the pages that both share
    spawn, util.spawnv_passfds = util.spawnv_passfds, _fork
    try:
        resource_tracker.ensure_running()
        with _uninterrupted():
            forkserver.ensure_running()
    finally:
        util.spawnv_passfds = spawn


def _fork(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
    """In place of multiprocessing's own: a copy of this process does what `python -c` is asked for."""
    pid = os.fork()
    if pid == 0:
        try:
            for descriptor in {int(name) for name in os.listdir("/dev/fd")} - {0, 1, 2, *passfds}:
                with contextlib.suppress(OSError):  # the one of the listing is closed already
                    os.close(descriptor)
            exec(args[-1], {})
        finally:
            os._exit(1)
    return pid


class _Worker(Generic[T]):
    """One process, its pipe, its slot of shared memory and the tasks it was sent."""

    def __init__(self, context: Any, work: Callable[[T, Watch], Any], limits: Limits) -> None:
        # Ordinal opened last in this task, pulse, ordinal of the item that it lies in; -1: none.
        self.slot = context.RawArray("q", 3)
        self.slot[0] = self.slot[2] = -1
        self.conn, theirs = context.Pipe()
        lifeline, self.lifeline = context.Pipe(duplex=False)
        self.process = context.Process(target=_work, args=(theirs, lifeline, self.slot, work, limits), daemon=True)
        self.process.start()
        theirs.close()
        lifeline.close()
        self.sent: deque[_Task[T]] = deque()
        self.pulse = (0, time.monotonic())

    def send(self, task: _Task[T]) -> None:
        if not self.sent:
            self.pulse = (self.slot[1], time.monotonic())
        self.sent.append(task)
        with contextlib.suppress(OSError):  # it has died: its sentinel says so
            self.conn.send((task.task, task.marks))

    def stalled(self, seconds: float) -> bool:
        now = self.slot[1]
        if not self.sent or now != self.pulse[0]:
            self.pulse = (now, time.monotonic())
            return False
        return time.monotonic() - self.pulse[1] > seconds

    def exit_code(self) -> int | None:
        self.process.join(_TICK)
        return self.process.exitcode  # type: ignore[no-any-return]

    def end(self, kill: bool) -> None:
        if kill:
            self.process.kill()
        self.lifeline.close()
        self.conn.close()
        self.process.join()
        self.process.close()


class _Pool(Generic[T, R]):
    def __init__(self, work: Callable[[T, Watch], R], processes: int, limits: Limits) -> None:
        os.environ.setdefault(*memory.ARROW)
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload([work.func.__module__ if hasattr(work, "func") else work.__module__])
        resource_tracker.ensure_running()  # before, for it lets Ctrl-C through again
        with _uninterrupted():
            forkserver.ensure_running()
        self.work, self.limits = work, limits
        self.processes = processes
        self.workers: list[_Worker[T]] = []
        self.false_starts = 0

    def outcomes(self, again: deque[_Task[T]], tasks: Iterator[T]) -> Iterator[Outcome[T, R]]:
        exhausted = False
        while True:
            exhausted = self._fill(again, tasks, exhausted)
            if not any(worker.sent for worker in self.workers):
                return
            ready = connection.wait(
                [handle for w in self.workers for handle in (w.conn, w.process.sentinel)], timeout=_TICK
            )
            for worker in list(self.workers):
                if worker.conn in ready:
                    yield from self._received(worker, again)
                elif worker.process.sentinel in ready:
                    yield from self._lost(worker, DIED, again)
                elif worker.stalled(self.limits.stall_seconds):
                    yield from self._lost(worker, TIMEOUT, again)

    def _fill(self, again: deque[_Task[T]], tasks: Iterator[T], exhausted: bool) -> bool:
        """Give every worker something to do; answers whether tasks are used up."""
        for depth in range(1, _IN_FLIGHT + 1):
            for number in range(self.processes):
                if number < len(self.workers) and len(self.workers[number].sent) >= depth:
                    continue
                task = again.popleft() if again else None
                if task is None and not exhausted:
                    try:
                        task = _Task(next(tasks))
                    except StopIteration:
                        exhausted = True
                if task is None:
                    return exhausted
                if number >= len(self.workers):
                    self.workers.append(_Worker(self.context, self.work, self.limits))
                self.workers[min(number, len(self.workers) - 1)].send(task)
        return exhausted

    def _received(self, worker: _Worker[T], again: deque[_Task[T]]) -> Iterator[Outcome[T, R]]:
        try:
            code, value, *at = worker.conn.recv()
        except (EOFError, OSError):
            yield from self._lost(worker, DIED, again)
            return
        self.false_starts = 0
        task = worker.sent.popleft()
        worker.pulse = (worker.slot[1], time.monotonic())
        if code is None:
            yield Outcome(task.task, value)
        else:
            yield from self._marked(task, at, code, value, again)

    def _lost(self, worker: _Worker[T], code: str, again: deque[_Task[T]]) -> Iterator[Outcome[T, R]]:
        """A worker died or stalled: replace it, run its task again, hand on what it had not begun."""
        self.workers.remove(worker)
        ordinal, _, holder = worker.slot
        if code == DIED and worker.exit_code() == _TOO_LARGE:
            code = MEMORY
        worker.end(kill=True)
        tasks = list(worker.sent)
        again.extendleft(reversed(tasks[1:]))
        if ordinal < 0 and code != TIMEOUT:
            self.false_starts += 1
            if self.false_starts >= _STARTS:
                raise WorkersUnusable(
                    f"worker processes die at their start ({self.false_starts} in a row). Nothing can be read this "
                    "way. Check that the program is installed whole and that the machine has free memory."
                )
            again.extendleft(tasks[:1])
            return
        self.false_starts = 0
        if not tasks:
            return
        if code == TIMEOUT and not tasks[0].stalled:
            tasks[0].stalled = True
            again.appendleft(tasks[0])
            return
        if code == DIED and ordinal not in tasks[0].died:  # it may have been killed by others, and nothing is at fault
            tasks[0].died.add(ordinal)
            again.appendleft(tasks[0])
            return
        yield from self._marked(tasks[0], (ordinal, holder), code, code, again)

    def _marked(
        self, task: _Task[T], at: Sequence[int], code: str, what: str, again: deque[_Task[T]]
    ) -> Iterator[Outcome[T, R]]:
        """Run a task again with an item marked; at: the item that was read, and the one that holds it."""
        ordinal, holder = at
        hungry = code == MEMORY and list(task.marks.values()).count(MEMORY) >= _TOGETHER
        if holder >= 0 and (hungry or ordinal in task.marks):
            ordinal = holder
        if ordinal < 0 or ordinal in task.marks:
            yield Outcome(task.task, None, what)
            return
        task.marks[ordinal] = code
        again.appendleft(task)

    def close(self) -> None:
        for worker in self.workers:
            worker.end(kill=bool(worker.sent))
        self.workers.clear()


# ---- in the worker ----------------------------------------------------------------------------


class _Slot:
    """The Watch of a worker process."""

    def __init__(self, slot: Any) -> None:
        self.slot = slot
        self.marks: dict[int, str] = {}

    def opening(self, ordinal: int) -> str | None:
        self.slot[0] = ordinal
        self.slot[1] += 1
        return self.marks.get(ordinal)

    def within(self, ordinal: int) -> None:
        self.slot[2] = ordinal

    def alive(self) -> None:
        self.slot[1] += 1


def _work(conn: Any, lifeline: Any, slot: Any, work: Callable[[Any, Watch], Any], limits: Limits) -> None:
    _confine(limits)
    threading.Thread(target=_stand_by, args=(lifeline, limits), daemon=True).start()
    watch = _Slot(slot)
    store.while_waiting(watch.alive)
    while True:
        try:
            task, watch.marks = conn.recv()
        except (EOFError, OSError):
            return
        slot[0] = slot[2] = -1
        slot[1] += 1
        try:
            answer: tuple[str | None, Any, int, int] = (None, work(task, watch), -1, -1)
        except MemoryError:
            answer = (MEMORY, "out of memory", slot[0], slot[2])
        except (store.StoreLost, Unwritten) as error:
            answer = (INTERNAL, str(error), -1, -1)
        except OSError as error:
            # Nothing of the dump raises it here: evidence cannot be written, and no item is at fault.
            answer = (INTERNAL, f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), -1, -1)
        except Exception as error:
            answer = (INTERNAL, f"{type(error).__name__}: {error}"[:500], slot[0], slot[2])
        try:
            conn.send(answer)
        except OSError:
            return


def _confine(limits: Limits) -> None:
    gc.freeze()
    memory.settle(memory.WORKER)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (limits.address_space, limits.address_space))


def _stand_by(lifeline: Any, limits: Limits) -> None:
    """End this process when its parent is gone, or when it grew too large where no kernel limit says so.

    The parent holds the other end of lifeline and never writes: there is something to read when it ends.
    """
    while not lifeline.poll(_TICK):
        if sys.platform != "linux" and _largest_resident_size() > limits.address_space:
            os._exit(_TOO_LARGE)
    os._exit(1)


def _largest_resident_size() -> int:
    """Octets; macOS counts them so, others in KiB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024
