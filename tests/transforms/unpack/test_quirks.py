"""What real leaks hold that textbooks leave out: each is read for what it is, and nothing of it is lost."""

from __future__ import annotations

import base64
import io
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from transforms.model import Item, Kind, Status

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from outlook_file import compound

FIELDS = (
    b"From: Claire Aubry <claire@campaign.example>\r\n"
    b"To: desk@newsroom.example\r\n"
    b"Subject: The hall\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0000\r\n"
    b"Message-ID: <hall.1@campaign.example>\r\n"
)
MAIL = FIELDS + b"\r\nThe hall is booked.\r\n"
PLIST = b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN">\n<plist/>\n'


def is_the_mail(item: Item) -> bool:
    return (item.kind, item.from_email, item.subject, item.status) == (
        Kind.EMAIL,
        "claire@campaign.example",
        "The hall",
        Status.OK,
    )


def mailbox(
    *mails: bytes, line: bytes = b"From claire@campaign.example Mon Apr 24 10:00:00 2017", end: bytes = b"\r\n"
):  # type: ignore[no-untyped-def]
    return b"".join(line + end + mail + end for mail in mails)


def multipart(*parts: bytes, boundary: bytes = b"B") -> bytes:
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    head = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n'
    return FIELDS + head + body + b"--" + boundary + b"--\r\n"


def attached(name: str, octets: bytes, media_type: str = "application/octet-stream") -> bytes:
    head = f'Content-Type: {media_type}\r\nContent-Disposition: attachment; filename="{name}"\r\n'
    return head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(octets)


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, octets in members:
            archive.writestr(zipfile.ZipInfo(name), octets)
    return out.getvalue()


# ---- how a mail begins ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [
        b"Status: RO\r\n",  # readpst, without a From_ line
        b"DKIM-Signature: v=1; a=rsa-sha256; d=campaign.example; s=s1;\r\n\th=from; bh=aa=; b=aa=\r\n",
        b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=relay.example; s=a; b=aa=\r\n",
        b"X-GM-THRID: 1565490000000000000\r\nX-Gmail-Labels: Inbox\r\n",  # Google Takeout
        b"X-Mozilla-Status: 0001\r\nX-Mozilla-Status2: 00000000\r\n",  # Thunderbird
        b"\xef\xbb\xbf",
        b"\r\n\r\n",
    ],
)
@pytest.mark.parametrize("name", ["1", "mail.txt", "mail.eml"])
def test_a_mail_is_a_mail_whatever_stands_first(examine, first: bytes, name: str) -> None:  # type: ignore[no-untyped-def]
    assert is_the_mail(examine({name: first + MAIL}).items[name])


@pytest.mark.parametrize("media_type", [b"text/html", b"application/xhtml+xml"])
def test_a_mail_of_xhtml_is_a_mail(examine, media_type: bytes) -> None:  # type: ignore[no-untyped-def]
    page = b'<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><p>Hall</p></html>\r\n'
    octets = FIELDS + b"MIME-Version: 1.0\r\nContent-Type: " + media_type + b"\r\n\r\n" + page
    assert is_the_mail(examine({"a": octets}).items["a"])


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"), ("utf-16-le", b""), ("utf-16-be", b"")],
)
def test_a_mail_saved_as_utf16_lies_inside_its_file(examine, encoding: str, mark: bytes) -> None:  # type: ignore[no-untyped-def]
    found = examine({"a.eml": mark + MAIL.decode().encode(encoding), "a.mbox": mark + b"".join(
        mailbox(MAIL, MAIL).decode().encode(encoding) for _ in "1")})  # fmt: skip
    assert found.items["a.eml"].kind is Kind.ARCHIVE
    assert is_the_mail(found.items["a.eml!@0"]) and found.items["a.eml!@0"].size == len(MAIL)
    assert len(found.below("a.mbox!@0")) == 2


