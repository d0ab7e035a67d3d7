"""Writes the heap of a message's properties for the tests, as it lies in a PST (MS-PST §2.3)."""

from __future__ import annotations

import struct


def hid(number: int) -> int:
    return number << 5


def heap(values: dict[int, bytes | int | None], levels: int = 0) -> bytes:
    """Octets as libpff gives them; None for a value that lies elsewhere in the file, a number for one of 32 bits."""
    allocations = [b"", b""]  # the tree, its records
    records = []
    for tag, value in sorted(values.items(), key=lambda one: one[0] >> 16):
        place = value if isinstance(value, int) else 0x8021
        if isinstance(value, bytes):
            allocations.append(value)
            place = hid(len(allocations))
        records.append(struct.pack("<HHL", tag >> 16, tag & 0xFFFF, place))
    allocations[1] = b"".join(records)
    root = hid(2)
    for _ in range(levels):
        allocations.append(struct.pack("<HL", 0, root))
        root = hid(len(allocations))
    allocations[0] = struct.pack("<BBBBL", 0xB5, 2, 6, levels, root)
    places, at = [], 12
    for one in allocations:
        places.append(at)
        at += len(one)
    table = struct.pack(f"<HH{len(places) + 1}H", len(allocations), 0, *places, at)
    header = struct.pack("<HBBLL", at, 0xEC, 0xBC, hid(1), 0)
    return header + b"".join(allocations) + table
