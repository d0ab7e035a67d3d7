"""What is kept beside the row of a document."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from office_file import jpeg
from signed_pdf import pdf, saved_again

Examine = Callable[..., Any]
TYPE = b"c2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71"


def box(kind: bytes, octets: bytes) -> bytes:
    return struct.pack(">I", len(octets) + 8) + kind + octets


def test_content_credentials_are_noted(examine: Examine) -> None:
    store = box(b"jumb", box(b"jumd", TYPE + b"\3c2pa\0"))
    found = examine({"a.jpg": jpeg(store), "b.jpg": jpeg(store.replace(TYPE, TYPE[::-1]))})
    assert [one.notes for one in found.items.values()] == [("document.content_credentials",), ()]


def test_the_signatures_of_a_pdf_stand_beside_its_row(examine: Examine) -> None:
    found = examine({"a.pdf": pdf(), "b.pdf": saved_again(pdf())})
    (unit,) = found.units
    assert [(row, one.result, bool(one.unsigned_octets)) for row, one in unit.document_signatures] == [
        (0, "pass", False), (1, "pass", True),
    ]  # fmt: skip
