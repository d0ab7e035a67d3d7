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
    return _heap(0xBC, allocations)


def table(numbers: list[int]) -> bytes:
    """A table that lists other nodes by their numbers, and says no more of them (MS-PST §2.3.4)."""
    columns = struct.pack("<LHBBLHBB", 0x67F20003, 0, 4, 0, 0x67F30003, 4, 4, 1)
    rows = b"".join(struct.pack("<LLB", number, 1, 0xC0) for number in numbers)
    index = b"".join(struct.pack("<LH", number, place) for place, number in enumerate(numbers))
    places = hid(2), hid(4) if numbers else 0, 0
    head = struct.pack("<BB4H3L", 0x7C, 2, 8, 8, 8, 9, *places) + columns
    tree = struct.pack("<BBBBL", 0xB5, 4, 2, 0, hid(3) if numbers else 0)
    return _heap(0x7C, [head, tree, index, rows])


def _heap(kind: int, allocations: list[bytes]) -> bytes:
    places, at = [], 12
    for one in allocations:
        places.append(at)
        at += len(one)
    table = struct.pack(f"<HH{len(places) + 1}H", len(allocations), 0, *places, at)
    header = struct.pack("<HBBLL", at, 0xEC, kind, hid(1), 0)
    return header + b"".join(allocations) + table
