"""Words that nobody signed do not become verified because a repair takes them away again (VERDICT §2).

Each forgery is made from one mail that is honest and signed; undone, it gives the signed octets, and yet
a reader sees more, or something else.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEADER = (
    b"From: Alice <alice@football.example>\r\nTo: bob@shopping.example\r\nReply-To: Sec <sec@football.example>\r\n"
    b"Subject: Budget\r\nDate: Fri, 11 Jul 2003 21:00:37 +0200\r\nMessage-ID: <budget.1@football.example>\r\n"
    b"MIME-Version: 1.0\r\n"
)
KIND = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
TEXT = b"We never paid\r\nWe paid 100 euros\r\n"
FULL = "from:to:reply-to:subject:date:message-id:mime-version:content-type:content-transfer-encoding"
LIST = b"List-Id: <dinners.lists.example>\r\nList-Post: <mailto:dinners@lists.example>\r\n"
FOOTER = (
    b"_______________________________________________\r\ndinners mailing list\r\ndinners@lists.example\r\n"
    b"https://lists.example/mailman/listinfo/dinners\r\n"
)
PLAIN = b"Content-Type: text/plain; charset=us-ascii\r\n"
UU = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n"
WORDS = b"PS: I took the money.\r\n"
STANDARD = b"This is a multi-part message in MIME format."

Edit = Callable[[bytes], bytes]


def swap(old: bytes, new: bytes) -> Edit:
    def change(mail: bytes) -> bytes:
        assert mail.count(old) == 1, old
        return mail.replace(old, new)

    return change


def wrapped(part: bytes, inner: bytes = KIND, before: bytes = b"", after: bytes = b"") -> Edit:
    """As Mailman adds a footer to a mail that it does not write into."""

    def change(mail: bytes) -> bytes:
        assert KIND in mail
        head, _, text = mail.replace(KIND, b'Content-Type: multipart/mixed; boundary="=_l"\r\n').partition(b"\r\n\r\n")
        body = b"--=_l\r\n" + inner + b"\r\n" + text + b"--=_l\r\n" + part + b"\r\n--=_l--\r\n"
        return LIST + head + b"\r\n\r\n" + before + body + after

    return change


HONEST: dict[str, Edit] = {
    "nothing": lambda mail: mail,
    "list_footer": wrapped(PLAIN + b"\r\n" + FOOTER),
    "list_footer in base64": wrapped(PLAIN + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(FOOTER)),
    "blank_part": wrapped(PLAIN + b"\r\n \r\n"),
    "preamble": wrapped(PLAIN + b"\r\n" + FOOTER, before=STANDARD + b"\r\n"),
    "inline": wrapped(PLAIN + b"\r\n" + FOOTER, inner=KIND + b"Content-Disposition: inline\r\n"),
    "name_quoted": swap(b"From: Alice <", b'From: "Alice" <'),
    "name_quoted elsewhere": swap(b"Reply-To: Sec <", b'Reply-To: "Sec" <'),
    "encoded word": swap(b"Subject: Budget", b"Subject: =?us-ascii?b?QnVkZ2V0?="),
    "zone": swap(b"+0200\r\n", b"+0200 (CEST)\r\n"),
}

FORGED: dict[str, Edit] = {
    "uu_part": wrapped(UU + b"\r\nbegin 644 a\r\n`\r\nend\r\n" + WORDS),
    "uu_part without a begin": wrapped(UU + b"\r\n" + WORDS),
    "uu_part with words for a name": wrapped(UU + b"\r\nbegin 644 PS: I took the money.\r\n`\r\nend\r\n"),
    "base64 with words that do not decode": wrapped(
        PLAIN + b"Content-Transfer-Encoding: base64\r\n\r\n=I=\r\n....\r\n"
    ),
    "quoted-printable with an escape that is none": wrapped(
        PLAIN + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + FOOTER + b"=ZZ\r\n"
    ),
    "footer in another charset": wrapped(PLAIN.replace(b"us-ascii", b"utf-7") + b"\r\n" + FOOTER),
    "footer with a file name": wrapped(PLAIN.replace(b"us-ascii", b"us-ascii; name=bribes.txt") + b"\r\n" + FOOTER),
    "footer that is a file": wrapped(PLAIN + b"Content-Disposition: inline; filename=bribes.txt\r\n\r\n" + FOOTER),
    "preamble": wrapped(PLAIN + b"\r\n" + FOOTER, before=b"This is a multitude of lies.\r\n"),
    "preamble that goes on": wrapped(PLAIN + b"\r\n" + FOOTER, before=STANDARD + b" " + WORDS),
    "epilogue": wrapped(PLAIN + b"\r\n" + FOOTER, after=WORDS),
    "epilogue below a preamble": wrapped(PLAIN + b"\r\n" + FOOTER, before=STANDARD + b"\r\n", after=WORDS),
    "type twice": wrapped(PLAIN + b"\r\n" + FOOTER, inner=b"Content-Type: text/html\r\n" + KIND),
    "encoding twice": wrapped(PLAIN + b"\r\n" + FOOTER, inner=b"Content-Transfer-Encoding: base64\r\n" + KIND),
    "description": wrapped(PLAIN + b"\r\n" + FOOTER, inner=KIND + b"Content-Description: bribes\r\n"),
    "bare_cr": swap(b"paid\r\nWe", b"paid\rWe"),
    "from_comment": swap(b"From: Alice <", b"From: Alice (resigned over the bribes) <"),
    "from_comment behind": swap(b"<alice@football.example>", b"<alice@football.example> (thief)"),
    "to_name": swap(b"To: bob@shopping.example", b'To: "Minister X, who was paid" <bob@shopping.example>'),
    "to_comment": swap(b"To: bob@shopping.example", b"To: bob@shopping.example (paid)"),
    "to_words": swap(b"To: bob@shopping.example", b"To: <bob@shopping.example> took bribes"),
    "to_group": swap(b"To: bob@shopping.example", b"To: The bribed ministers: bob@shopping.example;"),
    "to_route": swap(b"To: bob@shopping.example", b"To: <@bribes.example:bob@shopping.example>"),
    "reply_to_name": swap(b"Reply-To: Sec", b"Reply-To: KGB"),
    "encoded word with words in it": swap(b"Subject: Budget", "Subject: =?us-ascii?b?QnVkZ2V0ЯВЗЯЛДЕНЬГИ?=".encode()),
    "charset with words in it": swap(b"Subject: Budget", b"Subject: =?I-took-the-money?q?Budget?="),
    "language with words in it": swap(b"Subject: Budget", b"Subject: =?us-ascii*I-took-the-money?q?Budget?="),
    "encoded name with words in it": swap(b"From: Alice <", "From: =?us-ascii?b?QWxpY2Uвор?= <".encode()),
    "date_words": swap(b"+0200\r\n", b"+0200 (LIES)\r\n"),
}


def verdict(mail: bytes, dump: Path, judged: Any, signer: Any) -> str:
    (dump / "a.eml").write_bytes(mail)
    return str(judged(dump, [signer.key()])["a.eml"]["verdict"])


@pytest.mark.parametrize("case", HONEST)
def test_what_says_no_more_is_verified(case: str, tmp_path: Path, judged: Any, signer: Any) -> None:
    mail = HONEST[case](signer.sign(HEADER + KIND + b"\r\n" + TEXT, h=FULL))
    assert verdict(mail, tmp_path, judged, signer) == "verified"


@pytest.mark.parametrize("case", FORGED)
def test_what_says_more_is_not(case: str, tmp_path: Path, judged: Any, signer: Any) -> None:
    mail = FORGED[case](signer.sign(HEADER + KIND + b"\r\n" + TEXT, h=FULL))
    assert verdict(mail, tmp_path, judged, signer) == "unverifiable"


@pytest.mark.parametrize(
    ("signed", "shown"),
    [
        (b"B\\u202ex", b"=?utf-8?q?B=E2=80=AEx?="),
        ("é".encode() + b"ab " * 666 + "…".encode(), "é".encode() + b"ab " * 666 + b"and I took the money"),
    ],
)
def test_a_subject_that_only_our_table_shows_alike_is_not(
    signed: bytes, shown: bytes, tmp_path: Path, judged: Any, signer: Any
) -> None:
    header = HEADER.replace(b"Subject: Budget", b"Subject: " + signed)
    mail = signer.sign(header + KIND + b"\r\n" + TEXT, h=FULL).replace(signed, shown)
    assert verdict(mail, tmp_path, judged, signer) == "unverifiable"
