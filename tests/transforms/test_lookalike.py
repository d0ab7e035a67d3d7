"""Imitations of a domain as they were registered, and honest neighbours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.lookalike import DECISIVE, Likeness, foreign_letters, likeness, mixed_word, shown_form, skeleton

PROTECTED = ("en-marche.fr", "campaign.example", "elysee.fr", "mall.example")


@pytest.mark.parametrize(
    ("domain", "form", "imitates"),
    [
        ("onedrive-en-marche.fr", "service_word", "en-marche.fr"),  # as registered in 2017
        ("mail-en-marche.fr", "service_word", "en-marche.fr"),
        ("mail.onedrive-en-marche.fr", "service_word", "en-marche.fr"),
        ("en-marche-drive.test", "service_word", "en-marche.fr"),
        ("campaignmail.example", "service_word", "campaign.example"),
        ("rnail-en-marche.fr", "service_word", "en-marche.fr"),  # both letters and word
        ("en-rnarche.fr", "look", "en-marche.fr"),
        ("carnpaign.example", "look", "campaign.example"),
        ("carnpaign.test", "spelling", "campaign.example"),
        ("campa1gn.example", "look", "campaign.example"),
        ("xn--cmpaign-2fg.example", "look", "campaign.example"),  # а U+0430
        ("en-marche.fr.evil.example", "subdomain", "en-marche.fr"),
        ("www.campaign.example.login.test", "subdomain", "campaign.example"),
        ("en-marche.com", "suffix", "en-marche.fr"),
        ("enmarche.fr", "spelling", "en-marche.fr"),
        ("campagin.example", "spelling", "campaign.example"),
        ("campaigns.example", "spelling", "campaign.example"),
        ("campain.example", "spelling", "campaign.example"),
    ],
)
def test_likeness_names_form_and_imitated_domain(domain: str, form: str, imitates: str) -> None:
    assert likeness(domain, PROTECTED) == Likeness(form, imitates)


@pytest.mark.parametrize(
    "domain",
    [
        "en-marche.fr", "lists.en-marche.fr", "campaign.example",  # the protected themselves
        "mail.com", "mail.example",  # a provider; too short a name to be told from its neighbours
        "gmail.com", "facebookmail.com",
        "en-marche.fr.test-google-a.com",  # what Google calls a domain before its mail is moved there
        "campaignmail.test",  # run together under another suffix
        "le-marche.fr", "campaigners-union.example", "printer.example",
        "en-marche-lyon.fr",  # a local branch: no service word
        "com", "", "localhost", "xn--", "xn--99999999.fr", "a" * 300 + ".fr", ".fr", "..",
    ],
)  # fmt: skip
def test_honest_neighbours_and_strange_names_are_no_likeness(domain: str) -> None:
    assert likeness(domain, PROTECTED) is None


def test_a_look_alike_that_is_itself_given_is_no_likeness() -> None:
    assert likeness("onedrive-en-marche.fr", (*PROTECTED, "onedrive-en-marche.fr")) is None


@pytest.mark.parametrize(
    ("domain", "protected"),
    [("stem.example", "stern.example"), ("modem.com", "modern.com"), ("bums.com", "burns.com"), ("dean.fr", "clean.fr"),
     ("levels.com", "level5.com"), ("comer.it", "corner.ch")],
)  # fmt: skip
def test_words_of_a_language_that_look_alike_are_no_imitation(domain: str, protected: str) -> None:
    found = likeness(domain, [protected])
    assert found is None or found.form not in DECISIVE


def test_a_country_form_of_a_protected_name_is_registered_whole_and_no_subdomain() -> None:
    assert likeness("yahoo.com.au", ["yahoo.com"]) == Likeness("suffix", "yahoo.com")


def test_the_registered_domain_of_a_protected_one_is_no_likeness() -> None:
    assert likeness("campaign.example", ["press.campaign.example"]) is None


def test_the_most_telling_likeness_is_given() -> None:
    found = likeness("campaign.example.printshop.test", ["campaign.example", "printshop.example"])
    assert found == Likeness("subdomain", "campaign.example")


def test_skeleton_folds_letters_of_other_scripts_and_ascii_pairs() -> None:
    assert skeleton("раураl") == skeleton("paypal")
    assert skeleton("modern") == skeleton("rnodem")
    assert skeleton("vvinter0") == skeleton("wintero")
    assert skeleton("élysée") != skeleton("elysee")


def test_shown_form_decodes_and_names_the_letters_that_differ() -> None:
    assert shown_form("xn--cmpaign-2fg.example") == "cаmpaign.example"
    assert foreign_letters("xn--cmpaign-2fg.example") == "а U+0430"


@given(st.text(max_size=200))
def test_a_mixed_word_is_one_of_the_text(text: str) -> None:
    found = mixed_word(text)
    assert found is None or (found in text and not found.isascii())


@given(st.text(max_size=80), st.text(max_size=40))
def test_likeness_takes_any_text(domain: str, protected: str) -> None:
    found = likeness(domain, [protected, "campaign.example"])
    assert found is None or found.imitates in (protected, "campaign.example")


@given(st.from_regex(r"[a-z][a-z0-9-]{0,20}[a-z]\.(?:fr|com|example)", fullmatch=True))
def test_no_domain_imitates_itself(domain: str) -> None:
    assert likeness(domain, [domain]) is None
