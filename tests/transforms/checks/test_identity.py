"""Who the sender's name and domain suggest."""

from __future__ import annotations

from typing import Any

import pytest

from transforms.auth.proof import NO_SIGNATURE
from transforms.case import ItemView
from transforms.checks.identity import check
from transforms.lookalike import Likeness, likeness
from transforms.model import Kind


def view(email: str, name: str | None = None, protected: str = "campaign.example", **more: Any) -> ItemView:
    domain = email.rpartition("@")[2]
    known = {"likeness": likeness(domain, [protected]), "author_known": True, **more}
    return ItemView(
        kind=Kind.EMAIL, notes=(), header_ambiguous=None, proof=NO_SIGNATURE,
        from_email=email, from_name=name, from_domain=domain, **known,
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


# ---- what the dump taught -------------------------------------------------------------------------

ALIKE = {"likeness": None, "resembles": Likeness("service_word", "campaign.example")}


def test_an_imitation_of_a_learned_domain_is_one_strong_finding() -> None:
    (found,) = check(view("it@mail-campaign.example", **ALIKE))
    assert (found.code, found.strength, found.family) == ("identity.imitates_learned", "strong", "identity")
    assert (found.expected, found.actual) == ("campaign.example", "mail-campaign.example")


def test_of_two_correspondents_that_look_alike_either_is_named() -> None:
    (found,) = check(view("it@mail-campaign.example", **ALIKE, is_learned=True))
    assert (found.code, found.strength) == ("identity.alike_correspondents", "strong")


def test_what_the_user_named_decides() -> None:
    (found,) = check(view("it@mail-campaign.example", resembles=Likeness("look", "other.example")))
    assert (found.code, found.expected) == ("identity.impersonation", "campaign.example")


# ---- remarks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "name", "shown"),
    [
        ("x@xn--printr-7of.test", None, "printеr: е U+0435"),
        ("x@provider.test", "Сlaire Aubry", "Сlaire: С U+0421"),
        ("x@provider.test", "Νikos Papas", "Νikos: Ν U+039D"),
    ],
)
def test_a_word_that_mixes_scripts_is_a_remark(email: str, name: str | None, shown: str) -> None:
    (found,) = check(view(email, name))
    assert (found.code, found.strength) == ("identity.mixed_scripts", "weak")
    assert found.summary.endswith(shown)


@pytest.mark.parametrize(
    "name", ["Клер Обри", "Claire Обри", "Zoë Åström", "山田太郎 (Taro)", "ソニーTV", "Δημήτρης", "5µm"]
)
def test_names_in_one_script_a_word_are_none(name: str) -> None:
    assert not list(check(view("x@provider.test", name)))


def test_answers_that_go_elsewhere_are_a_remark() -> None:
    (found,) = check(view("claire@provider.test", reply_to="claire.aubry@mailbox.test"))
    assert (found.code, found.strength) == ("identity.reply_to_elsewhere", "weak")
    assert (found.expected, found.actual) == ("claire@provider.test", "claire.aubry@mailbox.test")


def test_answers_to_the_author_whom_a_relay_names_are_none() -> None:
    assert not list(check(view("desk@provider.test", "Claire Aubry via Desk", reply_to="claire@mailbox.test")))


@pytest.mark.parametrize(
    "more",
    [
        {"reply_to": "press@lists.provider.test"},
        {"reply_to": "list@mailbox.test", "intermediaries": ("list-id",)},
        {"reply_to": None},
    ],
)
def test_answers_to_the_same_house_or_to_a_list_are_none(more: dict[str, Any]) -> None:
    assert not list(check(view("claire@provider.test", **more)))


@pytest.mark.parametrize(
    "email", ["claire@-provider.test", "=?utf-8?q?a?=@provider.test", "a" * 65 + "@b.test", "nobody"]
)
def test_an_address_that_cannot_be_is_a_remark(email: str) -> None:
    found = [one.code for one in check(view(email, author_known=False))]
    assert found == ["identity.impossible_address"]


def test_an_address_that_can_be_is_none_even_if_the_field_is_ambiguous() -> None:
    assert not list(check(view("claire@provider.test", author_known=False)))
