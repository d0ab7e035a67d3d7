"""The names of one directory, or of a whole store, in the order of their octets, however many there are.

They are sorted in memory up to a bound; beyond it, sorted runs of names lie in files without a name and are merged as
they are asked for.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO

from transforms.limits import LIMITS
from transforms.scratch import Spool

AT_ONCE = 1_000_000  # names in memory, some 100 MB


class Unreadable(Exception):
    """A directory cannot be listed to its end; the cause is the OSError."""


def names(directory: bytes, spool: Spool, at_once: int = AT_ONCE) -> Iterator[bytes]:
    """The sorted names in a directory; all are read when this returns.

    Unreadable if it cannot be listed; Unwritten if spool() has no room.
    """
    return in_order(_listed(directory), spool, at_once)


def in_order(found: Iterable[bytes], spool: Spool, at_once: int = AT_ONCE) -> Iterator[bytes]:
    """What was found, sorted; all of it is taken when this returns. None may hold a NUL."""
    rest = iter(found)
    runs = []
    while len(run := sorted(islice(rest, at_once))) == at_once:
        runs.append(_spilled(run, spool))
    return heapq.merge(*runs, run) if runs else iter(run)


def _listed(directory: bytes) -> Iterator[bytes]:
    try:
        with os.scandir(directory) as listing:
            for entry in listing:
                yield entry.name
    except OSError as error:
        raise Unreadable from error


def _spilled(run: Iterable[bytes], spool: Spool) -> Iterator[bytes]:
    file = spool()
    for name in run:
        file.write(name + b"\0")  # no name of a directory holds this octet
    file.seek(0)
    return _read_back(file)


def _read_back(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        rest = b""
        while chunk := file.read(LIMITS.chunk):
            *whole, rest = (rest + chunk).split(b"\0")
            yield from whole
