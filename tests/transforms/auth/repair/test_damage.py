"""Honest signed mail with each kind of damage: verified where a reader sees the same, else never (VERDICT §2)."""

from __future__ import annotations

import base64
import quopri
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEADER = (
    "From: Joe SixPack <joe@football.example>\r\nTo: Suzie Q <suzie@shopping.example>, Ann <ann@shopping.example>\r\n"
    "Subject: {subject}\r\nDate: Fri, 1 Aug 2003 21:00:37 -0700\r\nMessage-ID: <dinner.1@football.example>\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8{flowed}\r\n"
    "Content-Transfer-Encoding: {encoding}\r\n\r\n"
)
TEXT = (
    "Hi Suzie,\r\n\r\nWe lost the game against Brisbane, 3 to 1. Are you hungry yet?\r\n"
    "From here the café = 400 m, see https://www.football.example/map?x=1.\r\n..\r\n\r\n-- \r\nJoe\r\n"
).encode()
ASCII = TEXT.replace("é".encode(), b"e")
ATTACHED = bytes(range(256)) * 3
FIELDS = "from:to:subject:date:message-id:mime-version:content-type:content-transfer-encoding"
LIST = b"List-Id: Dinner talk <dinners.lists.example>\r\nList-Post: <mailto:dinners@lists.example>\r\n"
LIST_FOOTER = (
    b"_______________________________________________\r\nDinners mailing list\r\nDinners@lists.example\r\n"
    b"https://lists.example/mailman/listinfo/dinners\r\n"
)
NOTICE = (
    b"CAUTION: This email originated from outside of the organization. Do not click links or open attachments "
    b"unless you recognize the sender and know the content is safe.\r\n\r\n"
)


def lines(octets: bytes, width: int = 76) -> bytes:
    letters = base64.b64encode(octets)
    return b"".join(letters[at : at + width] + b"\r\n" for at in range(0, len(letters), width))


def plain(encoding: str = "8bit", subject: str = "Is dinner ready?", flowed: str = "", text: bytes = TEXT) -> bytes:
    return HEADER.format(encoding=encoding, subject=subject, flowed=flowed).encode() + text


