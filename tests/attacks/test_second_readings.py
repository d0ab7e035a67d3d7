"""A genuine signature over octets that show something else once unsigned octets beside them are changed.

Each case is a mail signed by its own domain, and an edit that the signature survives.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Any

import pytest

from transforms.auth.key import parse_record
from transforms.model import PublicKey

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "sample_dump"))
from signing import Signer, sign

CAMPAIGN = Signer("campaign.example", "s1", "campaign")
LIKE_GMAIL = ("mime-version", "from", "date", "message-id", "subject", "to")  # Content-Type unsigned
WITH_MIME = (*LIKE_GMAIL, "content-type", "content-transfer-encoding")
HEAD = """\
From: Anna <anna@campaign.example>
To: desk@newsroom.example
Subject: Budget
Date: Mon, 24 Apr 2017 10:00:00 +0200
Message-ID: <1@campaign.example>
MIME-Version: 1.0
"""
PLAIN = "Content-Type: text/plain; charset=us-ascii\n\nI never took the money.\n"
PDF = base64.encodebytes(b"%PDF-1.4 " + b"x" * 100).decode()


@pytest.fixture
def row(tmp_path: Path, judged: Any) -> Any:
    """Judges an edited mail; answers its row and those below it."""

    def judge(
        mail: str, *edits: tuple[str, str], top: bytes = b"", name: str = "a.eml", subject: str = "Budget", **how: Any
    ) -> dict[str, Any]:
        octets = sign((HEAD.replace("Budget", subject) + mail).replace("\n", "\r\n").encode(), CAMPAIGN, **how)
        for old, new in edits:
            edited = octets.replace(old.replace("\n", "\r\n").encode(), new.replace("\n", "\r\n").encode(), 1)
            assert edited != octets
            octets = edited
        (tmp_path / name).write_bytes(top + octets)
        record = CAMPAIGN.record()
        key = PublicKey(parse_record(record).key_id, CAMPAIGN.domain, CAMPAIGN.selector, record, "archive", "test")
        found: dict[str, Any] = judged(tmp_path, [key], protect=("campaign.example",))
        return found

    return judge


def test_as_signed_it_is_verified(row: Any) -> None:
    assert row(PLAIN)["a.eml"]["verdict"] == "verified"


@pytest.mark.parametrize(
    "top",
    [
        b"X-Foo: a\rFrom: forged@campaign.example\r\n",
        b"X-Foo: a\rFrom: forged@campaign.example\rSubject: Forged\r\rForged body\r\n",
        b"Received: from a by b; Mon, 24 Apr 2017 10:00:00 +0200\rFrom: forged@campaign.example\r\n",
        b"X-Foo: a\r\r\n",
        b"X-Foo: a\x0bFrom: forged@campaign.example\r\n",
        b"X-Foo: a\x0cFrom: forged@campaign.example\r\n",
        b"X-Foo: a\x1eFrom: forged@campaign.example\r\n",
        b"X-Foo: a\0\r\n",
        b"foo\rFrom: forged@campaign.example\r\n",
        b"X-Foo: a\r\n \r\n From: forged@campaign.example\r\n",
        b"Dear all, we accept.\r\n",
        b" \r\n",
    ],
)
def test_a_line_end_hidden_in_an_unsigned_field_is_not_verified(row: Any, top: bytes) -> None:
    found = row(PLAIN, top=top)["a.eml"]
    assert (found["verdict"], found["reason_code"]) == ("unverifiable", "header_ambiguous")


MIXED = 'Content-Type: multipart/mixed; boundary="b1"\n\n'
TWO_TEXTS = (
    "--b1\nContent-Type: text/plain\n\nWe will pay 1000.\n--b1\nContent-Type: text/plain\n\nJust joking.\n--b1--\n"
)


@pytest.mark.parametrize(
    ("body", "edit"),
    [
        ("--b1\nContent-Type: text/plain\n\nNote: it is a joke.\n\nI took the money.\n--b1--\n",
         ("text/plain\n\nNote", "text/plain\n \nNote")),
        ("--b1\nContent-Type: text/plain\n\nContent-Transfer-Encoding: base64\n\nSSB0b29rIGl0Cg==\n--b1--\n",
         ("text/plain\n\nContent", "text/plain\n\t\nContent")),
        ("--b1\nContent-Type: text/calendar; name=a.ics\n\nBEGIN:VCALENDAR\nSUMMARY:Meeting\nEND:VCALENDAR\n--b1--\n",
         ("a.ics\n\nBEGIN", "a.ics\n  \nBEGIN")),
        ("--b1\n\nRefused: we do not pay.\n\nPlease pay 5 euro.\n--b1--\n", ("--b1\n\nRef", "--b1\n \nRef")),
        ("--b1\n\nWe refuse.\n\nPlease pay 5 euro.\n--b1--\n", ("--b1\n\nWe", "--b1\n \nWe")),
        (f"--b1\n\nContent-Type: application/pdf; name=x.pdf\nContent-Transfer-Encoding: base64\n\n{PDF}--b1--\n",
         ("--b1\n\nCont", "--b1\n\t\nCont")),
    ],
)  # fmt: skip
def test_a_blank_that_moves_text_into_a_parts_header_is_not_verified(
    row: Any, body: str, edit: tuple[str, str]
) -> None:
    rows = row(MIXED + body, edit)
    assert rows["a.eml"]["reason_code"] == "mime_reinterpretation_possible"
    assert all(one["verdict"] == "unverifiable" for one in rows.values())


@pytest.mark.parametrize("blanks", [998, 5000])
@pytest.mark.parametrize("line", ["--b1\nContent-Type: text/plain\n\nWe", "--b1\nContent-Type: appl", "--b1--\n"])
def test_blanks_behind_a_delimiter_hide_no_part(row: Any, line: str, blanks: int) -> None:
    mail = f"{TWO_TEXTS.removesuffix('--b1--' + chr(10))}--b1\nContent-Type: application/pdf\n\nx\n--b1--\n"
    delimiter, line_end, rest = line.partition("\n")
    rows = row(MIXED + mail, (line, delimiter + " " * blanks + line_end + rest), fields=WITH_MIME)
    assert rows["a.eml"]["verdict"] == "verified"
    assert sorted(rows) == ["a.eml", "a.eml!3"]


def test_blanks_that_make_a_boundary_another_one_are_not_verified(row: Any) -> None:
    mail = MIXED.replace("b1", "b 1") + TWO_TEXTS.replace("b1", "b 1")
    edit = ("\n--b 1\nContent-Type: text/plain\n\nJust", f"\n--b{' ' * 5000}1\nContent-Type: text/plain\n\nJust")
    assert row(mail, edit, fields=WITH_MIME)["a.eml"]["reason_code"] == "mime_reinterpretation_possible"


def test_blanks_hide_no_parts_from_an_unsigned_type(row: Any) -> None:
    mail = f"{MIXED}--b1\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n{PDF}--b1--\n"
    edits = (MIXED, "Content-Type: text/plain\n\n"), ("--b1\n", f"--b1{' ' * 5000}\n")
    assert row(mail, *edits, fields=LIKE_GMAIL)["a.eml"]["reason_code"] == "mime_reinterpretation_possible"


PAD = " " * 20_000
NESTED = (
    f"{MIXED}--b1\nContent-Type: text/plain\n\nSee what they forged.\n--b1\nContent-Type: message/rfc822\n\n"
    "From: Boss <boss@campaign.example>\nSubject: Deal\n\nWe accept.\n--b1\nContent-Type: application/pdf\n"
    f'Content-Disposition: inline; filename="a.pdf"\nContent-Transfer-Encoding: base64\n\n{PDF}--b1--\n'
)


@pytest.mark.parametrize("edit", ["Content-Type:| message", "Content-Type:| application", "inline;| filename"])
def test_blanks_in_the_fields_of_a_part_hide_nothing(row: Any, edit: str) -> None:
    rows = row(NESTED, (edit.replace("|", ""), edit.replace("|", PAD)), fields=WITH_MIME)
    assert sorted(rows) == ["a.eml", "a.eml!2", "a.eml!3"]
    assert (rows["a.eml!2"]["kind"], rows["a.eml!3"]["file_name"]) == ("email", "a.pdf")
    assert rows["a.eml"]["verdict"] == "verified"


@pytest.mark.parametrize("padding", [PAD, "\n " * 9000])
def test_blanks_in_a_signed_type_hide_no_text(row: Any, padding: str) -> None:
    rows = row(NESTED, ("mixed; boundary", f"mixed;{padding}boundary"), fields=WITH_MIME)
    assert sorted(rows) == ["a.eml", "a.eml!2", "a.eml!3"]


@pytest.mark.parametrize(
    "mail",
    [
        NESTED.replace("Content-Type: message", f"Content-Type: ({'x' * 20_000}) message"),
        NESTED.replace("inline; filename", f"inline; x={'x' * 20_000}; filename"),
        NESTED.replace("message/rfc822", "message"),
        NESTED.replace('; boundary="b1"', ""),
    ],
)
@pytest.mark.parametrize("canonicalization", ["relaxed/relaxed", "simple/simple"])
def test_a_part_whose_fields_cannot_be_read_is_not_verified(row: Any, mail: str, canonicalization: str) -> None:
    rows = row(mail, fields=WITH_MIME, canonicalization=canonicalization)
    assert rows["a.eml"]["reason_code"] == "mime_reinterpretation_possible"
    assert {one["verdict"] for one in rows.values()} == {"unverifiable"}


def test_a_blank_in_a_boundary_is_not_verified(row: Any) -> None:
    mail = TWO_TEXTS.replace("b1", "b 1")
    edit = ("\n--b 1\nContent-Type: text/plain\n\nJust", "\n--b  1\nContent-Type: text/plain\n\nJust")
    assert row(MIXED.replace("b1", "b 1") + mail)["a.eml"]["verdict"] == "verified"
    assert row(MIXED.replace("b1", "b 1") + mail, edit)["a.eml"]["reason_code"] == "mime_reinterpretation_possible"


@pytest.mark.parametrize(
    "subtype", ["alternative", "related", "signed", "encrypted", "x-mixed-replace", "digest", 'related; start="<x@y>"']
)
def test_an_unsigned_subtype_that_hides_a_text_is_not_verified(row: Any, subtype: str) -> None:
    found = row(MIXED + TWO_TEXTS, ("multipart/mixed", f"multipart/{subtype}"), fields=LIKE_GMAIL)
    assert found["a.eml"]["reason_code"] == "mime_reinterpretation_possible"


def test_honest_alternatives_and_attachments_with_an_unsigned_type_are_verified(row: Any) -> None:
    alternative = (
        'Content-Type: multipart/alternative; boundary="b1"\n\n--b1\nContent-Type: text/plain; charset=utf-8\n\n'
        "The hall is booked <https://hall.example> for *Friday*.\n--b1\nContent-Type: text/html; charset=utf-8\n\n"
        '<div dir="ltr">The <a href="https://hall.example">hall</a> is booked for <b>Friday</b>.</div>\n--b1--\n'
    )
    assert row(alternative, fields=LIKE_GMAIL)["a.eml"]["verdict"] == "verified"
    attached = (
        f"{MIXED}--b1\nContent-Type: text/plain\n\nSee attached.\n--b1\nContent-Type: application/pdf; name=a.pdf\n"
        f"Content-Transfer-Encoding: base64\n\n{PDF}--b1--\n"
    )
    rows = row(attached, fields=LIKE_GMAIL)
    assert [rows[path]["verdict"] for path in ("a.eml", "a.eml!2")] == ["verified", "verified"]


@pytest.mark.parametrize(
    ("mail", "edit"),
    [
        ("Content-Type: text/plain\n\n<!-- the minister took it -->\nThe minister is innocent.\n",
         ("text/plain", "text/html")),
        ("Content-Type: text/plain\n\n<style>\nThe minister took it.\n</style>\nHe is innocent.\n",
         ("text/plain", "text/html")),
        ("Content-Type: text/plain; charset=utf-8\n\n\ufeff<a@b.example> said so\n", ("text/plain", "text/html")),
        ("Content-Type: text/plain; charset=utf-8\n\nHe is the \nrapist and not able \n.\n",
         ("charset=utf-8", "charset=utf-8; format=flowed; delsp=yes")),
        ("Content-Type: text/plain; charset=utf-8\n\nText.\n", ("charset=utf-8", "charset=utf-8; name=confession.txt")),
    ],
)  # fmt: skip
def test_an_unsigned_type_that_changes_a_text_is_not_verified(row: Any, mail: str, edit: tuple[str, str]) -> None:
    assert row(mail, edit, fields=LIKE_GMAIL)["a.eml"]["reason_code"] == "mime_reinterpretation_possible"


FLOWED = "Content-Type: text/plain; charset=us-ascii; format=flowed; delsp=yes\nContent-Transfer-Encoding: 7bit\n\n"


def test_a_blank_that_joins_two_words_of_a_signed_flowed_text_is_not_verified(row: Any) -> None:
    text = "Wir sind nicht  \nmehr dabei, un\nmoeglich \n\n-- \nAnna\n"
    assert row(FLOWED + text)["a.eml"]["verdict"] == "verified"
    found = row(FLOWED + text, ("un\nm", "un \nm"))["a.eml"]
    assert (found["verdict"], found["reason_code"]) == ("unverifiable", "mime_reinterpretation_possible")
    parts = f"{MIXED}--b1\n{FLOWED}{text}--b1--\n"
    assert row(parts, ("un\nm", "un \nm"))["a.eml"]["verdict"] == "unverifiable"
    exact = row(FLOWED + text.replace("un\n", "un \n"), canonicalization="relaxed/simple")
    assert exact["a.eml"]["verdict"] == "verified"


@pytest.mark.parametrize("name", ["bribes-2017.pdf", "x.txt"])
def test_an_unsigned_disposition_that_names_the_content_is_not_verified(row: Any, name: str) -> None:
    rows = row(PLAIN, top=f'Content-Disposition: attachment; filename="{name}"\r\n'.encode())
    assert {one["verdict"] for one in rows.values()} == {"unverifiable"}
    assert row(PLAIN, top=b"Content-Disposition: inline\r\n")["a.eml"]["verdict"] == "verified"


@pytest.mark.parametrize("padding", [" " * 70_000, "\t" * 5_000])
def test_blanks_in_a_signed_field_hide_nothing_of_it(row: Any, padding: str) -> None:
    places = ("2017", "10:00"), ("10:00:00", "+0200"), ("To:", "desk"), ("not", "signed")
    edits = [(f"{old} {new}", f"{old}{padding}{new}") for old, new in places]
    (found,) = row(PLAIN, *edits, subject="Budget approved? No, not signed").values()
    assert (found["verdict"], found["subject"]) == ("verified", "Budget approved? No, not signed")
    assert (found["to_emails"], found["date_offset_min"]) == (["desk@newsroom.example"], 120)
    assert found["date_raw"] == "Mon, 24 Apr 2017 10:00:00 +0200"


TABLE = "name\treceived\tpaid\nMinister\t\t5000\n" + "row\tx\ty\n" * 10
CARRIES = (
    f"{MIXED}--b1\nContent-Type: text/plain\n\nSee attached.\n--b1\nContent-Type: text/tab-separated-values\n"
    f"Content-Disposition: attachment; filename=a.tsv\n\n{TABLE}--b1--\n"
)


def test_blanks_that_the_signature_leaves_open_are_not_inherited(row: Any) -> None:
    rows = row(CARRIES, ("Minister\t\t5000", "Minister\t5000"))
    assert rows["a.eml"]["verdict"] == "verified"
    assert (rows["a.eml!2"]["verdict"], rows["a.eml!2"]["reason_code"]) == ("unverifiable", "blanks_not_signed")


def test_a_loose_file_with_such_blanks_is_not_verified(row: Any, tmp_path: Path) -> None:
    (tmp_path / "loose.tsv").write_bytes(TABLE.replace("\t\t5000", "\t5000").replace("\n", "\r\n")[:-2].encode())
    rows = row(CARRIES, ("Minister\t\t5000", "Minister\t5000"))
    assert rows["loose.tsv"]["verdict"] == "unverifiable" and rows["loose.tsv"]["sha256"] == rows["a.eml!2"]["sha256"]


def test_a_body_signed_to_the_blank_passes_its_text_on(row: Any) -> None:
    rows = row(CARRIES, canonicalization="relaxed/simple")
    assert (rows["a.eml!2"]["verdict"], rows["a.eml!2"]["confidence"]) == ("verified", "strong")


def test_a_mail_with_text_behind_it_is_no_emlx(row: Any, tmp_path: Path) -> None:
    row(PLAIN)
    signed = (tmp_path / "a.eml").read_bytes()
    (tmp_path / "a.eml").write_bytes(b"%d\n" % len(signed) + signed + b"\r\nPS. Burn this letter.\r\n")
    rows = row(PLAIN, name="b.eml")
    assert rows["a.eml"]["verdict"] == "unverifiable"
