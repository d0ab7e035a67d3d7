"""Header and body canonicalization (RFC 6376 §3.4). Octets in, octets out.

Bodies pass as an iterator of chunks of any size. What has to wait for a later chunk (a CR, white
space, empty lines) waits as a flag or a count, so memory stays bounded for any body.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

_BLOCK = 64 * 1024  # octets looked at together: several passes over them stay in the cache
_SMALL = 2 * 1024  # octets: of fewer, numpy's calls cost more than they save
_CRLF = b"\r\n"
_MANY_LINE_ENDS = _CRLF * 16 * 1024

_Octets = bytes | memoryview


@dataclass(slots=True)
class LineEnds:
    """How many lines end in CRLF and how many in a bare LF."""

    crlf: int = 0
    lf: int = 0

    @property
    def form(self) -> str:
        """crlf | lf | mixed | none"""
        if self.crlf and self.lf:
            return "mixed"
        return "crlf" if self.crlf else "lf" if self.lf else "none"


@dataclass(frozen=True, slots=True)
class BodyDigests:
    """The hashes that a bh= can claim for a whole body, and the canonical sizes in octets."""

    simple_sha1: bytes | None  # None: not asked for
    simple_sha256: bytes
    relaxed_sha1: bytes | None
    relaxed_sha256: bytes
    simple_size: int
    relaxed_size: int
    line_ends: str  # of the body as found: crlf | lf | mixed | none


def wire_chunks(chunks: Iterable[bytes], seen: LineEnds) -> Iterator[bytes]:
    """The wire form: each bare LF becomes CRLF, a bare CR stays. No CRLF is split over two chunks.

    seen counts the line ends as found.
    """
    for block in _blocks(chunks):
        yield _wire(block, seen)


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Chunks in pieces of _BLOCK octets at most, no CRLF split over two."""
    held = b""  # a CR at the end of a block: the LF may follow
    for chunk in chunks:
        for at in range(0, len(chunk), _BLOCK):
            block = held + chunk[at : at + _BLOCK]
            held = b"\r" if block.endswith(b"\r") else b""
            yield block[:-1] if held else block
    if held:
        yield held


def _wire(block: bytes, seen: LineEnds) -> bytes:
    """Wire form of a block; a CR at its end is a bare one."""
    if b"\r" not in block:
        wire = block.replace(b"\n", _CRLF)
        seen.lf += len(wire) - len(block)
        return wire
    octets = np.frombuffer(block, np.uint8)
    returns, feeds = octets == 13, octets == 10
    n_lines = int(np.count_nonzero(feeds))
    if not feeds[0] and not returns[-1] and (returns[:-1] == feeds[1:]).all():
        seen.crlf += n_lines
        return block
    n_crlf = block.count(_CRLF)
    seen.crlf += n_crlf
    seen.lf += n_lines - n_crlf
    return block.replace(_CRLF, b"\n").replace(b"\n", _CRLF)


def wire_blocks(body: bytes) -> Iterator[bytes]:
    """A body that is in wire form already, as wire_chunks would yield it."""
    return _blocks((body,))


def canonical_body(chunks: Iterable[bytes], canonicalization: str) -> Iterator[_Octets]:
    """Canonical form of a body; chunks as wire_chunks yields them, canonicalization simple or relaxed."""
    relaxed = canonicalization == "relaxed"
    ending = _Ending()
    for chunk in map(_WhiteSpace().feed, chunks) if relaxed else chunks:
        yield from ending.feed(chunk)
    yield from ending.close(relaxed)


def body_digests(chunks: Iterable[bytes], sha1: bool = True) -> BodyDigests:
    """All hashes of a body in one pass, those with SHA-1 if asked for; chunks as found."""
    seen = LineEnds()
    white_space = _WhiteSpace()
    simple = _BodyDigest(hash_of("sha256"), hash_of("sha1") if sha1 else None)
    relaxed = None  # as long as both canonical forms are the same
    for block in wire_chunks(chunks, seen):
        reduced = white_space.feed(block)
        if relaxed is None and reduced != block:
            relaxed = simple.copy()
        simple.feed(block)
        if relaxed is not None:
            relaxed.feed(reduced)
    if relaxed is None:
        relaxed = simple.copy()
    simple.close(relaxed=False)
    relaxed.close(relaxed=True)
    return BodyDigests(
        simple.also.digest() if simple.also else None,
        simple.state.digest(),
        relaxed.also.digest() if relaxed.also else None,
        relaxed.state.digest(),
        simple.size,
        relaxed.size,
        seen.form,
    )