@pytest.mark.parametrize("octets", [b"\xff\xfeW\0o\0r\0d\0s\0", b"\xff\xfe", b"\0a" * 20, b"\xfe\xff\xd8\0" * 9])
def test_other_text_in_utf16_is_a_text(examine, octets: bytes) -> None:  # type: ignore[no-untyped-def]
    item = examine({"a.eml": octets}).items["a.eml"]
    assert item.kind in (Kind.TEXT, Kind.OTHER) and item.status is Status.OK


def test_utf16_that_breaks_off_is_partial(examine) -> None:  # type: ignore[no-untyped-def]
    found = examine({"a.eml": b"\xff\xfe" + MAIL.decode().encode("utf-16-le") + b"\0\xdc\0"})
    assert (found.items["a.eml!@0"].status, found.items["a.eml!@0"].error_code) == (Status.PARTIAL, "container.damaged")


def test_mixed_line_ends_split_no_header(examine) -> None:  # type: ignore[no-untyped-def]
    octets = FIELDS.replace(b"\r\n", b"\n", 2) + b"\r\nOne\nTwo\r\nThree\n"
    found = examine({"a.eml": octets})
    assert is_the_mail(found.items["a.eml"]) and found.texts["a.eml"].text == "One Two Three"


# ---- mailboxes --------------------------------------------------------------------------------


def test_thunderbirds_folders_are_mailboxes_without_an_ending(examine) -> None:  # type: ignore[no-untyped-def]
    names = ("Inbox", "Inbox.sbd/Old", "Inbox.sbd/Old.sbd/2016")
    found = examine({**{name: mailbox(MAIL, MAIL) for name in names}, "Inbox.msf": b"// <!-- <mdb:mork:z -->\n"})
    for name in names:
        assert found.items[name].kind is Kind.MAILBOX and all(is_the_mail(found.items[p]) for p in found.below(name))
        assert sum(found.size_of(name)) == found.items[name].size
    assert found.items["Inbox.msf"].kind is Kind.TEXT


def test_apple_mails_folder_is_a_mailbox_or_a_folder_of_messages(examine) -> None:  # type: ignore[no-untyped-def]
    found = examine(
        {
            "X.mbox/mbox": mailbox(MAIL, MAIL),
            "X.mbox/table_of_contents": bytes(range(60)),
            "Y.mbox/Messages/12.emlx": b"%d\n" % len(MAIL) + MAIL + PLIST,
            "Y.mbox/Messages/13.partial.emlx": b"%d \n" % len(MAIL) + MAIL + PLIST,
            "Y.mbox/Info.plist": PLIST,
        }
    )
    assert len(found.below("X.mbox/mbox")) == 2
    for name in ("Y.mbox/Messages/12.emlx", "Y.mbox/Messages/13.partial.emlx"):
        assert is_the_mail(found.items[name]) and found.items[name].size == len(MAIL)
        assert [found.items[path].kind for path in found.below(name)] == [Kind.GAP, Kind.GAP]


@pytest.mark.parametrize(
    "line",
    [
        b"From ???@??? Mon Apr 24 10:00:00 2017",  # Eudora
        b"From - Mon Apr 24 10:00:00 2017",  # Mozilla
        b"From 1565490000000000000@xxx Mon Apr 24 10:00:00 +0000 2017",  # Google Takeout
        b'From "Claire Aubry" Mon Apr 24 10:00:00 2017',  # readpst
    ],
)
def test_separators_of_many_programs_part_messages(examine, line: bytes) -> None:  # type: ignore[no-untyped-def]
    found = examine({"In.mbx": mailbox(MAIL, MAIL, MAIL, line=line)})
    assert len(found.below("In.mbx")) == 3 and all(is_the_mail(found.items[path]) for path in found.below("In.mbx"))


@pytest.mark.parametrize(
    "words", [b"From here on we walk.", b"From Monday to Friday 2017", b"From: nobody", b">From me", b"From "]
)
def test_a_line_of_the_body_that_begins_with_from_parts_nothing(examine, words: bytes) -> None:  # type: ignore[no-untyped-def]
    mail = FIELDS + b"\r\nHello.\r\n\r\n" + words + b"\r\nit rains\r\n"
    found = examine({"a.mbox": mailbox(mail, MAIL)})
    assert len(found.below("a.mbox")) == 2
    assert found.texts["a.mbox!@0"].text.endswith("it rains")


