"""The benchmark of regular expressions misses none of them, whatever value or function holds it."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def regexes() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        yield importlib.import_module("regexes")
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
        sys.modules.pop("regexes", None)


def test_every_regular_expression_is_measured(regexes: ModuleType) -> None:
    found = {(label.partition(":")[0], pattern.pattern) for label, pattern, _ in regexes.patterns()}
    measured = Counter(module for module, _ in found)
    assert len(measured) > 50
    for path in sorted([*(ROOT / "transforms").rglob("*.py"), *(ROOT / "pipeline").rglob("*.py")]):
        module = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        calls = [node.func.attr for node in ast.walk(ast.parse(path.read_text("utf-8"))) if calls_re(node)]
        assert set(calls) <= {"compile", "escape", *regexes.WAYS}, module
        assert measured[module] >= calls.count("compile"), module


def calls_re(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and names_re(node.func.value)


def names_re(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "re"


def test_patterns_are_found_in_whatever_holds_them(regexes: ModuleType) -> None:
    one, two = re.compile("a"), re.compile("bb")
    assert regexes._held({"x": (one, 3), "y": [(two, "text")]}, "m") == [one, two]
    assert regexes._held((one,) * 20 + (two,), "m") == [two]  # of many, the longest

    @cache
    def made() -> re.Pattern[str]:
        return one

    assert regexes._held(made, __name__) == [one] and regexes._held(made, "another") == []
