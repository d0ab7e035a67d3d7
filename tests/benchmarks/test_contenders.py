"""Every peer that this machine has counts what the dump was made of; a wrong answer is no result."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
OURS = ("contenders", "make_dump", "run", "process_tree")
MESSAGES = 40


@pytest.fixture(scope="module")
def load() -> Iterator[ModuleType]:
    """`contenders`, beside which its neighbours can be imported."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module("contenders")
    finally:
        sys.path.remove(str(BENCHMARKS))
        for name in OURS:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def bench(load: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Any:
    dump = tmp_path_factory.mktemp("contenders") / "eml"
    importlib.import_module("make_dump").make_dump(dump, MESSAGES, 11, "eml")
    return load.load(dump, 1)


NAMES = (
    "dkimpy loop",
    "libopendkim (C)",
    "Mail::DKIM (Perl)",
    "mailauth (JavaScript)",
    "fast-mail-parser (Rust)",
    "primitive limit",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_peer_counts_what_was_made(load: ModuleType, bench: Any, name: str, tmp_path: Path) -> None:
    peer = next(one for one in load.IN_FILES if one.name == name)
    if not peer.here():
        pytest.skip(f"not on this machine: {name}")
    command = peer.command(bench, tmp_path / "out")
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    notes = peer.check(bench, tmp_path / "out", said)
    assert notes["messages"] == MESSAGES
    assert notes["octets"] == bench.octets


def test_a_peer_that_miscounts_is_no_result(load: ModuleType, bench: Any, tmp_path: Path) -> None:
    valid = sum(truth == "valid" for truth in bench.truth.values())
    right = {"messages": MESSAGES, "valid": valid}
    assert load.check_signatures(bench, tmp_path, json.dumps(right)) == right
    for wrong in ({"messages": MESSAGES - 1, "valid": valid}, {"messages": MESSAGES, "valid": valid + 1}):
        with pytest.raises(load.Wrong):
            load.check_signatures(bench, tmp_path, json.dumps(wrong))
    with pytest.raises(load.Wrong):
        load.check_messages(bench, tmp_path, json.dumps({"messages": MESSAGES, "rejected": 1}))


def test_only_what_reads_the_form_runs_on_it(load: ModuleType, bench: Any) -> None:
    in_mbox = replace(bench, truth={"mail.mbox!@0": "valid"})
    assert [one.name for one in load.contenders(in_mbox)] == [load.PRODUCT.name, load.FLOOR.name]
    assert load.DKIMPY in load.contenders(bench)
