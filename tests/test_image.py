"""The image of a Beam worker: the SDK that setup.py asks for, extras that exist, files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import apache_beam
import pytest

ROOT = Path(__file__).resolve().parent.parent
IMAGE = (ROOT / "Dockerfile").read_text("ascii")
SETUP = (ROOT / "setup.py").read_text("utf-8")


def test_the_sdk_is_the_one_that_is_installed_and_asked_for() -> None:
    ((python, version),) = re.findall(r"^FROM apache/beam_python([\d.]+)_sdk:([\d.]+)$", IMAGE, re.MULTILINE)
    assert version == apache_beam.__version__ and f'python_requires=">={python}"' in SETUP


def test_the_extras_exist() -> None:
    (extras,) = re.findall(r"'\.\[(.+)\]'", IMAGE)
    assert all(f'"{extra}": [' in SETUP for extra in extras.split(","))


@pytest.mark.parametrize("line", re.findall(r"^COPY (.+)$", IMAGE, re.MULTILINE))
def test_what_is_copied_is_there(line: str) -> None:
    *sources, _ = line.split()
    assert all((ROOT / source).exists() for source in sources)
