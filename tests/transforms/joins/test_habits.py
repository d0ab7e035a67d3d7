"""Habits learned from signed words only: they remark, and decide nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from transforms.joins import habits

Told = Callable[..., Any]
Signed = Callable[..., bytes]

OWN, OTHER = "CAKx7Tq9", "CAPz0Rw4"  # two accounts
CODES = {rule.code for rule in habits.RULES}
SIGNED = ["from", "date", "subject", "to", "message-id"]


def gmail(number: int, begins: str = OWN) -> str:
    return f"{begins}{number:0{50 - len(begins)}d}Q@mail.gmail.com"


def mail(day: int, name: str, author: str = "claire@campaign.example", month: str = "Apr") -> bytes:
    return (
        f"Received: from mx.campaign.example by mx.newsroom.example; {day} {month} 2017 10:00:05 +0000\n"
        f"From: <{author}>\nTo: desk@newsroom.example\nSubject: Day {day}\n"
        f"Date: {day} {month} 2017 10:00:00 +0000\nMessage-ID: <{name}>\nMIME-Version: 1.0\n"
        f"Content-Type: text/plain; charset=utf-8\n\nWhat happened on day {day}.\n"
    ).encode()


def plain(octets: bytes) -> bytes:
    return octets.replace(b"\n", b"\r\n")


def test_only_message_ids_of_gmail_name_an_account() -> None:
    assert habits.account_of(gmail(1)) == habits.account_of(gmail(2)) != habits.account_of(gmail(1, OTHER))
    assert habits.account_of("CA+=_-z" + gmail(1)[7:]) is not None
    for name in ("", gmail(1)[:-1], gmail(1).replace("CA", "CB"), gmail(1) + "x", "1@mail.gmail.com"):
        assert habits.account_of(name) is None


# ---- accounts -----------------------------------------------------------------------------------


@pytest.fixture
def week(signed: Signed) -> dict[str, bytes]:
    """Verified mail of one account, from the first to the sixth."""
    return {f"{day}.eml": signed(mail(day, gmail(day)), fields=SIGNED) for day in range(1, 7)}


def test_a_mail_of_the_same_account_is_supported(told: Told, week: dict[str, bytes]) -> None:
    found = told({**week, "plain.eml": plain(mail(9, gmail(9)))})["plain.eml"]
    assert found["client.same_gmail_account"]["strength"] == "weak" and found["verdict"] == "unverifiable"


def test_a_mail_of_another_account_is_remarked_on_and_no_more(told: Told, week: dict[str, bytes]) -> None:
    found = told({**week, "plain.eml": plain(mail(3, gmail(3, OTHER)))})["plain.eml"]
    other = found["client.other_gmail_account"]
    assert (other["expected"][:7], other["actual"][:7]) == (OWN[:7], OTHER[:7])
    assert other["strength"] == "weak" and found["verdict"] == "unverifiable"


@pytest.mark.parametrize(
    ("day", "name", "author"),
    [
        (9, gmail(9, OTHER), "claire@campaign.example"),  # after the last: the account may have been moved
        (3, "3@telephone.example", "claire@campaign.example"),  # another program
        (3, gmail(3, OTHER), "anna@campaign.example"),
    ],
)
def test_honest_mail_of_other_programs_people_and_times_is_left_alone(
    told: Told, week: dict[str, bytes], day: int, name: str, author: str
) -> None:
    assert not CODES & told({**week, "plain.eml": plain(mail(day, name, author))})["plain.eml"].keys()


def test_two_accounts_are_no_habit(told: Told, signed: Signed, week: dict[str, bytes]) -> None:
    week["7.eml"] = signed(mail(7, gmail(7, OTHER)), fields=SIGNED)
    assert not CODES & told({**week, "plain.eml": plain(mail(3, gmail(3, "CAzzzzzz")))})["plain.eml"].keys()


@pytest.mark.parametrize("fields", [[name for name in SIGNED if name != "message-id"]])
def test_replayed_mail_with_another_identifier_teaches_nothing(told: Told, signed: Signed, fields: list[str]) -> None:
    edit = (OWN.encode(), OTHER.encode())
    planted = {f"{day}.eml": signed(mail(day, gmail(day)), edit, fields=fields) for day in range(1, 7)}
    found = told({**planted, "honest.eml": plain(mail(3, gmail(33)))})
    assert found["1.eml"]["verdict"] == "verified" and not CODES & found["honest.eml"].keys()


def test_one_signature_teaches_once(told: Told, signed: Signed) -> None:
    copies = {f"{n}.eml": signed(mail(1 + 5 * (n % 2), gmail(1 + 5 * (n % 2))), fields=SIGNED) for n in range(10)}
    assert not CODES & told({**copies, "plain.eml": plain(mail(3, gmail(3, OTHER)))})["plain.eml"].keys()


def test_another_domain_teaches_nothing_about_a_sender(told: Told, signed: Signed) -> None:
    planted = {f"{day}.eml": signed(mail(day, gmail(day, OTHER)), by="stranger", fields=SIGNED) for day in range(1, 7)}
    assert not CODES & told({**planted, "honest.eml": plain(mail(3, gmail(3)))})["honest.eml"].keys()


# ---- signing ------------------------------------------------------------------------------------

RECORD = {"key": "claire@campaign.example", "unit_id": "u", "sequence": 0, "account": None, "signature": None,
          "unsigned": False, "claims": False, "container": 1}  # fmt: skip
DAY = 86_400_000_000


def table(signed: int, unsigned: int = 1, **bare: Any) -> list[dict[str, Any]]:
    """Verified mails of one day each, and as many without a signature."""
    rows = [{**RECORD, "row": n, "date": n * DAY, "signature": b"%d" % n} for n in range(signed)]
    return rows + [
        {**RECORD, "row": signed + n, "date": 10 * DAY, "unsigned": True, "claims": True, **bare}
        for n in range(unsigned)
    ]


def remarked(rows: list[dict[str, Any]]) -> list[str]:
    return [one.code for one in habits.join(pa.Table.from_pylist(rows, habits._ROWS))]


def test_a_received_mail_without_the_usual_signature_is_remarked_on() -> None:
    assert remarked(table(20)) == ["dkim.not_signed_as_usual"]
    assert habits.UNSIGNED.direction == "neutral"


@pytest.mark.parametrize(
    "rows",
    [
        table(19),
        table(20, claims=False),  # sent, forwarded, from a list
        table(20, container=2),  # another exporter
        table(20, date=200 * DAY),
        table(20, unsigned=2),  # sometimes it is not signed
        table(200, unsigned=9),
    ],
)
def test_where_signing_is_not_usual_nothing_is_said(rows: list[dict[str, Any]]) -> None:
    assert remarked(rows) == []


def test_the_answer_does_not_depend_on_the_order_of_rows() -> None:
    account = {"account": "a"}
    rows = [{**RECORD, **account, "row": n, "date": n * DAY, "signature": b"%d" % n} for n in range(5)]
    rows += [{**RECORD, "row": 7, "date": 2 * DAY, "account": "b"}]
    found = [remarked(list(order)) for order in itertools.permutations(rows)]
    assert found[0] == ["client.other_gmail_account"] and all(one == found[0] for one in found)
