"""The page of threats: all thirty, and every limit and test that it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from transforms.limits import LIMITS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "hostile.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.splitlines() if line.startswith("| ")]


def test_all_thirty_threats_have_a_bound_and_a_test() -> None:
    assert [row[0] for row in ROWS[1:]] == [str(number) for number in range(1, 31)]
    for _, threat, bound, tests in ROWS[1:]:
        assert threat and bound and "`tests/" in tests


def test_the_limits_named_are_limits() -> None:
    named = {name for row in ROWS[1:] for name in re.findall("`([a-z_]+)`", row[2])}
    assert len(named) > 15 and named <= LIMITS.as_dict().keys()


def test_the_tests_named_are_tests() -> None:
    named = re.findall("`(tests/[^`]+)`", PAGE)
    assert len(named) > 40
    for path, _, test in (name.partition("::") for name in named):
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert not test or test in functions, f"{path}::{test}"
