"""What each check, join and reader declares, so that a new one cannot forget it."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from transforms import checks, joins
from transforms.calibration import asking
from transforms.case import ItemView
from transforms.model import Direction, Kind, Rule, Strength
from transforms.verdict import FAMILIES, IMPERSONATION, SPOOFED, SUBTYPES

HERE = Path(__file__).resolve().parent
MODULES = [*checks.modules(), *joins.by_name().values()]


def named(module: ModuleType) -> str:
    return module.__name__


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_a_module_opens_with_the_question_it_answers(module: ModuleType) -> None:
    assert module.__doc__ is not None and "?" in module.__doc__.splitlines()[0]


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_rules_are_declared_whole(module: ModuleType) -> None:
    for rule in module.RULES:
        assert isinstance(rule, Rule)
        assert re.fullmatch(r"[a-z]+\.[a-z0-9_]+", rule.code)
        assert rule.code.partition(".")[0] in FAMILIES
        assert rule.sentence[0].isupper() and not rule.sentence.endswith(".")
        assert rule.innocent.endswith(".")
        assert rule.rate


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_each_rule_is_tried_in_the_mirrored_test_of_its_file(module: ModuleType) -> None:
    _, room, name = module.__name__.split(".")
    text = (HERE / "transforms" / room / f"test_{name}.py").read_text("utf-8")
    constants = {rule.code: constant for constant, rule in vars(module).items() if isinstance(rule, Rule)}
    for rule in module.RULES:
        named = (rule.code, rule.code.partition(".")[2], constants.get(rule.code, rule.code))
        assert any(re.search(rf"\b{re.escape(one)}\b", text) for one in named), rule.code


@pytest.mark.parametrize("module", checks.modules(), ids=named)
def test_a_check_has_a_check(module: ModuleType) -> None:
    assert callable(module.check)


@pytest.mark.parametrize("module", asking(), ids=named)
def test_a_check_that_may_contradict_strongly_says_on_what_it_was_made(module: ModuleType) -> None:
    nothing = ItemView(Kind.OTHER, (), None, False, None)
    assert set(module.made(nothing)) <= {rule.code for rule in module.RULES if rule.strength is Strength.STRONG}


@pytest.mark.parametrize("module", joins.by_name().values(), ids=named)
def test_a_join_has_rows_and_join(module: ModuleType) -> None:
    assert callable(module.rows) and callable(module.join)


def test_codes_are_declared_once() -> None:
    codes = [rule.code for module in MODULES for rule in module.RULES]
    assert len(codes) == len(set(codes))


def test_a_decisive_contradiction_names_its_subtype() -> None:
    for module in MODULES:
        for rule in module.RULES:
            if rule.direction is Direction.CONTRADICTS and rule.strength is Strength.DECISIVE:
                assert rule.code in {*SUBTYPES, IMPERSONATION, SPOOFED}
