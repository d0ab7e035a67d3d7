"""Which hands a message went through, by the fields that lists, forwarders and deliveries leave."""

from __future__ import annotations

import pytest

from transforms.limits import LIMITS
from transforms.mail.fields import split_message
from transforms.mail.reading import read_one_way
from transforms.mail.summary import summarise
from transforms.span import in_memory


def hands(*fields: bytes) -> tuple[str, ...]:
    octets = b"".join(
        field + b"\r\n" for field in (*fields, b"From: a@b.example", b"To: Desk@news.example, x@y.example")
    )
    message = split_message(in_memory(octets + b"\r\n"))
    return tuple(summarise(message, read_one_way(message), LIMITS)["intermediaries"])


@pytest.mark.parametrize("field", ["List-Id", "Resent-From", "X-Forwarded-To", "X-Mailman-Version", "X-Original-From"])
def test_lists_forwarders_and_resenders_leave_their_fields(field: str) -> None:
    assert hands(field.encode() + b": a") == (field.lower(),)


def test_a_delivery_to_somebody_else_is_a_forward() -> None:
    assert hands(b"Delivered-To: desk@news.example") == ()
    assert hands(b"Delivered-To: archive@news.example") == ("delivered-to",)
    assert hands(b"Delivered-To: desk@news.example", b"Delivered-To: old@else.example") == ("delivered-to",)
    assert hands(b"X-Mailer: a") == ()
