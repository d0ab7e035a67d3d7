"""Sketches: nearly equal texts meet in a band, others do not; nothing depends on the order of words in a set."""

from __future__ import annotations

import random

import pytest

from transforms.sketch import ALIKE, bands, likeness, sketch

WORDS = [f"w{n}" for n in range(2_000)]


def text(chance: random.Random, size: int) -> list[str]:
    return chance.choices(WORDS, k=size)


def meet(one: str, other: str) -> bool:
    ours, theirs = sketch(one), sketch(other)
    assert ours is not None and theirs is not None
    return not set(bands(ours)).isdisjoint(bands(theirs))


@pytest.mark.parametrize(("size", "edits"), [(100, 2), (400, 10), (3_000, 80)])
def test_a_text_and_its_edit_meet(size: int, edits: int) -> None:
    chance = random.Random(7)
    met = 0
    for _ in range(100):
        one = text(chance, size)
        other = list(one)
        for place in chance.sample(range(size), edits):
            other[place] = "changed"
        assert likeness(" ".join(one), " ".join(other)) >= ALIKE
        met += meet(" ".join(one), " ".join(other))
    assert met >= 95


def test_texts_with_nothing_in_common_do_not_meet() -> None:
    chance = random.Random(7)
    texts = [" ".join(text(chance, 300)) for _ in range(30)]
    assert not any(meet(one, other) for at, one in enumerate(texts) for other in texts[:at])


def test_case_and_white_space_make_no_difference() -> None:
    one = " ".join(text(random.Random(7), 50))
    assert sketch(one) == sketch(one.upper().replace(" ", "\n  ")) and likeness(one, one.upper()) == 1


@pytest.mark.parametrize("short", ["", "a word", "word " * 1_000 + "end", " ".join("abcdefghijklmnopqrstu")])
def test_what_is_too_short_has_no_sketch_that_misleads(short: str) -> None:
    found = sketch(short)
    assert found is None or len(found) == 128
    if len(short.split()) < 22:
        assert found is None


def test_likeness_is_a_part_of_both() -> None:
    assert likeness("a b c d e", "a b c d e") == 1
    assert likeness("a b c", "d e f") == 0
    assert likeness("a b", "a b") == 0  # no shingle
    assert likeness("a b c d", "a b c e") == pytest.approx(1 / 3)
