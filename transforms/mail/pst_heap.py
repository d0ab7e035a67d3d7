"""The properties of a message attached to another one in a PST, as libpff hands out its octets (MS-PST §2.3).

libpff's Python interface does not open such a message; what it gives as the attachment's content is the heap that
holds the message's properties. Values too large for the heap, recipients and attachments lie elsewhere in the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from transforms.model import ContainerError

_HEADER = struct.Struct("<HBBL")  # place of the map, signature, client, root (§2.3.1.2)
_SIGNATURE, _PROPERTIES = 0xEC, 0xBC
_BLOCK = 8_176  # octets of the file's blocks without what follows each (§2.2.2.8.3.1)
_TREE = struct.Struct("<BBBBL")  # type, octets of a key, of a value, levels above the leaves, root (§2.3.2.1)
_RECORD = struct.Struct("<HHL")  # name, type, value or where it lies (§2.3.3.3)
_MOST_LEVELS, _MOST_RECORDS = 8, 10_000
_INLINE = frozenset({0x02, 0x03, 0x04, 0x0A, 0x0B})  # types of at most four octets


class Heap:
    """Properties by tag. ContainerError container.damaged: these octets are no such heap."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        try:
            _, signature, client, root = _HEADER.unpack_from(octets)
            if (signature, client) != (_SIGNATURE, _PROPERTIES):
                raise ContainerError("container.damaged", "pst: the attachment is no message")
            kind, key, value, levels, records = _TREE.unpack_from(self._allocated(root))
            if (kind, key, value) != (0xB5, 2, 6) or levels > _MOST_LEVELS:
                raise ContainerError("container.damaged", "pst: the properties are no such tree")
            self._found = {}
            for name, form, place in self._records(records, levels):
                self._found[name << 16 | form] = place
        except struct.error:
            raise ContainerError("container.damaged", "pst: the message inside is cut short") from None

    def value(self, tag: int) -> bytes | None:
        """The octets of a property, None if absent. ContainerError if they lie elsewhere in the file."""
        place = self._found.get(tag)
        if place is None:
            return None
        if tag & 0xFFFF in _INLINE:
            return place.to_bytes(4, "little")
        try:
            return self._allocated(place) if place else b""
        except struct.error:
            raise ContainerError("container.damaged", "pst: a property is cut short") from None

    def _records(self, root: int, levels: int) -> Iterator[tuple[int, int, int]]:
        pending = [(root, levels)]
        count = 0
        while pending:
            place, level = pending.pop()
            node = self._allocated(place) if place else b""
            size = 6 if level else _RECORD.size
            for at in range(0, len(node) - len(node) % size, size):
                count += 1
                if count > _MOST_RECORDS:
                    raise ContainerError("limit.members", "pst: too many properties")
                if level:
                    pending.append((int.from_bytes(node[at + 2 : at + 6], "little"), level - 1))
                else:
                    yield _RECORD.unpack_from(node, at)

    def _allocated(self, place: int) -> bytes:
        """One allocation (§2.3.1.1). struct.error if there is none, ContainerError if it is not in the heap."""
        if place & 0x1F:
            raise ContainerError("container.message_inside", "pst: the value lies elsewhere in the file")
        start = (place >> 16) * _BLOCK
        (at,) = struct.unpack_from("<H", self._octets, start)
        (count,) = struct.unpack_from("<H", self._octets, start + at)
        number = place >> 5 & 0x7FF
        if not 0 < number <= count:
            raise struct.error
        first, last = struct.unpack_from("<HH", self._octets, start + at + 2 + 2 * number)
        return self._octets[start + first : start + last]
