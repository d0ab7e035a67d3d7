"""A mark stands from the first thing made to the last, and goes however the work ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from transforms.marking import within

MARKED: list[str] = []


@contextlib.contextmanager
def mark(name: str) -> Iterator[None]:
    MARKED.append(name)
    try:
        yield
    finally:
        MARKED.remove(name)


def test_work_is_marked_until_the_last_thing_is_made() -> None:
    made = within(mark, "count 1", lambda number: iter(range(number)), 2)
    assert MARKED == []
    assert [(one, list(MARKED)) for one in made] == [(0, ["count 1"]), (1, ["count 1"])]
    assert MARKED == []


def test_work_that_fails_leaves_no_mark() -> None:
    with pytest.raises(ZeroDivisionError):
        list(within(mark, "count 1", lambda number: map(lambda one: one // 0, [number]), 1))
    assert MARKED == []
