"""OpenDocument: what it says of itself, its words, and its wall clocks."""

from __future__ import annotations

from datetime import UTC, datetime

from office_file import odt, zipped


def test_a_letter_says_who_when_and_with_what(see) -> None:
    seen = see(odt(), "a.odt")
    facts = seen.facts
    assert seen.item.media_type == "application/vnd.oasis.opendocument.text"
    assert (facts.author, facts.last_modified_by) == ("Anaïs Ferrand", "Bruno Léger")
    assert (facts.created_utc, facts.created_local) == (None, "2016-05-05T10:00:00")
    assert (facts.modified_utc, facts.modified_local) == (None, "2017-03-27T10:22:00")
    assert (facts.application, facts.application_version) == ("LibreOffice", "5.2.3.3$Linux_X86_64")
    assert (facts.revision, facts.edit_minutes, facts.languages) == (3, 26 * 60 + 5, ("fr-FR",))
    assert (facts.template, facts.custom, facts.fonts) == ("../lettre.ott", ("Registre=A-17",), ("Carlito",))
    assert not facts.encrypted and facts.defects == ()
    assert seen.text == "Budget de campagne 5000 euros & plus"


def test_a_time_with_a_zone_is_an_instant(see) -> None:
    facts = see(odt(modified="2017-03-27T10:22:00+02:00"), "a.odt").facts
    assert (facts.modified_utc, facts.modified_local) == (datetime(2017, 3, 27, 8, 22, tzinfo=UTC), None)


def test_an_encrypted_one_gives_no_words(see) -> None:
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": b"\x8f\x02\x77<office:body>\x19",
        "meta.xml": b"\x91\x05\x66",
        "META-INF/manifest.xml": "<manifest:encryption-data/>",
    }
    seen = see(zipped(parts), "a.odt")
    assert seen.facts.encrypted and seen.text == "" and seen.item.status == "ok"
    assert seen.facts.defects == ()


def test_200_mutations_keep_their_rows(mutants) -> None:
    mutants(odt(), ".odt")
