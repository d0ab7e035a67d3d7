"""A signature that verifies in one message, under another: forged, or left in by honest software."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from transforms.joins import grafts

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
    b"Content-Type: text/plain; charset=utf-8\n"
    b"\n"
    b"The hall is booked for Friday, and the invoice of 400 euro goes to the treasurer as ever.\n"
)
TEXT = MAIL.partition(b"\n\n")[2]
OTHER_TEXT = b"Please move nine million to Panama before any auditor comes, then burn all that paper.\n"
OTHER_ID = (b"<hall.1@", b"<panama.2@")
OTHER_SUBJECT = (b"The hall on Friday", b"Account in Panama")
OTHER_DAY = (b"Date: Mon, 24 Apr", b"Date: Tue, 2 May")
INVENTED = (OTHER_ID, OTHER_SUBJECT, OTHER_DAY, (TEXT, OTHER_TEXT))


@pytest.fixture
def beside(told: Told, signed: Signed) -> Callable[..., Any]:
    """What is said of a changed message that lies beside the one whose signature it carries."""

    def judge(*edits: tuple[bytes, bytes], mail: bytes = MAIL, **more: Any) -> Any:
        found = told({"genuine.eml": signed(mail), "changed.eml": signed(mail, *edits)}, **more)
        assert found["genuine.eml"]["verdict"] == "verified"
        return found["changed.eml"]

    return judge


@pytest.mark.parametrize(
    "edits",
    [
        INVENTED,
        (*INVENTED, (b"Claire Aubry <claire@", b"Paul Duval <paul@")),
        (OTHER_SUBJECT, (b"400 euro", b"9400 euro")),
        (OTHER_DAY, (b"400 euro", b"9400 euro")),
    ],
)
def test_a_graft_is_suspected_with_both_values(beside: Any, edits: tuple[tuple[bytes, bytes], ...]) -> None:
    found = beside(*edits)
    assert found["verdict"] == "suspected_fake"
    graft = found["dkim.grafted_signature"]
    assert "genuine.eml" in graft["summary"]
    assert graft["expected"] != graft["actual"] and ("Subject: " in graft["actual"] or "Date: " in graft["actual"])


def test_one_fact_is_told_once(beside: Any) -> None:
    found = beside((b"The hall on Friday", b"The bribe on Friday"))
    assert "dkim.altered" in found and "dkim.grafted_signature" not in found


@pytest.mark.parametrize(
    "edits",
    [
        [(b"To: desk@", b"To: board@")],
        [OTHER_ID],
        [(b"To: desk@", b"To: board@"), OTHER_ID, (b"charset=utf-8", b"charset=UTF-8; format=flowed")],
        [(b"The hall on Friday", b"[staff] The hall on Friday"), (b"as ever.", b"as ever. Sent by the staff list.")],
    ],
)
def test_a_replay_or_an_export_says_nothing(beside: Any, edits: list[tuple[bytes, bytes]]) -> None:
    found = beside(*edits)
    assert found["verdict"] == "unverifiable"
    assert not {rule.code for rule in grafts.RULES} & found.keys()


@pytest.mark.parametrize(
    "edits",
    [
        # a colleague takes it as a template
        [OTHER_ID, OTHER_DAY, (b"Claire Aubry <claire@", b"Paul Duval <paul@"), (b"Friday, and", b"Sunday, and")],
        # its author sends it once more, with another subject
        [OTHER_ID, OTHER_DAY, OTHER_SUBJECT],
        # the next issue under the same subject
        [OTHER_ID, OTHER_DAY, (TEXT, OTHER_TEXT)],
        # the same, in the same minute
        [OTHER_ID, (TEXT, OTHER_TEXT)],
    ],
)
def test_another_message_that_shares_words_with_the_signed_one_is_worth_a_look(
    beside: Any, edits: list[tuple[bytes, bytes]]
) -> None:
    """An invention that borrowed a subject, or an old mail as a template: nothing tells the two apart."""
    found = beside(*edits)
    assert found["verdict"] == "unverifiable" and "dkim.grafted_signature" not in found
    reused = found["dkim.signature_reused"]
    assert reused["direction"] == "neutral" and "genuine.eml" in reused["summary"]
    assert reused["expected"] != reused["actual"]


def test_an_invention_that_lies_with_somebody_it_is_not_addressed_to_is_worth_a_look(beside: Any) -> None:
    """A blind copy, or what a forwarder left; no signature of one message covers another one's words."""
    found = beside(*INVENTED, (b"Received: from", b"Delivered-To: paul@campaign.example\nReceived: from"))
    assert (found["verdict"], found["rule"]) == ("unverifiable", "flagged")
    assert "dkim.signature_reused" in found and "dkim.grafted_signature" not in found


