"""A signature that is valid with another From, Date or Subject: forged, or rewritten by honest systems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Told = Callable[..., Any]
Signed = Callable[..., bytes]

AUTHOR = b"From: Claire Aubry <claire@campaign.example>\n"
MAIL = (
    b"Return-Path: <claire@campaign.example>\n"
    b"Received: from mx.campaign.example by mx.newsroom.example; Mon, 24 Apr 2017 10:00:05 +0000\n" + AUTHOR +
    b"To: desk@newsroom.example\n"
    b"Subject: The hall on Friday\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0000\n"
    b"Message-ID: <hall.1@campaign.example>\n"
    b"MIME-Version: 1.0\n"
    b"Content-Type: text/plain; charset=utf-8\n"
    b"\n"
    b"The hall is booked for Friday, and the invoice of 400 euro goes to the treasurer as ever.\n"
)  # fmt: skip
SUBJECT = (b"Subject: The hall", b"Subject: The bribe")
DAY = (b"Date: Mon, 24 Apr", b"Date: Fri, 24 Mar")
HOP = (b"; Mon, 24 Apr 2017 10:00:05", b"; Fri, 24 Mar 2017 10:00:05")


def author(shown: bytes) -> tuple[bytes, bytes]:
    return AUTHOR, b"From: " + shown + b"\n"


REPLY = (
    b"Received: from a by b; Mon, 24 Apr 2017 12:00:05 +0000\r\nFrom: desk@newsroom.example\r\n"
    b"To: Claire Aubry <claire@campaign.example>\r\nSubject: RE: The hall on Friday\r\n"
    b"Date: Mon, 24 Apr 2017 12:00:00 +0000\r\nMessage-ID: <answer@newsroom.example>\r\n"
    b"References: <hall.0@campaign.example> <hall.1@campaign.example>\r\n\r\nThank you.\r\n"
)
# A draft, from before it had a subject.
COPY = AUTHOR.replace(b"\n", b"\r\n") + b"Message-ID: <hall.1@campaign.example>\r\n\r\nThe hall\r\n"


@pytest.fixture
def changed(told: Told, signed: Signed) -> Callable[..., Any]:
    """What is said of a message changed after signing; a reply and an unsigned copy lie in the dump."""

    def judge(*edits: tuple[bytes, bytes], mail: bytes = MAIL, protect: str = "", **signing: Any) -> Any:
        files = {"a.eml": signed(mail, *edits, **signing), "reply.eml": REPLY, "other/copy.eml": COPY,
                 "other/client.eml": COPY.replace(b"1@campaign", b"1@client")}  # fmt: skip
        return told(files, protect=protect)["a.eml"]

    return judge


@pytest.mark.parametrize(
    ("edits", "expected", "actual"),
    [
        ([SUBJECT], "The hall on Friday", "The bribe on Friday"),
        ([DAY, HOP], "Mon, 24 Apr 2017 10:00:00 +0000", "Fri, 24 Mar 2017 10:00:00 +0000"),
        ([author(b"Paul Duval <boss@campaign.example>")], "claire@campaign.example", "boss@campaign.example"),
        ([author(b"Paul Duval <minister@state.example>")], "claire@campaign.example", "minister@state.example"),
    ],
)
def test_a_changed_value_is_proven_with_both(changed: Any, edits: Any, expected: str, actual: str) -> None:
    found = changed(*edits)
    assert (found["verdict"], found["subtype"]) == ("suspected_fake", "altered")
    assert (found["dkim.altered"]["expected"], found["dkim.altered"]["actual"]) == (expected, actual)


@pytest.mark.parametrize(
    ("as_signed", "in_the_reply"),
    [
        (b"=?utf-8?Q?R=C3=A9union_=C3=A0_Rennes?=", b"RE: =?utf-8?Q?R=C3=A9union_=C3=A0_Rennes?="),
        (b"=?utf-8?B?UsOpdW5pb24gw6AgUmVubmVz?=", b"=?iso-8859-1?Q?Re:_R=E9union_=E0_Rennes?="),
        (b"=?iso-8859-1?Q?R=E9union_=E0_Rennes?=", "Re: Réunion à Rennes".encode()),
        (b"=?utf-8?B?UsOpdW5pb24gZGUgdm91cyB0b3VzLCDDoCBSZW5uZXMgZXQgw6AgTGltb2dl?=\n =?utf-8?B?cw==?=",
         b"=?utf-8?B?UmU6IFLDqXVuaW9uIGRlIHZvdXMgdG91cywgw6AgUmVubmVzIGV0IMOgIExp?=\r\n =?utf-8?B?bW9nZXM=?="),
    ],
)  # fmt: skip
def test_a_subject_that_the_reply_encodes_otherwise_is_found(
    told: Told, signed: Signed, as_signed: bytes, in_the_reply: bytes
) -> None:
    mail, reply = (
        octets.replace(old, new)
        for octets, old, new in (
            (MAIL, b"The hall on Friday", as_signed),
            (REPLY, b"RE: The hall on Friday", in_the_reply),
        )
    )
    found = told({"a.eml": signed(mail, (as_signed, b"Geneva")), "reply.eml": reply})["a.eml"]
    assert found["dkim.signed_with_another_value"]["expected"].startswith("Réunion")


def test_the_subject_comes_from_the_reply(changed: Any) -> None:
    assert "reply.eml" in changed(SUBJECT)["dkim.altered"]["summary"]


@pytest.mark.parametrize(
    "edits",
    [
        [(b"Subject: The hall", b"Subject: [staff] The hall")],
        [(b"Subject: The hall on Friday", b"Subject: The xxxx on Friday")],
        [(b"Subject: The hall on Friday", b"Subject: (no subject)")],
        [(b"Subject: The hall on Friday", b"Subject: T?? h??l o? F??d??")],
        [(b"Date: Mon, 24 Apr 2017 10", b"Date: Mon, 24 Apr 2017 20")],
        [(b"Date: Mon, 24 Apr 2017", b"Date: Thu, 1 Jan 1970")],
        [author(b"Claire Aubry <redacted@campaign.example>")],
        [author(b"Claire Aubry <claire@mail.campaign.example>")],
        [(b"To: desk@", b"To: board@")],
        [(b"<hall.1@", b"<hall.2@")],
    ],
)
def test_a_change_that_says_nothing_else_is_not_told(changed: Any, edits: list[Any]) -> None:
    found = changed(*edits)
    assert found["verdict"] == "unverifiable"
    assert "dkim.altered" not in found and "dkim.signed_value_found" not in found


@pytest.mark.parametrize(
    "edits",
    [
        [author(b"Claire Aubry via Desk <desk@newsroom.example>")],
        [author(b'"claire@campaign.example" <desk@newsroom.example>')],
        [author(b"Desk <desk@newsroom.example>\nReply-To: claire@campaign.example")],
        [author(b"Desk <desk@newsroom.example>\nSender: claire@campaign.example")],
        [author(b"Claire Aubry <claire@campaign-new.example>")],
        [SUBJECT, (b"MIME-Version", b"List-Id: <staff.lists.example>\nMIME-Version")],
        [author(b"boss@campaign.example")],
        [author(b"Claire Aubry <aubry@newhouse.example>")],
        [author(b"Claire Aubry <c.aubry@campaign.example>")],
        [author(b"Claire Aubry <claire=campaign.example@newsroom.example>")],
        [author(b"Claire Aubry <SRS0=x=campaign.example=claire@relay.example>")],
        [author(b"Claire Aubry <12345@tickets.newsroom.example>")],
        [author(b"Person A <person-a@example.org>")],
        [DAY, HOP, (b"MIME-Version", b"Resent-Date: Fri, 24 Mar 2017 10:00:00 +0000\nMIME-Version")],
        [SUBJECT, (b"Return-Path", b"Delivered-To: archive@else.example\nReturn-Path")],
    ],
)
def test_what_relays_and_lists_rewrite_is_no_alteration(changed: Any, edits: list[Any]) -> None:
    found = changed(*edits)
    assert found["verdict"] == "unverifiable" and "dkim.signed_value_found" in found


@pytest.mark.parametrize(
    ("edit", "expected", "actual"),
    [
        (DAY, "Mon, 24 Apr 2017 10:00:00 +0000", "Fri, 24 Mar 2017 10:00:00 +0000"),  # moved, its trace left
        ((b"Mon, 24 Apr 2017 10:00:00", b"Tue, 14 Jan 2020 03:12:11"), "Mon, 24 Apr 2017 10:00:00 +0000",
         "Tue, 14 Jan 2020 03:12:11 +0000"),
        ((b"Subject: The hall on Friday", b"Subject: Secret account, and the hall on Friday"), "The hall on Friday",
         "Secret account, and the hall on Friday"),
        ((b"Subject: The hall on Friday", b"Subject: La salle de vendredi"), "The hall on Friday",
         "La salle de vendredi"),
        ((b"Subject: The hall on Friday", b"Subject: Nine million euro go to our account in Panama before noon"),
         "The hall on Friday", "Nine million euro go to our account in Panama before noon"),
    ],
)  # fmt: skip
def test_a_change_that_honest_software_makes_now_and_then_is_worth_a_look(
    changed: Any, edit: tuple[bytes, bytes], expected: str, actual: str
) -> None:
    found = changed(edit)
    assert found["verdict"] == "unverifiable" and "dkim.altered" not in found
    other = found["dkim.signed_with_another_value"]
    assert (other["expected"], other["actual"], other["direction"]) == (expected, actual, "neutral")


OTHER_MAIL = MAIL.replace(b"hall.1@", b"hall.7@").replace(b"The hall", b"The keys")


@pytest.mark.parametrize(
    ("signed_as", "shown"),
    [
        (b"Claire Aubry <claire@campaign.example>", b"Paul Duval <boss@campaign.example>"),
        (b'"Aubry, Claire" <claire@campaign.example>', b"Paul Duval <boss@campaign.example>"),
        (b"=?utf-8?Q?Ana=C3=AFs?= <claire@campaign.example>", b"Paul Duval <boss@campaign.example>"),
    ],
)
def test_an_author_who_is_left_in_the_return_path_is_found_under_the_name_of_his_other_mail(
    told: Told, signed: Signed, signed_as: bytes, shown: bytes
) -> None:
    true, other = (mail.replace(AUTHOR, b"From: " + signed_as + b"\n") for mail in (MAIL, OTHER_MAIL))
    files = {"a.eml": signed(true, (signed_as, shown)), "b/other.eml": signed(other)}
    found = told(files)["a.eml"]
    assert found["verdict"] == "unverifiable" and "dkim.altered" not in found  # a directory may have renamed him
    value = found["dkim.signed_with_another_value"]
    assert (value["expected"], value["actual"]) == ("claire@campaign.example", "boss@campaign.example")


@pytest.mark.parametrize(
    ("edits", "other"),
    [
        ([author(b"Claire Aubry <aubry@newhouse.example>")], OTHER_MAIL),  # an alias
        ([author(b"Paul Duval <boss@campaign.example>")], OTHER_MAIL.replace(b"claire@", b"anna@")),  # not the sender
        ([author(b"Paul Duval <boss@campaign.example>"), (b"Return-Path: <claire@", b"Return-Path: <bounces@")],
         OTHER_MAIL),
        ([author(b"Paul Duval <boss@campaign.example>"), (b"MIME-Version", b"List-Id: <a.example>\nMIME-Version")],
         OTHER_MAIL),
    ],
)  # fmt: skip
def test_names_of_others_and_what_lists_rewrite_are_not_pointed_out(
    told: Told, signed: Signed, edits: Any, other: bytes
) -> None:
    found = told({"a.eml": signed(MAIL, *edits), "b/other.eml": signed(other)})["a.eml"]
    assert found["verdict"] == "unverifiable"
    assert not {"dkim.altered", "dkim.signed_with_another_value"} & found.keys()


@pytest.mark.parametrize(
    "mark", [b"List-Id: <staff.lists.example>\n", b"Resent-Date: Fri, 24 Mar 2017 10:00:00 +0000\n"]
)
def test_of_what_was_passed_on_that_is_normal(changed: Any, mark: bytes) -> None:
    found = changed(DAY, (b"MIME-Version", mark + b"MIME-Version"))
    assert "dkim.signed_value_found" in found and "dkim.signed_with_another_value" not in found


def test_a_message_whose_identifier_is_not_signed_may_have_been_sent_anew(changed: Any) -> None:
    found = changed(DAY, HOP, fields=["from", "to", "subject", "date", "mime-version", "content-type"])
    assert found["verdict"] == "unverifiable" and "dkim.signed_value_found" in found


def test_a_signature_that_covers_too_little_accuses_nobody(changed: Any) -> None:
    found = changed(SUBJECT, fields=["from", "subject", "message-id"])
    assert found["verdict"] == "unverifiable" and "dkim.signed_value_found" in found


@pytest.mark.parametrize(
    ("added", "expected", "actual"),
    [
        (b"Date: Fri, 24 Mar 2017 10:00:00 +0000\n", "Mon, 24 Apr 2017 10:00:00 +0000", "Fri, 24 Mar"),
        (b"Subject: The bribe on Friday\n", "The hall on Friday", "The bribe on Friday"),
    ],
)
def test_a_second_field_below_the_signed_one_is_worth_a_look(
    changed: Any, added: bytes, expected: str, actual: str
) -> None:
    """Which of the two is shown depends on the program; the signature says which of them was signed."""
    found = changed((b"MIME-Version: 1.0\n", added + b"MIME-Version: 1.0\n"))
    assert (found["verdict"], found["rule"]) == ("unverifiable", "flagged")
    value = found["dkim.signed_with_another_value"]
    assert value["expected"] == expected and value["actual"].startswith(actual)


@pytest.mark.parametrize("shown", [b"Secret account, and The hall on Friday", b"The unpaid bribe hall on Friday"])
def test_words_added_to_the_only_subject_are_worth_a_look(told: Told, signed: Signed, shown: bytes) -> None:
    """Nothing else in the dump holds the subject; the signature says which of the words it covers."""
    found = told({"a.eml": signed(MAIL, (b"The hall on Friday", shown))})["a.eml"]
    assert (found["verdict"], found["rule"]) == ("unverifiable", "flagged")
    value = found["dkim.signed_with_another_value"]
    assert (value["expected"], value["actual"]) == ("The hall on Friday", shown.decode())


def test_a_word_replaced_in_the_only_subject_is_not_found(told: Told, signed: Signed) -> None:
    found = told({"a.eml": signed(MAIL, SUBJECT)})["a.eml"]
    assert (found["verdict"], found["rule"]) == ("unverifiable", "plain")


def test_a_second_field_that_means_the_same_is_not(changed: Any) -> None:
    found = changed((b"MIME-Version: 1.0\n", b"Date: Mon, 24 Apr 2017 12:00:00 +0200\nMIME-Version: 1.0\n"))
    assert found["verdict"] == "unverifiable" and "dkim.signed_with_another_value" not in found


def test_mail_that_was_signed_anew_is_not_accused(told: Told, signed: Signed) -> None:
    again = signed(signed(MAIL, SUBJECT).replace(b"\r\n", b"\n"), by="campaign_again")
    found = told({"a.eml": again, "reply.eml": REPLY})["a.eml"]
    assert found["verdict"] == "unverifiable" and "dkim.signed_value_found" in found


def test_a_valid_signature_of_its_own_clears_a_message(told: Told, signed: Signed) -> None:
    again = signed(signed(MAIL, SUBJECT).replace(b"\r\n", b"\n"))
    found = told({"a.eml": again, "reply.eml": REPLY})["a.eml"]
    assert found["verdict"] == "verified" and "dkim.altered" not in found


def test_a_stranger_cannot_accuse_with_a_signature_of_his_own(told: Told, signed: Signed) -> None:
    eve = MAIL.replace(b"claire@campaign.example>\nTo", b"eve@outsider.example>\nTo")
    honest = signed(eve, (b"<eve@outsider.example>", b"<claire@campaign.example>"), by="stranger")
    found = told({"honest.eml": honest, "planted.eml": signed(eve, by="stranger")})
    assert found["planted.eml"]["verdict"] == "verified"
    assert found["honest.eml"]["verdict"] == "unverifiable" and "dkim.altered" not in found["honest.eml"]


def test_nor_beside_an_undecided_signature_of_a_named_domain(told: Told, signed: Signed) -> None:
    eve = MAIL.replace(b"claire@campaign.example>\nTo", b"eve@outsider.example>\nTo")
    honest = signed(eve, (b"<eve@outsider.example>", b"<claire@campaign.example>"), by="stranger_ed25519")
    honest = signed(honest.replace(b"\r\n", b"\n"), by="campaign_again")
    files = {"honest.eml": honest, "planted.eml": signed(eve, by="stranger_ed25519")}
    found = told(files, protect="campaign.example")["honest.eml"]
    assert found["verdict"] == "unverifiable" and "dkim.signed_value_found" in found


def test_a_named_domain_speaks_for_its_mail_whatever_the_author_shown(changed: Any) -> None:
    mail = MAIL.replace(b"<hall.1@campaign.example>", b"<hall.1@client.example>")
    other = author(b"Paul Duval <minister@state.example>")
    assert changed(other, mail=mail)["verdict"] == "unverifiable"
    assert changed(other, mail=mail, protect="campaign.example")["verdict"] == "suspected_fake"


def test_a_day_given_to_all_messages_of_a_folder_is_a_habit(told: Told, signed: Signed) -> None:
    moved = {f"old/{n}.eml": signed(MAIL.replace(b"hall.1", b"hall.%d" % n), DAY, HOP) for n in range(5)}
    found = told(moved).values()
    assert {one["verdict"] for one in found} == {"unverifiable"}
    assert all("dkim.signed_value_found" in one for one in found)  # no more than told


@pytest.mark.parametrize(
    ("subject", "code"),
    [(b"Outside mail: the hall", "dkim.signed_value_found"), (b"The bribe %d", "dkim.signed_with_another_value")],
)
def test_a_gateway_puts_the_same_words_everywhere_and_a_forger_does_not(
    told: Told, signed: Signed, subject: bytes, code: str
) -> None:
    files = {}
    for n in range(5):
        own = b"hall.%d@" % n
        shown = subject % n if b"%d" in subject else subject
        files[f"in/{n}.eml"] = signed(MAIL.replace(b"hall.1@", own), (b"Subject: The hall", b"Subject: " + shown))
        files[f"answers/{n}.eml"] = REPLY.replace(b"hall.1@", own).replace(b"answer@", b"answer.%d@" % n)
    found = told(files)
    for n in range(5):
        one = found[f"in/{n}.eml"]
        assert one["verdict"] == "unverifiable" and code in one


def test_four_messages_are_not(told: Told, signed: Signed) -> None:
    moved = {f"old/{n}.eml": signed(MAIL.replace(b"hall.1", b"hall.%d" % n), DAY, HOP) for n in range(4)}
    assert {one["verdict"] for one in told(moved).values()} == {"suspected_fake"}


def test_an_exact_copy_planted_often_does_not_make_a_habit(told: Told, signed: Signed) -> None:
    planted = {f"old/{n}.eml": signed(MAIL, DAY, HOP) for n in range(6)}
    assert {one["verdict"] for one in told(planted).values()} == {"suspected_fake"}


@pytest.mark.parametrize(("changed", "verdict"), [(3, "suspected_fake"), (5, "unverifiable")])
def test_a_change_that_two_joins_find_is_counted_once(told: Told, signed: Signed, changed: int, verdict: str) -> None:
    """Beside its sent copy a moved date is found by the equal signature as well."""
    mails = [MAIL.replace(b"hall.1@", b"hall.%d@" % number) for number in range(changed)]
    files = {f"sent/{number}.eml": signed(mail) for number, mail in enumerate(mails)}
    files |= {f"inbox/{number}.eml": signed(mail, DAY, HOP) for number, mail in enumerate(mails)}
    found = told(files)
    assert [found[f"inbox/{number}.eml"]["verdict"] for number in range(changed)] == [verdict] * changed
