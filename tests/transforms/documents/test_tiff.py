"""Exif in a TIFF: the camera, the program, the artist, and clocks with and without a zone."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import pytest

from office_file import exif
from transforms.documents.tiff import tags


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_picture_says_who_when_and_with_what(see, order: str) -> None:
    facts = see(exif(order), "a.tif").facts
    assert (facts.producer, facts.application, facts.author) == ("Appareil AB-100", "Retouche 3.1", "Bruno Léger")
    assert (facts.created_utc, facts.created_local) == (None, "2017-03-27T12:22:00")
    assert facts.modified_local == "2017-03-28T09:00:00"


def test_a_camera_that_writes_its_offset_gives_an_instant(see) -> None:
    facts = see(exif(offset="+02:00"), "a.tif").facts
    assert (facts.created_utc, facts.created_local) == (datetime(2017, 3, 27, 10, 22, tzinfo=UTC), None)


def test_a_clock_that_was_never_set_is_none(see) -> None:
    facts = see(exif(taken="0000:00:00 00:00:00"), "a.tif").facts
    assert (facts.created_utc, facts.created_local) == (None, None)


def test_a_directory_that_names_itself_and_counts_too_much_ends() -> None:
    octets = bytearray(exif())
    struct.pack_into("<H", octets, 8, 0xFFFF)
    assert tags(bytes(octets))[0x0110] == "AB-100"
    struct.pack_into("<L", octets, 4, 0xFFFFFFF0)
    assert tags(bytes(octets)) == {}


def test_200_mutations_keep_their_rows(mutants) -> None:
    mutants(exif(), ".tif")
