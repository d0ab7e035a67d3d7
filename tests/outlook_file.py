"""Writes compound files and Outlook messages for the tests, as small as the formats allow (MS-CFB, MS-OXMSG)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Tree = Mapping[str, Any]  # name -> octets of a stream, or the tree of a storage

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_FREE, _END, _FAT_SECTOR, _NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF


def compound(tree: Tree) -> bytes:
    """A compound file of version 3 that holds this tree."""
    entries: list[dict[str, Any]] = [{"name": "Root Entry", "kind": 5, "child": _NONE, "data": b""}]
    _add(entries, 0, tree)
    sectors: list[bytes] = []
    fat: list[int] = []
    mini, mini_fat = bytearray(), []
    for entry in entries[1:]:
        data = entry["data"]
        entry["size"] = len(data)
        if not data:
            entry["start"] = _END if entry["kind"] == 2 else 0
        elif len(data) < _CUTOFF:
            entry["start"] = len(mini_fat)
            count = -(-len(data) // _MINI)
            mini_fat += [*range(len(mini_fat) + 1, len(mini_fat) + count), _END]
            mini += data.ljust(count * _MINI, b"\0")
        else:
            entry["start"] = _store(sectors, fat, data)
    entries[0] |= {"start": _store(sectors, fat, bytes(mini)), "size": len(mini)}
    first_mini_fat = _store(sectors, fat, _padded(struct.pack(f"<{len(mini_fat)}I", *mini_fat), b"\xff"))
    n_mini_fat = -(-4 * len(mini_fat) // _SECTOR)
    first_directory = _store(sectors, fat, _padded(b"".join(map(_directory_entry, entries)), b"\0"))
    n_fat = 1
    while n_fat * _SECTOR // 4 < len(fat) + n_fat:
        n_fat += 1
    assert n_fat <= 109  # the header names no more of them
    places = range(len(fat), len(fat) + n_fat)
    table = fat + [_FAT_SECTOR] * n_fat
    sectors.append(_padded(struct.pack(f"<{len(table)}I", *table), b"\xff"))
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        *(0x3E, 3, 0xFFFE, 9, 6),
        *(0, n_fat, first_directory, 0, _CUTOFF, first_mini_fat if n_mini_fat else _END, n_mini_fat, _END, 0),
    )
    header += struct.pack("<109I", *places, *[_FREE] * (109 - n_fat))
    return header + b"".join(sectors)


def _add(entries: list[dict[str, Any]], parent: int, tree: Tree) -> None:
    """The children of a storage as a balanced tree, in the order of their names."""
    places = []
    for name in sorted(tree, key=lambda name: (len(name), name.upper())):
        storage = not isinstance(tree[name], bytes)
        entry = {"name": name, "kind": 1 if storage else 2, "child": _NONE, "data": b"" if storage else tree[name]}
        places.append(len(entries))
        entries.append(entry)
        if storage:
            _add(entries, places[-1], tree[name])
    entries[parent]["child"] = _balanced(entries, places)


def _balanced(entries: list[dict[str, Any]], places: list[int]) -> int:
    if not places:
        return _NONE
    middle = len(places) // 2
    entries[places[middle]]["left"] = _balanced(entries, places[:middle])
    entries[places[middle]]["right"] = _balanced(entries, places[middle + 1 :])
    return places[middle]


def _directory_entry(entry: dict[str, Any]) -> bytes:
    name = entry["name"].encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16x4x16xIQ",
        name,
        len(name),
        entry["kind"],
        1,  # black
        entry.get("left", _NONE),
        entry.get("right", _NONE),
        entry["child"],
        entry["start"],
        entry["size"],
    )


def _store(sectors: list[bytes], fat: list[int], data: bytes) -> int:
    """Sectors of a stream; its first one."""
    if not data:
        return _END
    first, count = len(fat), -(-len(data) // _SECTOR)
    sectors.append(data.ljust(count * _SECTOR, b"\0"))
    fat += [*range(first + 1, first + count), _END]
    return first


def _padded(data: bytes, filler: bytes) -> bytes:
    return data + filler * (-len(data) % _SECTOR)


# ---- messages ---------------------------------------------------------------------------------


def message(
    headers: bytes = b"",
    *,
    attachments: Mapping[str, bytes | Tree | None] | None = None,
    recipients: tuple[tuple[int, str, str], ...] = (),
    submitted: datetime | None = None,
    embedded: bool = False,
    **texts: str | bytes,
) -> Tree:
    """The storage of a message. attachments: name -> octets, a message's storage, or None (by reference).

    headers are those of the transport; texts: names such as subject, body, html (octets), sender, sender_name.
    """
    tree: dict[str, Any] = {}
    fixed = {}
    if headers:
        tree["__substg1.0_007D001F"] = headers.decode().encode("utf-16-le")
    for name, value in texts.items():
        tree |= {f"__substg1.0_{_TAGS[name]}": value if isinstance(value, bytes) else value.encode("utf-16-le")}
    if submitted is not None:
        ticks = int((submitted - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds() * 10**7)
        fixed[0x00390040] = struct.pack("<Q", ticks)
    for number, (kind, display, address) in enumerate(recipients):
        tree[f"__recip_version1.0_#{number:08X}"] = {
            "__properties_version1.0": properties(8, {0x0C150003: struct.pack("<I4x", kind)}),
            "__substg1.0_3001001F": display.encode("utf-16-le"),
            "__substg1.0_39FE001F": address.encode("utf-16-le"),
        }
    for number, (name, content) in enumerate((attachments or {}).items()):
        place = {"__properties_version1.0": properties(8, {}), "__substg1.0_3707001F": name.encode("utf-16-le")}
        if isinstance(content, bytes):
            place["__substg1.0_37010102"] = content
        elif content is not None:
            place["__substg1.0_3701000D"] = content
        tree[f"__attach_version1.0_#{number:08X}"] = place
    for name, value in tree.items():  # of each stream, Outlook writes the size among the properties of fixed size
        if name.startswith("__substg1.0_"):
            fixed[int(name[-8:], 16)] = struct.pack("<II", len(value) + 2, 3)
    tree["__properties_version1.0"] = properties(24 if embedded else 32, fixed)
    return tree


def properties(header: int, fixed: Mapping[int, bytes]) -> bytes:
    """A stream of properties of fixed size: tag -> eight octets."""
    return bytes(header) + b"".join(struct.pack("<II", tag, 6) + value for tag, value in fixed.items())


def outlook(headers: bytes = b"", **more: Any) -> bytes:
    """A .msg file; the arguments of message()."""
    return compound(message(headers, **more))


_TAGS = {
    "subject": "0037001F",
    "subject_8bit": "0037001E",
    "body": "1000001F",
    "html": "10130102",
    "sender": "0C1F001F",
    "sender_name": "0C1A001F",
    "message_id": "1035001F",
    "headers_8bit": "007D001E",
}
