"""Clocks that agree, honest reasons why they do not, and a Date that somebody retyped."""

from __future__ import annotations

import pytest

from transforms.auth.proof import NO_SIGNATURE
from transforms.case import ItemView
from transforms.checks.clocks import check
from transforms.clocks import read_clocks
from transforms.mail.date import parse_date
from transforms.mail.fields import split_message
from transforms.model import Kind
from transforms.span import in_memory

OUTLOOK_ID = "<0a1b01d2bcd2$a2581000$b100a8c0@desk.example>"  # 2017-04-24 08:13:20 UTC
EXIM_HOP = "from desk by mx.example (Exim 4.88) id 1d2Z7Y-0001xY-7Q; {}"  # the same second


def findings(
    date: str, *fields: str, boundaries: tuple[str, ...] = (), body_lost: bool = False
) -> dict[str, tuple[str, str | None, str | None]]:
    text = "".join(f"{field}\r\n" for field in (f"Date: {date}", *fields, ""))
    parsed = parse_date(date.encode())
    item = ItemView(
        Kind.EMAIL, (), None, True, NO_SIGNATURE,
        date_utc=parsed.utc, date_raw=parsed.raw, date_offset_min=parsed.offset_min,
        clocks=read_clocks(split_message(in_memory(text.encode())), boundaries),
        body_lost=body_lost,
    )  # fmt: skip
    found = {one.code: (one.strength.value, one.expected, one.actual) for one in check(item)}
    found.pop("clock.timeline", None)
    return found


def received(date: str) -> str:
    return f"Received: {EXIM_HOP.format(date)}"


HONEST = "Mon, 24 Apr 2017 10:13:20 +0200"


def test_clocks_that_agree_are_no_finding() -> None:
    assert not findings(HONEST, f"Message-ID: {OUTLOOK_ID}", received("Mon, 24 Apr 2017 08:13:20 +0000"))


def test_a_retyped_date_is_contradicted_by_the_senders_program_and_a_relay() -> None:
    found = findings(
        "Fri, 21 Apr 2017 10:13:20 +0200", f"Message-ID: {OUTLOOK_ID}", received("Mon, 24 Apr 2017 08:13:20 +0000")
    )
    assert found == {
        "clock.date_contradicted": (
            "strong",
            "2017-04-24 08:13:20 by message id (outlook)",
            "2017-04-21 08:13:20 by date",
        )
    }


@pytest.mark.parametrize(
    "identifier",
    [
        "<E1d2Z7Y-0001xY-7Q@mx.example>",  # Exim
        "<20170424081320.3AB12C@mx.example>",  # Postfix
        "<0100015b9f3e1a20-a1b2c3d4-0000-0000-0000-000000000000-000000@email.amazonses.com>",
    ],
)
def test_a_relay_that_names_a_mail_without_a_name_is_no_second_witness(identifier: str) -> None:
    """A scanner whose clock is dead: the only clock against its Date is that of the relay."""
    found = findings(
        "Sat, 01 Jan 2000 00:12:00 +0000", f"Message-ID: {identifier}", received("Mon, 24 Apr 2017 08:13:20 +0000")
    )
    assert not found


def test_what_an_archive_turned_into_outlooks_file_is_not_contradicted_by_its_clocks() -> None:
    hop = received("Mon, 24 Apr 2017 08:13:20 +0000")
    assert not findings("Fri, 21 Apr 2017 10:13:20 +0200", f"Message-ID: {OUTLOOK_ID}", hop, body_lost=True)


def test_a_retyped_hop_is_contradicted_by_its_own_identifier() -> None:
    found = findings("Fri, 21 Apr 2017 10:13:20 +0200", received("Fri, 21 Apr 2017 08:13:20 +0000"))
    assert found["clock.hop_contradicts_its_id"] == (
        "strong",
        "2017-04-24 08:13:20 by queue id of hop 0 (exim)",
        "2017-04-21 08:13:20 by received of hop 0",
    )


def test_mail_that_waited_in_an_outbox_for_days_is_no_contradiction() -> None:
    assert not findings(HONEST, f"Message-ID: {OUTLOOK_ID}", "Received: from a by b; Fri, 28 Apr 2017 08:13:20 +0000")


def test_a_wrong_clock_of_the_sender_is_no_contradiction_with_itself() -> None:
    late = "Mon, 02 Oct 2017 08:13:20 +0000"
    assert not findings(HONEST, f"Message-ID: {OUTLOOK_ID}", f"Received: from a by b; {late}")


def test_an_old_template_boundary_is_a_remark() -> None:
    boundary = "001a11453d9c1c2800054de52e01"  # 2017-04-24
    found = findings("Mon, 02 Oct 2017 08:13:20 +0000", boundaries=(boundary,))
    assert {code: values[0] for code, values in found.items()} == {"clock.differs_from_date": "weak"}


