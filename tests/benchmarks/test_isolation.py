"""One poisoned mail costs its own row a status; every other row is the same in every column."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
ITEMS = 200  # of 10,000; all kinds in all places by hand: benchmarks/isolation.py
STALL = 10  # seconds: shorter, and an honest mail stalls on a busy machine


@pytest.fixture(scope="module")
def isolation() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        yield importlib.import_module("isolation")
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
        for name in ("isolation", "memory", "judge", "run", "make_dump", "process_tree"):
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def dump(isolation: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> object:
    return isolation.Dump(tmp_path_factory.mktemp("isolation"), ITEMS, STALL)


@pytest.mark.parametrize(
    ("kind", "place"), [("segv", "mailbox"), ("memory", "zip"), ("recursion", "file"), ("hang", "mailbox")]
)
def test_a_poisoned_mail_changes_no_other_row(isolation: ModuleType, dump: object, kind: str, place: str) -> None:
    isolation.poisoned(dump, kind, place)


def test_a_breach_is_seen(isolation: ModuleType, dump: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(isolation.CODES, "raise", "crash.died")
    with pytest.raises(isolation.Breach, match="error, crash"):
        isolation.poisoned(dump, "raise", "file")
