"""Marks of work: there while it goes on, changing, and gone at its end; none on one machine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pipeline import pulse
from pipeline.job import Job
from transforms.limits import LIMITS
from transforms.unpack.rows import Settings


def job(out: Path, together: bool = False) -> Job:
    (out / "work").mkdir(exist_ok=True)
    return Job(out, out, Settings(LIMITS), 1, together=together)


def test_a_mark_changes_while_work_goes_on_and_is_gone_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "BEAT", 0.01)
    one = job(tmp_path)
    with pulse.during(one, "prove 1"), pulse.during(one, "prove 2"):
        seen = pulse.signs(one)
        end = time.monotonic() + 10
        while pulse.signs(one)["prove 1"] == seen["prove 1"]:
            assert time.monotonic() < end
        assert set(seen) == {"prove 1", "prove 2"}
    assert pulse.signs(one) == {}


def test_work_that_fails_leaves_no_mark(tmp_path: Path) -> None:
    with pytest.raises(ValueError), pulse.during(job(tmp_path), "plan"):
        raise ValueError
    assert pulse.signs(job(tmp_path)) == {}


def test_a_folder_that_is_gone_ends_no_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "BEAT", 0.01)
    with pulse.during(job(tmp_path), "plan"):
        (tmp_path / "work" / "pulse").rename(tmp_path / "elsewhere")
        time.sleep(0.05)
    assert not (tmp_path / "work" / "pulse").exists()


def test_on_one_machine_nothing_is_written(tmp_path: Path) -> None:
    with pulse.during(job(tmp_path, together=True), "plan"):
        assert list((tmp_path / "work").iterdir()) == []


def test_what_is_done_for_a_unit_is_marked_under_its_name(tmp_path: Path) -> None:
    def judge(one: Job, unit_id: str, more: int) -> tuple[list[str], int]:
        return list(pulse.signs(one)), more

    assert pulse.doing(judge, job(tmp_path), "abc", 7) == (["judge abc"], 7)