def body_hash(chunks: Iterable[bytes], canonicalization: str, algorithm: str, length: int | None) -> bytes:
    """Hash of the canonical body, the value that bh= claims (RFC 6376 §3.7); chunks as found.

    algorithm is a= or the name of its hash. length is l= in octets, None for all of the body; one
    past the end hashes what there is.
    """
    digest = hash_of(algorithm)
    for piece in canonical_body(wire_chunks(chunks, LineEnds()), canonicalization):
        if length is None:
            digest.update(piece)
            continue
        digest.update(piece[:length])
        length -= min(length, len(piece))
        if not length:
            break
    return digest.digest()


class KnownBody:
    """A body in wire form, and the hashes of others that differ from it in few places.

    It is cut behind line ends, where both canonical forms begin anew: the blocks that another body
    begins with need no hashing again, and those that it ends with no canonicalization.
    """

    def __init__(self, body: bytes, canonicalization: str, algorithm: str) -> None:
        self._relaxed = canonicalization == "relaxed"
        self._blocks = tuple(_cut_behind_lines(body))
        self._whole = len(self._blocks) - (not body.endswith(_CRLF) and bool(body))  # blocks of whole lines
        white_space = _WhiteSpace()
        self._canonical = tuple(map(white_space.feed, self._blocks)) if self._relaxed else self._blocks
        digest = _BodyDigest(hash_of(algorithm))
        self._before = [digest.copy()]  # states of the hash before each block, and behind the last
        for block in self._canonical:
            digest.feed(block)
            self._before.append(digest.copy())

    def hash_of(self, body: bytes) -> tuple[int, bytes]:
        """Octets of the canonical form of another body in wire form, and their hash."""
        start, first = 0, 0
        while first < self._whole and body.startswith(self._blocks[first], start):
            start += len(self._blocks[first])
            first += 1
        stop, last = len(body), len(self._blocks)
        while last > first and stop - start >= (size := len(self._blocks[last - 1])):
            if not body.startswith(self._blocks[last - 1], stop - size):
                break
            stop -= size
            last -= 1
        if stop > start and last < len(self._blocks) and not body.endswith(_CRLF, start, stop):
            stop += len(self._blocks[last])  # no line lies in two of the three
            last += 1
        digest = self._before[first].copy()
        white_space = _WhiteSpace()
        for block in _blocks((body[start:stop],)):
            digest.feed(white_space.feed(block) if self._relaxed else block)
        for block in self._canonical[last:]:
            digest.feed(block)
        digest.close(self._relaxed)
        return digest.size, digest.state.digest()


def _cut_behind_lines(body: bytes) -> Iterator[bytes]:
    """A body in pieces of about _BLOCK octets, each but the last with a CRLF at its end."""
    at = 0
    while at < len(body):
        end = body.find(_CRLF, at + _BLOCK) + 2
        if end < 2:
            end = len(body)
        yield body[at:end]
        at = end


def covered_octets(chunks: Iterable[bytes], canonicalization: str, length: int) -> int:
    """How many octets of a body, as found, the first length canonical ones were made from.

    The longest such beginning: white space that leaves no trace behind the last octet belongs to it.
    """
    white_space = _WhiteSpace()
    relaxed = canonicalization == "relaxed"
    covered = 0
    left = length
    for block in _blocks(chunks):
        before = white_space.copy()
        size = len(_canonical_block(block, white_space, relaxed))
        if size > left:
            return covered + _covered(block, before, relaxed, left)
        covered += len(block)
        left -= size
    return covered


def _covered(block: bytes, white_space: _WhiteSpace, relaxed: bool, length: int) -> int:
    """The longest beginning of a block whose canonical form has no more than length octets."""

    def size(end: int) -> int:
        return len(_canonical_block(block[:end], white_space.copy(), relaxed))

    return bisect_right(range(len(block) + 1), length, key=size) - 1


def _canonical_block(block: bytes, white_space: _WhiteSpace, relaxed: bool) -> bytes:
    wire = _wire(block, LineEnds())
    return white_space.feed(wire) if relaxed else wire


def canonical_field(raw: bytes, canonicalization: str) -> bytes:
    """Canonical form of a header field in wire form, its CRLF included (RFC 6376 §3.4.1, §3.4.2)."""
    if canonicalization != "relaxed":
        return raw
    name, _, value = raw.partition(b":")
    text = value.replace(_CRLF, b"").strip(b" \t")
    if b"  " in text or b"\t" in text or b"\n" in text:
        text = _reduced(text)
    return name.rstrip(b" \t").lower() + b":" + text + _CRLF


