"""Rich text files: what they say of themselves, and their words."""

from __future__ import annotations

import time

from office_file import RTF


def test_a_letter_says_who_when_and_with_what(see) -> None:
    seen = see(RTF, "a.rtf")
    facts = seen.facts
    assert (facts.author, facts.last_modified_by, facts.company) == ("Anaïs Ferrand", "Bruno Léger", "Horizon commun")
    assert (facts.created_utc, facts.created_local) == (None, "2016-05-05T10:00:00")
    assert (facts.modified_utc, facts.modified_local) == (None, "2017-03-27T12:22:00")
    assert (facts.application, facts.code_page, facts.languages) == ("Riched20 10.0.14393", 1252, ("fr-FR",))
    assert (facts.rsids, facts.fonts) == (("000012c1", "0000270f"), ("Calibri", "Cambria"))
    assert (facts.revision, facts.edit_minutes) == (7, 42)
    assert seen.text == "Budget de campagne Le total est de 5000 euros"


def test_an_impossible_time_is_none(see) -> None:
    facts = see(RTF.replace(rb"\mo5", rb"\mo55"), "a.rtf").facts
    assert (facts.created_local, facts.modified_local) == (None, "2017-03-27T12:22:00")


def test_groups_without_end_cost_what_the_limit_costs(see) -> None:
    started = time.process_time()
    see(rb"{\rtf1" + rb"{\info{\author " * 1_000_000, "a.rtf")
    assert time.process_time() - started < 2


def test_200_mutations_keep_their_rows(mutants) -> None:
    mutants(RTF, ".rtf")
