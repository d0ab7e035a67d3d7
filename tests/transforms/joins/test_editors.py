"""The last editor's script against those of the organisation's verified documents: a note, never an accusation."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transforms.joins import editors

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from document_mail import carrying, documents

CODE = editors.FOREIGN.code
PEOPLE = ("Anaïs Ferrand", "Bruno Léger", "Claire Petit", "Denis Roy", "Élise Noël")


def note(rows: dict[str, Any], path: str) -> str | None:
    return rows[path].get(CODE, {}).get("summary")


def test_a_name_in_letters_that_nobody_uses_is_a_note_and_no_more(told: Callable[..., Any], signed: Any) -> None:
    files = {"m.eml": signed(carrying(documents(PEOPLE))), **documents(("Иван Петров",), "loose")}
    rows = told(files, protect="campaign.example")
    assert (note(rows, "loose0.docx") or "").endswith("Иван Петров (CYRILLIC)")
    assert (rows["loose0.docx"]["verdict"], rows["loose0.docx"][CODE]["direction"]) == ("unverifiable", "neutral")


def test_a_name_in_usual_letters_is_no_finding(told: Callable[..., Any], signed: Any) -> None:
    files = {"m.eml": signed(carrying(documents(PEOPLE))), **documents(("Zoë Ångström",), "loose")}
    assert note(told(files), "loose0.docx") is None


def test_an_organisation_that_writes_both_is_not_surprised(told: Callable[..., Any], signed: Any) -> None:
    files = {"m.eml": signed(carrying(documents((*PEOPLE, "Ольга")))), **documents(("Иван Петров",), "loose")}
    assert note(told(files), "loose0.docx") is None


def test_few_documents_say_nothing_about_who_is_known(told: Callable[..., Any], signed: Any) -> None:
    files = {"m.eml": signed(carrying(documents(PEOPLE[:4]))), **documents(("Иван Петров",), "loose")}
    assert note(told(files), "loose0.docx") is None


def test_outsiders_do_not_say_who_is_known(told: Callable[..., Any], signed: Any) -> None:
    """Whoever mails six documents from a domain of his own would otherwise make his script usual."""
    planted = signed(carrying(documents((*PEOPLE, "Ольга"), "p"), "x@outsider.example"), by="stranger")
    files = {"m.eml": signed(carrying(documents(PEOPLE))), "p.eml": planted, **documents(("Иван Петров",), "loose")}
    assert note(told(files, protect="campaign.example"), "loose0.docx") is not None
