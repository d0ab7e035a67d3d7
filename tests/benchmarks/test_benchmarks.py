"""The measuring tools measure what they say: the dump is what its truth claims, no process goes uncounted."""

from __future__ import annotations

import csv
import importlib
import json
import mailbox
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
MESSAGES = 60


def _module(name: str) -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(BENCHMARKS))
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def make_dump() -> Iterator[ModuleType]:
    yield from _module("make_dump")


@pytest.fixture(scope="module")
def dkimpy_loop() -> Iterator[ModuleType]:
    yield from _module("dkimpy_loop")


@pytest.fixture(scope="module")
def dump(make_dump: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("bench") / "eml"
    make_dump.make_dump(out, MESSAGES, 7, "eml")
    return out


def truth_of(dump: Path) -> dict[str, str]:
    with open(f"{dump}-truth.csv", encoding="utf-8", newline="") as table:
        return {row["path"]: row["truth"] for row in csv.DictReader(table)}


def test_make_dump_truth_is_what_dkimpy_says(dump: Path, dkimpy_loop: ModuleType) -> None:
    look_up = dkimpy_loop.published(Path(f"{dump}-keys.csv"))
    truth = truth_of(dump)
    assert {"valid", "tampered", "unsigned"} == set(truth.values())
    for path, claimed in truth.items():
        counts = dkimpy_loop.loop(iter([dump / path]), look_up)
        assert counts.get("valid", 0) == (claimed == "valid"), path


def test_make_dump_is_the_same_for_the_same_seed(dump: Path, make_dump: ModuleType, tmp_path: Path) -> None:
    again = tmp_path / "again"
    make_dump.make_dump(again, MESSAGES, 7, "eml")
    for path in truth_of(dump):
        assert (again / path).read_bytes() == (dump / path).read_bytes()


def test_make_dump_forms_hold_the_same_messages(dump: Path, make_dump: ModuleType, tmp_path: Path) -> None:
    expected = [(dump / path).read_bytes().replace(b"\r\n", b"\n") for path in truth_of(dump)]
    for form in ("mbox", "zip", "maildir"):
        make_dump.make_dump(tmp_path / form, MESSAGES, 7, form)
        assert list(truth_of(tmp_path / form).values()) == list(truth_of(dump).values())
    with zipfile.ZipFile(tmp_path / "zip" / "mail.zip") as archive:
        assert [archive.read(name).replace(b"\r\n", b"\n") for name in archive.namelist()] == expected
    in_maildir = [(tmp_path / "maildir" / path).read_bytes() for path in truth_of(tmp_path / "maildir")]
    assert [octets.replace(b"\r\n", b"\n") for octets in in_maildir] == expected
    messages = mailbox.mbox(tmp_path / "mbox" / "mail.mbox", create=False)
    assert [messages.get_bytes(key) for key in messages.iterkeys()] == expected
    mbox = (tmp_path / "mbox" / "mail.mbox").read_bytes()
    for path in truth_of(tmp_path / "mbox"):
        assert mbox.startswith(b"From ", int(path.partition("@")[2]))


BURN = "import time\nwhile time.process_time() < 0.3: pass"
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_CHILD_SUBREAPER is Linux's")


def measured(*command: str) -> dict[str, float]:
    """What process_tree.py says of a Python command; in a process of its own, since it reaps all children."""
    tool = [sys.executable, str(BENCHMARKS / "process_tree.py"), "--", sys.executable, *command]
    found: dict[str, float] = json.loads(subprocess.run(tool, stdout=subprocess.PIPE, check=False).stdout)
    return found


@on_linux
def test_process_tree_counts_an_orphaned_grandchild() -> None:
    found = measured("-c", f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {BURN!r}])")
    assert (found["exit_code"], found["reaped"], found["still_running"]) == (0, 2, 0)
    assert found["cpu"] >= 0.3


@on_linux
def test_process_tree_reports_a_failing_command() -> None:
    assert measured("-c", "raise SystemExit(4)")["exit_code"] == 4


@pytest.fixture(scope="module")
def recover() -> Iterator[ModuleType]:
    yield from _module("recover")


def test_recover_measures_a_pair_that_gave_the_key(recover: ModuleType) -> None:
    found = recover.measure(1024, 3, damaged=False)
    assert (found["bits"], found["gives"]) == (1024, "the key")
    assert found["peak_mb"] > 10


@pytest.fixture(scope="module")
def judge(make_dump: ModuleType) -> Iterator[ModuleType]:
    yield from _module("judge")


def test_judge_makes_small_mail_that_dkimpy_verifies(
    judge: ModuleType, dkimpy_loop: ModuleType, tmp_path: Path
) -> None:
    judge.make(tmp_path, 30)
    messages = mailbox.mbox(tmp_path / "dump" / "mail.mbox", create=False)
    paths = [tmp_path / f"{key}.eml" for key in messages.iterkeys()]
    for key, path in zip(messages.iterkeys(), paths, strict=True):
        path.write_bytes(messages.get_bytes(key))
    assert all(800 < path.stat().st_size < 2_500 for path in paths)
    counts = dkimpy_loop.loop(iter(paths), dkimpy_loop.published(tmp_path / "keys.csv"))
    assert (counts["messages"], counts["valid"]) == (30, 30)
