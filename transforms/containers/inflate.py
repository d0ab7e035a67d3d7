"""zlib's decoder with the interface that bz2 and lzma have: bounded output, told when it wants more."""

from __future__ import annotations

import zlib
from typing import Protocol


class Decoder(Protocol):
    """What bz2.BZ2Decompressor and lzma.LZMADecompressor offer."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class Inflater:
    """wbits as of zlib: -15 for raw deflate, 31 for gzip."""

    def __init__(self, wbits: int) -> None:
        self._decoder = zlib.decompressobj(wbits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """At most max_length octets; with data b"" what is left of earlier input."""
        block = self._decoder.decompress(self._decoder.unconsumed_tail + data, max_length)
        self.needs_input = len(block) < max_length and not self._decoder.unconsumed_tail
        return block
