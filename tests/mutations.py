"""What happens to files on the way: cut short, octets changed, blocks copied over others. The same each time."""

from __future__ import annotations

import random
from collections.abc import Iterator

_TELLING = (b"\xff" * 4, b"\xfe\xff\xff\xff", b"\0\0\0\x7f", bytes(4))


def mutations(healthy: bytes, seed: int, keep: int = 0, count: int = 200) -> Iterator[bytes]:
    """count damaged forms; the first keep octets stay, so that each is still taken for what it was."""
    chance = random.Random(seed)
    for number in range(count):
        octets = bytearray(healthy)
        kind = number % 4
        if kind == 0:
            del octets[chance.randrange(keep, len(octets)) :]
        elif kind == 1:
            for _ in range(chance.choice((1, 4, 32))):
                octets[chance.randrange(keep, len(octets))] = chance.choice((0, 1, 255, chance.randrange(256)))
        elif kind == 2:
            size = chance.randrange(1, max(2, len(octets) // 4))
            source, target = (chance.randrange(keep, len(octets)) for _ in range(2))
            octets[target : target + size] = octets[source : source + size]
        else:
            at = chance.randrange(keep, len(octets))
            octets[at : at + 4] = chance.choice(_TELLING)
        yield bytes(octets)
