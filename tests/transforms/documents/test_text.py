"""Plain text: its words are kept, and it says nothing of its making."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_its_words_are_kept(see, charset: str) -> None:
    seen = see("Le total est\r\n  de 5000 à payer".encode(charset), "a.txt")
    assert (seen.facts, seen.text) == (None, "Le total est de 5000 à payer")


def test_a_table_is_a_text(see) -> None:
    assert see(b"a;b\r\n1;2\r\n", "a.csv").text == "a;b 1;2"
