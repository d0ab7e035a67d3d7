"""Letters and signs spelt by somebody who has none but a to z."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.spelling import has_sign, spells


@pytest.mark.parametrize(
    ("written", "text"),
    [("£500", "gbp500"), ("Søren", "soeren"), ("Ελλάδα", "ellada"), ("Щукин", "schtschukin"), ("שלום", "shalom"),
     ("2½", "212"), ("Größe", "groesse"), ("AT&T", "atundt"), ("x", "x"), ("", "")],
)  # fmt: skip
def test_a_word_is_spelt(written: str, text: str) -> None:
    assert spells(written, text)


@pytest.mark.parametrize(
    ("written", "text"),
    [("£500", "gbp900"), ("£500", "5000"), ("Søren", "larsen"), ("не", "da"), ("•", "not"), ("x", "")],
)
def test_another_word_is_not(written: str, text: str) -> None:
    assert not spells(written, text)


def test_a_picture_is_a_sign_and_a_letter_is_none() -> None:
    assert has_sign("great 😀") and not has_sign("à") and not has_sign("x")


def test_long_words_cost_no_more_than_their_lengths() -> None:
    start = time.process_time()
    assert not spells("шш" * 1000, "sh" * 999 + "!")
    assert not spells("漢" * 2000, "a" * 1999 + "1")
    assert not spells("ш" * 3000, "sh" * 3000)
    assert time.process_time() - start < 1


PIECES = [("é", "e"), ("é", ""), ("ß", "ss"), ("½", "12"), ("£", "gbp"), ("ж", "zh"), ("漢", "han"), ("&", "and"),
          ("7", "7"), ("😀", ""), ("-", ""), ("e\u0301", "e")]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=20))
def test_a_word_put_together_of_spellings_is_spelt(pieces: list[tuple[str, str]]) -> None:
    assert spells("".join(char for char, _ in pieces), "".join(spelling for _, spelling in pieces))
