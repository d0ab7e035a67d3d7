"""The words of a PDF's first pages, with the extra `pdf` (pypdf); they join quotes and near duplicates.

What is decoded is bounded by counts: pages, octets of their content, characters. A file that pypdf stumbles over has
the words before that place; whatever it costs is spent in a worker that can be killed.
"""

from __future__ import annotations

import io
import logging
from functools import cache
from types import ModuleType
from typing import Any

from transforms.limits import LIMITS, MIB


def unread(octets: bytes) -> str | None:
    """Why no words of a file are looked for; None: they are."""
    if _pypdf() is None:
        return "pip install 'leak-triage[pdf]'"
    return f"larger than {LIMITS.pdf_text // MIB} MiB" if len(octets) > LIMITS.pdf_text else None


def words(octets: bytes) -> str:
    """Text of the first pages; "" without the extra, or for a file that is too large."""
    pypdf = _pypdf()
    if pypdf is None or unread(octets) is not None:
        return ""
    pieces: list[str] = []
    try:
        _read(pypdf.PdfReader(io.BytesIO(octets)), pieces)
    except Exception as error:  # a damaged file: pypdf raises whatever its damage leads to
        logging.getLogger(__name__).debug("a PDF ends early: %r", error)
    return "\n".join(pieces)


def _read(reader: Any, pieces: list[str]) -> None:
    room, source = LIMITS.text, LIMITS.document_text
    for number in range(min(len(reader.pages), LIMITS.pdf_pages)):
        page = reader.pages[number]
        content = page.get_contents()
        source -= len(content.get_data()) if content is not None else 0
        if source < 0:
            return
        piece = page.extract_text()
        pieces.append(piece[:room])
        room -= len(piece)
        if room <= 0:
            return


@cache
def _pypdf() -> ModuleType | None:
    try:
        import pypdf
    except ImportError:
        return None
    logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)  # it would print what a hostile file says
    return pypdf
