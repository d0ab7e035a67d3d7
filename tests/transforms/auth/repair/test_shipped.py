"""Only what list software and gateways ship, letter for letter, counts as known."""

from __future__ import annotations

import pytest

from transforms.auth.repair.shipped import is_footer, is_notice, lists_of
from transforms.model import HeaderField

POST = HeaderField("List-Post", b"List-Post: <mailto:dev@lists.example>\r\n")
IDENT = HeaderField("List-Id", b"List-Id: Developers <dev.lists.example>\r\n")
MESSAGE_ID = HeaderField("Message-ID", b"Message-ID: <a+b@football.example>\r\n")
MAILMAN = (
    "_______________________________________________\nDev mailing list\nDev@lists.example\n"
    "https://lists.example/mailman/listinfo/dev\n"
)
MAILMAN_3 = (
    "_______________________________________________\ndev mailing list -- dev@lists.example\n"
    "To unsubscribe send an email to dev-leave@lists.example\n"
)
EZMLM = (
    "---------------------------------------------------------------------\n"
    "To unsubscribe, e-mail: dev-unsubscribe@lists.example\nFor additional commands, e-mail: dev-help@lists.example\n"
)
GOOGLE = (
    "-- \nYou received this message because you are subscribed to the Google Groups \"dev\" group.\n"
    "To unsubscribe from this group and stop receiving emails from it, send an email to "
    "dev+unsubscribe@lists.example.\n"
    "To view this discussion on the web visit https://groups.google.com/d/msgid/dev/a%2Bb%40football.example.\n"
)  # fmt: skip
FOOTERS = [MAILMAN, MAILMAN_3, EZMLM, GOOGLE]


@pytest.mark.parametrize("footer", FOOTERS)
@pytest.mark.parametrize("fields", [(POST, MESSAGE_ID), (IDENT, MESSAGE_ID), (POST, IDENT, MESSAGE_ID)])
def test_the_footer_of_this_very_list_is_known(footer: str, fields: tuple[HeaderField, ...]) -> None:
    assert is_footer(footer, fields)
    assert is_footer("\r\n" + footer.replace("\n", " \r\n") + "\r\n", fields)


@pytest.mark.parametrize("footer", FOOTERS)
def test_without_the_list_it_is_not(footer: str) -> None:
    other = HeaderField("List-Post", b"List-Post: <mailto:ops@lists.example>\r\n")
    for fields in ((), (MESSAGE_ID,), (other, MESSAGE_ID), (POST, POST, MESSAGE_ID)):
        assert not is_footer(footer, fields)


@pytest.mark.parametrize("footer", FOOTERS)
def test_one_more_word_makes_it_unknown(footer: str) -> None:
    fields = (POST, MESSAGE_ID)
    assert not is_footer(footer + "Pay now\n", fields)
    assert not is_footer("Pay now\n" + footer, fields)
    assert not is_footer(footer.replace("dev", "dev-pay-now"), fields)
    assert not is_footer(footer.replace("lists.example", "lists.example.evil.test"), fields)


def test_a_notice_is_known_by_its_words_alone() -> None:
    notice = (
        "CAUTION: This email originated from outside of the organization. Do not click links or open attachments\n"
        "unless you recognize the sender and know the content is safe.\n"
    )
    assert is_notice(notice)
    assert not is_notice(notice + "Call 0800 1234.") and not is_notice("") and not is_footer("", (POST,))


@pytest.mark.parametrize(
    "value",
    [
        b"<mailto:dev@lists.example\r\n",
        b"<mailto:i+took+it@lists.example>\r\n",
        b"NO\r\n",
        b"<dev.lists>\r\n",
        b"\r\n",
        b"<" * 900,
    ],
)
def test_fields_that_name_no_list_give_none(value: bytes) -> None:
    assert (
        lists_of([HeaderField("List-Post", b"List-Post: " + value), HeaderField("List-Id", b"List-Id: " + value)]) == ()
    )
