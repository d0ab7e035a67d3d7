"""BER as far as signatures and certificates use it: definite and indefinite lengths (X.690 §8.1).

Offsets into the octets, nothing copied or decoded before it is asked for. Every element that is looked at is
counted, so that hostile nesting costs no more than an honest structure of the largest size.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from transforms.limits import LIMITS

# Identifier octets (X.690 §8.1.2): class, constructed or not, number.
BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x01, 0x02, 0x03, 0x04, 0x06
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
CONTEXT, CONSTRUCTED = 0x80, 0x20

_NUMBER = 0x1F  # in an identifier octet; all of it set: the number follows, which nothing here has
_INDEFINITE = 0x80
_MAX_DEPTH = 24  # constructed elements of indefinite length inside each other


class Malformed(ValueError):
    """The octets are no BER, not of the form expected, or more of it than is looked at."""


class Element(NamedTuple):
    """Identifier, and where an element lies in its reader's octets."""

    tag: int
    start: int
    inner: int  # first octet of the contents
    stop: int  # behind the contents
    end: int  # behind the element, its end-of-contents octets included


class Reader:
    """Elements of one structure, counted."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self._left = LIMITS.ber_elements
        self._ends: dict[int, int] = {}  # of contents of indefinite length, by the element's start

    def top(self, tag: int) -> Element:
        """The element that the octets begin with; what lies behind it is not looked at."""
        return self._expect(self._element(0, len(self.octets), 0), tag)

    def children(self, parent: Element) -> Iterator[Element]:
        at = parent.inner
        while at < parent.stop:
            element = self._element(at, parent.stop, 0)
            yield element
            at = element.end

    def only(self, parent: Element, tag: int) -> Element:
        """The one element inside an explicit tag, or a string that holds an encoding."""
        inside = list(self.children(parent))
        if len(inside) != 1:
            raise Malformed("one element expected")
        return self._expect(inside[0], tag)

    def raw(self, element: Element) -> bytes:
        """The element whole."""
        return self.octets[element.start : element.end]

    def contents(self, element: Element) -> bytes:
        return self.octets[element.inner : element.stop]

    def pieces(self, element: Element) -> Iterator[bytes]:
        """Contents of an OCTET STRING that may be constructed of others (X.690 §8.7.3)."""
        if not element.tag & CONSTRUCTED:
            yield self.contents(element)
            return
        for piece in self.children(element):
            if piece.tag != OCTET_STRING:
                raise Malformed("a string is made of something else")
            yield self.contents(piece)

    def number(self, element: Element) -> int:
        """Of an INTEGER."""
        if element.tag != INTEGER:
            raise Malformed("an integer expected")
        return int.from_bytes(self.contents(element), "big", signed=True)

    @staticmethod
    def _expect(element: Element, tag: int) -> Element:
        if element.tag != tag:
            raise Malformed(f"tag {tag:#x} expected, {element.tag:#x} found")
        return element

    def _element(self, at: int, stop: int, depth: int) -> Element:
        self._left -= 1
        if self._left < 0 or depth > _MAX_DEPTH:
            raise Malformed("more elements than are looked at")
        octets = self.octets
        if at + 2 > stop:
            raise Malformed("an element is cut off")
        tag, length, inner = octets[at], octets[at + 1], at + 2
        if tag & _NUMBER == _NUMBER:
            raise Malformed("a tag of several octets")
        if length == _INDEFINITE:
            end_of_contents = self._end(at, tag, inner, stop, depth)
            return Element(tag, at, inner, end_of_contents, end_of_contents + 2)
        if length > _INDEFINITE:
            width = length - _INDEFINITE
            if width > 8 or inner + width > stop:
                raise Malformed("a length is cut off")
            length = int.from_bytes(octets[inner : inner + width], "big")
            inner += width
        if inner + length > stop:
            raise Malformed("contents are cut off")
        return Element(tag, at, inner, inner + length, inner + length)

    def _end(self, start: int, tag: int, at: int, stop: int, depth: int) -> int:
        """Where contents of indefinite length end (X.690 §8.1.5)."""
        if not tag & CONSTRUCTED:
            raise Malformed("a primitive element without a length")
        if start not in self._ends:
            while self.octets[at : at + 2] != b"\0\0" or at + 2 > stop:
                at = self._element(at, stop, depth + 1).end
            self._ends[start] = at
        return self._ends[start]
