"""Text of the dump is escaped, set apart, and nothing in it is invisible."""

from __future__ import annotations

import pytest

from pipeline.report import shown


def test_markup_is_text() -> None:
    assert shown.shown("</bdi><script>x</script>") == "<bdi>&lt;/bdi&gt;&lt;script&gt;x&lt;/script&gt;</bdi>"


@pytest.mark.parametrize(
    "char",
    ["\u202e", "\u2066", "\u200b", "\u200d", "\u00ad", "\ufeff", "\u2028", "\x00", "\ud800", "\u3164", "\U000e0041"],
)
def test_what_cannot_be_seen_is_written_out(char: str) -> None:
    assert shown.shown(f"a{char}b") == f'<bdi>a<span class="unseen">U+{ord(char):04X}</span>b</bdi>'


def test_letters_of_all_scripts_stand_as_they_are() -> None:
    assert shown.shown("Élysée Москва 東京 مرحبا") == "<bdi>Élysée Москва 東京 مرحبا</bdi>"


def test_a_long_text_is_cut_where_it_says() -> None:
    assert shown.shown("x" * 1_000, 10) == f"<bdi>{'x' * 9}…</bdi>"


def test_a_domain_of_foreign_letters_is_shown_as_it_is_and_as_it_reads() -> None:
    told = shown.domain("xn--lvigie-3nf.example")
    assert told.startswith("<bdi>xn--lvigie-3nf.example</bdi>") and "U+0430" in told
    assert shown.domain("lavigie.example") == "<bdi>lavigie.example</bdi>"


@pytest.mark.parametrize(
    ("one", "other", "left", "right"),
    [
        ("12,400", "124,000", "12<mark>,4</mark>00", "12<mark>4,0</mark>00"),
        ("same", "same", "same", "same"),
        ("", "new", "", "<mark>new</mark>"),
        ("aa", "aaa", "aa", "aa<mark>a</mark>"),
    ],
)
def test_what_differs_between_two_values_is_marked_in_both(one: str, other: str, left: str, right: str) -> None:
    marked = [text.replace("<bdi>", "").replace("</bdi>", "") for text in shown.differing(one, other)]
    assert marked == [left, right]


def test_a_button_carries_its_search_in_quotes() -> None:
    assert 'data-search="&quot;&gt;&lt;b&gt;"' in shown.pick('"><b>')


@pytest.mark.parametrize("path", ["-o", "a\u200bb.eml", "a\u3164b.eml", "a\u00a0b.eml"])
def test_a_path_that_cannot_be_typed_as_it_is_read_is_named_by_its_id(path: str) -> None:
    assert shown.typed(path, "33114845") == "33114845"
    assert shown.typed("mails/Élysée 1.eml", "33114845") == "mails/Élysée 1.eml"
