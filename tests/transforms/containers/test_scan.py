"""Marks are found once each, across the windows in which a span is read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from transforms.containers.scan import occurrences
from transforms.span import in_memory


@given(st.binary(max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_occurrences_are_those_of_a_plain_search(octets: bytes, start: int, stop: int) -> None:
    octets = bytes(octet % 2 for octet in octets)
    stop = min(stop, len(octets))
    expected = [n for n in range(start, stop) if octets[n:stop].startswith(b"\1\0\1")]
    assert list(occurrences(in_memory(octets), b"\1\0\1", start, stop)) == expected


def test_marks_across_window_edges_are_found_once() -> None:
    octets = bytearray(200_000)
    places = [0, 4094, 4096, 20478, 86013, 199_997]
    for place in places:
        octets[place : place + 3] = b"abc" if place != 4094 else b"ab\0"
    octets[4094:4099] = b"ababc"
    span = in_memory(bytes(octets))
    assert list(occurrences(span, b"abc", 0, span.size)) == [0, 4096, 20478, 86013, 199_997]
