"""JPEG: Exif and XMP in front of the picture."""

from __future__ import annotations

from datetime import UTC, datetime

from office_file import exif, jpeg, xmp

EXIF = b"Exif\0\0" + exif()
XMP = b"http://ns.adobe.com/xap/1.0/\0" + xmp('xmp:CreatorTool="Autre" xmp:CreateDate="2017-03-27T10:22:00Z"')


def test_exif_comes_before_xmp(see) -> None:
    facts = see(jpeg(EXIF, XMP), "a.jpg").facts
    assert (facts.producer, facts.application) == ("Appareil AB-100", "Retouche 3.1")
    assert (facts.created_utc, facts.created_local) == (None, "2017-03-27T12:22:00")


def test_xmp_alone(see) -> None:
    facts = see(jpeg(XMP), "a.jpg").facts
    assert (facts.application, facts.created_utc) == ("Autre", datetime(2017, 3, 27, 10, 22, tzinfo=UTC))


def test_a_picture_that_says_nothing(see) -> None:
    assert see(jpeg(), "a.jpg").facts.software is None


def test_markers_without_end_stop_at_a_count(see) -> None:
    assert see(b"\xff\xd8" + b"\xff\xe1\0\2" * 500_000, "a.jpg").item.status == "ok"
    assert see(b"\xff\xd8" + b"\xff" * 500_000, "b.jpg").item.status == "ok"


def test_200_mutations_keep_their_rows(mutants) -> None:
    mutants(jpeg(EXIF, XMP), ".jpg")
