"""Which texts are nearly the same? Sketches that find candidates among millions, and the measure that decides.

A sketch is one-permutation minhash over the shingles of a text (runs of three words): the shingles fall into 32
bins by their hash, and the least hash of each bin is kept. Two texts that share a part J of their shingles agree
in about a part J of the bins, and so in one of 8 bands of 4 bins with probability 1 - (1 - J^4)^8: 98.5 % where
J is 0.8, 40 % where it is 0.5. A word is hashed once by CRC-32 and a shingle's hash mixed from those of its words;
that is well enough, and whoever aims at it gains a comparison.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np

from transforms.difference import words

ALIKE = 0.8  # part of all shingles that both have: as nearly the same (Jaccard)

_WORDS = 3  # of a shingle
_BINS, _BAND = 32, 4
_FEWEST = 20  # shingles: forms and labels that are shorter are alike by chance
_OCTETS = 4  # of one hash
_FACTORS = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], np.uint32)  # odd, one for each place in a shingle


def sketch(text: str) -> bytes | None:
    """32 least hashes, 128 octets; None for a text too short to tell."""
    said = words(text.casefold())
    count = len(said) - _WORDS + 1
    if count < _FEWEST:
        return None
    encoded = "\n".join(said).encode("utf-8", "replace").split(b"\n")
    hashes = np.fromiter(map(zlib.crc32, encoded), np.uint32, len(said))
    mixed = np.zeros(count, np.uint32)
    for place, factor in enumerate(_FACTORS):
        mixed += hashes[place : place + count] * factor
    mixed ^= mixed >> 15  # the bin is taken from the lowest bits, which no higher one has reached
    least = np.full(_BINS, 0xFFFFFFFF, np.uint32)
    np.minimum.at(least, mixed % _BINS, mixed)
    return least.astype(">u4").tobytes()


def bands(sketched: bytes) -> Iterator[str]:
    """8 keys; two texts that are nearly the same have one in common."""
    size = _BAND * _OCTETS
    for at in range(0, len(sketched), size):
        yield f"{at // size}{sketched[at : at + size].hex()}"


def likeness(one: str, other: str) -> float:
    """Which part of the shingles of both texts is in both."""
    ours, theirs = set(_shingles(one)), set(_shingles(other))
    return len(ours & theirs) / len(ours | theirs) if ours or theirs else 0.0


def _shingles(text: str) -> Iterator[str]:
    said = words(text.casefold())
    return (" ".join(said[at : at + _WORDS]) for at in range(len(said) - _WORDS + 1))
