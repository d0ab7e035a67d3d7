"""A loose file beside a verified attachment that it nearly equals: named, compared, never judged by it."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from transforms.joins import near_duplicates
from transforms.path_spec import item_id

Told = Callable[..., Any]
Signed = Callable[..., bytes]

NOTE = (
    "Minutes of the meeting of the board on 12 April 2017. Present were Claire Aubry, Paul Duval and the treasurer. "
    "The board approves the budget of 40000 euro for the hall, the leaflets and the sound. The printer is paid within "
    "thirty days of his invoice. The next meeting is on the third of May at eight in the small room of the town hall. "
    "The secretary sends these minutes to all members of the board before Friday and keeps one copy in the folder.\n"
)
FORGED = NOTE.replace("40000", "940000")
CODES = {rule.code for rule in near_duplicates.RULES}
PROTECT = "campaign.example"


def mail(attached: str, number: int = 1) -> bytes:
    """A mail with a text file attached."""
    return (
        b"Received: from mx.campaign.example by mx.newsroom.example; Mon, 24 Apr 2017 10:00:05 +0000\n"
        b"From: Claire Aubry <claire@campaign.example>\nTo: desk@newsroom.example\nSubject: The minutes\n"
        b"Date: Mon, 24 Apr 2017 10:00:00 +0000\nMessage-ID: <minutes.%d@campaign.example>\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="=-b"\n\n--=-b\nContent-Type: text/plain\n\nAttached.\n'
        b'--=-b\nContent-Type: text/plain; charset=utf-8\nContent-Disposition: attachment; filename="minutes.txt"\n'
        b"Content-Transfer-Encoding: base64\n\n" % number + base64.encodebytes(attached.encode()) + b"--=-b--\n"
    )


@pytest.fixture
def beside(told: Told, signed: Signed) -> Callable[..., Any]:
    """What is said of a loose file beside a verified mail that carries the minutes."""

    def judge(loose: str, attached: str = NOTE, **more: Any) -> Any:
        found = told({"mail.eml": signed(mail(attached)), "loose.txt": loose.encode()}, **more)
        assert found["mail.eml"]["verdict"] == "verified"
        return found["loose.txt"]

    return judge


@pytest.mark.parametrize("protect", ["", PROTECT])
def test_another_amount_is_shown_and_accuses_nobody(beside: Any, protect: str) -> None:
    found = beside(FORGED, protect=protect)
    near = found["document.near_duplicate"]
    assert (near["expected"], near["actual"], near["direction"]) == ("40000", "940000", "neutral")
    assert "sent in mail.eml" in near["summary"] and found["verdict"] == "unverifiable"


def test_the_verified_attachment_is_named(beside: Any) -> None:
    assert beside(FORGED)["near_dup_of"] == item_id("mail.eml!2")


def test_without_the_key_there_is_nothing_to_compare_with(told: Told, signed: Signed) -> None:
    found = told({"mail.eml": signed(mail(NOTE)), "loose.txt": FORGED.encode()}, signers=())["loose.txt"]
    assert found["near_dup_of"] is None and not CODES & found.keys()


def test_the_same_words_in_other_octets_support_and_do_not_verify(beside: Any) -> None:
    found = beside(NOTE.replace(". ", ".\r\n"), protect=PROTECT)
    assert found["document.same_words_as_verified"]["strength"] == "weak"
    assert item_id("mail.eml!2") in found["document.same_words_as_verified"]["summary"]
    assert found["verdict"] == "unverifiable"


@pytest.mark.parametrize(
    ("loose", "attached"),
    [
        (NOTE, NOTE),  # inherits, or is an outsider's: told elsewhere
        (NOTE[: len(NOTE) // 2], NOTE),  # less than nearly the same
        ("Minutes of the meeting of the board.\n", NOTE),
        (NOTE, "Attached is nothing that anybody would read.\n"),
    ],
)
def test_what_is_equal_or_not_alike_is_no_near_duplicate(beside: Any, loose: str, attached: str) -> None:
    assert not CODES & beside(loose, attached).keys()


def test_an_attachment_of_a_changed_mail_is_compared_as_well(told: Told, signed: Signed) -> None:
    changed = signed(mail(NOTE, 2), (base64.encodebytes(NOTE.encode()), base64.encodebytes(FORGED.encode())))
    found = told({"mail.eml": signed(mail(NOTE)), "changed.eml": changed})
    assert found["changed.eml!2"]["document.near_duplicate"]["actual"] == "940000"
    assert not CODES & found["mail.eml!2"].keys()


def test_an_attachment_of_an_unproven_mail_is_no_model(told: Told, signed: Signed) -> None:
    """Planted: a forged document in a mail that nothing proves, beside the honest file."""
    found = told({"planted.eml": mail(FORGED).replace(b"\n", b"\r\n"), "honest.txt": NOTE.encode()})
    assert not CODES & found["honest.txt"].keys()


def test_the_answer_does_not_depend_on_the_order_of_rows() -> None:
    record = {"key": "0a", "unit_id": "u", "item_id": None, "carrier": None}
    table = [{**record, "sequence": 0, "row": n, "sha256": str(n)} for n in range(3)]
    table += [{**record, "sequence": 1, "row": n, "sha256": str(n), "item_id": "i", "carrier": "c"} for n in (2, 3)]
    found = [
        near_duplicates.join(pa.Table.from_pylist(list(order), near_duplicates._ROWS))
        for order in itertools.permutations(table)
    ]
    assert [(pair.row, len(pair.models)) for pair in found[0]] == [(0, 2), (1, 2)]
    assert all(one == found[0] for one in found)
