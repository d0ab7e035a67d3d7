"""Progress: added up over workers, in octets, and never a name."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest

from pipeline import progress


def log(out: Path, name: str, octets: bytes) -> None:
    folder = out / "work" / "progress"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(octets)


def test_units_of_all_processes_are_added_up(tmp_path: Path) -> None:
    for octets, items in ((1000, 3), (0, 0), (5, 1)):
        progress.note_unit(tmp_path, octets, items)
    log(tmp_path, "999999.log", b"100 2\n200 4\n")
    assert progress.done(tmp_path / "work" / "progress") == (1305, 10)


def test_notes_are_for_their_owner_alone(tmp_path: Path) -> None:
    progress.note_unit(tmp_path, 1, 1)
    path = tmp_path / "work" / "progress" / f"{os.getpid()}.log"
    assert path.stat().st_mode & 0o077 == path.parent.stat().st_mode & 0o077 == 0


def test_a_line_that_is_still_on_its_way_waits(tmp_path: Path) -> None:
    log(tmp_path, "1.log", b"100 2\n20")
    assert progress.done(tmp_path / "work" / "progress") == (100, 2)


def test_nothing_is_done_before_the_first_unit(tmp_path: Path) -> None:
    assert progress.done(tmp_path / "work" / "progress") == (0, 0)


@pytest.mark.parametrize(
    ("octets", "items", "planned", "seconds", "line"),
    [
        (0, 0, None, 3.0, "walking the dump ..."),
        (0, 0, 4_000_000, 0.0, "  0%  0 of 4 MB  0 MB/s  0 items"),
        (1_000_000, 1200, 4_000_000, 2.0, " 25%  1 of 4 MB  0 MB/s  1,200 items  0:06 left"),
        (500_000_000, 7, 10_000_000_000, 5.0, "  5%  500 of 10,000 MB  100 MB/s  7 items  1:35 left"),
        (1_000_000, 7, 10_000_000_000, 1.0, "  0%  1 of 10,000 MB  1 MB/s  7 items  2:46:39 left"),
        (4_000_000, 9, 4_000_000, 2.0, "100%  4 of 4 MB  2 MB/s  9 items"),
        (0, 0, 0, 1.0, "100%  0 of 0 MB  0 MB/s  0 items"),
    ],
)
def test_one_line_says_how_far_how_fast_and_how_long(
    octets: int, items: int, planned: int | None, seconds: float, line: str
) -> None:
    assert progress.status(octets, items, planned, seconds) == line


class Terminal(io.StringIO):
    """A terminal that says when something was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written.set()
        return super().write(text)


def test_a_terminal_shows_one_line_and_clears_it(tmp_path: Path) -> None:
    progress.note_unit(tmp_path, 2_000_000, 5)
    terminal = Terminal()
    with progress.Reporter(tmp_path, terminal, lambda: 4_000_000):
        assert terminal.written.wait(10)
    shown = terminal.getvalue()
    assert " 50%  2 of 4 MB" in shown and "\n" not in shown
    assert shown.endswith("\r\x1b[K")


def test_quiet_means_quiet(tmp_path: Path) -> None:
    terminal = Terminal()
    with progress.Reporter(tmp_path, terminal, lambda: 1, quiet=True):
        pass
    assert terminal.getvalue() == ""


def test_a_log_that_is_no_terminal_gets_no_control_characters(tmp_path: Path) -> None:
    log_file = io.StringIO()
    with progress.Reporter(tmp_path, log_file, lambda: 1):
        pass
    assert log_file.getvalue() == ""