def test_the_same_mail_in_many_mailboxes_keeps_its_attachments_in_each(examine) -> None:  # type: ignore[no-untyped-def]
    mail = multipart(b"Content-Type: text/plain\r\n\r\nSee below.", attached("a.csv", b"a,b\r\n1,2\r\n"))
    found = examine({f"{n}.mbox": mailbox(mail, MAIL) for n in range(5)} | {"loose.eml": mail})
    copies = [item for item in found.items.values() if item.file_name == "a.csv"]
    assert len(copies) == 6 and {item.size for item in copies} == {10} and len({item.sha256 for item in copies}) == 1


def test_what_google_takeout_keeps_beside_a_mail_is_noted(examine) -> None:  # type: ignore[no-untyped-def]
    top = b"X-GM-THRID: 1565490000000000000\r\nX-Gmail-Labels: =?UTF-8?Q?Bo=C3=AEte_de_r=C3=A9ception,Important?=\r\n"
    found = examine({"Tous les messages.mbox": mailbox(top + MAIL, MAIL)})
    first, second = (found.items[path] for path in found.below("Tous les messages.mbox"))
    assert first.notes == (
        "mail.exported: Google Takeout, thread 1565490000000000000, labels Boîte de réception,Important",
    )
    assert second.notes == ()


def test_a_mail_that_readpst_rebuilt_is_noted(examine) -> None:  # type: ignore[no-untyped-def]
    mail = multipart(b"Content-Type: text/plain\r\n\r\nHi", boundary=b"--boundary-LibPST-iamunique-1294969834_-_-")
    found = examine({"1": b"Status: RO\n" + mail, "2": multipart(b"Content-Type: text/plain\r\n\r\nHi")})
    assert found.items["1"].notes == ("mail.rebuilt: readpst",) and found.items["2"].notes == ()


# ---- names, charsets, dates -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        (b'Content-Type: application/pdf; name="=?utf-8?B?w6l0w6kucGRm?="', "été.pdf"),
        (b"Content-Disposition: attachment; filename*=utf-8''%C3%A9t%C3%A9.pdf", "été.pdf"),
        (
            b"Content-Disposition: attachment; filename*0*=utf-8''%C3%A9t; filename*1*=%C3%A9; filename*2=.pdf",
            "été.pdf",
        ),
        (b'Content-Disposition: attachment; filename="a,b;c.pdf"', "a,b;c.pdf"),
        (b'Content-Disposition: attachment; filename=""', None),
        (b'Content-Disposition: attachment; filename="' + b"n" * 300 + b'.pdf"', "n" * 300 + ".pdf"),
    ],
)
def test_names_of_attachments_are_decoded(examine, fields: bytes, name: str | None) -> None:  # type: ignore[no-untyped-def]
    assert examine({"a.eml": multipart(fields + b"\r\n\r\n%PDF-1.4")}).items["a.eml!1"].file_name == name


def test_names_that_no_file_system_takes_are_members_all_the_same(examine) -> None:  # type: ignore[no-untyped-def]
    octets = zipped(("n" * 300 + ".eml", MAIL), ("x", MAIL), ("CON", MAIL), ("../../etc/x.eml", MAIL))
    nameless = octets.replace(b"\1\0\0\0x", b"\0\0\0\0x")
    found = examine({"a.zip": octets, "b.zip": nameless})
    assert found.below("a.zip") == ["a.zip!" + "n" * 300 + ".eml", "a.zip!x", "a.zip!CON", "a.zip!../../etc/x.eml"]
    assert all(is_the_mail(found.items[path]) for path in found.below("a.zip"))


