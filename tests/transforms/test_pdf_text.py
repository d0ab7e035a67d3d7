"""Words of a PDF: those of its first pages, bounded; what is damaged gives fewer, never an error."""

from __future__ import annotations

import random
import sys
import zlib
from pathlib import Path

import pytest

from transforms.limits import LIMITS
from transforms.pdf_text import unread, words

pytest.importorskip("pypdf", reason="needs the extra `pdf`")
sys.path.append(str(Path(__file__).parents[2] / "sample_dump"))
import forms

LINES = ["The treasurer has confirmed the payment.", "57,321 euro went to the account in Quimper."]


def made(contents: list[bytes]) -> bytes:
    """A PDF of one page for each content stream, compressed."""
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for at, content in enumerate(contents):
        squeezed = zlib.compress(content, 9)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> "
            b"/Contents %d 0 R >>" % (5 + 2 * at)
        )
        objects.append(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(squeezed), squeezed))
    octets, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(octets))
        octets += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(octets))
    return octets + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


def page(text: str) -> bytes:
    return f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()


def test_words_of_a_page() -> None:
    text = " ".join(words(forms.pdf("Budget", LINES)).split())
    assert all(line in text for line in LINES)


def test_words_of_the_first_pages_only() -> None:
    found = words(made([page(f"page {number} ends") for number in range(LIMITS.pdf_pages + 3)]))
    assert f"page {LIMITS.pdf_pages - 1} ends" in found and f"page {LIMITS.pdf_pages} ends" not in found


def test_content_that_swells_is_left_unread() -> None:
    swelling = made([page("first words"), page("x") + b" " * (LIMITS.document_text + 1), page("last words")])
    assert len(swelling) < 20_000
    found = words(swelling)
    assert "first words" in found and "last words" not in found


def test_a_large_file_has_no_words() -> None:
    assert words(made([page("words")]) + b" " * LIMITS.pdf_text) == ""


@pytest.mark.parametrize("seed", range(200))
def test_damage_gives_fewer_words_and_no_error(seed: int) -> None:
    chance, octets = random.Random(seed), bytearray(forms.pdf("Budget", LINES))
    for _ in range(chance.randint(1, 8)):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    assert len(words(bytes(octets[: chance.randint(0, len(octets))]))) <= LIMITS.text + 100


def test_why_words_are_not_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert unread(b"%PDF-1.4\n") is None
    assert unread(bytes(LIMITS.pdf_text + 1)) == "larger than 16 MiB"
    monkeypatch.setattr("transforms.pdf_text._pypdf", lambda: None)
    assert unread(b"%PDF-1.4\n") == "pip install 'leak-triage[pdf]'" and words(made([page("x")])) == ""
