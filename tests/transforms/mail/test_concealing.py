"""Words that unsigned fields hide are found; what mail programs write above parts and into comments is not."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.mail.concealing import notes
from transforms.mail.fields import split_message
from transforms.mail.mime import parts
from transforms.mail.reading import read_one_way
from transforms.span import in_memory

SAID = b"The treasurer has refused the payment of 400 euro to the account in Geneva."
PART = b"--b\r\nContent-Type: text/plain\r\n\r\nThe money is there.\r\n--b--\r\n"
MULTIPART = b'Content-Type: multipart/mixed; boundary="b"\r\n'
HTML = b"Content-Type: text/html; charset=utf-8\r\n"
SHIFTED = b"Content-Type: text/plain; charset=utf-7\r\n"


def told(header: bytes, body: bytes = b"Hello.\r\n") -> list[str]:
    message = split_message(in_memory(header + b"\r\n" + body))
    found = tuple(parts(message))
    return list(notes(message, read_one_way(message, True, found).author is not None, found))


FROM = b"From: ada@club.example\r\n"


@pytest.mark.parametrize(
    ("fields", "body", "declared"),
    [
        (MULTIPART, SAID + b"\r\n\r\n" + PART, "multipart/mixed"),
        (MULTIPART, b"This is no MIME message. " + 6 * SAID + b"\r\n" + PART, "multipart/mixed"),
        (HTML, b"<!-- " + SAID + b" --> The money is in Geneva.", "text/html"),
        (HTML + b"Content-Transfer-Encoding: quoted-printable\r\n", b"<!-- " + SAID + b" -->=20Paid=2E", "text/html"),
        (HTML + b"Content-Transfer-Encoding: base64\r\n", base64.b64encode(b"<!-- " + SAID + b" --> Paid."),
         "text/html"),
        (SHIFTED, b"+AFQAaABlACAAbQBvAG4AZQB5-. " + SAID, "text/plain"),
    ],
)  # fmt: skip
def test_words_that_no_reader_shows_are_told(fields: bytes, body: bytes, declared: str) -> None:
    (note,) = told(FROM + fields, body)
    code, _, detail = note.partition(": ")
    shown, _, hidden = detail.partition(" hides: ")
    assert (code, shown) == ("mail.words_hidden", declared)
    assert "treasurer" in hidden or "+AFQ" in hidden or hidden.startswith("This is no MIME")


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        (MULTIPART, b"This is a multi-part message in MIME format.\r\n" + PART),
        (MULTIPART, b"This message is in MIME format. Since your mail reader does not understand\r\nthis format, some "
                    b"or all of this message may not be legible.\r\n\r\n" + PART),
        (MULTIPART, b"This is an HTML email message. If you see this, your mail client does not show it.\r\n" + PART),
        (MULTIPART, b"\r\n\r\n" + PART),
        (MULTIPART, b"five words by a list\r\n" + PART),
        (MULTIPART, SAID),  # the boundary never comes: all of it is shown
        (b"Content-Type: multipart/mixed\r\n", SAID + b"\r\n" + PART),
        (HTML, b"<!-- saved from url=(0022)http://internet.e-mail by a program of seven words --><p>Hello."),
        (HTML, b"<!-- a banner for all our readers of this letter, written in twelve words --><html><body>Hello."),
        (HTML, b"<!--[if gte mso 9]> one two three four five six seven eight nine ten eleven <![endif]--> Hello."),
        (HTML, SAID),
        (SHIFTED, b"Gr+APw-n +- 1 + 2, caf+AOk-."),
        (b"Content-Type: text/plain; charset=utf-8\r\n", b"+AFQAaABlACAAbQBvAG4AZQB5-"),
    ],
)  # fmt: skip
def test_what_programs_write_there_is_not_told(fields: bytes, body: bytes) -> None:
    assert told(FROM + fields, body) == []


def test_two_authors_of_two_houses_are_told() -> None:
    both = b'From: "Ada Lovelace, chair" <ada@club.example>, "Rho" <rho@outsider.test>\r\n'
    assert told(both) == ["mail.two_authors: from: ada@club.example beside rho@outsider.test"]


@pytest.mark.parametrize(
    "header",
    [
        b"From: ada@club.example, bob@club.example\r\n",  # one house
        b"From: ada@club.example, rho@outsider.test\r\nSender: rho@outsider.test\r\n",  # as RFC 5322 asks
        b"From: undisclosed\r\n",
        b"From: ada@club.example, bob\r\n",
        b"Subject: a draft\r\n",
    ],
)
def test_other_odd_authors_are_not(header: bytes) -> None:
    assert told(header) == []


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        (b"Date: 1 May\r\nDate: 2 May\r\n", "mail.headline_doubled: date: 1 May beside 2 May"),
        (b"Subject: A\r\nTo: b\r\nSUBJECT:\r\n C\r\n", "mail.headline_doubled: subject: A beside C"),
        (b"From: rho@outsider.test\r\n", "mail.headline_doubled: from: ada@club.example beside rho@outsider.test"),
        (b"To: a@b.example\r\nTo: c@b.example\r\n", "mail.field_doubled: to: a@b.example beside c@b.example"),
    ],
)
def test_a_field_that_stands_twice_is_told_with_both_values(fields: bytes, note: str) -> None:
    assert told(FROM + fields) == [note]


@pytest.mark.parametrize("fields", [b"MIME-Version: 1.0\r\nmime-version: 1.0\r\n", b"Received: a\r\nReceived: b\r\n"])
def test_the_same_value_twice_and_fields_of_each_hop_are_not(fields: bytes) -> None:
    assert told(FROM + fields) == []


@given(st.binary(max_size=400), st.sampled_from([MULTIPART, HTML, SHIFTED]))
def test_any_octets_give_printable_notes(body: bytes, fields: bytes) -> None:
    assert all(note.isprintable() for note in told(FROM + fields, body))


@pytest.mark.parametrize(
    "fields",
    [
        b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\nDate: Mon, 24 Apr 2017 08:00:02 GMT\r\n",
        b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\nDate: Mon, 24 Apr 2017 10:00:00 +0200 (CEST)\r\n",
        b"Subject: =?utf-8?q?R=C3=A9union?=\r\nSubject: R\xc3\xa9union\r\n",
        b"Subject: =?utf-8?q?R=C3=A9union?=\r\nSubject: R\xe9union\r\n",
    ],
)
def test_a_field_that_says_the_same_twice_in_two_forms_is_none(fields: bytes) -> None:
    assert told(FROM + fields) == []
    assert told(b'From: "Ada" <ada@club.example>\r\n' + FROM) == []


@pytest.mark.parametrize(
    "preamble",
    [
        b"You receive this newsletter in two formats; if you cannot read it please use a web browser instead.",
        b"This letter was scanned for viruses by the gateway of the office before it was handed to you here.",
        b"The following text is confidential and meant for those alone to whom it was addressed by us today.",
    ],
)
def test_a_preamble_of_gateways_and_newsletters_is_none(preamble: bytes) -> None:
    assert told(FROM + MULTIPART, preamble + b"\r\n" + PART) == []
