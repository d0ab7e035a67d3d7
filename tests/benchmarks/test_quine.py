"""The archives that hold themselves do, by other readers than ours."""

from __future__ import annotations

import gzip
import importlib
import io
import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
quine = importlib.import_module("quine")
sys.path.pop(0)


def test_a_gzip_that_is_its_own_content() -> None:
    octets = quine.gzip_quine()
    assert gzip.decompress(octets) == octets


def test_a_zip_that_is_its_only_member() -> None:
    octets = quine.zip_quine()
    with zipfile.ZipFile(io.BytesIO(octets)) as package:
        (name,) = package.namelist()
        assert package.read(name) == octets


@pytest.mark.parametrize("value", [0, 1, 0x80000000, 0xEDB88320])
def test_equations_are_solved(value: int) -> None:
    columns = [1 << bit | 1 << (bit * 7 + 3) % 32 for bit in range(32)]
    given = [one for number, one in enumerate(columns) if value >> number & 1]
    total = 0
    for one in given:
        total ^= one
    found = quine._solved(columns, total)
    for number, one in enumerate(columns):
        total ^= one if found >> number & 1 else 0
    assert total == 0
