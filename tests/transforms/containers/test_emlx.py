"""Apple Mail's .emlx: count line, message, property list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.containers import emlx
from transforms.span import in_memory

MAIL = b"Subject: a\n\nbody\n"
PLIST = b'<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"></plist>\n'


def test_message_has_exactly_the_counted_octets() -> None:
    octets = b"17        \n" + MAIL + PLIST
    gap, message, rest = emlx.entries(in_memory(octets))
    assert (gap.form, gap.start, gap.length) == ("gap", 0, 11)
    assert (message.form, message.offset, message.start, message.length) == ("message", 11, 11, 17)
    assert (rest.form, rest.start, rest.length) == ("gap", 28, len(PLIST))
    assert not message.defects


def test_without_a_property_list_nothing_follows_the_message() -> None:
    assert [entry.form for entry in emlx.entries(in_memory(b"17\n" + MAIL))] == ["gap", "message"]


@pytest.mark.parametrize("count", [b"9000\n", b"999999999999\r\n"])
def test_a_count_past_the_end_takes_all_and_says_so(count: bytes) -> None:
    _, message = emlx.entries(in_memory(count + MAIL))
    assert message.length == len(MAIL)
    assert message.defects == ("container.emlx_count",)


@given(st.binary(max_size=60) | st.integers().map(lambda n: b"%d\n" % n + MAIL))
def test_entries_cover_any_octets_once(octets: bytes) -> None:
    at = 0
    for entry in emlx.entries(in_memory(octets)):
        assert entry.start == entry.offset == at and entry.length is not None
        at += entry.length
    assert at == len(octets)
