"""Progress: added up over workers, in octets, and never a name."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from pathlib import Path

import pytest

from pipeline import progress


def log(out: Path, name: str, octets: bytes) -> None:
    folder = out / "work" / "progress"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(octets)


MB = 1_000_000


def test_units_of_all_processes_are_added_up(tmp_path: Path) -> None:
    for sequence, octets in enumerate((1000, 0, 5)):
        progress.note_unit(tmp_path, sequence, progress.Done(octets, 1, 0.25))
    log(tmp_path, "999999.log", b"3 100 2 0.5\n4 200 4 1.5\n")
    done = progress.finished(tmp_path / "work" / "progress")
    assert sorted(done) == [0, 1, 2, 3, 4]
    assert done[0] == progress.Done(1000, 1, 0.25) and done[4] == progress.Done(200, 4, 1.5)


def test_a_unit_that_was_done_twice_counts_once(tmp_path: Path) -> None:
    log(tmp_path, "1.log", b"7 100 2 0.5\n")
    log(tmp_path, "2.log", b"7 100 2 0.5\n")
    assert list(progress.finished(tmp_path / "work" / "progress")) == [7]


def test_a_unit_that_goes_on_shows_its_items_and_is_not_done(tmp_path: Path) -> None:
    plan = [progress.Unit(60 * MB, 60 * MB, True), progress.Unit(40 * MB, 40 * MB, True)]
    for number, one in ((0, progress.Done(0, 10_000, 5.0)), (1, progress.Done(40 * MB, 9, 6.0))):
        progress.note_unit(tmp_path, number, one)
    state = progress.examined(plan, progress.finished(tmp_path / "work" / "progress"), seconds=6.0)
    assert (state.items, state.octets, state.seconds_left) == (10_009, 40 * MB, 9.0)
    progress.note_unit(tmp_path, 0, progress.Done(60 * MB, 20_000, 12.0))
    progress.note_unit(tmp_path, 0, progress.Done(0, 10_000, 5.0))  # read late, from another process
    assert progress.finished(tmp_path / "work" / "progress")[0] == progress.Done(60 * MB, 20_000, 12.0)


def test_notes_are_for_their_owner_alone(tmp_path: Path) -> None:
    progress.note_unit(tmp_path, 0, progress.Done(1, 1, 1.0))
    path = tmp_path / "work" / "progress" / f"{os.getpid()}.log"
    assert path.stat().st_mode & 0o077 == path.parent.stat().st_mode & 0o077 == 0


def test_a_line_that_is_still_on_its_way_waits(tmp_path: Path) -> None:
    log(tmp_path, "1.log", b"0 100 2 0.5\n1 20")
    assert progress.finished(tmp_path / "work" / "progress") == {0: progress.Done(100, 2, 0.5)}


def test_nothing_is_done_before_the_first_unit(tmp_path: Path) -> None:
    assert progress.finished(tmp_path / "work" / "progress") == {}


def test_the_time_left_follows_from_effort_not_from_octets_alone() -> None:
    plan = [
        progress.Unit(60 * MB, 60 * MB, True),
        progress.Unit(20 * MB, 20 * MB, True),
        progress.Unit(MB, 40 * MB, True),
    ]
    state = progress.examined(plan, {0: progress.Done(60 * MB, 9, 12.0)}, seconds=12.0)
    assert (state.octets, state.planned_octets, state.octets_per_second) == (60 * MB, 81 * MB, 5 * MB)
    assert state.seconds_left == pytest.approx(12.0)  # effort is half done
    assert state.slowest == (1, progress.Done(60 * MB, 9, 12.0))


def test_the_slowest_unit_is_named_by_its_place_and_never_by_a_file() -> None:
    plan = [progress.Unit(MB, MB, True)] * 3
    done = {2: progress.Done(MB, 4, 9.0), 1: progress.Done(MB, 4, 0.5)}
    assert "slowest: part 3 of 3, 1.0 MB in 9.0 s" in progress.as_text(progress.examined(plan, done, 10.0))


@pytest.mark.parametrize(
    ("octets", "items", "planned", "seconds", "line"),
    [
        (0, 0, 4 * MB, 0.0, "  0%  0 of 4 MB  0 MB/s  0 items"),
        (MB, 1200, 4 * MB, 2.0, " 25%  1 of 4 MB  0 MB/s  1,200 items  0:06 left"),
        (500 * MB, 7, 10_000 * MB, 5.0, "  5%  500 of 10,000 MB  100 MB/s  7 items  1:35 left"),
        (MB, 7, 10_000 * MB, 1.0, "  0%  1 of 10,000 MB  1 MB/s  7 items  2:46:39 left"),
        (4 * MB, 9, 4 * MB, 2.0, "100%  4 of 4 MB  2 MB/s  9 items"),
        (0, 0, 0, 1.0, "100%  0 of 0 MB  0 MB/s  0 items"),
    ],
)
def test_one_line_says_how_far_how_fast_and_how_long(
    octets: int, items: int, planned: int, seconds: float, line: str
) -> None:
    plan = [progress.Unit(octets, octets, True), progress.Unit(planned - octets, planned - octets, True)]
    done = {0: progress.Done(octets, items, seconds)} if octets else {}
    assert progress.as_text(progress.examined(plan, done, seconds)).partition("\n")[0] == line


@pytest.mark.parametrize(
    ("by_verdict", "line"),
    [
        ({}, "judging  2 of 9 parts"),
        (
            {"suspected_fake": 1, "verified": 12_000, "unverifiable": 3},
            "judging  2 of 9 parts  1 suspected fake  12,000 verified  3 unverifiable",
        ),
    ],
)
def test_verdicts_so_far(by_verdict: dict[str, int], line: str) -> None:
    assert progress.judged_as_text(progress.Judged(9, 2, by_verdict)) == line


class Written(io.StringIO):
    """A log that says when something was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def write(self, text: str) -> int:
        length = super().write(text)
        self.written.set()
        return length


