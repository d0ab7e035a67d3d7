"""Word, Excel and PowerPoint until 2003: property sets, and counts that lie."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

from office_file import doc, filetime, property_stream, string
from outlook_file import compound
from transforms.documents.ole import property_set


def test_a_letter_says_who_when_and_with_what(see) -> None:
    facts = see(doc(), "a.doc").facts
    assert (facts.author, facts.last_modified_by) == ("Anais Ferrand", "Иван Петров")
    assert facts.created_utc == datetime(2016, 5, 5, 8, 0, tzinfo=UTC)
    assert facts.modified_utc == datetime(2017, 3, 27, 10, 22, tzinfo=UTC)
    assert (facts.application, facts.application_version) == ("Microsoft Office Word", "11.8107")
    assert (facts.template, facts.company, facts.revision, facts.edit_minutes) == (
        "Normal.dot",
        "Horizon commun",
        7,
        42,
    )
    assert (facts.code_page, facts.languages, facts.encrypted, facts.defects) == (1251, ("ru-RU",), False, ())


def test_strings_in_utf_8_are_read_by_their_code_page(see) -> None:
    facts = see(doc(65001, "Анна Léger", "utf-8"), "a.doc").facts
    assert (facts.last_modified_by, facts.code_page) == ("Анна Léger", 65001)


def test_an_encrypted_package_is_told(see) -> None:
    facts = see(compound({"EncryptedPackage": b"x" * 64, "EncryptionInfo": b"y"}), "a.docx").facts
    assert facts.encrypted and facts.author is None


def test_one_that_cannot_be_opened_is_a_note_and_keeps_its_row(see) -> None:
    seen = see(doc()[:300], "a.doc")
    assert (seen.item.status, seen.item.notes) == ("ok", ("container.truncated",))


def test_a_set_that_counts_four_thousand_million_values_is_read_as_far_as_it_goes() -> None:
    """The count that keeps olefile busy for hours (its issue 168)."""
    octets = bytearray(property_stream({4: string("A"), 12: filetime(2016, 5, 5)}))
    struct.pack_into("<L", octets, 52, 0xFFFFFFFF)
    assert property_set(bytes(octets))[4] == "A"
    struct.pack_into("<L", octets, 44, 0xFFFFFFFF)  # where the set begins
    assert property_set(bytes(octets)) == {}


def test_a_string_longer_than_its_stream_is_what_there_is() -> None:
    octets = property_stream({4: (30, struct.pack("<L", 0xFFFFFFFF) + b"abc")})
    assert property_set(octets) == {4: "abc"}
    assert property_set(property_stream({4: (0x101E, struct.pack("<L", 0xFFFFFFFF))})) == {}  # a vector: not wanted


def test_200_mutations_keep_their_rows(mutants) -> None:
    mutants(doc(), ".doc")
