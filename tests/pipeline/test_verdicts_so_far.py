"""Verdicts are counted while they are given; what is half written counts next time."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.verdicts_so_far import VerdictsSoFar

SCHEMA = pa.schema([("path", pa.string())])


def judge(out: Path, unit_id: str, suspected: int, verified: int, unverifiable: int) -> Path:
    """What Judge leaves of a unit: a file with one batch per verdict."""
    path = out / "work" / "judged" / unit_id[:2] / f"{unit_id}.items.arrow"
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, SCHEMA) as writer:
        for number in (suspected, verified, unverifiable):
            writer.write_batch(pa.record_batch([["x"] * number], SCHEMA))
    return path


def test_the_rows_of_all_units_are_counted(tmp_path: Path) -> None:
    so_far = VerdictsSoFar(tmp_path, units=3)
    assert so_far() == (3, 0, {})
    judge(tmp_path, "aa1", 1, 20, 300)
    judge(tmp_path, "ab2", 0, 5, 0)
    assert so_far() == (3, 2, {"suspected_fake": 1, "verified": 25, "unverifiable": 300})


@pytest.mark.parametrize("octets", [0, 7, 200])
def test_what_is_half_written_counts_next_time(tmp_path: Path, octets: int) -> None:
    so_far = VerdictsSoFar(tmp_path, units=1)
    path = judge(tmp_path, "aa1", 0, 2, 0)
    whole = path.read_bytes()
    path.write_bytes(whole[:octets])
    assert so_far().units_done == 0
    path.write_bytes(whole)
    assert so_far() == (1, 1, {"suspected_fake": 0, "verified": 2, "unverifiable": 0})


def test_a_unit_that_is_judged_once_more_counts_as_it_stands(tmp_path: Path) -> None:
    so_far = VerdictsSoFar(tmp_path, units=1)
    judge(tmp_path, "aa1", 1, 2, 0)
    assert so_far().by_verdict["suspected_fake"] == 1
    path = judge(tmp_path, "aa1", 0, 2, 1)
    path.touch()
    assert so_far().by_verdict == {"suspected_fake": 0, "verified": 2, "unverifiable": 1}
