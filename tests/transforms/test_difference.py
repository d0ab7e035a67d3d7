"""Words compared: what was said is told from what charsets, gateways and publishers do to words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.difference import differences, mostly_alike, said, subject_words, words


def told(verified: str, copy: str) -> int:
    return len(said(differences(words(verified), words(copy))))


def test_a_replaced_word_is_said_and_a_missing_one_is_not() -> None:
    assert told("the sum of 400 euro", "the sum of 9400 euro") == 1
    assert told("the sum of 400 euro", "the sum of euro") == 0


@pytest.mark.parametrize(
    ("reading", "wrong"), [("cp1251", "latin-1"), ("utf-8", "cp1252"), ("utf-8", "latin-1"), ("koi8-r", "cp1251")]
)
def test_a_text_read_under_another_charset_says_nothing_else(reading: str, wrong: str) -> None:
    text = "пожалуйста переведите четыреста рублей казначею"
    assert told(text, text.encode(reading).decode(wrong, "replace")) == 0


@pytest.mark.parametrize(
    "copy",
    [
        "ask the treas urer & <him> today",
        "ask the treas! urer & <him> today",
        "ask the treasurer &amp; &lt;him&gt; today",
        "ask the trea= surer & <him> today",
        "Ask  the *treasurer* & “him” today",
        "ask the trXXXXXer & <him> today",
    ],
)
def test_a_text_that_was_wrapped_or_not_decoded_says_nothing_else(copy: str) -> None:
    assert told("ask the treasurer & <him> today", copy) == 0


@pytest.mark.parametrize(
    "copy",
    ["see https://urldefense.example/v2/x for it", "see htt ps://x.example/a for it", "see [link removed] for it",
     "see the link for it", "see http s://x.exa mple/a for it"],
)  # fmt: skip
def test_a_rewritten_or_broken_link_says_nothing_else(copy: str) -> None:
    assert told("see https://x.example/a for it", copy) == 0


def test_a_notice_in_the_place_of_words_says_nothing_else() -> None:
    assert told("ask the treasurer claire@x.example now", "ask the [red acted] [email protected] now") == 0
    assert told("ask the treasurer claire@x.example now", "ask the minister [email protected] now") == 1


def test_a_footer_after_a_text_that_was_cut_off_says_nothing_else() -> None:
    text = "the hall is booked for the meeting of Friday and the keys are with the caretaker until noon"
    footer = "Staff list of the house, to leave it write to the office"
    assert told(text, text[:60] + " " + footer) == 0
    assert told(text, text.replace("until noon", "until two")) == 1


def test_a_subject_has_no_footer() -> None:
    changes = differences(
        ["The", "hall", "on", "Friday"], ["Offshore", "account", "in", "Panama", "for", "a", "minister"]
    )
    assert len(said(changes, footer=False)) == 1 and said(changes) == ()


def test_a_word_beside_a_rewritten_link_is_still_compared() -> None:
    assert told("pay 400 https://x.example/a now", "pay 9400 https://urldefense.example/x now") == 1


def test_of_a_text_that_was_damaged_as_a_whole_nothing_is_said() -> None:
    text = "la réunion du trésorier a été déplacée, dit René hier"
    broken = "la r=C3=A9union du tr=C3= A9sorier a =C3=A9t=C3=A9 d=C3=A9plac=C3=A9e, dit Ren=C3 hier"
    assert told(text, broken) == 0


def test_a_notice_in_brackets_is_not_said() -> None:
    assert told("the report is here for you", "the report [image removed] is here for you") == 0
    assert told("the report is here for you", "the report never is here for you") == 1


def test_reply_marks_and_tags_are_no_words_of_a_subject() -> None:
    assert subject_words("[staff] Re: Fwd: ***SPAM*** The hall") == ["The", "hall"]


@pytest.mark.parametrize("unit", [(["a", "b"], ["b", "a", "c"]), (["a"], ["a", "b", "a"])])
def test_a_few_words_over_and_over_are_given_up(unit: tuple[list[str], list[str]]) -> None:
    one, other = ["x", *unit[0] * 900, "y"], ["v", *unit[1] * 600, "w"]
    start = time.process_time()
    assert differences(one, other) is None
    assert time.process_time() - start < 1


@given(st.lists(st.sampled_from(["one", "two", "três", "4"]), max_size=40))
def test_equal_texts_do_not_differ(text: list[str]) -> None:
    changes = differences(text, list(text))
    assert changes == [] and mostly_alike(text, text, changes)


@given(st.lists(st.text("abc?é ", max_size=6), max_size=30), st.lists(st.text("abc?é ", max_size=6), max_size=30))
def test_any_words_can_be_compared(one: list[str], other: list[str]) -> None:
    before, after = words(" ".join(one)), words(" ".join(other))
    changes = differences(before, after)
    assert changes is not None
    gone, new = sum(len(c[0]) for c in changes), sum(len(c[1]) for c in changes)
    assert len(before) - gone == len(after) - new
