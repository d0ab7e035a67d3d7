"""What a repair changed is told in whole lines."""

from __future__ import annotations

import pytest

from transforms.auth.repair.difference import difference


@pytest.mark.parametrize(
    ("shown", "signed", "told"),
    [
        (b"a\r\nb\r\nc\r\n", b"a\r\nx\r\nc\r\n", ("b", "x")),
        (b"a\r\nb\r\nfoot\r\n", b"a\r\nb\r\n", ("foot", "")),
        (b"a\r\n", b"\r\na\r\n", ("", "(empty line)")),
        (b"aab\r\n", b"ab\r\n", ("aab", "ab")),
        (b"a\r\n", b"a\r\n", ("", "")),
        (b"", b"x", ("", "x")),
        (b"\x1b[2J\r\n", b"y\r\n", ("\\x1b[2J", "y")),
    ],
)
def test_difference_names_the_lines_that_differ(shown: bytes, signed: bytes, told: tuple[str, str]) -> None:
    assert difference(shown, signed) == told
    assert difference(signed, shown) == told[::-1]


def test_a_long_difference_is_cut() -> None:
    assert all(len(side) <= 400 for side in difference(b"a" * 100_000, b"b" * 100_000))
