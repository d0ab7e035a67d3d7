"""Writes rar archives of version 3 for the tests: members stored as they are, or said to be compressed."""

from __future__ import annotations

import struct
import zlib

MARK = b"Rar!\x1a\x07\0"
STORED, COMPRESSED = 0x30, 0x33
ENCRYPTED, SPLIT_AFTER, FOLDER = 0x4, 0x2, 0xE0  # flags of a member
_END = struct.pack("<BHH", 0x7B, 0x4000, 7)


def rar(*members: bytes) -> bytes:
    """An archive; members as member() makes them."""
    main = struct.pack("<BHHHL", 0x73, 0, 13, 0, 0)
    return MARK + _checked(main) + b"".join(members) + _checked(_END)


def member(
    name: bytes,
    stored: bytes,
    *,
    content: bytes | None = None,
    method: int = STORED,
    flags: int = 0,
    crc: int | None = None,
) -> bytes:
    """content is what the octets stored are decoded to, where that is something else."""
    decoded = stored if content is None else content
    crc = zlib.crc32(decoded) if crc is None else crc
    date = (2017 - 1980) << 25 | 4 << 21 | 24 << 16 | 10 << 11
    fields = struct.pack("<LLBLLBBHL", len(stored), len(decoded), 3, crc, date, 29, method, len(name), 0o100644)
    header = struct.pack("<BHH", 0x74, 0x8000 | flags, 7 + len(fields) + len(name)) + fields + name
    return _checked(header) + stored


def with_comment(stored: bytes) -> bytes:
    """An archive whose comment is said to be compressed (a block in the main header, as RAR 2 wrote it)."""
    comment = struct.pack("<HBHHHBBH", 0, 0x75, 0, 13 + len(stored), 9, 29, COMPRESSED, 0) + stored
    main = struct.pack("<BHHHL", 0x73, 0x2, 13 + len(comment), 0, 0)  # its checksum leaves the comment out
    return MARK + _checked(main) + comment + member(b"a.txt", b"one") + _checked(_END)


def _checked(header: bytes) -> bytes:
    return struct.pack("<H", zlib.crc32(header) & 0xFFFF) + header
