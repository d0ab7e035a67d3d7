"""Web pages: what their head says of program and author, and their words."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from office_file import HTML


def test_a_page_says_who_when_and_with_what(see) -> None:
    seen = see(HTML, "a.html")
    facts = seen.facts
    assert (facts.author, facts.last_modified_by) == ("Anaïs Ferrand", "Bruno Léger")
    assert facts.application == "LibreOffice 5.2.3.3 (Linux)"
    assert (facts.created_local, facts.modified_local) == ("2016-05-05T10:00:00", "2017-03-27T12:22:00")
    assert facts.languages == ("fr",)
    assert seen.text == "Le total est de 5000 €"


def test_a_page_of_word_says_it_in_words_own_elements(see) -> None:
    octets = (
        b"<html><head><meta name=ProgId content=Word.Document><xml><o:Author>Claire</o:Author>"
        b"<o:LastAuthor>Bruno</o:LastAuthor><o:LastSaved>2017-03-27T10:22:00Z</o:LastSaved><o:Version>16.00</o:Version>"
        b"</xml></head><body>oui</body></html>"
    )
    facts = see(octets, "a.htm").facts
    assert (facts.author, facts.last_modified_by, facts.application_version) == ("Claire", "Bruno", "16.00")
    assert facts.modified_utc == datetime(2017, 3, 27, 10, 22, tzinfo=UTC)


def test_its_charset_is_the_one_it_names(see) -> None:
    octets = HTML.decode().replace('charset="utf-8"', "charset=windows-1252").encode("cp1252")
    assert see(octets, "a.html").text == "Le total est de 5000 €"


def test_tags_without_end_cost_what_the_limit_costs(see) -> None:
    for fill in (b"<meta name=", b"<meta name='", b"<html lang", b"<o:Author>", b"<meta  "):
        started = time.process_time()
        see(b"<html><head>" + fill * 200_000, "a.html")
        assert time.process_time() - started < 2, fill


def test_200_mutations_keep_their_rows(mutants) -> None:
    mutants(HTML, ".html")
