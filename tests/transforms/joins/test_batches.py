"""Documents saved one after the other by an editor, or in a language, that the organisation does not have."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from document_mail import carrying, documents
from transforms.joins import batches

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
