"""Documents saved one after the other by an editor, or in a language, that the organisation does not have."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from document_mail import carrying, documents
from office_file import docx
from transforms.arrow_bytes import to_table
from transforms.joins import batches
from transforms.joins.correspondents import Learned
from transforms.prove import buckets

CODE = batches.BATCH.code
PEOPLE = ("Anaïs Ferrand", "Bruno Léger", "Claire Petit", "Denis Roy", "Élise Noël")
STRANGERS = ("Georges Inconnu",) * 6


def batch(rows: dict[str, Any]) -> dict[str, str]:
    return {path: found[CODE]["summary"] for path, found in rows.items() if CODE in found}


def test_six_documents_in_half_an_hour_by_a_stranger_are_noted_on_each(told: Callable[..., Any], signed: Any) -> None:
    files = {"m.eml": signed(carrying(documents(PEOPLE))), **documents(STRANGERS, "loose", minutes=6)}
    files["later.docx"] = documents(("", "Georges Inconnu"), minutes=300)["d1.docx"]
    rows = told(files, protect="campaign.example")
    found = batch(rows)
    assert sorted(found) == [f"loose{n}.docx" for n in range(6)]
    assert found["loose0.docx"].endswith("6 documents of Georges Inconnu, 2017-03-27 10:00 to 2017-03-27 10:30")
    assert {rows[path]["verdict"] for path in found} == {"unverifiable"}
    assert rows["loose0.docx"][CODE]["direction"] == "neutral"


def test_a_known_editor_who_works_through_the_files_is_no_finding(told: Callable[..., Any], signed: Any) -> None:
    files = {"m.eml": signed(carrying(documents(PEOPLE))), **documents((PEOPLE[1],) * 6, "loose", minutes=6)}
    assert batch(told(files)) == {}


def test_documents_of_weeks_are_no_batch(told: Callable[..., Any], signed: Any) -> None:
    files = {"m.eml": signed(carrying(documents(PEOPLE))), **documents(STRANGERS, "loose", minutes=11)}
    assert batch(told(files)) == {}


def test_copies_of_one_document_are_one(told: Callable[..., Any], signed: Any) -> None:
    (one,) = documents(("Georges Inconnu",)).values()
    files = {"m.eml": signed(carrying(documents(PEOPLE))), **{f"copy{n}.docx": one for n in range(9)}}
    assert batch(told(files)) == {}


def test_one_language_of_the_software_and_many_names_are_a_batch(told: Callable[..., Any], signed: Any) -> None:
    names = tuple(f"Utilisateur {n}" for n in range(6))
    files = {"m.eml": signed(carrying(documents(PEOPLE))), **documents(names, "loose", minutes=2, language="ru-RU")}
    found = batch(told(files))
    assert len(found) == 6 and "6 documents of ru-RU" in found["loose3.docx"]


def test_without_verified_documents_nobody_is_known_and_nobody_is_strange(told: Callable[..., Any]) -> None:
    assert batch(told(documents(STRANGERS, "loose", minutes=1))) == {}


def test_a_batch_is_the_same_in_any_number_of_buckets() -> None:
    """Six documents of one editor under two languages, the second a known one."""
    saved = datetime(2017, 3, 27, 10, tzinfo=UTC)
    rows: list[tuple[Any, ...]] = [("language fr-fr", None, None, None, None, None)]
    for n in range(6):
        for kind, mark in (("editor", "Georges"), ("language", "fr-FR"), ("language", "ru-RU")):
            when = saved + timedelta(minutes=n)
            rows.append((f"{kind} {mark.casefold()}", mark, f"{n % 2}", n, f"{n}" * 64, when))
    table = to_table(batches._ROWS, rows)
    learned = Learned(knows_names=True, knows_languages=True)
    found = [[one for _, part in buckets(table, n) for one in batches.join(part, learned)] for n in (1, 2, 64)]
    assert {one.detail.partition(",")[0] for one in found[0]} == {"6 documents of Georges", "6 documents of ru-RU"}
    assert sorted(found[0]) == sorted(found[1]) == sorted(found[2]) and len(found[0]) == 12


LETTERS = tuple(
    f"The board has approved the payment number {n} of 4{n}00 euro to the printer, who sends his invoice to the "
    f"treasurer before the end of the month; room {n} is kept for the meeting of the members."
    for n in range(6)
)


def letters(editor: str, *edit: str, name: str) -> dict[str, bytes]:
    """Six letters saved by somebody a minute apart."""
    return {
        f"{name}{n}.docx": docx(editor=editor, modified=f"2017-04-28T10:0{n}:00Z", words=(text.replace(*edit),))
        for n, text in enumerate(LETTERS)
    }


def test_letters_saved_in_one_go_by_a_stranger_with_other_words_than_were_mailed_are_flagged(
    told: Callable[..., Any], signed: Any
) -> None:
    files = {"m.eml": signed(carrying(letters(PEOPLE[0], "", "", name="d")))}
    files |= letters("Georges Inconnu", "euro", "dollars", name="edited/d")
    files["other.docx"] = docx(editor=PEOPLE[1], words=(LETTERS[0].replace("euro", "dollars"),))  # a later version
    rows = told(files, protect="campaign.example")
    assert rows["m.eml"]["verdict"] == "verified"
    for n in range(6):
        found = rows[f"edited/d{n}.docx"]
        assert (found["verdict"], found["rule"]) == ("unverifiable", "flagged")
        assert found["document.near_duplicate"]["actual"] == "dollars"
    assert rows["other.docx"]["rule"] == "plain" and "document.near_duplicate" in rows["other.docx"]


def test_letters_that_a_collector_opened_and_saved_are_not(told: Callable[..., Any], signed: Any) -> None:
    files = {"m.eml": signed(carrying(letters(PEOPLE[0], "", "", name="d")))}
    rows = told(files | letters("Georges Inconnu", "", "", name="saved/d"), protect="campaign.example")
    assert all(CODE in rows[f"saved/d{n}.docx"] and rows[f"saved/d{n}.docx"]["rule"] == "plain" for n in range(6))