def hash_of(algorithm: str) -> hashlib._Hash:
    """A new state of the hash of an a= value: `rsa-sha256` or `sha256`."""
    return hashlib.new(algorithm.rpartition("-")[2], usedforsecurity=False)


class _WhiteSpace:
    """The relaxed form of white space (RFC 6376 §3.4.4 a), block by block."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = False  # white space ended the last block: the line may end there

    def feed(self, block: bytes) -> bytes:
        if self._held:
            block = b" " + block
        if b" " not in block and b"\t" not in block:
            return block
        text = block.rstrip(b" \t")
        self._held = len(text) < len(block)
        return _reduced(text)

    def copy(self) -> _WhiteSpace:
        other = _WhiteSpace()
        other._held = self._held
        return other


def _reduced(text: bytes) -> bytes:
    """Runs of white space as one SP, none before CRLF; text must not end in white space."""
    text = text.replace(b"\t", b" ")
    if len(text) < _SMALL:
        first, *rest = text.split(b"  ")
        if rest:
            first = b" ".join([first, *filter(None, (piece.lstrip(b" ") for piece in rest))])
        return _CRLF.join(first.split(b" \r\n"))
    decided = text.rfind(b" ") + 3  # the last blank and what may end its line: base64 behind it stays as it is
    octets = np.frombuffer(text, np.uint8)[:decided]
    blank = octets == 32
    before_end = octets[1:-1] == 13
    before_end &= octets[2:] == 10
    before_end |= blank[1:-1]
    before_end &= blank[:-2]  # the blanks that another one or CRLF follows
    if not before_end.any():
        return text
    reduced: bytes = octets[np.append(~before_end, (True, True))].tobytes()
    return reduced + text[decided:]


class _Ending:
    """The end of a canonical body (RFC 6376 §3.4.3, §3.4.4 b): empty lines are held back as a count."""

    __slots__ = ("_held", "_text")

    def __init__(self) -> None:
        self._held = 0  # CRLFs since the last octet of text
        self._text = False  # whether there was any

    def feed(self, block: bytes) -> Iterator[_Octets]:
        end = _end_of_text(block)
        if end:
            for _ in range(self._held * 2 // len(_MANY_LINE_ENDS)):
                yield _MANY_LINE_ENDS
            if self._held:
                yield _MANY_LINE_ENDS[: self._held * 2 % len(_MANY_LINE_ENDS)]
            yield memoryview(block)[:end]
            self._held = 0
            self._text = True
        self._held += (len(block) - end) // 2

    def close(self, relaxed: bool) -> Iterator[bytes]:
        if self._text or not relaxed:  # an empty body is CRLF in simple form, nothing in relaxed form
            yield _CRLF

    def copy(self) -> _Ending:
        other = _Ending()
        other._held, other._text = self._held, self._text
        return other


def _end_of_text(block: bytes) -> int:
    """Octets of a block before the CRLFs at its end; CRs before them belong to the text."""
    if not block.endswith(_CRLF):
        return len(block)
    if block[-3:-2] not in _CRLF:  # as nearly always
        return len(block) - 2
    end = len(block.rstrip(_CRLF))
    bare = block.rfind(b"\r\r", end)  # in wire form only CRs and CRLFs are left there
    return end if bare < 0 else bare + 1


class _BodyDigest:
    """Hashes and size of one canonical body."""

    __slots__ = ("_ending", "also", "size", "state")

    def __init__(self, state: hashlib._Hash, also: hashlib._Hash | None = None) -> None:
        self._ending = _Ending()
        self.state = state
        self.also = also  # a second hash of the same octets
        self.size = 0

    def feed(self, block: bytes) -> None:
        self._update(self._ending.feed(block))

    def close(self, relaxed: bool) -> None:
        self._update(self._ending.close(relaxed))

    def copy(self) -> _BodyDigest:
        other = _BodyDigest(self.state.copy(), self.also.copy() if self.also else None)
        other._ending, other.size = self._ending.copy(), self.size
        return other

    def _update(self, pieces: Iterable[_Octets]) -> None:
        for piece in pieces:
            self.state.update(piece)
            if self.also is not None:
                self.also.update(piece)
            self.size += len(piece)
