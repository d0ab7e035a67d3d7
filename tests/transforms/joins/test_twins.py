"""Messages whose Message-ID was changed or taken out, beside what they may be copies of; nobody is outvoted."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from transforms.joins import twins

Told = Callable[..., Any]
Signed = Callable[..., bytes]

MAIL = (
    b"Received: from mx.campaign.example by mx.newsroom.example; Mon, 24 Apr 2017 10:00:05 +0000\n"
    b"From: Claire Aubry <claire@campaign.example>\n"
    b"To: desk@newsroom.example\n"
    b"Subject: The hall on Friday\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0000\n"
    b"Message-ID: <hall.1@campaign.example>\n"
    b"MIME-Version: 1.0\n"
    b"Content-Type: text/plain; charset=utf-8\n\n"
    b"The hall is booked for Friday, and the invoice of 400 euro goes to the treasurer as ever.\n"
)
LOST = (b"Message-ID: <hall.1@campaign.example>\n", b"")
OTHER = (b"<hall.1@campaign.example>", b"<7731@export.example>")
AMOUNT = (b"400 euro", b"9400 euro")
CODES = {rule.code for rule in twins.RULES}


def plain(*edits: tuple[bytes, bytes]) -> bytes:
    octets = MAIL
    for old, new in edits:
        assert old in octets
        octets = octets.replace(old, new)
    return octets.replace(b"\n", b"\r\n")


@pytest.mark.parametrize("edit", [LOST, OTHER])
def test_a_copy_with_another_identifier_is_supported_by_the_verified_one(
    told: Told, signed: Signed, edit: tuple[bytes, bytes]
) -> None:
    found = told({"genuine.eml": signed(MAIL), "copy.eml": plain(edit, (b"Subject: The", b"Subject: Re: [ext] The"))})
    assert found["copy.eml"]["verdict"] == "unverifiable"
    twin = found["copy.eml"]["copy.twin_of_verified"]
    assert twin["summary"].endswith("genuine.eml") and twin["strength"] == "weak"
    assert not CODES & found["genuine.eml"].keys()


@pytest.mark.parametrize("edit", [LOST, OTHER])
def test_other_words_to_the_same_readers_under_another_identifier_are_worth_a_look(
    told: Told, signed: Signed, edit: tuple[bytes, bytes]
) -> None:
    """OF_VERIFIED: a copy that was received like the verified one, and no letter of a merge."""
    found = told({"genuine.eml": signed(MAIL), "copy.eml": plain(edit, AMOUNT)})["copy.eml"]
    assert (found["verdict"], found["rule"]) == ("unverifiable", "flagged")
    other = found["copy.says_otherwise_to_the_same_readers"]
    assert (other["expected"], other["actual"]) == ("400", "9400")


def test_other_words_are_shown_and_stay_weak(told: Told, signed: Signed) -> None:
    to_another = (b"To: desk@", b"To: night.desk@")
    found = told({"genuine.eml": signed(MAIL), "copy.eml": plain(OTHER, AMOUNT, to_another)})["copy.eml"]
    other = found["copy.twin_says_otherwise"]
    assert (other["expected"], other["actual"], other["strength"]) == ("400", "9400", "weak")
    assert (found["verdict"], found["rule"]) == ("unverifiable", "plain")


@pytest.mark.parametrize(
    "edits",
    [
        (OTHER, (b"as ever.\n", b"as ever.\n-- \nSent from my telephone\n")),
        (OTHER, (b"400 euro", b"xxx euro")),
        (OTHER, (b"24 Apr 2017 10:00:00", b"24 Apr 2017 10:00:01")),
        (OTHER, (b"Claire Aubry <claire@", b"Anna <anna@")),
        (OTHER, (b"on Friday\n", b"on Sunday\n")),
    ],
)
def test_what_says_nothing_else_or_is_another_message_is_not_compared(
    told: Told, signed: Signed, edits: tuple[tuple[bytes, bytes], ...]
) -> None:
    assert not CODES & told({"genuine.eml": signed(MAIL), "copy.eml": plain(*edits)})["copy.eml"].keys()


def test_three_copies_do_not_outvote_one(told: Told) -> None:
    files = {f"{n}.eml": plain((b"hall.1@", b"%d@" % n), AMOUNT) for n in range(3)}
    found = told({"honest.eml": plain(), **files})
    assert all(one["copy.twins_differ"]["direction"] == "neutral" for one in found.values())
    assert all((one["verdict"], one["rule"]) == ("unverifiable", "plain") for one in found.values())


def test_two_received_copies_of_one_letter_that_disagree_are_both_flagged(told: Told) -> None:
    found = told({"a/honest.eml": plain(), "b/forged.eml": plain(AMOUNT)})
    assert {(one["verdict"], one["rule"]) for one in found.values()} == {("unverifiable", "flagged")}
    both = found["a/honest.eml"]["copy.copies_disagree"], found["b/forged.eml"]["copy.copies_disagree"]
    assert [(one["expected"], one["actual"]) for one in both] == [("9400", "400"), ("400", "9400")]


@pytest.mark.parametrize(
    ("path", "edits"),
    [
        ("b/Drafts/copy.eml", (AMOUNT,)),  # another version, never received
        ("b/Sent/copy.eml", (AMOUNT,)),
        ("b/copy.eml", (AMOUNT, (b"To: desk@", b"To: night.desk@"))),  # a merge with one Message-ID
        ("b/copy.eml", (AMOUNT, OTHER)),
        ("b/copy.eml", ((b"400 euro", b"[REDACTED]"), (b"treasurer", "█████".encode()))),  # by whoever published it
        ("b/copy.eml", ((b" and the invoice of 400 euro", b""),)),
        ("b/copy.eml", (AMOUNT, (b"To: desk", b"List-Id: <desk.newsroom.example>\nTo: desk"))),  # a list, on its way
        ("b/copy.eml", (AMOUNT, (b"Received: from mx.campaign", b"X-Received: from mx.campaign"))),  # never sent
    ],
)
def test_what_need_not_be_one_letter_is_not_flagged(
    told: Told, path: str, edits: tuple[tuple[bytes, bytes], ...]
) -> None:
    found = told({"a/honest.eml": plain(), path: plain(*edits)})
    assert all("copy.copies_disagree" not in one and one["rule"] == "plain" for one in found.values())


def test_a_circular_to_readers_by_name_is_no_conflict(told: Told, signed: Signed) -> None:
    names = (b"Anna", b"Paul", b"Marie", b"Jean", b"Lucie", b"Louis")
    letters = [
        ((b"<hall.1@", b"<%d@" % n), (b"The hall is", b"Dear %s, the hall is" % name)) for n, name in enumerate(names)
    ]
    files = {f"{n}.eml": plain(*edits) for n, edits in enumerate(letters)}
    found = told({"genuine.eml": signed(MAIL), **files})
    assert not any(CODES & one.keys() for one in found.values())


def test_a_strangers_signature_under_an_honest_authors_name_is_no_twin_that_counts(told: Told, signed: Signed) -> None:
    """Planted: not aligned, so nothing is verified by it."""
    found = told({"planted.eml": signed(MAIL, by="stranger"), "honest.eml": plain(OTHER, AMOUNT)})["honest.eml"]
    assert "copy.twin_says_otherwise" not in found and found["verdict"] == "unverifiable"


def test_the_answer_does_not_depend_on_the_order_of_rows() -> None:
    record = {"key": "k", "unit_id": "u", "name": b"", "verified": False, "proven": False}
    table = [
        {**record, "sequence": n // 2, "row": n, "content": b"ab"[n % 2 :][:1], "name": b"%d" % n} for n in range(4)
    ]
    table.append({**record, "sequence": 7, "row": 9, "content": b"a", "verified": True, "proven": True})
    found = [twins.join(pa.Table.from_pylist(list(order), twins._ROWS)) for order in itertools.permutations(table)]
    assert [(pair.row, pair.same) for pair in found[0]] == [(0, True), (1, False), (2, True), (3, False)]
    assert all(one == found[0] for one in found)
