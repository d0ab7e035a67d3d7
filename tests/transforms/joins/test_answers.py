"""A reply that was carried before the message it answers: which of the two is wrong only a witness can tell."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from transforms.joins import answers

Told = Callable[..., Any]
Signed = Callable[..., bytes]


def mail(day: int, *, own: str, parent: str = "", author: str = "paul@printer.example", hour: int = 10) -> bytes:
    """A mail of a day of April 2017 that one server carried."""
    return (
        f"Received: from mx.one.example by mx.two.example; {day} Apr 2017 {hour}:00:05 +0000\n"
        f"From: <{author}>\nTo: desk@newsroom.example\nSubject: The hall\n"
        f"Date: {day} Apr 2017 {hour}:00:00 +0000\nMessage-ID: <{own}>\n"
        + (f"In-Reply-To: <{parent}>\n" if parent else "")
        + "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nThe hall is booked.\n"
    ).encode()


def plain(octets: bytes) -> bytes:
    return octets.replace(b"\n", b"\r\n")


CLAIRE = "claire@campaign.example"
SIGNED = ["from", "date", "subject", "to", "message-id", "in-reply-to"]
CODES = {rule.code for rule in answers.RULES}


@pytest.fixture
def ordered(told: Told) -> Callable[..., Any]:
    """The codes of this join that are told of the message and of the reply."""

    def judge(message: bytes, reply: bytes, protect: str = "campaign.example") -> Any:
        found = told({"message.eml": message, "reply.eml": reply}, protect=protect)
        assert all(one["verdict"] != "suspected_fake" for one in found.values())
        return tuple(sorted(CODES & found[name].keys()) for name in ("message.eml", "reply.eml"))

    return judge


def test_a_message_dated_after_a_verified_answer_to_it_is_contradicted(ordered: Any, signed: Signed) -> None:
    reply = signed(mail(12, own="b", parent="a", author=CLAIRE), fields=SIGNED)
    assert ordered(plain(mail(20, own="a")), reply) == (["thread.answered_before_sent"], [])


def test_an_answer_dated_before_a_verified_message_is_contradicted(ordered: Any, signed: Signed) -> None:
    message = signed(mail(20, own="a", author=CLAIRE), fields=SIGNED)
    assert ordered(message, plain(mail(12, own="b", parent="a"))) == ([], ["thread.answers_a_later_message"])


def test_without_a_witness_nobody_is_contradicted(ordered: Any) -> None:
    found = ordered(plain(mail(20, own="a")), plain(mail(12, own="b", parent="a")))
    assert found == ([], ["thread.dates_out_of_order"])


@pytest.mark.parametrize(
    ("day", "hour", "old", "new"),
    [
        (12, 11, "", ""),  # an hour later: one clock is wrong
        (12, 9, "", ""),
        (20, 10, "20 Apr 2017 10:00:05", "12 Apr 2017 9:00:05"),  # dated anew by an import, carried in time
        (20, 10, "Date: 20", "Date: 11"),  # delivered late
        (20, 10, "Received: from mx.one.example by mx.two.example; 20 Apr 2017 10:00:05 +0000\n", ""),
        (20, 10, "MIME-Version", "Resent-Date: 20 Apr 2017 10:00:00 +0000\nMIME-Version"),
    ],
)
def test_honest_order_is_not_contradicted(
    ordered: Any, signed: Signed, day: int, hour: int, old: str, new: str
) -> None:
    reply = signed(mail(12, own="b", parent="a", author=CLAIRE), fields=SIGNED)
    message = (
        mail(day, own="a", hour=hour).replace(old.encode(), new.encode()) if old else mail(day, own="a", hour=hour)
    )
    assert ordered(plain(message), reply) == ([], [])


# ---- ways to frame an honest mail ----------------------------------------------------------------


def test_an_outsider_who_answers_before_it_was_sent_accuses_nobody(ordered: Any, signed: Signed) -> None:
    reply = signed(mail(12, own="b", parent="a", author="eve@outsider.example"), by="stranger", fields=SIGNED)
    assert ordered(plain(mail(20, own="a")), reply) == ([], ["thread.dates_out_of_order"])


def test_a_replay_with_another_parent_accuses_nobody(ordered: Any, signed: Signed) -> None:
    unsigned = [name for name in SIGNED if name != "in-reply-to"]
    reply = signed(mail(12, own="b", parent="x", author=CLAIRE), (b"<x>", b"<a>"), fields=unsigned)
    assert ordered(plain(mail(20, own="a")), reply) == ([], ["thread.dates_out_of_order"])


def test_a_planted_message_under_an_honest_identifier_accuses_no_reply(ordered: Any, signed: Signed) -> None:
    planted = signed(mail(20, own="a", author="eve@outsider.example"), by="stranger", fields=SIGNED)
    assert ordered(planted, plain(mail(12, own="b", parent="a"))) == ([], ["thread.dates_out_of_order"])


def test_the_answer_does_not_depend_on_the_order_of_rows() -> None:
    record = {"key": "k", "unit_id": "u", "counts": False, "open": True, "domain": "d", "protected": True}
    hours = {0: (9, 8), 1: (1, 2, 3)}
    table = [
        {**record, "sequence": role, "row": row, "role": role, "date": hour * 3_600_000_000, "counts": row == 1}
        for role, all_hours in hours.items()
        for row, hour in enumerate(all_hours)
    ]
    found = [answers.join(pa.Table.from_pylist(list(order), answers._ROWS)) for order in itertools.permutations(table)]
    assert {pair.code for pair in found[0]} == {"thread.answered_before_sent", "thread.answers_a_later_message"}
    assert all(one == found[0] for one in found)
