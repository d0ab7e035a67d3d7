"""One run at a time in an OUT of a store, and none waits for ever for one that was killed."""

from __future__ import annotations

import functools
import io
import json
import os
import threading
from types import ModuleType

import pytest

from pipeline import store_lock
from pipeline.heartbeat import beating
from pipeline.refused import Refused
from pipeline.store_path import StorePath

LOCK = StorePath("disk://leak/out/.lock")
ELSEWHERE = {"run": "a", "host": "elsewhere", "pid": 7, "beat": 0}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_lock, "BEAT", 0.06)
    monkeypatch.setattr(store_lock, "SILENCE", 0.3)


def put(holder: dict[str, object]) -> None:
    LOCK.put(io.BytesIO(json.dumps(holder).encode()))


def test_a_lock_is_there_while_it_is_held_and_gone_afterwards(disk: ModuleType) -> None:
    with store_lock.held(LOCK):
        before = json.loads(LOCK.read_bytes())
        assert before["pid"] == os.getpid() and before["beat"] == 0
        threading.Event().wait(0.3)
        assert json.loads(LOCK.read_bytes())["beat"] > 0
    assert disk.names() == []


def test_of_a_run_that_lives_it_is_refused(disk: ModuleType) -> None:
    put(ELSEWHERE)
    with beating(LOCK, store_lock.BEAT, functools.partial(store_lock._write, LOCK, ELSEWHERE)):
        with (
            pytest.raises(Refused, match=r"another run is writing there .process 7 on elsewhere."),
            store_lock.held(LOCK),
        ):
            raise AssertionError("two runs in one OUT")
        assert json.loads(LOCK.read_bytes())["run"] == "a"


@pytest.mark.parametrize("left", [ELSEWHERE, {}, None])
def test_one_that_does_not_change_is_nobody_s(disk: ModuleType, left: dict[str, object] | None) -> None:
    LOCK.put(io.BytesIO(json.dumps(left).encode() if left is not None else b"no JSON"))
    with store_lock.held(LOCK):
        assert json.loads(LOCK.read_bytes())["pid"] == os.getpid()


def test_of_a_process_of_this_machine_that_ended_nobody_waits(
    disk: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_lock, "SILENCE", 1e9)
    gone = os.spawnlp(os.P_NOWAIT, "true", "true")
    os.waitpid(gone, 0)
    put({**ELSEWHERE, "host": os.uname().nodename, "pid": gone})
    with store_lock.held(LOCK):
        pass


def test_a_store_that_denies_it_is_said(disk: ModuleType) -> None:
    disk.objects().mkdir(parents=True)
    (disk.objects().parent / "denied").write_text(".lock")
    with pytest.raises(Refused, match=r"cannot be written .the store denies it") as refused, store_lock.held(LOCK):
        raise AssertionError("held nothing")
    assert refused.value.code == 4
