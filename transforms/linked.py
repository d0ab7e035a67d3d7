"""Threads of a dump that no worker holds as a whole: who hangs together, in rounds (joins/threads.py has the rule).

A message has a place: its unit and row, so that the lowest place of a thread is its first message in walk order;
messages that give no thread a name come behind all that do. Links join two places. In each round every place learns
of its lowest neighbour, and hands it on to those above it (Kiveris et al., Connected Components in MapReduce and
Beyond, 2014: large-star and small-star in one step), so that the way that a name has come doubles with each round,
and no thread is split that is connected by 2 ** ROUNDS links: messages of one stretch count as one, and so do all
that name the same one. What is longer, one answer after the other over hundreds of stretches, each of which names
nothing but the one before, is more than one thread.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transforms.joins import threads

ROUNDS = 8

Places = npt.NDArray[Any]  # int64; shape (n,)
Links = npt.NDArray[Any]  # int64; shape (n, 2): a place, and a lower one of its thread

_NAMELESS = 1 << 62
_ROW_BITS = 32
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2 ** 64 divided by the golden ratio: scatters places that follow each other


def places(table: pa.Table) -> Places:
    """The place of each message of a stretch, from its rows as threads.py gives them."""
    nameless = table["name"].is_null().to_numpy()
    place: Places = table["sequence"].to_numpy() << _ROW_BITS | table["row"].to_numpy() | nameless * _NAMELESS
    return place


def sequence(places: Places) -> Places:
    """Which stretch of the dump each place lies in."""
    found: Places = (places & ~_NAMELESS) >> _ROW_BITS
    return found


def first_in_stretch(table: pa.Table) -> Places:
    """For each message the lowest place that its own stretch links it to."""
    place = places(table)
    order = np.argsort(place)
    lists = table["names"].combine_chunks()
    message = np.repeat(np.argsort(order), np.diff(lists.offsets.to_numpy()))  # by rank
    _, named = np.unique(lists.flatten().to_numpy(), return_inverse=True)
    found: Places = place[order][threads.connected(len(place), message, named)][np.argsort(order)]
    return found


def naming(table: pa.Table, first: Places) -> Links:
    """Which identifiers are named in a stretch, and by the thread of which place: (digest, place), each once."""
    lists = table["names"].combine_chunks()
    place = np.repeat(first, np.diff(lists.offsets.to_numpy()))
    return _distinct(np.stack((lists.flatten().to_numpy(), place), axis=1))


def met(named: Links) -> Links:
    """Links of the places that name the same: (digest, place) to (place, lowest place)."""
    digests, at = np.unique(named[:, 0], return_inverse=True)
    lowest = np.full(len(digests), np.iinfo(np.int64).max)
    np.minimum.at(lowest, at, named[:, 1])
    return _distinct(_links(named[:, 1], lowest[at]))


def nearer(links: Links, mine: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> Links:
    """One round for the places of one part: all links of these, mine where the upper end is one, theirs the lower."""
    upper, lower = links[:, 0], links[:, 1]
    lowest = _Lowest(links[mine])
    handed_on = _links(upper[theirs], lowest.of(lower[theirs]))
    return _distinct(np.concatenate((handed_on, _links(lower[mine], lowest.of(upper[mine])))))


def lowest(links: Links) -> Links:
    """Each place with the lowest one that it is linked to."""
    upper = np.unique(links[:, 0])
    return _links(upper, _Lowest(links).of(upper))


class _Lowest:
    """The lowest place that each is linked to, itself where none is."""

    def __init__(self, links: Links) -> None:
        self.places, at = np.unique(links[:, 0], return_inverse=True)
        self.lowest = self.places.copy()
        np.minimum.at(self.lowest, at, links[:, 1])

    def of(self, places: Places) -> Places:
        if not len(self.places):
            return places
        at = np.minimum(np.searchsorted(self.places, places), len(self.places) - 1)
        found: Places = np.where(self.places[at] == places, self.lowest[at], places)
        return found


def part(values: Places, parts: int) -> npt.NDArray[Any]:
    """In which of so many parts each value lies."""
    found: npt.NDArray[Any] = ((values.astype(np.uint64) * _ODD) >> np.uint64(33)) % np.uint64(parts)
    return found


def _links(upper: Places, lower: Places) -> Links:
    links: Links = np.stack((upper, lower), axis=1)[upper != lower]
    return links


def _distinct(links: Links) -> Links:
    """Sorted, each once; numpy's unique() of rows takes several times as long."""
    ordered = links[np.lexsort((links[:, 1], links[:, 0]))]
    first = np.ones(len(ordered), bool)
    first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    found: Links = ordered[first]
    return found