def test_resource_forks_of_a_mac_are_no_mails(examine) -> None:  # type: ignore[no-untyped-def]
    fork = b"\0\5\x16\7\0\2\0\0Mac OS X        \0\2\0\0\0\x09\0\0\0\x32\0\0\0\xb0" + bytes(100) + FIELDS
    found = examine({"a.zip": zipped(("x.eml", MAIL), ("__MACOSX/._x.eml", fork))})
    item = found.items["a.zip!__MACOSX/._x.eml"]
    assert (item.kind, item.media_type, item.holds_messages) == (Kind.OTHER, "application/applefile", True)
    assert is_the_mail(found.items["a.zip!x.eml"])


@pytest.mark.parametrize(
    ("charset", "octets", "words"),
    [
        ("x-unknown", b"\xe9t\xe9", "été"),
        ("windows-874", "สวัสดี".encode("cp874"), "สวัสดี"),
        ("unicode-1-1-utf-7", b"+AOk-t+AOk-", "été"),
        ("\x00", b"hall", "hall"),
    ],
)
def test_charsets_that_are_unknown_or_rare_are_read_as_well_as_can_be(examine, charset, octets, words) -> None:  # type: ignore[no-untyped-def]
    mail = FIELDS + f'MIME-Version: 1.0\r\nContent-Type: text/plain; charset="{charset}"\r\n\r\n'.encode() + octets
    found = examine({"a.eml": mail})
    assert is_the_mail(found.items["a.eml"]) and found.texts["a.eml"].text == words


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        (b"22 Apr 2008 12.31.30", None),  # no zone
        (b"Tue, 22 Apr 2008 22:19:06 0100", None),  # no sign
        ("Пн, 24 апр 2017 10:00:00 +0300".encode(), None),
        (b"Mon, 24 Apr 2017 10:00:00 +0200 (CEST)", datetime(2017, 4, 24, 8, tzinfo=UTC)),
        (b"24 Apr 17 10:00 GMT", datetime(2017, 4, 24, 10, tzinfo=UTC)),
        (b"Fri, 31 Dec 9999 23:59:59 -1200", None),
        (b"Thu, 0 Jan 0000 00:00:00 +0000", None),
    ],
)
def test_odd_dates_are_kept_as_written_and_never_guessed(examine, written: bytes, moment: datetime | None) -> None:  # type: ignore[no-untyped-def]
    item = examine({"a.eml": MAIL.replace(b"Mon, 24 Apr 2017 10:00:00 +0000", written)}).items["a.eml"]
    assert item.date_utc == moment and item.date_raw == written.decode()


# ---- containers in containers -----------------------------------------------------------------


def test_mail_in_zip_in_zip_in_mail_is_read(examine) -> None:  # type: ignore[no-untyped-def]
    inner = zipped(("hall.eml", MAIL), ("Inbox", mailbox(MAIL, MAIL)))
    mail = multipart(b"Content-Type: text/plain\r\n\r\nSee below.", attached("o.zip", zipped(("in.zip", inner))))
    found = examine({"a.eml": mail})
    assert is_the_mail(found.items["a.eml!2!in.zip!hall.eml"])
    assert len(found.below("a.eml!2!in.zip!Inbox")) == 2


# ---- what a password keeps --------------------------------------------------------------------


def test_a_password_keeps_the_words_of_a_document_and_not_its_row(examine) -> None:  # type: ignore[no-untyped-def]
    office = compound({"EncryptedPackage": bytes(9_000), "EncryptionInfo": b"\4\0\4\0" + bytes(60)})
    pdf = b"%PDF-1.6\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer\n<</Root 1 0 R/Encrypt 2 0 R>>\n%%EOF\n"
    found = examine({"a.docx": office, "b.pdf": pdf, "c.zip": zipped(("a.docx", office))})
    facts = {item.path: said for unit in found.units for row, said in unit.documents for item in [unit.items[row]]}
    for path in ("a.docx", "b.pdf", "c.zip!a.docx"):
        assert (found.items[path].kind, found.items[path].status) == (Kind.DOCUMENT, Status.OK)
        assert facts[path].encrypted and path not in found.texts