class Terminal(Written):
    def isatty(self) -> bool:
        return True


def todo() -> progress.Plan:
    return progress.Plan([progress.Unit(2 * MB, 2 * MB, True)] * 2, time.time() - 1)


def test_a_terminal_shows_a_block_in_place_and_clears_it(tmp_path: Path) -> None:
    progress.note_unit(tmp_path, 0, progress.Done(2 * MB, 5, 0.5))
    terminal = Terminal()
    with progress.Examining(tmp_path, todo, terminal):
        assert terminal.written.wait(10)
    shown = terminal.getvalue()
    assert " 50%  2 of 4 MB" in shown and "slowest: part 1 of 2" in shown and shown.count("\n") == 1
    assert shown.endswith("\x1b[1A\r\x1b[J")  # up to where it began


def test_a_sentence_that_stays_replaces_the_block() -> None:
    terminal = Terminal()
    with progress.Live(lambda _: "one\ntwo", terminal) as live:
        assert terminal.written.wait(10)
        live.say("done")
    assert "\x1b[1A\rdone\x1b[J\n" in terminal.getvalue()


def test_quiet_means_quiet(tmp_path: Path) -> None:
    terminal = Terminal()
    with progress.Examining(tmp_path, todo, terminal, quiet=True):
        pass
    assert terminal.getvalue() == ""


def test_a_log_that_is_no_terminal_gets_whole_lines_and_no_control_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE", 0.01)
    progress.note_unit(tmp_path, 0, progress.Done(2 * MB, 5, 0.5))
    log_file = Written()
    with progress.Examining(tmp_path, todo, log_file):
        assert log_file.written.wait(10)
    first = log_file.getvalue().splitlines()[0]
    assert first.startswith(" 50%  2 of 4 MB") and first.endswith("slowest: part 1 of 2, 2.0 MB in 0.5 s")
    assert "\x1b" not in log_file.getvalue() and "\r" not in log_file.getvalue()


def test_before_the_walk_ends_a_log_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LINE", 0.01)
    log_file = Written()
    with progress.Examining(tmp_path, lambda: None, log_file):
        assert log_file.written.wait(10)
    assert log_file.getvalue().startswith("walking the dump ...\n")


def test_machines_get_one_object_a_line_even_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LINE", 0.01)
    progress.note_unit(tmp_path, 0, progress.Done(2 * MB, 5, 0.5))
    terminal = Terminal()
    with progress.Examining(tmp_path, todo, terminal, as_json=True):
        assert terminal.written.wait(10)
    record = json.loads(terminal.getvalue().splitlines()[0])
    assert record["phase"] == "examine" and record["octets"] == 2 * MB and record["planned_octets"] == 4 * MB
    assert record["seconds_left"] > 0 and record["items"] == 5
    assert record["slowest"] == {"unit": 1, "octets": 2 * MB, "items": 5, "seconds": 0.5}


def test_machines_get_the_verdicts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LINE", 0.01)
    log_file = Written()
    with progress.Judging(lambda: progress.Judged(3, 1, {"verified": 4}), log_file, as_json=True):
        assert log_file.written.wait(10)
    record = json.loads(log_file.getvalue().splitlines()[0])
    assert record == {"phase": "judge", "units": 3, "units_done": 1, "by_verdict": {"verified": 4}}
