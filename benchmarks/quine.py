"""Archives that hold themselves: what a gzip or zip decodes to is that file, octet for octet, without end.

Deflate has two instructions that suffice: L prints octets that follow it, R repeats the last ones printed. Written as
units of one size, this sequence prints what stands before it, itself, and what stands behind it (the construction is
Russ Cox's, 2010; prefix and suffix are the headers and trailers of the format):

    L(prefix+1) prefix L(prefix+1)   R(prefix+1)   L1 R(prefix+1)   L1 L1   L4 R(prefix+1) L1 L1 L4   R4
    L4 R4 L4 R4 L4   R4   L4 R4 L0 L0 L(suffix+1)   R4   L0   L0   L(suffix+1) R(suffix+1) suffix   R(suffix+1)

The checksum of the whole stands inside the whole. CRC-32 is affine, so one system of 32 equations finds it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

_UNIT = 10  # octets of one instruction
_NAME = b"again.zip"
_ANY = 1 << 20  # a size, before it is known
_EMPTY = b"\0\0\0\xff\xff"  # a stored block of nothing (RFC 1951 §3.2.4)


def gzip_quine() -> bytes:
    return _fixed(lambda crc, size: (b"\x1f\x8b\x08\0\0\0\0\0\0\xff", struct.pack("<2L", crc, size)))


def zip_quine() -> bytes:
    return _fixed(_zip_frame)


def _zip_frame(crc: int, size: int) -> tuple[bytes, bytes]:
    """Local header and directory of a zip of one member, which is as large as the zip."""
    stored = size - (30 + 46 + 22 + 2 * len(_NAME))
    shared = struct.pack("<5H3L2H", 20, 0, 8, 0, 33, crc, stored, size, len(_NAME), 0)
    local = b"PK\3\4" + shared + _NAME
    central = b"PK\1\2" + struct.pack("<H", 20) + shared + struct.pack("<3H2L", 0, 0, 0, 0, 0) + _NAME
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local) + stored, 0)
    return local, central + end


def _fixed(frame: Callable[[int, int], tuple[bytes, bytes]]) -> bytes:
    """The file whose frame names its own size and checksum."""
    size = len(_whole(*frame(0, _ANY)))

    def off(crc: int) -> int:
        return zlib.crc32(_whole(*frame(crc, size))) ^ crc

    rows = [off(1 << bit) ^ off(0) for bit in range(32)]  # how each bit of the value moves the difference
    return _whole(*frame(_solved(rows, off(0)), size))


def _solved(columns: list[int], wanted: int) -> int:
    """Which columns add up to the wanted one, over two elements; by elimination."""
    basis: dict[int, tuple[int, int]] = {}  # leading bit -> column, and which of the given ones it is made of
    for number, column in enumerate(columns):
        made = 1 << number
        while column and column.bit_length() in basis:
            other, of = basis[column.bit_length()]
            column, made = column ^ other, made ^ of
        if column:
            basis[column.bit_length()] = column, made
    answer = 0
    while wanted:
        column, made = basis[wanted.bit_length()]
        wanted, answer = wanted ^ column, answer ^ made
    return answer


def _whole(prefix: bytes, suffix: bytes) -> bytes:
    before, behind = len(prefix) + _UNIT, len(suffix) + _UNIT
    quoted = _print(before) + prefix + _print(before)
    one, four, none = (_print(units * _UNIT) for units in (1, 4, 0))
    again, last = _repeat(4 * _UNIT), _repeat(behind, last=True)
    middle = [
        quoted, _repeat(before), one, _repeat(before), one, one, four, _repeat(before), one, one, four, again,
        four, again, four, again, four, again, four, again, none, none, _print(behind), again, none, none,
        _print(behind), last, suffix, last,
    ]  # fmt: skip
    return prefix + b"".join(middle) + suffix


def _print(size: int) -> bytes:
    """L: a stored block of so many octets, which follow."""
    return _EMPTY + b"\0" + struct.pack("<2H", size, size ^ 0xFFFF)


def _repeat(size: int, last: bool = False) -> bytes:
    """R: a block of fixed codes that repeats the last octets, 6 to 258, and blocks of nothing up to the unit's size."""
    room = 8 * (_UNIT - len(_EMPTY) + 1)
    for pieces in ((size,), (size // 2, size - size // 2)):
        bits = "010" + "".join(_copy(length, size) for length in pieces) + "0000000"
        while len(bits) + 3 <= room - 8:
            bits += "010" + "0000000"
        if len(bits) + 3 <= room:
            break
    bits = (bits + ("100" if last else "000")).ljust(room, "0")
    return bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, room, 8)) + _EMPTY[1:]


def _copy(length: int, distance: int) -> str:
    """So many octets from so far back, in fixed codes: bits in the order in which they are read (§3.2.5, §3.2.6)."""
    code, extra, width = _code(length - 3, 4)
    bits = f"{code + 1:07b}" if code + 257 < 280 else f"{code + 257 - 280 + 0xC0:08b}"
    bits += f"{extra:0{width}b}"[::-1] if width else ""
    code, extra, width = _code(distance - 1, 2)
    return bits + f"{code:05b}" + (f"{extra:0{width}b}"[::-1] if width else "")


def _code(value: int, plain: int) -> tuple[int, int, int]:
    """The code whose range holds a value, where in that it lies, and in how many bits that is said."""
    code = 0
    while True:
        width = max(0, code // plain - 1)
        if value < 1 << width:
            return code, value, width
        value, code = value - (1 << width), code + 1
