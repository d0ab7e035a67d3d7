"""The signed body of a changed message lies elsewhere: what it says otherwise is told from honest damage."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from transforms.joins import bodies

Told = Callable[..., Any]
Signed = Callable[..., bytes]

HEAD = (
    b"Received: from mx.campaign.example by mx.newsroom.example; Mon, 24 Apr 2017 10:00:05 +0000\n"
    b"From: Claire Aubry <claire@campaign.example>\n"
    b"To: desk@newsroom.example\n"
    b"Subject: The hall\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0000\n"
    b"Message-ID: <hall.1@campaign.example>\n"
    b"MIME-Version: 1.0\n"
)
TEXT = b"The hall is booked for Friday, and the invoice of 400 euro goes to the treasurer as ever.\n"
MAIL = HEAD + b"Content-Type: text/plain; charset=utf-8\n\n" + TEXT
AMOUNT = (b"400 euro", b"9400 euro")


def parts(*attached: bytes, names: bytes = b"report.rtf", boundary: bytes = b"=-b") -> bytes:
    """A mail with a text and attachments."""
    made = HEAD + b'Content-Type: multipart/mixed; boundary="%s"\n\n--%s\n' % (boundary, boundary)
    made += b"Content-Type: text/plain; charset=utf-8\n\n" + TEXT
    for octets in attached:
        made += b'--%s\nContent-Type: application/rtf\nContent-Disposition: attachment; filename="%s"\n' % (
            boundary,
            names,
        )
        made += b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(octets)
    return made + b"--%s--\n" % boundary


def rtf(amount: bytes) -> bytes:
    return b"{\\rtf1 On Friday the board approved a budget of %s euro for the hall.}" % amount


def unsent(mail: bytes) -> bytes:
    """The sender's own copy: never signed, never received."""
    return mail.partition(b"\n")[2].replace(b"\n", b"\r\n")


def test_other_words_than_the_signed_ones_are_an_alteration(told: Told, signed: Signed) -> None:
    found = told({"sent/1.eml": unsent(MAIL), "inbox/1.eml": signed(MAIL, AMOUNT)})["inbox/1.eml"]
    assert (found["verdict"], found["subtype"]) == ("suspected_fake", "altered")
    assert (found["dkim.altered"]["expected"], found["dkim.altered"]["actual"]) == ("400", "9400")
    assert "sent/1.eml" in found["dkim.altered"]["summary"]


def test_without_the_key_nothing_is_said(told: Told, signed: Signed) -> None:
    files = {"sent/1.eml": unsent(MAIL), "inbox/1.eml": signed(MAIL, AMOUNT)}
    found = told(files, signers=())["inbox/1.eml"]
    assert found["verdict"] == "unverifiable" and "dkim.signed_body_found" not in found


def test_without_the_signed_body_the_change_is_located(told: Told, signed: Signed) -> None:
    octets = signed(MAIL, AMOUNT)
    found = told({"inbox/1.eml": octets})["inbox/1.eml"]
    assert found["verdict"] == "unverifiable"
    changed = found["dkim.body_changed"]
    start, length = changed["byte_start"], changed["byte_len"]
    assert octets[start : start + length] == octets.partition(b"\r\n\r\n")[2]
    assert changed["expected"].startswith("bh=") and changed["actual"].startswith("bh=")
    assert changed["expected"] != changed["actual"]


@pytest.mark.parametrize(
    "edit",
    [
        (b"as ever.\n", b"as ever.\n-- \nStaff list, write to the caretaker to leave it\n"),
        (b"The hall is", b"CAUTION: this mail comes from outside of the house. The hall is"),
        (b"the treasurer", b"xxxxxxxxxxxxx"),
        (b", and the invoice of 400 euro goes to the treasurer as ever", b""),
        (TEXT, b"The body of this message was not kept.\n"),
        (b"treasurer", b"tr?sorier"),
    ],
)
def test_what_honest_systems_do_to_words_is_no_alteration(
    told: Told, signed: Signed, edit: tuple[bytes, bytes]
) -> None:
    found = told({"sent/1.eml": unsent(MAIL), "inbox/1.eml": signed(MAIL, edit)})["inbox/1.eml"]
    assert found["verdict"] == "unverifiable"
    assert {"dkim.signed_body_found", "dkim.proven_except_added_text"} & found.keys()  # the latter needs no sibling


@pytest.mark.parametrize(
    "mark",
    [
        (b"<hall.1@campaign.example>\n", b"<hall.1@campaign.example>\nList-Id: <staff.lists.example>\n"),
        (b"Received: from mx", b"Delivered-To: somebody@else.example\nReceived: from mx"),
        (b"Received: from mx", b"Resent-From: desk@newsroom.example\nReceived: from mx"),
        (HEAD.partition(b"From: ")[0], b""),  # received by nobody
    ],
)
def test_what_others_handled_or_nobody_sent_is_no_alteration(
    told: Told, signed: Signed, mark: tuple[bytes, bytes]
) -> None:
    found = told({"sent/1.eml": unsent(MAIL), "inbox/1.eml": signed(MAIL, mark, AMOUNT)})["inbox/1.eml"]
    assert found["verdict"] == "unverifiable"
    assert (found["dkim.signed_body_found"]["expected"], found["dkim.signed_body_found"]["actual"]) == ("400", "9400")


def test_a_signature_over_part_of_the_header_accuses_nobody(told: Told, signed: Signed) -> None:
    octets = signed(MAIL, AMOUNT, fields=["from", "date", "message-id"])
    found = told({"sent/1.eml": unsent(MAIL), "inbox/1.eml": octets})["inbox/1.eml"]
    assert found["verdict"] == "unverifiable"
    assert {"dkim.signed_body_found", "dkim.proven_except_added_text"} & found.keys()  # the latter needs no sibling