def test_old_template_and_old_thread_are_one_program() -> None:
    """Both come from the sender's side: no second, independent one speaks against the Date."""
    found = findings(
        "Mon, 02 Oct 2017 08:13:20 +0000",
        "Thread-Index: AdK80qJYAAAAAAAAAAAAAAAAAAAAAA==",
        "Received: from a by b; Mon, 02 Oct 2017 08:13:21 +0000",
        boundaries=("001a11453d9c1c2800054de52e01",),
    )
    assert {code: values[0] for code, values in found.items()} == {"clock.differs_from_date": "weak"}


def test_a_local_time_in_a_boundary_is_compared_modulo_zones() -> None:
    local = "----=_NextPart_000_0012_01D2BCE3.651C1000"  # 10:13:20, two hours east
    assert not findings(HONEST, boundaries=(local,))


def test_a_date_after_every_hop_is_a_contradiction() -> None:
    found = findings("Mon, 24 Apr 2017 10:13:20 +0200", "Received: from a by b; Thu, 20 Apr 2017 08:00:00 +0000")
    assert found == {
        "clock.date_after_every_hop": ("strong", "before 2017-04-20 08:00:00", "2017-04-24 08:13:20 by date")
    }


def test_another_weekday_is_a_contradiction() -> None:
    assert findings("Tue, 24 Apr 2017 10:13:20 +0200") == {
        "clock.impossible_weekday": ("strong", "Mon", "Tue, 24 Apr 2017 10:13:20 +0200")
    }


def test_the_weekday_is_that_of_the_senders_zone() -> None:
    assert not findings("Tue, 25 Apr 2017 00:30:00 +0200")
    assert list(findings("Wed, 25 Apr 2017 00:30:00 +0200")) == ["clock.impossible_weekday"]


def test_the_weekday_of_the_same_instant_in_utc_is_no_contradiction() -> None:
    assert not findings("Mon, 25 Apr 2017 00:30:00 +0200")
    assert not findings("Tue, 24 Apr 2017 23:30:00 -0500")


def test_weekdays_of_other_languages_are_left_alone() -> None:
    assert not findings("lun., 24 Apr 2017 10:13:20 +0200")


def test_a_zone_that_no_place_uses_is_a_contradiction() -> None:
    assert list(findings("Mon, 24 Apr 2017 10:13:20 +0137")) == ["clock.impossible_zone"]


def test_zones_of_nepal_and_kiribati_are_places() -> None:
    assert not findings("Mon, 24 Apr 2017 10:13:20 +0545") and not findings("Mon, 24 Apr 2017 10:13:20 +1400")


def test_an_edited_arrival_time_is_a_contradiction() -> None:
    honest = "X-OriginalArrivalTime: 24 Apr 2017 08:13:20.0000 (UTC) FILETIME=[A2581000:01D2BCD2]"
    assert not findings(HONEST, honest)
    assert list(findings(HONEST, honest.replace("24 Apr", "21 Apr"))) == ["clock.arrival_time_edited"]


def test_an_exchange_guid_far_from_every_hop_is_a_contradiction() -> None:
    guid = "X-MS-Exchange-Organization-Network-Message-Id: 1e719169-7274-4933-9d65-08d509dfd6dc"  # 2017-10-02 21:52
    near = "Received: from a by b; Mon, 2 Oct 2017 21:52:14 +0000"
    far = "Received: from a by b; Mon, 2 Oct 2017 23:52:14 +0000"
    date = "Mon, 02 Oct 2017 21:52:10 +0000"
    assert not findings(date, guid, near)
    assert list(findings(date, guid, far)) == ["clock.guid_contradicts_hops"]
    assert not findings(date, guid, far, near)
    assert not findings(date, guid)


def test_a_timeline_lists_all_clocks_in_order() -> None:
    parsed = parse_date(HONEST.encode())
    text = f"Date: {HONEST}\r\nMessage-ID: {OUTLOOK_ID}\r\n{received('Mon, 24 Apr 2017 08:13:25 +0000')}\r\n\r\n"
    item = ItemView(
        Kind.EMAIL, (), None, True, NO_SIGNATURE, date_utc=parsed.utc, date_raw=parsed.raw, date_offset_min=120,
        clocks=read_clocks(split_message(in_memory(text.encode())), ()),
    )  # fmt: skip
    (found,) = check(item)
    assert found.summary == (
        "The clocks of this mail in order: 2017-04-24 08:13:20 date · 2017-04-24 08:13:20 message id (outlook) · "
        "2017-04-24 08:13:20 queue id of hop 0 (exim) · 2017-04-24 08:13:25 received of hop 0"
    )
