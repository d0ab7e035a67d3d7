"""Names of a directory: in the order of their octets, however few of them are in memory at a time."""

from __future__ import annotations

import errno
import os
import tempfile
from itertools import islice
from pathlib import Path
from typing import IO

import pytest

from transforms.listing import Unreadable, names


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 14, 50])
def test_runs_of_any_number_are_merged_to_the_order_of_octets(tmp_path: Path, count: int) -> None:
    made = {b"%d \xff\n" % (number * 7919 % 97) for number in range(count)}
    for name in made:
        (tmp_path / os.fsdecode(name)).touch()
    assert list(names(os.fsencode(tmp_path), tempfile.TemporaryFile, at_once=7)) == sorted(made)


def test_no_more_names_than_that_are_in_memory(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / str(number)).touch()
    files: list[IO[bytes]] = []

    def spool() -> IO[bytes]:
        files.append(tempfile.TemporaryFile())  # noqa: SIM115
        return files[-1]

    found = names(os.fsencode(tmp_path), spool, at_once=6)
    assert [file.seek(0, os.SEEK_END) and file.seek(0) for file in files] == [0, 0, 0]  # three runs of six
    assert list(islice(found, 2)) == [b"0", b"1"]
    assert len(list(found)) == 18 and all(file.closed for file in files)


def test_a_folder_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        names(os.fsencode(tmp_path / "none"), tempfile.TemporaryFile)
    assert isinstance(refused.value.__cause__, FileNotFoundError)


def test_a_full_disk_is_not_taken_for_an_unreadable_folder(tmp_path: Path) -> None:
    def full() -> IO[bytes]:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "a").touch()
    with pytest.raises(OSError, match="No space left"):
        names(os.fsencode(tmp_path), full, at_once=1)
