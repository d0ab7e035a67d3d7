"""A file is there whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pytest

from pipeline.whole_file import write_whole


class Broken(Exception):
    pass


def fails(file: BinaryIO) -> None:
    file.write(b"half")
    raise Broken


def interrupted(file: BinaryIO) -> None:
    file.write(b"half")
    raise KeyboardInterrupt


@pytest.mark.parametrize(("fill", "error"), [(fails, Broken), (interrupted, KeyboardInterrupt)])
def test_a_writer_that_fails_leaves_nothing(tmp_path: Path, fill, error: type[BaseException]) -> None:
    with pytest.raises(error):
        write_whole(tmp_path / "x", fill)
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    write_whole(tmp_path / "x", lambda file: file.write(b"first"))
    with pytest.raises(Broken):
        write_whole(tmp_path / "x", fails)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x", b"first")]
    write_whole(tmp_path / "x", lambda file: file.write(b"second"))
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x", b"second")]
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600


def test_nothing_is_there_before_all_of_it_is(tmp_path: Path) -> None:
    seen = []

    def fill(file: BinaryIO) -> None:
        file.write(b"all of it")
        file.flush()
        seen.append((tmp_path / "x").exists())

    write_whole(tmp_path / "x", fill)
    assert seen == [False] and (tmp_path / "x").read_bytes() == b"all of it"
