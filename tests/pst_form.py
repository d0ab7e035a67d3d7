"""Writes a mailbox file of Outlook in other forms: as Outlook 97 to 2002 kept it (ANSI), and with a password (MS-PST).

Nodes and blocks are those of the Unicode file given; only pages, trailers and the places of blocks are made anew. The
maps of free space are left empty: Outlook would write them again, and libpff does not read them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from pst_file import heap, table

Values = dict[int, bytes | int | None]  # tag of a property -> its octets, or a number of 32 bits

_PAGE = 512  # octets
_INSIDE = 2  # bit of a block's number: it lists other blocks (§2.2.2.2)
_STORE, _ROOT = 0x21, 0x122  # numbers of the nodes of the mailbox itself and of its topmost folder (§2.4.1)
_FOLDERS, _MESSAGES = 0x0B, 0x0C  # from the number of a folder to those of the tables of what it holds (§2.2.2.1)
_NAME, _COUNT = 0x3001001F, 0x36020003  # of a folder: how it is called, how many messages it says it holds


class _Block(NamedTuple):
    number: int
    octets: bytes
    references: int


class _Node(NamedTuple):
    number: int
    data: int
    below: int
    parent: int


def ansi(unicode: bytes) -> bytes:
    """The same mailbox in pages and blocks of 32 bits."""
    nodes = [_Node(*fields[:4]) for fields in _leaves(unicode, 216, "<4Q")]
    blocks = []
    for number, place, size, references in _leaves(unicode, 232, "<2Q2H4x"):
        octets = unicode[place : place + size]
        blocks.append(_Block(number, _list(octets) if number & _INSIDE else octets, references))
    return _written(nodes, blocks, permuted=unicode[513])


def mailbox(*folders: tuple[str, list[Values]]) -> bytes:
    """A mailbox of folders with messages, each the octets of its properties by their tags."""
    each: list[tuple[int, int, bytes]] = [(_STORE, 0, heap({}))]

    def add(folder: int, name: str, folders: list[int], messages: list[int]) -> None:
        each.append((folder, _ROOT, heap({_NAME: name.encode("utf-16-le"), _COUNT: len(messages)})))
        each.append((folder + _FOLDERS, 0, table(folders)))
        each.append((folder + _MESSAGES, 0, table(messages)))

    add(_ROOT, "", [0x8022 + 0x20 * number for number in range(len(folders))], [])
    for number, (name, messages) in enumerate(folders):
        folder = 0x8022 + 0x20 * number
        first = len(each)
        each += [(0x200004 + 0x20 * (first + place), folder, heap(one)) for place, one in enumerate(messages)]
        add(folder, name, [], [number for number, _, _ in each[first:]])
    nodes = [_Node(number, 4 * place + 4, 0, parent) for place, (number, parent, _) in enumerate(each)]
    blocks = [_Block(4 * place + 4, octets, 2) for place, (_, _, octets) in enumerate(each)]
    return _written(nodes, blocks, permuted=0)


def _written(nodes: list[_Node], blocks: list[_Block], permuted: int) -> bytes:
    out = bytearray(0x4600)  # header, and the first map of free space
    places = []
    for one in blocks:
        octets = one.octets
        out += bytes(-len(out) % 64)
        places.append(struct.pack("<2L2H", one.number, len(out), len(octets), one.references))
        padding = bytes(-(len(octets) + 12) % 64)
        trailer = struct.pack("<2H2L", len(octets), _signature(len(out), one.number), one.number, _crc(octets))
        out += octets + padding + trailer
    roots = []
    keyed = [struct.pack("<4L", one.number, one.data, one.below, one.parent & 0xFFFFFFFF) for one in nodes]
    for kind, rows in ((0x81, keyed), (0x80, places)):
        roots.append(_tree(out, kind, rows))
    head = bytearray(_PAGE)
    struct.pack_into("<4sL2s2HBB", head, 0, b"!BDN", 0, b"SM", 14, 19, 1, 1)
    struct.pack_into("<3L", head, 24, 0x10000, 0x10000, 1)
    struct.pack_into("<5L4LBBH", head, 164, 0, len(out), 0x4400, 0, 0, *roots[0], *roots[1], 0, 0, 0)
    head[460:462] = 0x80, permuted
    struct.pack_into("<L", head, 4, _crc(head[8 : 8 + 471]))
    out[:_PAGE] = head
    return bytes(out)


def with_password(unicode: bytes) -> bytes:
    """The same with the hash of a password, a property of the mailbox that keeps nothing from being read (§2.6.1.1)."""
    (store,) = (fields[1] for fields in _leaves(unicode, 216, "<4Q") if fields[0] == _STORE)
    (place, size) = next(fields[1:3] for fields in _leaves(unicode, 232, "<2Q2H4x") if fields[0] == store)
    block = bytearray(unicode[place : place + size])
    # The last property, 0x67FF: its number, its type (3) and four zeros, each octet permuted in the same way.
    at = max(at for at in range(size - 8) if len({*block[at + 3 : at + 8]}) == 1 and _is_type(block, at))
    block[at + 4 : at + 8] = bytes((octet + 1) & 0xFF for octet in block[at + 4 : at + 8])
    out = bytearray(unicode)
    out[place : place + size] = block
    trailer = place + size + (-(size + 16) % 64)
    struct.pack_into("<L", out, trailer + 4, _crc(block))
    return bytes(out)


def _is_type(block: bytes, at: int) -> bool:
    """Whether eight octets are a record of the same type as the one before or behind them, and of another number."""
    return (
        block[at + 2] == block[at - 6]
        and block[at + 3] == block[at - 5]
        and block[at : at + 2] != block[at - 8 : at - 6]
    )


def _leaves(octets: bytes, root: int, form: str) -> Iterator[tuple[int, ...]]:
    """Entries of a tree of pages, whose root the header names there."""
    pending = [struct.unpack_from("<Q", octets, root + 8)[0]]
    while pending:
        page = pending.pop()
        count, _, size, level = octets[page + 488 : page + 492]
        for at in range(page, page + count * size, size):
            if level:
                pending.append(struct.unpack_from("<Q", octets, at + 16)[0])
            else:
                yield struct.unpack_from(form, octets, at)


def _list(octets: bytes) -> bytes:
    """A block that lists others, its numbers of 32 bits (§2.2.2.8.3)."""
    kind, level, count = struct.unpack_from("<BBH", octets)
    width = 8 if kind == 1 else 16 if level else 24
    numbers = struct.unpack_from(f"<{count * width // 8}Q", octets, 8)
    head = octets[:8] if kind == 1 else octets[:4]
    return head + struct.pack(f"<{len(numbers)}L", *(number & 0xFFFFFFFF for number in numbers))


def _tree(out: bytearray, kind: int, rows: list[bytes]) -> tuple[int, int]:
    """Append the pages of a tree; number and place of its root (§2.2.2.7.7)."""
    rows, level = sorted(rows, key=lambda row: struct.unpack_from("<L", row)), 0
    number = 0
    while True:
        size = len(rows[0])
        most = 496 // size
        above = []
        for first in range(0, len(rows), most):
            some = rows[first : first + most]
            out += bytes(-len(out) % _PAGE)
            number = len(out) // _PAGE << 2
            entries = b"".join(some).ljust(496, b"\0") + bytes((len(some), most, size, level))
            above.append(struct.pack("<4s2L", some[0][:4], number, len(out)))
            out += entries + struct.pack("<BBH2L", kind, kind, _signature(len(out), number), number, _crc(entries))
        if len(above) == 1:
            return struct.unpack_from("<2L", above[0], 4)
        rows, level = above, level + 1


def _signature(place: int, number: int) -> int:
    mixed = place ^ number
    return (mixed >> 16 ^ mixed) & 0xFFFF


def _crc(octets: bytes) -> int:
    """CRC-32 from zero, and not turned at its end (§5.3)."""
    return zlib.crc32(octets, 0xFFFFFFFF) ^ 0xFFFFFFFF
