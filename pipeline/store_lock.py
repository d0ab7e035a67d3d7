"""Who holds an OUT in a store? A killed run lets go of nothing there, so each one says now and then that it lives.

A lock that has not changed for SILENCE seconds, by this machine's clock alone, is nobody's; nor is one of a process of
this machine that has ended. Stores that Beam reaches have no step that only one of two can take: of two runs that begin
within the same second, both may.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import secrets
import sys
import time
from collections.abc import Iterator

from pipeline.heartbeat import beating
from pipeline.options import EXIT_INCOMPLETE
from pipeline.refused import Refused
from pipeline.store_path import StorePath
from transforms.store import StoreLost

BEAT = 15.0  # seconds between two signs of life
SILENCE = 50.0  # after which there is none: three of them were missed


@contextlib.contextmanager
def held(lock: StorePath) -> Iterator[None]:
    """Hold a lock while the block runs. Refused if another run lives, or the store does not take it."""
    mine = {"run": secrets.token_hex(8), "host": os.uname().nodename, "pid": os.getpid()}
    out = lock.parent
    try:
        before = _read(lock)
        if before is not None and not _has_ended(before):
            print(f"triage: {out}: was held by another run; waiting {SILENCE:.0f} s whether it lives", file=sys.stderr)
            if _lives(lock, before):
                raise Refused(
                    f"{out}: another run is writing there (process {before.get('pid')} on {before.get('host')}). Wait "
                    "for it, or choose another OUT."
                )
        _write(lock, mine, 0)
        now = _read(lock)
    except StoreLost as error:
        raise Refused(f"{error}. Check the address, the network and the credentials.", EXIT_INCOMPLETE) from None
    except OSError as error:
        raise Refused(f"{out}: cannot be written ({error.strerror}). Choose another OUT.", EXIT_INCOMPLETE) from None
    if now is None or now.get("run") != mine["run"]:
        raise Refused(f"{out}: another run has just begun there. Wait for it, or choose another OUT.")
    with beating(lock, BEAT, functools.partial(_write, lock, mine)):
        yield


def _write(lock: StorePath, mine: dict[str, object], count: int) -> None:
    lock.put(io.BytesIO(json.dumps({**mine, "beat": count}).encode()))


def _read(lock: StorePath) -> dict[str, object] | None:
    """What the lock says; None if there is none. One that says nothing belongs to somebody."""
    try:
        found = json.loads(lock.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _has_ended(holder: dict[str, object]) -> bool:
    """Whether a process of this machine held it, and is no more."""
    pid = holder.get("pid")
    if holder.get("host") != os.uname().nodename or not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _lives(lock: StorePath, before: dict[str, object]) -> bool:
    until = time.monotonic() + SILENCE
    while time.monotonic() < until:
        time.sleep(BEAT / 3)
        if _read(lock) != before:
            return True
    return False
