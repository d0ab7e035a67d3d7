"""A file without a name that cannot be written stops the run, and is no error of what is read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from transforms.scratch import Unwritten, scratch


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    with scratch(tmp_path) as file:
        file.writelines([b"a" * 100_000, b"end"])
        file.flush()
        assert os.pread(file.fileno(), 3, 100_000) == b"end"
        assert not list(tmp_path.iterdir())


def test_where_none_can_be_made(tmp_path: Path) -> None:
    with pytest.raises(Unwritten, match="No such file or directory"):
        scratch(tmp_path / "missing")


FULL = """
import resource, signal
from transforms.scratch import Unwritten, scratch
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
file = scratch()
try:
    file.write(bytes(100_000))
    file.flush()
except Unwritten as error:
    print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


def test_where_there_is_no_room() -> None:
    done = subprocess.run([sys.executable, "-c", FULL], capture_output=True, text=True)
    assert done.stdout.startswith("File too large"), done
