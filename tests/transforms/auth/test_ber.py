"""Lengths of both forms, and what hostile ones cost."""

from __future__ import annotations

import pytest

from transforms.auth.ber import OCTET_STRING, SEQUENCE, Malformed, Reader
from transforms.limits import LIMITS


def test_definite_and_indefinite_lengths_hold_the_same() -> None:
    inside = b"\x02\x01\x05\x04\x02ab"
    for octets in (b"\x30\x07" + inside, b"\x30\x81\x07" + inside, b"\x30\x80" + inside + b"\0\0"):
        reader = Reader(octets + b"behind")
        top = reader.top(SEQUENCE)
        number, text = reader.children(top)
        assert (reader.number(number), reader.contents(text)) == (5, b"ab")
        assert reader.raw(top) == octets


def test_a_string_may_be_written_in_pieces() -> None:
    reader = Reader(b"\x24\x80\x04\x01a\x04\x02bc\0\0")
    assert list(reader.pieces(reader.top(0x24))) == [b"a", b"bc"]
    nested = Reader(b"\x24\x80\x30\0\0\0")
    with pytest.raises(Malformed):
        list(nested.pieces(nested.top(0x24)))


@pytest.mark.parametrize(
    "octets",
    [b"", b"\x30", b"\x30\x05\0", b"\x30\x80", b"\x30\x80\x04\x05a", b"\x04\x80\0\0", b"\x30\x89" + bytes(20),
     b"\x3f\0", b"\x30\x80" * 1000, b"\x30\x84\xff\xff\xff\xff"],
)  # fmt: skip
def test_what_is_cut_off_or_too_deep_is_malformed(octets: bytes) -> None:
    reader = Reader(octets)
    with pytest.raises(Malformed):
        list(reader.children(reader.top(octets[0] if octets else SEQUENCE)))


def test_elements_are_counted_whatever_the_nesting() -> None:
    many = b"\x30\x80" * 20 + b"\x05\0" * (LIMITS.ber_elements + 1) + b"\0\0" * 20
    with pytest.raises(Malformed):
        Reader(many).top(SEQUENCE)


def test_an_explicit_tag_holds_one_element() -> None:
    reader = Reader(b"\xa0\x02\x04\0")
    assert reader.only(reader.top(0xA0), OCTET_STRING).start == 2
    for octets in (b"\xa0\0", b"\xa0\x04\x04\0\x04\0", b"\xa0\x02\x31\0"):
        reader = Reader(octets)
        with pytest.raises(Malformed):
            reader.only(reader.top(0xA0), OCTET_STRING)
