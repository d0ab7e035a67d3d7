from __future__ import annotations

import pytest

from transforms.limits import LIMITS
from transforms.mail.fields import split_message
from transforms.mail.reading import read_one_way
from transforms.mail.summary import summarise
from transforms.span import in_memory


@pytest.mark.parametrize(
    ("fields", "elsewhere"),
    [
        (b"To: Desk <Desk@paper.example>\r\n", False),
        (b"Delivered-To: desk@paper.example\r\nTo: Desk <Desk@paper.example>\r\n", False),
        (b"Delivered-To: desk@paper.example\r\nTo: a@b.example\r\nCc: desk@paper.example\r\n", False),
        (b"Delivered-To: ed@home.example\r\nDelivered-To: desk@paper.example\r\nTo: desk@paper.example\r\n", True),
        (b"Delivered-To: desk@paper.example\r\n", True),
        (b"X-Original-To: desk@paper.example\r\nTo: desk@paper.example\r\n", False),
        (b"X-Original-To: ed@home.example\r\nTo: desk@paper.example\r\n", True),
        (b"Envelope-To: ed@home.example\r\nTo: desk@paper.example\r\n", True),
        (b"Received: from a by b for <Desk@paper.example>; today\r\nTo: desk@paper.example\r\n", False),
        (b"Received: from a by b (Exim) for ed@home.example; today\r\nTo: desk@paper.example\r\n", True),
        (b"Received: from a by b\r\n\tfor <ed@home.example>; today\r\nTo: desk@paper.example\r\n", True),
        (b"Received: from a by b for " + b" for" * 5_000 + b"\r\nTo: desk@paper.example\r\n", False),
    ],
)
def test_a_delivery_to_somebody_who_is_not_addressed_is_noticed(fields: bytes, elsewhere: bool) -> None:
    message = split_message(in_memory(fields + b"From: ada@club.example\r\n\r\n"))
    assert summarise(message, read_one_way(message), LIMITS)["delivered_elsewhere"] is elsewhere


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (b"Precedence: list\r\nSender: talk-bounces@lists.example\r\n", ("precedence",)),
        (b"Precedence: bulk\r\nSender: Talk <Talk-Bounces@lists.example>\r\n", ("precedence",)),
        (b"Precedence: bulk\r\nSender: shop@club.example\r\n", ()),  # a newsletter of its own
        (b"Precedence: junk\r\nSender: talk-bounces@lists.example\r\n", ()),
        (b"Mailing-List: list talk@groups.example\r\nX-Loop: x\r\n", ("mailing-list", "x-loop")),
        (b"X-MS-Exchange-Inbox-Rules-Loop: ed@home.example\r\n", ("x-ms-exchange-inbox-rules-loop",)),
        (b"X-Sieve-Redirected-From: ed@home.example\r\n", ("x-sieve-redirected-from",)),
    ],
)
def test_who_passed_a_mail_on_is_known_by_these_fields(fields: bytes, expected: tuple[str, ...]) -> None:
    message = split_message(in_memory(fields + b"From: ada@club.example\r\n\r\n"))
    assert summarise(message, read_one_way(message), LIMITS)["intermediaries"] == expected


@pytest.mark.parametrize(
    ("value", "shared"),
    [
        (b"AdK8Xp8+GiAAAAAAAAAAAAAAAAAAAAAAAAE=", 22),
        (b"AdK8Xp8+GiAAAAAAAAAAAAAAAAAA\r\n AAAAAAEAAAABAA==", 22),  # a reply, folded
        (b"AdK8Xp8+GiA=", None),
        (b"QdK8Xp8+GiAAAAAAAAAAAAAAAAAAAAAAAAE=", None),  # another version
        (b"not base64 at all, and \xff of another charset", None),
        (b"A" * 10_000, None),
    ],
)
def test_a_conversation_of_outlook_is_known_by_the_first_octets_of_its_index(value: bytes, shared: int | None) -> None:
    message = split_message(in_memory(b"Thread-Index: " + value + b"\r\nFrom: ada@club.example\r\n\r\n"))
    found = summarise(message, read_one_way(message), LIMITS)["conversation"]
    assert found is None if shared is None else len(found) == shared


@pytest.mark.parametrize(
    ("value", "first"),
    [
        (b"Desk <desk@paper.example>, a@b.example", "desk@paper.example"),
        (b"undisclosed", None),
        (b"", None),
    ],
)
def test_the_first_address_that_answers_go_to_is_kept(value: bytes, first: str | None) -> None:
    message = split_message(in_memory(b"Reply-To: " + value + b"\r\nFrom: ada@club.example\r\n\r\n"))
    assert summarise(message, read_one_way(message), LIMITS)["reply_to"] == first


@pytest.mark.parametrize(
    ("fields", "hops"),
    [
        (b"", 0),
        (b"Received: from a by b with ESMTP; today\r\n", 1),
        (b"Received: from x.example ([10.1.1.1]) by x.example ([10.1.1.1])\r\n\twith mapi id 15.01; today\r\n", 0),
        (b"Received: by 10.64.112.5 with HTTP; today\r\n", 0),
        (b"Received: from a by b with ESMTPS; today\r\nReceived: by 10.64.112.5 with HTTP; today\r\n", 1),
    ],
)
def test_handing_a_mail_in_is_no_transmission(fields: bytes, hops: int) -> None:
    message = split_message(in_memory(fields + b"From: ada@club.example\r\n\r\n"))
    assert summarise(message, read_one_way(message), LIMITS)["received_count"] == hops
