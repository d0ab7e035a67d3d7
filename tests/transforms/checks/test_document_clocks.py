"""Times inside documents that agree with their mail, honest reasons why they do not, and later edits."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from transforms.case import Carrier, ItemView
from transforms.checks.document_clocks import check, made
from transforms.model import DocumentFacts, Kind

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from office_file import docx, docx_parts, zipped

SENT = datetime(2017, 4, 20, 9, 0, tzinfo=UTC)
MAIL = Carrier(SENT, proven=False, as_sent=True)
CHANGED, AHEAD, EARLY, SELF = (
    f"document.{code}"
    for code in ("changed_after_mail", "clock_ahead_of_mail", "software_not_yet_released", "describes_itself")
)


def codes(facts: DocumentFacts, carrier: Carrier | None = MAIL, kind: Kind = Kind.DOCUMENT) -> set[str]:
    item = ItemView(kind, (), None, False, None, document=facts, carrier=carrier)
    found = {one.code for one in check(item)}
    strong = {CHANGED, EARLY}
    assert found & strong <= set(made(item))  # a contradiction is only found where it was looked for
    return found - {SELF}


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2017, 4, day, hour, tzinfo=UTC)


def test_a_document_of_before_the_mail_is_no_finding() -> None:
    assert codes(DocumentFacts(created_utc=at(1), modified_utc=at(20), zip_last="1980-01-01T00:00:00")) == set()


def test_a_wall_clock_of_any_zone_on_the_day_is_no_finding() -> None:
    assert codes(DocumentFacts(modified_local="2017-04-20T23:00:00", zip_last="2017-04-21T10:00:00")) == set()


@pytest.mark.parametrize(
    "facts",
    [
        DocumentFacts(modified_utc=at(22)),
        DocumentFacts(created_utc=at(1), modified_local="2017-04-22T09:00:00"),
        DocumentFacts(created_utc=at(22)),
    ],
)
def test_a_later_edit_contradicts_an_unverified_mail_and_is_a_note_in_a_verified_one(facts: DocumentFacts) -> None:
    assert codes(facts) == {CHANGED}
    assert codes(facts, MAIL._replace(proven=True)) == {AHEAD}


def test_a_zip_made_later_is_weak() -> None:
    facts = DocumentFacts(modified_utc=at(1), zip_last="2017-04-30T09:00:00")
    assert codes(facts) == {"document.zipped_after_mail"}
    assert codes(facts, MAIL._replace(proven=True)) == {AHEAD}


def test_what_outlook_lets_its_user_edit_and_clocks_of_cameras_are_notes() -> None:
    assert codes(DocumentFacts(modified_utc=at(22)), MAIL._replace(as_sent=False)) == {AHEAD}
    assert codes(DocumentFacts(created_local="2017-04-29T09:00:00"), kind=Kind.IMAGE) == {AHEAD}
    assert codes(DocumentFacts(modified_utc=at(22)), kind=Kind.CALENDAR) == {AHEAD}


def test_a_loose_file_and_a_mail_without_a_time_say_nothing() -> None:
    assert codes(DocumentFacts(modified_utc=at(22)), None) == set()
    assert codes(DocumentFacts(modified_utc=at(22)), MAIL._replace(sent=None)) == set()


def test_a_program_of_later_than_the_save() -> None:
    word = DocumentFacts(application="Microsoft Office Word", application_version="16.0000")
    assert codes(word._replace(modified_utc=datetime(2012, 5, 1, tzinfo=UTC)), None) == {EARLY}
    assert codes(word._replace(modified_utc=datetime(2014, 12, 20, tzinfo=UTC)), None) == set()  # within the month
    assert codes(word._replace(created_utc=datetime(2009, 5, 1, tzinfo=UTC), modified_utc=at(1)), None) == set()
    assert codes(word._replace(application="Autre", modified_utc=datetime(2012, 5, 1, tzinfo=UTC)), None) == set()
    writer = DocumentFacts(application="LibreOffice", application_version="24.2.1.2$Linux")
    assert codes(writer._replace(modified_local="2017-03-27T10:22:00"), None) == {EARLY}


def test_a_date_that_programs_write_for_none_is_no_claim() -> None:
    word = DocumentFacts(application="Microsoft Office Word", application_version="16.0000")
    for nothing in (datetime(1970, 1, 1, tzinfo=UTC), datetime(1980, 1, 1, tzinfo=UTC)):
        assert codes(word._replace(modified_utc=nothing), None) == set()


def test_it_tells_what_it_says_of_itself_with_times_as_written() -> None:
    facts = DocumentFacts(author="Anaïs", modified_local="2017-03-27T10:22:00", revision=7, encrypted=True)
    (found,) = check(ItemView(Kind.DOCUMENT, (), None, False, None, document=facts))
    assert (found.code, found.direction) == (SELF, "neutral")
    assert found.summary.endswith("by Anaïs · changed 2017-03-27 10:22:00 (no zone) · saved 7 times · encrypted")


# ---- end to end ---------------------------------------------------------------------------------


def mail(document: bytes) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "anais@horizon.example", "bruno@horizon.example"
    message["Subject"], message["Date"] = "Budget", "Thu, 20 Apr 2017 11:00:00 +0200"
    message.set_content("Ci-joint.")
    message.add_attachment(document, maintype="application", subtype="octet-stream", filename="budget.docx")
    return message.as_bytes()


def judge(tmp_path: Path, judged, document: bytes) -> dict[str, object]:
    (tmp_path / "m.eml").write_bytes(mail(document))
    return judged(tmp_path)


def test_an_honest_attachment_fills_its_columns_and_flags_nothing(tmp_path: Path, judged) -> None:
    rows = judge(tmp_path, judged, docx())
    one = rows["m.eml!2"]
    assert (one["author"], one["last_modified_by"]) == ("Anaïs Ferrand", "Bruno Léger")
    assert one["modified_utc"] == datetime(2017, 3, 27, 10, 22, tzinfo=UTC)
    assert one["producer"] == "Microsoft Office Word 16.0000"
    assert (one["verdict"], one["reason_code"], one["n_contradicts"]) == ("unverifiable", "parent_not_verified", 0)
    assert rows["m.eml"]["author"] is None


def test_a_later_edit_is_flagged_and_never_called_fake_nor_is_its_mail(tmp_path: Path, judged) -> None:
    rows = judge(tmp_path, judged, docx(modified="2017-05-03T10:22:00Z"))
    assert (rows["m.eml!2"]["verdict"], rows["m.eml!2"]["reason_code"]) == ("unverifiable", CHANGED)
    assert "By itself that does not make it fake" in rows["m.eml!2"]["headline"]
    assert (rows["m.eml"]["verdict"], rows["m.eml"]["n_contradicts"]) == ("unverifiable", 0)


def test_many_strong_signs_in_one_document_are_one_family_and_no_fake(tmp_path: Path, judged) -> None:
    """Forty mails of many senders, so that the container is large enough for two families to count."""
    for number in range(40):
        parts = docx_parts(created="2017-05-03T10:22:00Z", modified="2012-05-03T10:22:00Z", author=str(number))
        document = zipped(parts, (2017, 5, 3, 9, 0, 0), 3)
        octets = mail(document).replace(b"anais@horizon", b"anais@h%d" % number)
        (tmp_path / f"{number}.eml").write_bytes(octets)
    rows = judged(tmp_path)
    assert {row["verdict"] for row in rows.values()} == {"unverifiable"}
    found = {one["code"] for one in rows["7.eml!2"]["findings"]}
    assert {CHANGED, EARLY, "document.zipped_anew", "document.zipped_after_mail"} <= found
