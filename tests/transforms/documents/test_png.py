"""PNG: text chunks, the time of the last change, and bombs inside them."""

from __future__ import annotations

import struct
import zlib
from datetime import UTC, datetime

from office_file import exif, png, xmp

CHANGED = (b"tIME", struct.pack(">HBBBBB", 2017, 3, 27, 10, 22, 0))
AUTHOR = (b"iTXt", b"Author\0\0\0fr\0Auteur\0" + "Anaïs".encode())
SOFTWARE = (b"zTXt", b"Software\0\0" + zlib.compress(b"Dessin 2"))
MADE = (b"tEXt", b"Creation Time\0" + b"2016-05-05T10:00:00")


def test_a_picture_says_who_when_and_with_what(see) -> None:
    facts = see(png(AUTHOR, SOFTWARE, MADE, CHANGED), "a.png").facts
    assert (facts.author, facts.application) == ("Anaïs", "Dessin 2")
    assert facts.modified_utc == datetime(2017, 3, 27, 10, 22, tzinfo=UTC)
    assert facts.created_local == "2016-05-05T10:00:00"


def test_exif_and_xmp_inside_it_are_read(see) -> None:
    packet = (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp('xmpMM:DocumentID="uuid:7"'))
    facts = see(png((b"eXIf", exif(">")), packet), "a.png").facts
    assert (facts.producer, facts.identifiers) == ("Appareil AB-100", ("uuid:7",))


def test_a_text_that_swells_is_read_to_its_limit(see) -> None:
    facts = see(png((b"zTXt", b"Author\0\0" + zlib.compress(b"a" * 50_000_000))), "a.png").facts
    assert facts.author is not None and facts.author.startswith("aaa")


def test_chunks_without_end_stop_at_a_count(see) -> None:
    assert see(png(*[(b"tEXt", b"")] * 100_000), "a.png").item.status == "ok"


def test_200_mutations_keep_their_rows(mutants) -> None:
    mutants(png(AUTHOR, SOFTWARE, MADE, CHANGED, (b"eXIf", exif())), ".png")
