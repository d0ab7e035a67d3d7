"""rar: what it lists, what can be opened without another program, and what with one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transforms.model import Kind, Status

pytest.importorskip("rarfile")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from mutations import mutations
from rar_file import COMPRESSED, ENCRYPTED, FOLDER, SPLIT_AFTER, member, rar, with_comment

ROOT = Path(__file__).resolve().parents[3]
MAIL = b"From: claire@campaign.example\r\nSubject: x\r\n\r\nThe hall is booked.\r\n"
LISTED = "container.listed: 12 octets, CRC-32 {}, modified 2017-04-24 10:00:00"


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for programs that is all of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, says: str) -> None:
    path = folder / "unrar"
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(0o755)


def test_stored_members_are_opened_without_another_program(examine) -> None:  # type: ignore[no-untyped-def]
    found = examine({"a.rar": rar(member(b"mail\\1.eml", MAIL), member(b"mail", b"", flags=FOLDER), member(b"e", b""))})
    assert found.below("a.rar") == ["a.rar!mail/1.eml", "a.rar!e"]
    assert (found.items["a.rar!mail/1.eml"].kind, found.items["a.rar!mail/1.eml"].size) == (Kind.EMAIL, len(MAIL))
    assert (found.items["a.rar"].status, found.items["a.rar"].holds_messages) == (Status.OK, True)


@pytest.mark.parametrize(
    ("flags", "method", "name", "code"),
    [
        (0, COMPRESSED, b"a.csv", "container.needs_rar_program"),
        (ENCRYPTED, COMPRESSED, b"a.csv", "container.encrypted"),
        (SPLIT_AFTER, COMPRESSED, b"a.csv", "container.other_volume"),
        (0, COMPRESSED, b"-ilog", "container.unsupported_name"),
        (0, COMPRESSED, b"@list", "container.unsupported_name"),
    ],
)
def test_what_cannot_be_opened_is_listed(examine, programs, flags: int, method: int, name: bytes, code: str) -> None:  # type: ignore[no-untyped-def]
    if code == "container.unsupported_name":
        program(programs, "exit 9")
    one = member(name, b"????", content=b"a,b\r\n1,2\r\n\r\n", method=method, flags=flags, crc=0xABCD)
    found = examine({"a.rar": rar(one, member(b"b.txt", b"whole"))})
    (path, _) = found.below("a.rar")
    assert (found.items[path].status, found.items[path].error_code) == (Status.ERROR, code)
    assert found.items[path].notes == (LISTED.format("0000abcd"),)
    assert found.items["a.rar!b.txt"].size == 5


def test_a_compressed_member_is_what_the_program_says_it_is(examine, programs) -> None:  # type: ignore[no-untyped-def]
    program(programs, 'test "$1 $4" = "p --" && test "$6" = "a b.csv" && test -r "$5" && printf "a,b"')
    found = examine({"a.rar": rar(member(b"a b.csv", b"????", content=b"a,b", method=COMPRESSED))})
    assert (found.items["a.rar!a b.csv"].size, found.items["a.rar!a b.csv"].status) == (3, Status.OK)


@pytest.mark.parametrize(
    ("says", "size", "code"),
    [
        ('printf "a,c"', 3, "container.checksum"),
        ('printf "a"', 1, "container.damaged"),
        ("yes", 3, "container.checksum"),
    ],
)
def test_what_a_program_says_is_not_believed(examine, programs, says: str, size: int, code: str) -> None:  # type: ignore[no-untyped-def]
    program(programs, says)
    if says == "yes":
        program(programs, "while :; do printf abcabcabc; done")
    found = examine({"a.rar": rar(member(b"a.csv", b"????", content=b"a,b", method=COMPRESSED), member(b"b", b"b"))})
    item = found.items["a.rar!a.csv"]
    assert (item.status, item.error_code) == (Status.PARTIAL, code) and item.size is not None and item.size >= size
    assert found.items["a.rar!b"].status is Status.OK


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_program_that_hangs_ends_with_the_process_that_waits_for_it(programs, tmp_path) -> None:  # type: ignore[no-untyped-def]
    program(programs, f"echo $$ > {tmp_path}/pid; while :; do :; done")
    (tmp_path / "a.rar").write_bytes(rar(member(b"a.csv", b"????", content=b"a,b", method=COMPRESSED)))
    script = (
        "import sys, tempfile\n"
        "from contextlib import ExitStack\n"
        "from pathlib import Path\n"
        "from transforms.containers.rar import entries\n"
        "from transforms.span import in_memory\n"
        "span = in_memory(Path(sys.argv[1]).read_bytes())\n"
        "for entry in entries(span, lambda: None, tempfile.TemporaryFile, ExitStack()):\n"
        "    list(entry.content())\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a.rar")]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}) as waiting:
        child = until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
        waiting.kill()
    assert until(lambda: not runs(child))


def runs(process: str) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"  # dead, whether or not somebody asks how it ended


def until(told: Callable[[], Any]) -> Any:
    """What is told at last; AssertionError after a minute."""
    for _ in range(1200):
        if found := told():
            return found
        time.sleep(0.05)
    raise AssertionError("it does not come to an end")


def test_no_program_decodes_a_comment(examine, programs, tmp_path) -> None:  # type: ignore[no-untyped-def]
    program(programs, f"echo run > {tmp_path}/mark; echo")
    found = examine({"a.rar": with_comment(b"????")})
    assert (found.items["a.rar"].status, found.items["a.rar!a.txt"].size) == (Status.OK, 3)
    assert not (tmp_path / "mark").exists()


def test_an_archive_cut_short_is_partial(examine) -> None:  # type: ignore[no-untyped-def]
    whole = rar(member(b"a.txt", b"one"), member(b"b.txt", b"two" * 100))
    found = examine({"a.rar": whole[:-200]})
    assert (found.items["a.rar"].status, found.items["a.rar"].error_code) == (Status.PARTIAL, "container.truncated")
    assert found.items["a.rar!a.txt"].status is Status.OK
    assert found.items["a.rar!b.txt"].error_code == "container.truncated"


def test_a_stored_member_with_another_checksum_is_partial(examine) -> None:  # type: ignore[no-untyped-def]
    found = examine({"a.rar": rar(member(b"a.txt", b"one", crc=1))})
    assert (found.items["a.rar!a.txt"].status, found.items["a.rar!a.txt"].error_code) == (
        Status.PARTIAL,
        "container.checksum",
    )


def test_without_the_extra_the_row_says_which_one_is_missing(examine, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setitem(sys.modules, "rarfile", None)
    item = examine({"a.rar": rar(member(b"a.txt", b"one"))}).items["a.rar"]
    assert (item.status, item.error_code) == (Status.ERROR, "container.needs_archives_extra")
    assert "leak-triage[archives]" in item.notes[0] and item.sha256 is not None


def test_no_mutation_crashes_or_loses_a_row(examine) -> None:  # type: ignore[no-untyped-def]
    whole = rar(member(b"a.eml", MAIL), member(b"b.csv", b"1,2\r\n" * 40), member(b"c.txt", b"??", method=COMPRESSED))
    found = examine({f"{number:03}.rar": octets for number, octets in enumerate(mutations(whole, seed=9, keep=7))})
    top = [item for item in found.items.values() if not item.depth]
    assert len(top) == 200 and {item.kind for item in top} == {Kind.ARCHIVE}
    assert {item.status for item in top} >= {Status.OK, Status.PARTIAL}