def test_a_signature_over_sha1_accuses_nobody(told: Told, signed: Signed) -> None:
    twin = signed(MAIL.replace(b"hall.1@", b"hall.2@"), algorithm="sha1")
    found = told({"twin.eml": twin, "inbox/1.eml": signed(MAIL, AMOUNT, algorithm="sha1")})["inbox/1.eml"]
    assert found["verdict"] == "unverifiable"
    assert {"dkim.signed_body_found", "dkim.proven_except_added_text"} & found.keys()  # the latter needs no sibling


# ---- parts --------------------------------------------------------------------------------------

REPLACED = (base64.encodebytes(rtf(b"400")), base64.encodebytes(rtf(b"900")))
INTACT = parts(rtf(b"70")).replace(b"hall.1@", b"intact.1@").replace(b"The hall\n", b"Another\n")


def test_a_replaced_document_is_an_alteration_where_others_come_through(told: Told, signed: Signed) -> None:
    mail = parts(rtf(b"400"))
    files = {"sent/1.eml": unsent(mail), "inbox/1.eml": signed(mail, REPLACED), "inbox/2.eml": signed(INTACT)}
    found = told(files)
    assert found["inbox/2.eml"]["verdict"] == "verified"
    assert found["inbox/1.eml"]["subtype"] == "altered"
    assert found["inbox/1.eml"]["dkim.altered"]["expected"].startswith("report.rtf sha256:")


def test_a_disarmed_document_is_none(told: Told, signed: Signed) -> None:
    mail = parts(rtf(b"400"))
    elsewhere = signed(INTACT)  # another mailbox, without that gateway
    files = {"sent/1.eml": unsent(mail), "inbox/1.eml": signed(mail, REPLACED), "other/2.eml": elsewhere}
    assert told(files)["inbox/1.eml"]["verdict"] == "unverifiable"


@pytest.mark.parametrize(
    "edit",
    [
        (b'filename="report.rtf"', b'filename="report.rtf.removed"'),
        (REPLACED[0], base64.encodebytes(b"This attachment was removed by the virus scanner of the house.")),
        (REPLACED[0], base64.encodebytes(b"{\\rtf1 This attachment was removed by the virus scanner of the house.}")),
        (REPLACED[0], base64.encodebytes(b"{\\rtf1{\\pict 89504e47}}")),  # printed into a picture
    ],
)
def test_a_removed_document_is_none(told: Told, signed: Signed, edit: tuple[bytes, bytes]) -> None:
    mail = parts(rtf(b"400"))
    files = {"sent/1.eml": unsent(mail), "inbox/1.eml": signed(mail, edit), "inbox/2.eml": signed(INTACT)}
    assert told(files)["inbox/1.eml"]["verdict"] == "unverifiable"


def test_a_picture_made_smaller_is_none_where_others_come_through(told: Told, signed: Signed) -> None:
    camera, smaller, logo = (b"\x89PNG\r\n\x1a\n" + octets * 40 for octets in (b"camera", b"smaller", b"logo"))
    mail = parts(camera, names=b"hall.png")
    other = parts(logo, names=b"hall.png").replace(b"hall.1@", b"intact.1@").replace(b"The hall\n", b"Another\n")
    edit = (base64.encodebytes(camera), base64.encodebytes(smaller))
    found = told({"sent/1.eml": unsent(mail), "inbox/1.eml": signed(mail, edit), "inbox/2.eml": signed(other)})
    assert found["inbox/2.eml"]["verdict"] == "verified"
    assert found["inbox/1.eml"]["verdict"] == "unverifiable"
    assert "dkim.signed_body_found" in found["inbox/1.eml"]


# ---- what somebody may plant ----------------------------------------------------------------------


def test_a_body_under_another_description_does_not_speak(told: Told, signed: Signed) -> None:
    mail = MAIL.replace(b"400 euro", b"=34=30 parts")  # as quoted-printable: 40 parts
    described = b"charset=utf-8\nContent-Transfer-Encoding: quoted-printable"
    planted = unsent(mail).replace(b"charset=utf-8", described.replace(b"\n", b"\r\n"))
    honest = signed(mail, (b"as ever.\n", b"as ever.  \n\n\nSent from my telephone\n"))
    found = told({"honest.eml": honest, "planted.eml": planted})["honest.eml"]
    assert found["verdict"] == "unverifiable"
    assert {"dkim.signed_body_found", "dkim.proven_except_added_text"} & found.keys()  # the latter needs no sibling


def test_the_answer_does_not_depend_on_the_order_of_rows(told: Told, signed: Signed) -> None:
    record = {"unit_id": "u", "form": b"f", "telling": False, "domain": None, "container": None, "media_type": None}
    holders = [
        {**record, "key": "k", "sequence": n, "row": n, "role": 0, "form": b"fg"[n % 2 : n % 2 + 1]} for n in range(4)
    ]
    wanted = {**record, "key": "k", "sequence": 9, "row": 9, "role": 1, "form": b"g", "telling": True, "domain": "d",
              "container": "c"}  # fmt: skip
    table = pa.Table.from_pylist([*holders, wanted], bodies._ROWS)
    (pair,) = bodies.join(table)
    assert (pair.holder_row, pair.telling) == (1, True)
    assert bodies.join(table.take(pa.array([4, 3, 2, 1, 0]))) == [pair]
