"""An answer without a proof against the verified message that it quotes; honest ways to quote say nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from transforms.joins import misquotes

Told = Callable[..., Any]
Signed = Callable[..., bytes]

TEXT = (
    b"Dear Paul, the board has approved the payment of 400 euro to your printers, as every year.\n"
    b"Please send the invoice to the treasurer; she leaves on Friday.\n"
)
LETTER = (
    b"Received: from mx.campaign.example by mx.printer.example; Mon, 24 Apr 2017 10:00:05 +0000\n"
    b"From: Claire Aubry <claire@campaign.example>\n"
    b"To: Paul Duval <paul@printer.example>\n"
    b"Subject: The leaflets\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0000\n"
    b"Message-ID: <leaflets.1@campaign.example>\n"
    b"MIME-Version: 1.0\n"
    b"Content-Type: text/plain; charset=utf-8\n\n"
) + TEXT
ANSWER = (
    b"Received: from mx.printer.example by mx.campaign.example; Mon, 24 Apr 2017 11:00:05 +0000\n"
    b"From: Paul Duval <paul@printer.example>\n"
    b"To: Claire Aubry <claire@campaign.example>\n"
    b"Subject: Re: The leaflets\n"
    b"Date: Mon, 24 Apr 2017 11:00:00 +0000\n"
    b"Message-ID: <answer.1@printer.example>\n"
    b"In-Reply-To: <leaflets.1@campaign.example>\n"
    b"MIME-Version: 1.0\n"
    b"Content-Type: text/plain; charset=utf-8\n\n"
    b"Understood.\n\nOn Mon, 24 Apr 2017, Claire Aubry wrote:\n"
) + b"".join(b"> " + line + b"\n" for line in TEXT.splitlines())
DECISION = (b"has approved", b"has refused")


def received(mail: bytes, *edits: tuple[bytes, bytes]) -> bytes:
    for old, new in edits:
        assert old in mail
        mail = mail.replace(old, new)
    return mail.replace(b"\n", b"\r\n")


@pytest.fixture
def answered(told: Told, signed: Signed) -> Callable[..., Any]:
    """What is said of an answer without a signature to a signed letter."""

    def judge(
        *edits: tuple[bytes, bytes], letter: bytes = LETTER, protect: str = "campaign.example", **more: Any
    ) -> Any:
        files = {"letter.eml": signed(letter, **more), "answer.eml": received(ANSWER, *edits)}
        return told(files, protect=protect)["answer.eml"]

    return judge


def test_an_invented_answer_that_quotes_another_decision_is_contradicted_and_no_more(answered: Any) -> None:
    found = answered(DECISION)
    misquotes_it = found["thread.misquotes_verified"]
    assert (misquotes_it["expected"], misquotes_it["actual"]) == ("approved", "refused")
    assert misquotes_it["strength"] == "strong" and "letter.eml, signed by campaign.example" in misquotes_it["summary"]
    assert found["verdict"] == "unverifiable"


@pytest.mark.parametrize(
    "edits",
    [
        (),  # every word
        ((b"> Please send the invoice to the treasurer; she leaves on Friday.\n", b""),),  # shortened
        ((b"> Dear Paul", b"> > Dear Paul"),),
        ((b", as every year.", b",\n> as every year."),),  # wrapped anew
        ((b"Friday.\n", b"Friday.\n\nShe will have it tomorrow.\n"),),  # answered below
        ((b"every year.\n", b"every year.\nYes, that is right.\n"),),  # answered between the lines
        ((b"400 euro", b"[amount]"),),  # redacted
        ((b"400 euro", b"EUR 400"),),
    ],
)
def test_honest_ways_to_quote_say_nothing(answered: Any, edits: tuple[tuple[bytes, bytes], ...]) -> None:
    assert "thread.misquotes_verified" not in answered(*edits)


# ---- who may frame an honest answer --------------------------------------------------------------


@pytest.mark.parametrize("protect", ["", "printer.example"])
def test_a_domain_for_which_nobody_vouches_accuses_no_answer(answered: Any, protect: str) -> None:
    assert "thread.misquotes_verified" not in answered(DECISION, protect=protect)


@pytest.mark.parametrize(
    ("letter", "fields"),
    [
        (LETTER, ["from", "to", "subject", "date", "content-type"]),  # anybody may have put the identifier there
        (LETTER.replace(b"Paul Duval <paul@", b"Anna <anna@"), None),  # it was sent to somebody else
    ],
)
def test_a_letter_that_is_not_surely_the_one_answered_is_no_witness(answered: Any, letter: bytes, fields: Any) -> None:
    more = {"fields": fields} if fields else {}
    assert "thread.misquotes_verified" not in answered(DECISION, letter=letter, **more)


@pytest.mark.parametrize("by", ["campaign", "campaign_again"])
def test_nor_is_one_of_two_letters_of_one_identifier(told: Told, signed: Signed, by: str) -> None:
    files = {
        "letter.eml": signed(LETTER),
        "other.eml": signed(LETTER.replace(*DECISION), by=by),  # its key may be lost
        "answer.eml": received(ANSWER, DECISION),
    }
    assert "thread.misquotes_verified" not in told(files, protect="campaign.example")["answer.eml"]


def test_an_answer_that_a_list_passed_on_may_have_been_changed_by_it(answered: Any) -> None:
    assert "thread.misquotes_verified" not in answered(DECISION, (b"MIME", b"List-Id: <a.lists.example>\nMIME"))


def test_a_verified_answer_says_what_it_says(told: Told, signed: Signed) -> None:
    answer = signed(ANSWER.replace(*DECISION).replace(b"paul@printer.example", b"paul@outsider.example"), by="stranger")
    letter = signed(LETTER.replace(b"paul@printer.example", b"paul@outsider.example"))
    found = told({"letter.eml": letter, "answer.eml": answer}, protect="campaign.example")["answer.eml"]
    assert found["verdict"] == "verified" and "thread.misquotes_verified" not in found


# ---- rows ----------------------------------------------------------------------------------------


def test_the_answer_does_not_depend_on_the_order_of_rows() -> None:
    record = {"key": "k", "unit_id": "u", "sequence": 0, "content": None, "domain": None, "protected": False}
    messages = [{**record, "row": n, "role": 0, "content": b"c", "domain": "d", "protected": n > 0} for n in range(3)]
    table = [*messages, *({**record, "row": n, "role": 1} for n in range(3, 6))]
    pairs = [
        misquotes.join(pa.Table.from_pylist(list(rows), misquotes._ROWS)) for rows in itertools.permutations(table)
    ]
    assert [(one.row, one.message_row) for one in pairs[0]] == [(3, 1), (4, 1), (5, 1)]
    assert all(one == pairs[0] for one in pairs)
