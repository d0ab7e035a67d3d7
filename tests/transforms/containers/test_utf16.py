"""UTF-16 told from other octets, and read in chunks."""

from __future__ import annotations

import pytest

from transforms.containers.utf16 import decoded, form, in_utf8
from transforms.limits import LIMITS
from transforms.model import ContainerError
from transforms.span import in_memory

TEXT = "Subject: réunion 😀\r\n\r\n"


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be"])
def test_a_mark_or_the_zeros_of_letters_tell(name: str) -> None:
    octets = TEXT.encode(name)
    mark = "\ufeff".encode(name)
    assert form(octets) == form(mark + octets) == name
    assert in_utf8(mark + octets) == in_utf8(octets) == TEXT.encode()
    assert b"".join(decoded(in_memory(mark + octets))) == TEXT.encode()


@pytest.mark.parametrize(
    "octets", [b"", b"S", TEXT.encode(), bytes(40), b"\0\0a\0" * 9, b"\x89PNG\r\n\x1a\n" + bytes(40)]
)
def test_other_octets_are_none(octets: bytes) -> None:
    assert form(octets) == "" and in_utf8(octets) == octets


def test_a_character_across_two_chunks_is_whole() -> None:
    text = "a" * (LIMITS.chunk // 2 - 1) + "😀"
    assert b"".join(decoded(in_memory(text.encode("utf-16-le")))) == text.encode()


@pytest.mark.parametrize("end", [b"a", b"\x3d\xd8", b"\0\xdca\0"])
def test_what_breaks_off_is_damaged_behind_what_was_good(end: bytes) -> None:
    came = b""
    with pytest.raises(ContainerError) as caught:
        for chunk in decoded(in_memory(TEXT.encode("utf-16-le") + end)):
            came += chunk
    assert caught.value.code == "container.damaged"
