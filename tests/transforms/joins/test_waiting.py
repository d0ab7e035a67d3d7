"""What might speak for a mail if its key were at hand: it accuses no sooner without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clocked_mail import FORGED, inbox
from correspondence import SIGNERS, Signer, sign
from transforms.auth.key import parse_record
from transforms.model import PublicKey

DESK = Signer("newsroom.test", "s1", "campaign")
OUTSIDER = Signer("outsider.test", "s1", "campaign")
((PATH, _octets),) = FORGED.items()
TEXT = b"The leaflets are printed and folded, and the invoice of 400 euro goes to the treasurer."
ODD = _octets.replace(b"This is number 500.", TEXT)  # its clocks contradict it twice
NAME = ODD.partition(b"Message-ID: ")[2].partition(b"\r\n")[0]
REPLY = (
    b"From: Desk <desk@newsroom.test>\r\nTo: a@campaign.example\r\nSubject: Re: Number 500\r\n"
    b"Date: Thu, 27 Apr 2017 09:00:00 +0000\r\nMessage-ID: <1@newsroom.test>\r\nIn-Reply-To: " + NAME + b"\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nThank you.\r\n\r\nOn that day, A wrote:\r\n> "
    + TEXT
    + b"\r\n"
)
COPY = sign(ODD, Signer("campaign.example", "lost", "campaign"))


@pytest.fixture
def row_beside(judged: Callable[..., Any], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """The row of the odd mail, judged beside another one and an inbox of honest mail."""

    def judge(other: bytes, *signers: Signer) -> dict[str, Any]:
        for name, octets in {**inbox(40), PATH: ODD, "sent/other.eml": other}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(octets)
        keys = [
            PublicKey(parse_record(one.record()).key_id, one.domain, one.selector, one.record(), "archive", "test")
            for one in (*SIGNERS.values(), *signers)
        ]
        row: dict[str, Any] = judged(tmp_path, keys)[PATH]
        return row

    return judge


def codes(row: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in row["findings"]}


@pytest.mark.parametrize(
    ("keys", "code"),
    [((DESK,), "thread.quoted_in_verified_reply"), ((), "thread.quoted_in_reply_without_key")],
)
def test_a_reply_that_quotes_every_word_saves_it_with_the_key_and_without(
    row_beside: Any, keys: tuple[Signer, ...], code: str
) -> None:
    row = row_beside(sign(REPLY, DESK), *keys)
    assert (row["rule"], row["n_contradicts"]) == ("flagged", 2) and code in codes(row)


def test_a_copy_with_a_signature_saves_it_where_its_key_is_lost(row_beside: Any) -> None:
    row = row_beside(COPY)
    assert (row["rule"], row["n_contradicts"]) == ("flagged", 2) and "copy.same_as_one_without_key" in codes(row)


@pytest.mark.parametrize(
    "other",
    [
        REPLY,  # not signed
        sign(REPLY.replace(b"400 euro", b"900 euro"), DESK),  # quotes other words
        sign(REPLY.replace(b"> " + TEXT, b"> The leaflets are printed"), DESK),  # not all of them
        sign(REPLY, OUTSIDER),  # the signature is not its author's
        sign(REPLY.replace(b"desk@newsroom", b"chief@newsroom"), DESK),  # of somebody it was not sent to
        sign(REPLY, DESK).replace(b"Thank you", b"No thanks"),  # with its key this proves nothing either
        COPY.replace(b"400 euro", b"900 euro"),
        sign(ODD.replace(b"400 euro", b"900 euro"), Signer("campaign.example", "lost", "campaign")),
    ],
)
def test_what_could_not_speak_for_it_saves_nothing(row_beside: Any, other: bytes) -> None:
    row = row_beside(other)
    assert row["subtype"] == "contradicted"
    assert not {"thread.quoted_in_reply_without_key", "copy.same_as_one_without_key"} & codes(row)
