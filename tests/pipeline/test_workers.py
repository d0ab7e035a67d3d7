"""Worker processes: whatever one item does to its worker, it costs that item alone."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import workers
from transforms.limits import LIMITS
from transforms.watch import Watch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import mock_work  # noqa: E402

QUICK = dataclasses.replace(LIMITS, stall_seconds=1)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{HERE}{os.pathsep}{HERE.parent.parent}")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("kill", "crash.died"),
        ("exit", "crash.died"),
        ("segv", "crash.died"),
        ("hang", "crash.timeout"),
        ("memory", "crash.memory"),
        ("recursion", "crash.internal"),
        ("raise", "crash.internal"),
    ],
)
def test_a_poisoned_item_costs_itself_alone(kind: str, code: str) -> None:
    tasks = [f"fine {n}" for n in range(20)] + [f"{kind}@2"] + [f"more {n}" for n in range(20)]
    done = {o.task: o.result for o in workers.run(tasks, mock_work.work, processes=2, limits=QUICK)}
    assert done.pop(f"{kind}@2") == ["ok", "ok", code, "ok", "ok"]
    assert len(done) == 40 and all(result == ["ok"] * 5 for result in done.values())


def test_a_worker_that_others_killed_once_blames_no_item(tmp_path: Path) -> None:
    tasks = [str(tmp_path / "a"), str(tmp_path / "b")]
    run = workers.run(tasks, mock_work.killed_once, processes=1, limits=QUICK)
    assert {one.task: (one.result, one.error) for one in run} == dict.fromkeys(tasks, (None, None))
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("work", [mock_work.too_many_together, mock_work.fails_behind_the_last])
def test_what_holds_more_items_than_there_is_memory_is_given_up_alone(work: Callable[[str, Watch], list[str]]) -> None:
    tasks = ["large", "small"]
    run = workers.run(tasks, work, processes=1, limits=QUICK)
    done = {outcome.task: outcome.result for outcome in run}
    assert done["large"] == ["crash.memory"]
    if work is mock_work.too_many_together:  # each is tried by itself
        assert done["small"] == ["ok"] * 10 + ["crash.memory"] * 10
    else:
        assert done["small"] is None


def test_a_few_items_of_a_large_file_that_take_all_memory_cost_themselves_alone() -> None:
    done = list(workers.run(["memory@2"], mock_work.work, processes=1, limits=QUICK))
    assert [one.result for one in done] == [["ok", "ok", "crash.memory", "ok", "ok"]]


def test_a_long_item_that_stays_alive_is_left_alone() -> None:
    (done,) = workers.run(["task"], mock_work.slow_but_alive, processes=1, limits=QUICK)
    assert done.result == "task"


def test_a_worker_that_grows_where_no_kernel_limits_it_ends() -> None:
    done = {o.task: o.result for o in workers.run(["large@1"], mock_work.work, processes=1, limits=QUICK)}
    assert done == {"large@1": ["ok", "crash.memory", "ok", "ok", "ok"]}


def test_workers_that_die_at_their_start_are_reported() -> None:
    with pytest.raises(workers.WorkersUnusable, match="die at their start"):
        list(workers.run(["a", "b"], mock_work.dies_at_once, processes=1, limits=QUICK))


def test_without_processes_the_work_is_done_here() -> None:
    (done,) = workers.run(["t"], mock_work.process_id, processes=0, limits=LIMITS)
    assert done.result == os.getpid()


def test_work_is_spread_over_processes_and_they_end() -> None:
    done = [o.result for o in workers.run(map(str, range(50)), mock_work.process_id, processes=3, limits=LIMITS)]
    assert len(done) == 50 and os.getpid() not in done
    for process in set(done):
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


@pytest.mark.parametrize("ahead", ["", "    workers.fork_ahead()\n"])
def test_workers_end_when_their_parent_is_killed(tmp_path: Path, ahead: str) -> None:
    script = f"{_SCRIPT}{ahead}    list(workers.run(['a', 'b'], mock_work.sleeps, processes=2, limits=LIMITS))\n"
    (tmp_path / "parent.py").write_text(script)
    environment = {**os.environ, "MARK": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, str(tmp_path / "parent.py")], env=environment)
    assert _eventually(lambda: len(_marked(tmp_path)) >= 3)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert _eventually(lambda: not _marked(tmp_path))


@pytest.mark.parametrize(
    ("ahead", "has_it"),
    [
        ("workers.fork_ahead()", True),
        ("threading.Thread(target=time.sleep, args=(5,), daemon=True).start(); workers.fork_ahead()", False),
    ],
)
def test_workers_have_what_was_imported_ahead_and_no_open_file(tmp_path: Path, ahead: str, has_it: bool) -> None:
    script = (
        f"{_SCRIPT}    import csv\n    kept = open(__file__)\n    {ahead}\n"
        "    (done,) = workers.run(['csv'], mock_work.knows, processes=1, limits=LIMITS)\n"
        "    print(*done.result)\n"
    )
    (tmp_path / "parent.py").write_text(script)
    told = subprocess.run([sys.executable, str(tmp_path / "parent.py")], capture_output=True, text=True, check=True)
    assert told.stdout.split() == [str(has_it), "False"]


_SCRIPT = (
    "import sys, threading, time, mock_work\n"
    "from pipeline import workers\n"
    "from transforms.limits import LIMITS\n"
    "if __name__ == '__main__':\n"
)


def _eventually(holds: object) -> bool:
    for _ in range(200):
        if holds():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


def _marked(mark: Path) -> list[int]:
    """Processes that inherited our mark in their environment (Linux)."""
    if not Path("/proc/self/environ").exists():
        pytest.skip("needs /proc")
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"MARK={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found
