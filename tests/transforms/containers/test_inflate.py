"""zlib with the interface of bz2 and lzma."""

from __future__ import annotations

import zlib

from transforms.containers.inflate import Inflater


def test_output_is_bounded_and_nothing_is_lost() -> None:
    octets = b"0123456789" * 50_000
    decoder, out = Inflater(15), []
    data = zlib.compress(octets)
    while not decoder.eof:
        out.append(decoder.decompress(data, 1000))
        data = b""
    assert max(map(len, out)) <= 1000
    assert b"".join(out) == octets


def test_octets_behind_the_stream_are_given_back() -> None:
    decoder = Inflater(15)
    assert decoder.decompress(zlib.compress(b"a") + b"rest", 100) == b"a"
    assert decoder.unused_data == b"rest"


def test_asks_for_input_when_it_has_none() -> None:
    decoder = Inflater(15)
    assert decoder.decompress(zlib.compress(b"a")[:3], 100) == b""
    assert decoder.needs_input and not decoder.eof
