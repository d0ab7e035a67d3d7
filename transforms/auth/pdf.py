"""PDF: what do the signatures in a document cover, and is that as it was signed? (ISO 32000-1 §12.8)

A signature covers the octets of its ByteRange: all of one revision but its own value. What a program appends when it
saves again lies behind that, and may show other pages: how many octets those are is said, what they change, and which
of the pages' own words (with the `pdf` extra).
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Iterator
from itertools import chain

from transforms.auth.ber import Malformed
from transforms.auth.cms import DATA, signed_data
from transforms.auth.enclosed import Alive, hashed, judged, unreadable
from transforms.difference import differences, shown_words, words
from transforms.limits import LIMITS
from transforms.model import DocumentSignature
from transforms.pdf_changes import Saves
from transforms.pdf_text import words as words_of
from transforms.span import Span

PDF = "pdf"  # type of a row

_KEYWORD = b"/ByteRange"
_WINDOW = 200  # octets that an array of four numbers stands in
_COMPARED = 4  # signatures for which the words of the pages are compared
_PLACES = 64  # of the keyword that are looked at
_BYTE_RANGE = re.compile(rb"/ByteRange\s{0,9}\[\s{0,9}([0-9]{1,12})" + rb"\s{1,9}([0-9]{1,12})" * 3 + rb"\s{0,9}\]")
_WHITE_SPACE = b"\0\t\n\x0c\r "


def signatures(document: Span, alive: Alive) -> Iterator[DocumentSignature]:
    """The signatures of a PDF in the order in which they stand, at most LIMITS.signatures. Never raises.

    alive passes chunks on and says that work goes on.
    """
    seq = 0
    later = _Later(document)
    for found in _byte_ranges(document):
        for signature in _of_range(document, found, alive):
            if seq == LIMITS.signatures:
                return
            yield (later.told(signature, found[2] + found[3]) if signature.unsigned_octets else signature)._replace(
                seq=seq
            )
            seq += 1


class _Later:
    """What the saves behind a signature changed; the file is read for it once, and only if it goes on there."""

    def __init__(self, document: Span) -> None:
        self._document = document
        self._octets, self._saves, self._words = b"", Saves(b""), ""
        self._compared = 0

    def told(self, signature: DocumentSignature, end: int) -> DocumentSignature:
        if not self._octets:
            self._octets = self._document.read()
            self._saves = Saves(self._octets)
            self._words = words_of(self._octets)
        changes = self._saves.changes_behind(end)
        self._compared += 1
        signed = words_of(self._octets[:end]) if self._words and self._compared <= _COMPARED else ""
        if not signed:
            return signature._replace(changes=changes)
        found = differences(words(signed), words(self._words))
        gone, new = shown_words(found) if found is not None else (signed, self._words)  # hardly anything is the same
        most = LIMITS.document_value
        return signature._replace(changes=changes, words_signed=gone[:most], words_shown=new[:most])


def _byte_ranges(document: Span) -> Iterator[tuple[int, int, int, int]]:
    """Start and length of what stands before the signature's value and behind it, each once."""
    seen = set()
    at = document.find(_KEYWORD)
    for _ in range(_PLACES):
        if at < 0:
            return
        found = _BYTE_RANGE.match(document.read(at, at + _WINDOW))
        if found is not None and found.groups() not in seen:
            seen.add(found.groups())
            first, first_length, second, second_length = map(int, found.groups())
            yield first, first_length, second, second_length
        at = document.find(_KEYWORD, at + 1)


def _of_range(document: Span, found: tuple[int, int, int, int], alive: Alive) -> tuple[DocumentSignature, ...]:
    start, value, behind, end = found[0], found[0] + found[1], found[2], found[2] + found[3]
    covers = f"octets 0 to {end}"
    # Octets left out anywhere else than for the value itself could say anything.
    if start != 0 or not value < behind <= end or end > document.size:
        return (unreadable(PDF, covers, "byte_range"),)
    if behind - value > 2 * LIMITS.signature_der + 2:
        return (unreadable(PDF, covers, "signature_too_large"),)
    octets = _value(document.read(value, behind))
    if octets is None:
        return (unreadable(PDF, covers, "byte_range"),)
    chunks = alive(chain(document.sub(0, value).chunks(), document.sub(behind, end).chunks()))
    try:
        data = signed_data(octets)
    except Malformed:
        return (unreadable(PDF, covers),)
    if data.content is None:
        found_hashes = hashed(data, chunks)
    elif data.content_type == DATA:  # adbe.pkcs7.sha1: what is signed is a hash of the document
        digest = hashlib.sha1(b"", usedforsecurity=False)
        for chunk in chunks:
            digest.update(chunk)
        found_hashes = hashed(data, (digest.digest(),))
    else:  # a time stamp
        return (unreadable(PDF, covers, "signature_form"),)
    rest = document.size - end
    return tuple(one._replace(unsigned_octets=rest) for one in judged(PDF, data, covers, found_hashes))


def _value(octets: bytes) -> bytes | None:
    """Of a string in hexadecimal digits with its brackets; None if anything else stands there."""
    if octets[:1] != b"<" or octets[-1:] != b">":
        return None
    digits = octets[1:-1].translate(None, _WHITE_SPACE)
    try:
        return binascii.unhexlify(digits + b"0" * (len(digits) % 2))
    except binascii.Error:
        return None
