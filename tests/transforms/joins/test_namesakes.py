"""A known name at an address elsewhere is a remark, wherever the name is known from (signals: display names)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

MAIL = (
    b"Received: from mx.a.example by mx.b.example; Mon, 24 Apr 2017 10:00:05 +0000\n"
    b"From: Claire Aubry <claire@campaign.example>\n"
    b"To: desk@newsroom.example\n"
    b"Subject: The hall\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0000\n"
    b"Message-ID: <hall.1@campaign.example>\n"
    b"Content-Type: text/plain\n\n"
    b"The hall is booked.\n"
)
Told = Callable[..., dict[str, dict[str, Any]]]
Signed = Callable[..., bytes]


def elsewhere(author: bytes) -> bytes:
    return MAIL.replace(b"Claire Aubry <claire@campaign.example>", author).replace(b"hall.1@", b"hall.2@")


@pytest.mark.parametrize(
    "author",
    [
        b"Claire Aubry <claire@mailbox.test>",
        b'"Aubry, Claire" <claire@mailbox.test>',
        b"CLAIRE AUBRY <x@provider.test>",
        b"=?utf-8?q?Claire_Aubry?= <x@provider.test>",
    ],
)
def test_a_known_name_elsewhere_is_a_remark(told: Told, signed: Signed, author: bytes) -> None:
    rows = told({"own.eml": signed(MAIL), "other.eml": elsewhere(author)}, protect="campaign.example")
    found = rows["other.eml"]["identity.name_of_another"]
    assert (found["direction"], found["strength"]) == ("contradicts", "weak")
    assert (found["expected"], found["actual"]) == ("claire@campaign.example", author.rpartition(b"<")[2][:-1].decode())
    assert rows["other.eml"]["verdict"] == "unverifiable"
    assert "identity.name_of_another" not in rows["own.eml"]


@pytest.mark.parametrize(
    "author",
    [b"Claire <x@provider.test>", b"Claire Aubin <x@provider.test>", b"Claire Aubry <press@mail.campaign.example>"],
)
def test_another_name_one_word_or_the_organisation_itself_is_none(told: Told, signed: Signed, author: bytes) -> None:
    rows = told({"own.eml": signed(MAIL), "other.eml": elsewhere(author)}, protect="campaign.example")
    assert "identity.name_of_another" not in rows["other.eml"]


def test_a_name_is_known_from_verified_mail_of_a_named_domain_only(told: Told, signed: Signed) -> None:
    other = elsewhere(b"Claire Aubry <x@provider.test>")
    assert "identity.name_of_another" not in told({"own.eml": signed(MAIL), "other.eml": other})["other.eml"]
    forged = {"own.eml": MAIL.replace(b"\n", b"\r\n"), "other.eml": other}
    assert "identity.name_of_another" not in told(forged, protect="campaign.example")["other.eml"]