def quoted(text: bytes = TEXT) -> bytes:
    return quopri.encodestring(text.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")


def parted(encoding: str = "8bit", text: bytes = TEXT, attached: bytes = lines(ATTACHED)) -> bytes:
    return (
        HEADER.format(encoding="8bit", subject="Menu", flowed="")
        .encode()
        .replace(b"text/plain; charset=utf-8", b'multipart/mixed; boundary="=_1"')
        + b"--=_1\r\nContent-Type: text/plain; charset=utf-8\r\n"
        + f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode()
        + text
        + b"\r\n--=_1\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        + b'Content-Disposition: attachment; filename="menu.bin"\r\n\r\n'
        + attached
        + b"--=_1--\r\n"
    )


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(mail: bytes) -> bytes:
        assert old in mail
        return mail.replace(old, new, 1)

    return change


def below(text: bytes) -> Callable[[bytes], bytes]:
    return lambda mail: mail + text


def wrapped(mail: bytes) -> bytes:
    """What Mailman makes of a mail that it cannot write its footer into."""
    inner = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    assert inner in mail
    head, _, text = mail.replace(inner, b'Content-Type: multipart/mixed; boundary="=_l"\r\n').partition(b"\r\n\r\n")
    return (
        head + b"\r\n\r\n--=_l\r\n" + inner + b"\r\n" + text + b"\r\n--=_l\r\n"
        b'Content-Type: text/plain; charset="us-ascii"\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 7bit\r\n'
        b"Content-Disposition: inline\r\n\r\n" + LIST_FOOTER + b"\r\n--=_l--\r\n"
    )  # fmt: skip


Damage = tuple[bytes, str, Callable[[bytes], bytes]]  # mail, c=, what happens to it
FLOWED = b"This is a paragraph of a flowed text whose lines are broken softly \r\nbehind a blank.\r\n"

NEUTRAL: dict[str, Damage] = {
    "line_ends": (plain(), "relaxed/relaxed", lambda m: m[:-9] + m[-9:].replace(b"\r\n", b"\r\r\n")),
    "signature_mark": (plain(), "simple/simple", swap(b"\r\n-- \r\n", b"\r\n--\r\n")),
    "flowed_space": (
        plain(flowed="; format=flowed", text=FLOWED), "simple/simple", swap(b"softly \r\n", b"softly\r\n")
    ),
    "trailing_space": (plain(), "simple/simple", swap(b"Suzie,\r\n", b"Suzie, \t\r\n")),
    "blank_lines": (plain(text=b"\r\n" + TEXT), "relaxed/relaxed", swap(b"\r\n\r\n\r\nHi", b"\r\n\r\nHi")),
    "blank_lines of more": (plain(), "relaxed/relaxed", swap(b"\r\n\r\nHi", b"\r\n\r\n\r\n\r\nHi")),
    "blank_lines of blanks below": (plain(), "simple/simple", below(b" \r\n\t\r\n")),
    "base64_lines": (plain("base64", text=lines(TEXT)), "simple/simple", swap(lines(TEXT), lines(TEXT, 60))),
    "base64_lines of a part": (parted(), "relaxed/relaxed", swap(lines(ATTACHED), lines(ATTACHED, 1000))),
    "as_8bit": (plain(), "relaxed/relaxed", lambda m: m.replace(TEXT, quoted()).replace(b"8bit", b"quoted-printable")),
    "as_8bit of a part": (
        parted(), "relaxed/relaxed",
        lambda m: m.replace(TEXT, lines(TEXT).strip()).replace(b"8bit\r\n\r\nSGk", b"base64\r\n\r\nSGk"),
    ),
    "as_base64": (
        plain("base64", text=lines(TEXT)), "relaxed/relaxed",
        lambda m: m.replace(lines(TEXT), TEXT).replace(b"base64", b"8bit"),
    ),
    "as_quoted_printable": (
        plain("quoted-printable", text=quoted()), "relaxed/relaxed",
        lambda m: m.replace(quoted(), TEXT).replace(b"quoted-printable", b"8bit"),
    ),
    "as_8bit+transfer_encoding": (
        plain("7bit", text=ASCII), "relaxed/relaxed",
        lambda m: m.replace(ASCII, lines(ASCII)).replace(b": 7bit", b": base64"),
    ),
    "footer": (plain(), "relaxed/relaxed", lambda m: LIST + m + LIST_FOOTER),
    "list_part": (parted(), "relaxed/relaxed", lambda m: LIST + swap(
        b"--=_1--", b"--=_1\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n" + LIST_FOOTER + b"\r\n--=_1--")(m)),
    "list_wrapper": (plain(), "relaxed/relaxed", lambda m: LIST + wrapped(m)),
    "banner": (plain(), "relaxed/relaxed", swap(b"\r\n\r\nHi", b"\r\n\r\n" + NOTICE + b"Hi")),
    "folding": (plain(), "simple/simple", swap(b">, Ann <ann@", b">,\r\n\t Ann <ann@")),
    "subject_tag": (plain(), "relaxed/relaxed", swap(b"Subject: ", b"Subject: [EXTERNAL] ")),
    "encoded_words": (
        plain(subject="=?utf-8?B?Q2Fmw6k=?= now"), "relaxed/relaxed",
        swap(b"=?utf-8?B?Q2Fmw6k=?= now", "Café now".encode()),
    ),
    "address_form": (plain(), "relaxed/relaxed", swap(b"From: Joe SixPack <", b'From: "Joe SixPack" <')),
    "address_form of recipients": (plain(), "relaxed/relaxed", swap(b"Ann <ann@", b'"Ann" <ann@')),
    "parameter_form": (plain(), "relaxed/relaxed", swap(b"charset=utf-8", b'charset="utf-8"')),
    "date_zone": (
        plain(), "relaxed/relaxed", swap(b"Fri, 1 Aug 2003 21:00:37 -0700", b"Sat, 2 Aug 2003 04:00:37 +0000")
    ),
    "message_id": (
        plain(), "relaxed/relaxed",
        swap(b"Message-ID: <dinner.1@football.example>",
             b"Message-ID: <new@relay.example>\r\nX-Gmail-Original-Message-ID: <dinner.1@football.example>"),
    ),
    "base64_lines+address_form": (
        parted(), "relaxed/relaxed",
        lambda m: swap(lines(ATTACHED), lines(ATTACHED, 64))(swap(b"From: Joe SixPack <", b'From: "Joe SixPack" <')(m)),
    ),
}  # fmt: skip

ADDED: dict[str, Damage] = {
    "mbox_quoting": (plain(), "relaxed/relaxed", swap(b"\r\nFrom here", b"\r\n>From here")),
    "mbox_quoting of some lines": (
        plain(text=b">From one\r\nFrom two\r\n>From three\r\n"), "relaxed/relaxed",
        swap(b"\r\nFrom two", b"\r\n>From two"),
    ),
    "dot_stuffing": (plain(), "relaxed/relaxed", swap(b"\r\n..\r\n", b"\r\n...\r\n")),
    "links": (
        plain(), "relaxed/relaxed",
        swap(b"https://www.football.example/map?x=1",
             b"https://urldefense.proofpoint.com/v2/url?u=https-3A__www.football.example_map-3Fx-3D1&d=DwMF"),
    ),
    "footer": (plain(), "relaxed/relaxed", below(b"\r\n--\r\nKept by Archive 3.1\r\n")),
    "footer of another list": (plain(), "relaxed/relaxed", below(LIST_FOOTER)),
    "footer in a part": (parted(), "relaxed/relaxed", swap(b"Joe\r\n", b"Joe\r\n\r\n____\r\nScanned\r\n")),
    "banner": (plain(), "relaxed/relaxed", swap(b"\r\n\r\nHi", b"\r\n\r\nBeware of strangers.\r\nHi")),
    "banner+footer": (
        plain(), "relaxed/relaxed", lambda m: m.replace(b"\r\n\r\nHi", b"\r\n\r\nBeware.\r\n\r\nHi") + b"more\r\n"
    ),
    "list_part": (parted(), "relaxed/relaxed", lambda m: LIST + swap(
        b"--=_1--", b"--=_1\r\nContent-Type: text/plain\r\n\r\nLeave this list!\r\n--=_1--")(m)),
    "as_8bit+footer": (
        plain(), "relaxed/relaxed",
        lambda m: m.replace(TEXT, quoted() + b"--=20\r\nScanned=\r\n.\r\n").replace(b"8bit", b"quoted-printable"),
    ),
    "subject_tag": (plain(), "relaxed/relaxed", swap(b"Subject: ", b"Subject: [dinners] ")),
    "address_form": (
        plain().replace(b"From: Joe SixPack <joe@football.example>", b"From: joe@football.example"), "relaxed/relaxed",
        swap(b"From: joe@football.example", b'From: "The Treasurer" <joe@football.example>'),
    ),
    "list_from": (
        plain(), "relaxed/relaxed",
        lambda m: b"Reply-To: Joe SixPack <joe@football.example>\r\n" + swap(
            b"From: Joe SixPack <joe@football.example>", b"From: Joe SixPack via Dinners <dinners@lists.example>")(m),
    ),
    "footer+subject_tag+list_from": (
        plain(), "relaxed/relaxed",
        lambda m: b"Reply-To: Joe SixPack <joe@football.example>\r\n" + swap(
            b"From: Joe SixPack <joe@football.example>", b"From: Joe SixPack via Dinners <dinners@lists.example>")(
            swap(b"Subject: ", b"Subject: [dinners] ")(m)) + b"--\r\nour list\r\n",
    ),
}  # fmt: skip


def names(case: str) -> set[str]:
    return set(re.split(r"[+]", case.partition(" ")[0]))


def row_of(case: Damage, dump: Path, judged: Any, signer: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    mail, form, damage = case
    signed = signer.sign(mail, h=FIELDS, c=form)
    (dump / "found.eml").write_bytes(damage(signed))
    (dump / "sent.eml").write_bytes(signed)
    rows = judged(dump, [signer.key()])
    assert rows["sent.eml"]["basis"] == "signature"
    return rows, rows["found.eml"]


@pytest.mark.parametrize("case", NEUTRAL)
def test_neutral_damage_is_undone_and_the_mail_verified(case: str, tmp_path: Path, judged: Any, signer: Any) -> None:
    rows, row = row_of(NEUTRAL[case], tmp_path, judged, signer)
    assert (row["verdict"], row["basis"], row["confidence"]) == ("verified", "repaired_signature", "moderate")
    assert names(case) <= set(row["repairs"].split("+"))
    for column in ("subject", "message_id", "from_email", "from_name", "date_utc", "edrm_mih"):
        assert row[column] == rows["sent.eml"][column], column
    if "found.eml!2" in rows:
        assert rows["found.eml!2"]["basis"] == "inherited"
    (finding,) = (one for one in row["findings"] if one["code"] == "dkim.repaired")
    assert finding["expected"] != finding["actual"]


@pytest.mark.parametrize("case", ADDED)
def test_damage_that_a_reader_sees_is_shown_and_never_verified(
    case: str, tmp_path: Path, judged: Any, signer: Any
) -> None:
    rows, row = row_of(ADDED[case], tmp_path, judged, signer)
    assert (row["verdict"], row["reason_code"]) == ("unverifiable", "proven_except_added_text")
    assert names(case) <= set(row["repairs"].split("+"))
    assert not [one for one in row["findings"] if one["direction"] == "contradicts"]
    (finding,) = (one for one in row["findings"] if one["code"] == "dkim.proven_except_added_text")
    assert finding["expected"] != finding["actual"]
    if "found.eml!2" in rows:
        assert rows["found.eml!2"]["reason_code"] == "parent_not_verified"


def test_without_the_key_a_repaired_body_says_no_more_than_a_matching_one(
    tmp_path: Path, judged: Any, signer: Any
) -> None:
    mail, form, damage = NEUTRAL["as_8bit"]
    (tmp_path / "a.eml").write_bytes(damage(signer.sign(mail, h=FIELDS, c=form)))
    row = judged(tmp_path, [])["a.eml"]
    assert (row["verdict"], row["reason_code"], row["signatures"][0]["body_ok"]) == (
        "unverifiable",
        "key_unknown",
        True,
    )


def test_an_ed25519_signature_is_repaired_as_well(tmp_path: Path, judged: Any, signer: Any) -> None:
    mail, form, damage = NEUTRAL["date_zone"]
    (tmp_path / "a.eml").write_bytes(damage(signer.sign(mail, h=FIELDS, c=form, a="ed25519-sha256")))
    assert judged(tmp_path, [signer.key("ed25519")])["a.eml"]["repairs"] == "date_zone"


def test_a_signature_with_a_length_is_never_repaired(tmp_path: Path, judged: Any, signer: Any) -> None:
    signed = signer.sign(plain(), h=FIELDS, length=20)
    (tmp_path / "a.eml").write_bytes(signed.replace(b"\r\n\r\nHi", b"\r\n\r\n\r\nHi", 1))
    (tmp_path / "b.eml").write_bytes(signed.replace(b"charset=utf-8", b'charset="utf-8"'))
    rows = judged(tmp_path, [signer.key()])
    assert [rows[name]["repairs"] for name in ("a.eml", "b.eml")] == [None, None]


def test_text_below_a_known_footer_is_not_taken_for_part_of_it(tmp_path: Path, judged: Any, signer: Any) -> None:
    mail, form, damage = NEUTRAL["footer"]
    (tmp_path / "a.eml").write_bytes(damage(signer.sign(mail, h=FIELDS, c=form)) + b"Pay 9400 euro to Kappa.\r\n")
    assert judged(tmp_path, [signer.key()])["a.eml"]["reason_code"] == "proven_except_added_text"


def test_the_words_of_a_mail_with_a_known_footer_are_those_that_were_signed(examine: Any, signer: Any) -> None:
    mail, form, damage = NEUTRAL["footer"]
    found = examine({"a.eml": damage(signer.sign(mail, h=FIELDS, c=form))})
    assert "Joe" in found.texts["a.eml"].text and "mailing list" not in found.texts["a.eml"].text


def test_a_footer_inside_an_attachment_is_no_part_of_what_was_sent(tmp_path: Path, judged: Any, signer: Any) -> None:
    table = b"name;sum\r\nKappa;400\r\n" * 10
    mail = parted().removesuffix(b"--=_1--\r\n") + (
        b"--=_1\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=x.csv\r\n\r\n" + table
    )
    signed = LIST + signer.sign(mail, h=FIELDS, c="simple/simple")
    (tmp_path / "a.eml").write_bytes(signed)
    (tmp_path / "b.eml").write_bytes(signed + LIST_FOOTER)
    rows = judged(tmp_path, [signer.key()])
    assert rows["a.eml!3"]["verdict"] == "verified"
    assert rows["b.eml"]["reason_code"] == "proven_except_added_text"
    assert rows["b.eml!3"]["verdict"] == "unverifiable"


def test_a_mailbox_that_quotes_and_an_exporter_that_rewraps_are_undone_together(
    tmp_path: Path, judged: Any, signer: Any
) -> None:
    damaged = swap(lines(ATTACHED), lines(ATTACHED, 64))(signer.sign(parted(), h=FIELDS))
    mailbox = b"From joe@football.example Fri Aug  1 21:00:37 2003\n%s\n" % damaged.replace(b"\r\n", b"\n")
    (tmp_path / "inbox").write_bytes(2 * mailbox.replace(b"\nFrom here", b"\n>From here"))
    row = judged(tmp_path, [signer.key()])["inbox!@0"]
    assert (row["verdict"], row["repairs"]) == ("verified", "base64_lines")


def test_a_moved_message_id_cannot_speak_for_another_message(tmp_path: Path, judged: Any, signer: Any) -> None:
    """A replayed mail under somebody else's Message-ID must not make an honest copy of that look altered."""
    mail, form, damage = NEUTRAL["message_id"]
    (tmp_path / "replayed.eml").write_bytes(damage(signer.sign(mail, h=FIELDS, c=form)))
    honest = plain(text=TEXT.replace(b"lost", b"won")).replace(b"<dinner.1@football.example>", b"<new@relay.example>")
    received = b"Received: from a.example by b.example; Fri, 1 Aug 2003 21:00:40 -0700\r\n"
    (tmp_path / "honest.eml").write_bytes(received + honest)
    rows = judged(tmp_path, [signer.key()])
    assert rows["replayed.eml"]["message_id"] == "dinner.1@football.example"
    assert rows["honest.eml"]["verdict"] == "unverifiable" and not rows["honest.eml"]["n_contradicts"]
