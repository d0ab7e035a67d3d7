"""Rich text to words, by the examples of MS-OXRTFCP §3 and MS-OXRTFEX §3, and hostile input."""

from __future__ import annotations

import random
import struct
import time

import pytest

from transforms.limits import LIMITS
from transforms.mail.rtf import text_of


def kept(rich: bytes, form: bytes = b"MELA") -> bytes:
    return struct.pack("<LL4sL", len(rich) + 12, len(rich), form, 0) + rich


def words(rich: bytes) -> str:
    return text_of(kept(rich))[0]


def test_the_example_of_the_specification_is_decompressed() -> None:
    stored = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a0072637067313235423" + "20af32068656c090020627705b06c647d0a800fa0"
    )
    assert text_of(stored) == ("hello world", "text/plain")


def test_a_reference_to_what_is_being_written_repeats_it() -> None:
    stored = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert text_of(stored)[0] == "WXYZWXYZWXYZWXYZWXYZ"


def test_words_are_read_and_formatting_is_not() -> None:
    rich = (
        rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0 Arial;}}{\*\generator Riched20;}\pard\b The hall\b0\par is booked\tab "
        rb"\'e4\'e0 \u8364?\{1\}{\pict\bin4 }{{}}}"
    )
    assert words(rich) == "The hall\nis booked\tда €{1}"


def test_html_inside_rich_text_comes_back_as_html() -> None:
    rich = (
        rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 "
        rb"Note: {\*\htmltag84 &lt;}\htmlrtf <\htmlrtf0 5 {\*\mhtmltag84 <x>}{\*\htmltag72 </p>}\htmlrtf }\htmlrtf0 }"
    )
    assert text_of(kept(rich)) == ("<p>Note: &lt;5 </p>", "text/html")


def test_a_character_beyond_the_first_plane_is_one() -> None:
    assert words(rb"{\rtf1 \u-10179?\u-8704?}") == "\U0001f600"


@pytest.mark.parametrize("stored", [b"", b"\0" * 15, kept(b"{", b"????"), b"\xff" * 40])
def test_what_is_no_rich_text_says_nothing(stored: bytes) -> None:
    assert text_of(stored) == ("", "text/plain")


def test_any_damage_is_read_in_bounded_time() -> None:
    chance = random.Random(5)
    fills = [b"{", b"}", b"\\", b"\\'", b"\\*", b"\\u9", b"{\\*", b"\\'41", b"a\\"]
    started = time.process_time()
    for fill in fills:
        words(b"{\\rtf1 " + fill * (LIMITS.text_source // len(fill)))
    for _ in range(200):
        stored = bytearray(kept(chance.randbytes(2_000), b"LZFu"))
        text, _ = text_of(bytes(stored))
        assert len(text) <= LIMITS.text_source
    assert time.process_time() - started < 60


def test_little_input_gives_bounded_output() -> None:
    loop = b"\x00" + b"aaaaaaaa" + (b"\xff" + b"\x0d\x0f" * 8) * 200_000
    assert len(text_of(kept(loop, b"LZFu"))[0]) <= LIMITS.text_source
