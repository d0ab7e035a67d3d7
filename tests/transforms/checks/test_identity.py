"""Who the sender's name and domain suggest."""

from __future__ import annotations

from transforms.auth.proof import NO_SIGNATURE
from transforms.case import ItemView
from transforms.checks.identity import check
from transforms.lookalike import likeness
from transforms.model import Kind


def view(email: str, name: str | None = None, protected: str = "campaign.example") -> ItemView:
    domain = email.rpartition("@")[2]
    return ItemView(
        Kind.EMAIL, (), None, True, NO_SIGNATURE,
        from_email=email, from_name=name, from_domain=domain, likeness=likeness(domain, [protected]),
    )  # fmt: skip


def test_an_imitation_is_decisive_and_shows_both_spellings_and_code_points() -> None:
    (found,) = check(view("claire@xn--cmpaign-2fg.example"))
    assert (found.code, found.strength, found.expected) == ("identity.impersonation", "decisive", "campaign.example")
    assert found.actual == "cаmpaign.example (xn--cmpaign-2fg.example): а U+0430"


def test_an_added_service_word_is_decisive() -> None:
    (found,) = check(view("it@onedrive-campaign.example"))
    assert (found.code, found.expected, found.actual) == (
        "identity.impersonation", "campaign.example", "onedrive-campaign.example",
    )  # fmt: skip


def test_another_ending_is_a_remark() -> None:
    (found,) = check(view("claire@campaign.test"))
    assert (found.code, found.strength) == ("identity.resembles", "weak")


def test_the_organisation_itself_is_no_finding() -> None:
    assert not list(check(view("claire@press.campaign.example", "Claire Aubry")))


def test_a_name_that_shows_another_address_is_a_remark() -> None:
    (found,) = check(view("x@provider.test", "claire@campaign.example"))
    assert (found.code, found.strength) == ("identity.name_shows_other_address", "weak")
    assert (found.expected, found.actual) == ("x@provider.test", "claire@campaign.example")


def test_an_address_that_exchange_wrapped_is_none() -> None:
    assert not list(check(view("IMCEANOTES-claire+40campaign+2Eexample@provider.test", "claire@campaign.example")))


def test_a_name_that_repeats_the_address_is_none() -> None:
    assert not list(check(view("x@provider.test", "X@Provider.test")))
