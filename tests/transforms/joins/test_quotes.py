"""A verified reply for or against the unsigned message that it quotes; an outsider's says nothing against it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from transforms.joins import quotes

Told = Callable[..., Any]
Signed = Callable[..., bytes]

TEXT = (
    b"Dear Claire, the leaflets are printed, and the invoice of 400 euro goes to your treasurer as ever.\n"
    b"Please send somebody to fetch them; our yard is open until noon.\n"
)
ORDER = (
    b"Received: from mx.printer.example by mx.campaign.example; Mon, 24 Apr 2017 10:00:05 +0000\n"
    b"From: Paul Duval <paul@printer.example>\n"
    b"To: Claire Aubry <claire@campaign.example>\n"
    b"Subject: The leaflets\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0000\n"
    b"Message-ID: <leaflets.1@printer.example>\n"
    b"MIME-Version: 1.0\n"
    b"Content-Type: text/plain; charset=utf-8\n\n"
) + TEXT
ANSWER = (
    b"Received: from mx.campaign.example by mx.printer.example; Mon, 24 Apr 2017 11:00:05 +0000\n"
    b"From: Claire Aubry <claire@campaign.example>\n"
    b"To: Paul Duval <paul@printer.example>\n"
    b"Subject: Re: The leaflets\n"
    b"Date: Mon, 24 Apr 2017 11:00:00 +0000\n"
    b"Message-ID: <answer.1@campaign.example>\n"
    b"In-Reply-To: <leaflets.1@printer.example>\n"
    b"MIME-Version: 1.0\n"
    b"Content-Type: text/plain; charset=utf-8\n\n"
    b"Thank you, I come at ten.\n\nOn Mon, 24 Apr 2017, Paul Duval wrote:\n"
) + b"".join(b"> " + line + b"\n" for line in TEXT.splitlines())
SIGNED = ["from", "date", "subject", "to", "message-id", "in-reply-to", "content-type"]
AMOUNT = (b"400 euro", b"9400 euro")


def received(mail: bytes, *edits: tuple[bytes, bytes]) -> bytes:
    for old, new in edits:
        assert old in mail
        mail = mail.replace(old, new)
    return mail.replace(b"\n", b"\r\n")


@pytest.fixture
def answered(told: Told, signed: Signed) -> Callable[..., Any]:
    """What is said of a mail without a signature that a signed one answers."""

    def judge(
        order: bytes, answer: bytes = ANSWER, *edits: Any, protect: str = "campaign.example", **signing: Any
    ) -> Any:
        reply = signed(answer, *edits, **{"fields": SIGNED, **signing})
        found = told({"order.eml": order, "answer.eml": reply}, protect=protect)
        return found["order.eml"]

    return judge


def test_a_verified_reply_that_quotes_every_word_corroborates(answered: Any) -> None:
    found = answered(received(ORDER), protect="")
    assert found["verdict"] == "unverifiable"
    quoted = found["thread.quoted_in_verified_reply"]
    assert (quoted["direction"], quoted["strength"]) == ("supports", "strong")
    assert "answer.eml, signed by campaign.example" in quoted["summary"]


def test_a_message_with_another_amount_than_was_quoted_is_contradicted_and_no_more(answered: Any) -> None:
    found = answered(received(ORDER, AMOUNT))
    disagrees = found["thread.quote_disagrees"]
    assert (disagrees["expected"], disagrees["actual"], disagrees["strength"]) == ("400", "9400", "strong")
    assert found["verdict"] == "unverifiable"  # one strong finding is never enough


@pytest.mark.parametrize(
    "edit",
    [
        (b" as ever.", b" as ever, and nine thousand to Panama."),  # not quoted: put in, or trimmed
        (b"noon.\n", b"noon.\n-- \nPaul Duval, Printers since 1899\n"),
    ],
)
def test_more_than_was_quoted_is_not_corroborated_nor_contradicted(answered: Any, edit: Any) -> None:
    found = answered(received(ORDER, edit))
    assert "thread.partly_quoted_in_verified_reply" in found
    assert not {"thread.quoted_in_verified_reply", "thread.quote_disagrees"} & found.keys()


# ---- a false quotation, and other ways to frame an honest mail -----------------------------------


@pytest.mark.parametrize(
    ("protect", "order", "fields"),
    [
        ("", (), SIGNED),  # nobody vouches for the replier's domain
        ("newsroom.example", (), SIGNED),
        ("campaign.example", ((b"To: Claire Aubry <claire@", b"To: Anna <anna@"),), SIGNED),  # not sent to him
        ("campaign.example", (), [name for name in SIGNED if name != "in-reply-to"]),  # anybody may put it there
        ("campaign.example", ((b"MIME-Version", b"List-Id: <printers.lists.example>\nMIME-Version"),), SIGNED),
        ("campaign.example", ((ORDER.partition(b"From: ")[0], b""),), SIGNED),  # the sender's own copy
    ],
)
def test_a_false_quotation_accuses_nobody(answered: Any, protect: str, order: Any, fields: Any) -> None:
    false = ANSWER.replace(*AMOUNT)
    found = answered(received(ORDER, *order), false, protect=protect, fields=fields)
    assert found["thread.quoted_otherwise"]["direction"] == "neutral"
    assert "thread.quote_disagrees" not in found and found["verdict"] == "unverifiable"


def test_an_outsider_accuses_nobody_whatever_he_quotes(answered: Any) -> None:
    false = ANSWER.replace(*AMOUNT).replace(b"claire@campaign.example", b"eve@outsider.example")
    order = received(ORDER, (b"claire@campaign.example", b"claire@campaign.example, eve@outsider.example"))
    found = answered(order, false, by="stranger")
    assert "thread.quoted_otherwise" in found and "thread.quote_disagrees" not in found


def test_a_reply_that_proves_nothing_says_nothing(answered: Any) -> None:
    found = answered(received(ORDER), ANSWER, (b"I come at ten", b"I come at two"))
    assert not {rule.code for rule in quotes.RULES} & found.keys()


def test_a_replay_under_another_message_says_nothing_of_it(answered: Any) -> None:
    moved = (b"In-Reply-To: <leaflets.1@printer.example>", b"In-Reply-To: <other.2@printer.example>")
    other = received(
        ORDER, (b"<leaflets.1@", b"<other.2@"), (TEXT, b"The police came to our yard; tell nobody of it.\n")
    )
    found = answered(other, ANSWER, moved, fields=[name for name in SIGNED if name != "in-reply-to"])
    assert not {rule.code for rule in quotes.RULES} & found.keys()


def test_a_message_with_a_proof_of_its_own_is_not_asked_about(told: Told, signed: Signed) -> None:
    mail = ORDER.replace(b"paul@printer.example", b"paul@outsider.example")
    files = {"order.eml": signed(mail, by="stranger"), "answer.eml": signed(ANSWER.replace(*AMOUNT), fields=SIGNED)}
    found = told(files, protect="campaign.example")["order.eml"]
    assert found["verdict"] == "verified" and not {rule.code for rule in quotes.RULES} & found.keys()


def test_several_replies_are_one_finding(told: Told, signed: Signed) -> None:
    replies = {f"{n}.eml": signed(ANSWER.replace(b"answer.1@", b"answer.%d@" % n), fields=SIGNED) for n in range(12)}
    found = told({"order.eml": received(ORDER, AMOUNT), **replies}, protect="campaign.example")["order.eml"]
    assert "0.eml" in found["thread.quote_disagrees"]["summary"]


# ---- rows ---------------------------------------------------------------------------------------


def test_the_answer_does_not_depend_on_the_order_of_rows() -> None:
    record = {"key": "k", "unit_id": "u", "domain": None, "counts": True, "protected": True}
    table = [{**record, "sequence": n, "row": n, "role": n % 2, "domain": "d", "counts": n > 3} for n in range(6)]
    answers = [quotes.join(pa.Table.from_pylist(list(order), quotes._ROWS)) for order in itertools.permutations(table)]
    assert len(answers[0]) == 9 and all(answer == answers[0] for answer in answers)


def test_whose_word_counts_is_asked_first() -> None:
    """Outsiders cannot crowd a witness out; the domain whose mailboxes these are need not be named."""
    message = {"key": "k", "unit_id": "u", "sequence": 0, "row": 0, "role": 0, "counts": True, "domain": None,
               "protected": False}  # fmt: skip
    planted = [{**message, "row": n, "role": 1, "domain": "outsider.example"} for n in range(1, 90)]
    witness = {**message, "sequence": 5, "role": 1, "domain": "campaign.example"}
    table = pa.Table.from_pylist([message, *planted, witness], quotes._ROWS)
    pairs = quotes.join(table, "campaign.example")
    assert [pair.domain for pair in pairs if pair.counts] == ["campaign.example"] and len(pairs) == 8
    assert not any(pair.counts for pair in quotes.join(table))


def test_a_doubled_subject_is_told_before_any_support(told: Told, signed: Signed) -> None:
    mail = ORDER.replace(b"paul@printer.example", b"paul@outsider.example")
    doubled = signed(mail, (b"Subject: The leaflets\n", b"Subject: The bribe\nSubject: The leaflets\n"), by="stranger")
    found = told({"order.eml": doubled, "answer.eml": signed(ANSWER, fields=SIGNED)})["order.eml"]
    assert found["verdict"] == "unverifiable" and not {rule.code for rule in quotes.RULES} & found.keys()
