"""Files that another program made anew, and PDFs that go on behind a signature."""

from __future__ import annotations

from transforms.case import ItemView
from transforms.checks.document_form import check
from transforms.model import DocumentFacts, Kind

WORD = DocumentFacts(application="Microsoft Office Word")


def found(facts: DocumentFacts) -> dict[str, tuple[str, str | None]]:
    item = ItemView(Kind.DOCUMENT, (), None, False, None, document=facts)
    return {one.code: (one.strength.value, one.actual) for one in check(item)}


def test_an_office_file_as_office_makes_it_is_no_finding() -> None:
    times = {"zip_first": "1980-01-01T00:00:00", "zip_last": "1980-01-01T00:00:00"}
    assert found(WORD._replace(zip_writer="office", **times)) == {} == found(WORD)


def test_other_programs_date_their_zips() -> None:
    facts = DocumentFacts(application="LibreOffice", zip_first="2017-03-27T10:22:00", zip_last="2017-03-27T10:22:00")
    assert found(facts) == {}


def test_an_office_file_that_was_zipped_anew_is_a_weak_sign() -> None:
    facts = WORD._replace(zip_writer="info-zip", zip_first="1980-01-01T00:00:00", zip_last="2017-04-30T09:00:00")
    assert found(facts) == {"document.zipped_anew": ("weak", "1980-01-01T00:00:00 to 2017-04-30T09:00:00")}


def test_a_pdf_that_goes_on_behind_its_signature_is_a_weak_sign() -> None:
    assert found(DocumentFacts(signatures=1, unsigned_octets=0)) == {} == found(DocumentFacts())
    behind = found(DocumentFacts(signatures=1, unsigned_octets=512))
    assert behind == {"document.continues_behind_signature": ("weak", "512")}