@pytest.mark.parametrize(
    "edits",
    [
        # the next issue under the same Message-ID
        [OTHER_DAY, OTHER_SUBJECT, (TEXT, OTHER_TEXT)],
        # an answer that took over the header
        [*INVENTED, (b"\nTo: ", b"\nIn-Reply-To: <hall.1@campaign.example>\nTo: ")],
        # a forwarder in From, the author in Reply-To
        [*INVENTED, (b"From: Claire Aubry <claire@campaign.example>\n",
                     b"From: Desk <desk@campaign.example>\nReply-To: claire@campaign.example\n")],
        # another house sends it on as its own
        [*INVENTED, (b"Claire Aubry <claire@campaign.example>", b"Eve <eve@other.example>")],
        # lists and resenders
        [*INVENTED, (b"MIME-Version", b"List-Id: <staff.lists.example>\nMIME-Version")],
        [*INVENTED, (b"MIME-Version", b"Resent-Date: Tue, 2 May 2017 10:00:00 +0000\nMIME-Version")],
        # a sent copy claims nothing
        [*INVENTED, (MAIL.partition(b"From: ")[0], b"")],
    ],
)  # fmt: skip
def test_honest_mail_that_kept_an_old_signature_is_not_accused(beside: Any, edits: list[tuple[bytes, bytes]]) -> None:
    found = beside(*edits)
    assert found["verdict"] == "unverifiable"
    assert {rule.code for rule in grafts.RULES} & found.keys() == {"dkim.signature_of_another"}


def test_the_recipient_who_sends_it_on_is_not_accused(beside: Any) -> None:
    mail = MAIL.replace(b"desk@newsroom.example", b"paul@campaign.example")
    found = beside(*INVENTED, (b"Claire Aubry <claire@", b"Paul Duval <paul@"), mail=mail)
    assert found["verdict"] == "unverifiable"


def test_mail_that_was_signed_anew_is_not_accused(told: Told, signed: Signed) -> None:
    changed = signed(signed(MAIL, *INVENTED).replace(b"\r\n", b"\n"), by="campaign_again")
    found = told({"genuine.eml": signed(MAIL), "changed.eml": changed})
    assert found["changed.eml"]["verdict"] == "unverifiable"


def test_five_messages_under_one_signature_are_a_habit(told: Told, signed: Signed) -> None:
    def issue(number: int) -> bytes:
        other = OTHER_TEXT.replace(b"nine", b"%d" % number)
        return signed(MAIL, (b"<hall.1@", b"<n.%d@" % number), (b"The hall on Friday", b"Panama %d" % number),
                      (TEXT, other))  # fmt: skip

    few = {f"{n}.eml": issue(n) for n in range(4)} | {"genuine.eml": signed(MAIL)}
    assert all(told(few)[f"{n}.eml"]["verdict"] == "suspected_fake" for n in range(4))
    many = few | {"4.eml": issue(4)}
    assert all(told(many)[f"{n}.eml"]["verdict"] == "unverifiable" for n in range(5))


def test_nothing_is_said_while_no_member_of_a_group_verifies(told: Told, signed: Signed) -> None:
    found = told({"a.eml": signed(MAIL, *INVENTED), "b.eml": signed(MAIL, *INVENTED, (b"burn", b"shred"))})
    assert all("dkim.signature_of_another" not in one and one["verdict"] == "unverifiable" for one in found.values())


def test_five_inventions_in_one_folder_are_suspected_no_more_and_still_worth_a_look(told: Told, signed: Signed) -> None:
    files = {}
    for n in range(5):
        mail = MAIL.replace(b"hall.1@", b"hall.%d@" % n).replace(b"400 euro", b"40%d euro" % n)
        text = OTHER_TEXT.replace(b"nine", b"%d" % n)
        files[f"a/{n}.eml"] = signed(mail)
        edits = (b"<hall.%d@" % n, b"<panama.%d@" % n), OTHER_SUBJECT, OTHER_DAY, (mail.partition(b"\n\n")[2], text)
        files[f"b/{n}.eml"] = signed(mail, *edits)
    found = told(files)
    assert all(found[f"b/{n}.eml"]["verdict"] == "unverifiable" for n in range(5))
    assert all("dkim.signature_reused" in found[f"b/{n}.eml"] for n in range(5))
