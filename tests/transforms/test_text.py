"""clean_text: printable, valid, nothing hidden, for any input."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from transforms.text import clean_text


def test_terminal_escapes_become_visible() -> None:
    assert clean_text("\x1b]52;c;aGk=\x07") == "\\x1b]52;c;aGk=\\x07"


def test_a_right_to_left_override_becomes_visible() -> None:
    assert clean_text("invoice\u202efdp.exe") == "invoice\\u202efdp.exe"


def test_octets_that_are_not_utf8_become_visible() -> None:
    assert clean_text(b"caf\xe9") == "caf\\xe9"
    assert clean_text("caf\udce9") == "caf\\xe9"


def test_ordinary_text_is_untouched() -> None:
    assert clean_text("Déjà vu, 東京 🙂") == "Déjà vu, 東京 🙂"


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert clean_text("a" * 50, 10) == "a" * 9 + "…"


@given(st.one_of(st.binary(), st.text(st.characters(exclude_categories=()))), st.none() | st.integers(1, 50))
def test_any_input_gives_valid_text_without_controls(value: bytes | str, limit: int | None) -> None:
    text = clean_text(value, limit)
    text.encode("utf-8")
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or 0x202A <= ord(c) <= 0x202E for c in text)
    assert limit is None or len(text) <= limit
