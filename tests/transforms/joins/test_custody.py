"""A message in its sender's mailbox and in its reader's: support, and never a proof."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from transforms.joins import custody
from transforms.transmission import sender_mailbox

Told = Callable[..., Any]

RECEIVED = b"Received: from mx.campaign.example by mx.newsroom.example; Mon, 24 Apr 2017 10:00:05 +0000\r\n"
MAIL = (
    b"From: Claire Aubry <claire@campaign.example>\r\nTo: desk@newsroom.example\r\nSubject: The hall\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0000\r\nMessage-ID: <hall.1@campaign.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe hall is booked for Friday.\r\n"
)
AGREE = "copy.sent_and_received_agree"


def test_both_sides_of_a_correspondence_support_one_another(told: Told) -> None:
    found = told({"claire/Sent/1.eml": MAIL, "desk/Inbox/1.eml": RECEIVED + MAIL})
    assert found["claire/Sent/1.eml"][AGREE]["summary"].endswith("desk/Inbox/1.eml")
    assert found["desk/Inbox/1.eml"][AGREE]["summary"].endswith("claire/Sent/1.eml")
    assert all(one[AGREE]["strength"] == "weak" and one["verdict"] == "unverifiable" for one in found.values())


@pytest.mark.parametrize(
    "files",
    [
        {"claire/Sent/1.eml": MAIL, "claire/Inbox/1.eml": RECEIVED + MAIL},  # she wrote to herself as well
        {"Sent/1.eml": MAIL, "Inbox/1.eml": RECEIVED + MAIL},  # nothing tells whose they are
        {"claire/Sent/1.eml": MAIL, "desk/Inbox/1.eml": RECEIVED + MAIL.replace(b"Friday", b"Sunday")},
        {"claire/Sent/1.eml": MAIL, "desk/Inbox/1.eml": RECEIVED + MAIL.replace(b": The hall", b": A hall")},
        {"claire/Sent/1.eml": MAIL, "desk/Inbox/1.eml": MAIL},  # received by nobody
        {"claire/Drafts/1.eml": MAIL, "desk/Inbox/1.eml": RECEIVED + MAIL},
        {"claire/Sent/1.eml": RECEIVED + MAIL, "desk/Inbox/1.eml": RECEIVED + MAIL},
    ],
)
def test_one_side_twice_or_other_words_support_nothing(told: Told, files: dict[str, bytes]) -> None:
    assert all(AGREE not in one for one in told(files).values())


@pytest.mark.parametrize(
    ("path", "mailbox"),
    [
        ("claire/Sent.mbox!@0", "claire"),
        ("boxes/claire.pst!Top!Sent Items!3", "boxes/claire.pst!Top"),
        ("claire/Éléments envoyés/1.eml", "claire"),
        ("Sent/1.eml", ""),
        ("claire/Inbox/1.eml", None),
        ("consent/inbox/1.eml", None),
        ("claire/Posteingang.Sent/1.eml", "claire"),
    ],
)
def test_a_mailbox_is_what_holds_the_sent_mail(path: str, mailbox: str | None) -> None:
    assert sender_mailbox(path) == mailbox


def test_the_answer_does_not_depend_on_the_order_of_rows() -> None:
    paths = ("claire/Sent/1.eml", "claire/Inbox/1.eml", "desk/Inbox/1.eml", "anna/Inbox/1.eml")
    rows = [
        {"key": "k", "unit_id": "u", "sequence": n, "row": n, "sent": n == 0, "path": path}
        for n, path in enumerate(paths)
    ]
    found = [custody.join(pa.Table.from_pylist(list(o), custody._ROWS)) for o in itertools.permutations(rows)]
    assert [(one.row, one.detail) for one in found[0]] == [(0, paths[2]), (2, paths[0]), (3, paths[0])]
    assert all(one == found[0] for one in found)
