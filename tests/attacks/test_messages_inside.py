"""Proof never passes through a message, whatever it looks like: a forwarded mail needs a signature of its own."""

from __future__ import annotations

import base64
import gzip
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from signed_mail import signature
from transforms.auth.key import parse_record
from transforms.model import PublicKey

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "sample_dump"))
from signing import Signer, sign

CAMPAIGN = Signer("campaign.example", "s1", "campaign")
FORGED = b"From: president@palace.example\r\nSubject: bribes\r\n\r\nI took the money.\r\n"
PADDED = b"X-Pad: " + b"x" * 5000 + b"\r\nReceived: from a by b; Mon, 24 Apr 2017 10:00:00 +0000\r\n" + FORGED


@pytest.mark.parametrize("inner", [FORGED, PADDED, b"I took the money.\r\n" * 5, b"Subject: x\r\n\r\n" + b"y" * 80])
@pytest.mark.parametrize(
    "described",
    [
        "message/rfc822",
        "message/global",
        'application/octet-stream; name="m.eml"',
        'text/plain; name="inbox.mbox"',
        'message/x-unheard-of; name="m.txt"',
    ],
)
def test_what_is_called_a_message_inherits_nothing(tmp_path: Path, judged: Any, inner: bytes, described: str) -> None:
    part = base64.encodebytes(inner).replace(b"\n", b"\r\n")
    mail = (
        b"From: Anna <anna@campaign.example>\r\nTo: desk@newsroom.example\r\nSubject: Fwd\r\n"
        b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\nMessage-ID: <1@campaign.example>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b1"\r\n\r\n--b1\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n'
        b"--b1\r\nContent-Type: " + described.encode() + b"\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment\r\n\r\n" + part + b"--b1--\r\n"
    )
    (tmp_path / "a.eml").write_bytes(sign(mail, CAMPAIGN))
    record = CAMPAIGN.record()
    key = PublicKey(parse_record(record).key_id, CAMPAIGN.domain, CAMPAIGN.selector, record, "archive", "test")
    rows = judged(tmp_path, [key], protect=("campaign.example",))
    assert rows["a.eml"]["verdict"] == "verified"
    assert {row["verdict"] for path, row in rows.items() if path != "a.eml"} == {"unverifiable"}


def zipped(octets: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mail.eml", octets)
        archive.writestr("memo.txt", b"memo " * 50)
    return out.getvalue()


@pytest.mark.parametrize(
    ("inner", "name", "found"),
    [
        (b"\n" + zipped(FORGED), "nl.zip", "mail.eml"),
        (b"MZ" + b"\x90" * 300 + zipped(FORGED), "sfx.exe", "mail.eml"),
        (b"\0" * 512 + b"\1" + FORGED, "old.tar", None),
        (b"\n" + gzip.compress(FORGED), "junk.bin", None),
        (b"\xcf\xad\x12\xfe" + b"\0" * 100, "inbox.dbx", None),
        (signature(FORGED), "x.dat", "@0"),
        (base64.encodebytes(signature(FORGED)), "pem.p7m", "@0"),
    ],
)
def test_what_conceals_a_message_inherits_nothing(
    tmp_path: Path, judged: Any, inner: bytes, name: str, found: str | None
) -> None:
    mail = (
        b"From: Anna <anna@campaign.example>\r\nTo: desk@newsroom.example\r\nSubject: Fwd\r\n"
        b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\nMessage-ID: <1@campaign.example>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b1"\r\n\r\n--b1\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n'
        b"--b1\r\nContent-Type: application/octet-stream; name=" + name.encode() + b"\r\n"
        b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n"
        + base64.encodebytes(inner).replace(b"\n", b"\r\n")
        + b"--b1--\r\n"
    )
    (tmp_path / "a.eml").write_bytes(sign(mail, CAMPAIGN))
    (tmp_path / name).write_bytes(inner)
    record = CAMPAIGN.record()
    key = PublicKey(parse_record(record).key_id, CAMPAIGN.domain, CAMPAIGN.selector, record, "archive", "test")
    rows = judged(tmp_path, [key], protect=("campaign.example",))
    assert rows["a.eml"]["verdict"] == "verified"
    shown = {path: row["verdict"] for path, row in rows.items() if path not in ("a.eml", name + "!memo.txt")}
    assert set(shown.values()) == {"unverifiable"}
    if found is not None:
        assert rows[f"{name}!{found}"]["kind"] == rows[f"a.eml!2!{found}"]["kind"] == "email"


def test_a_mail_whose_header_section_is_long_is_a_mail(tmp_path: Path, judged: Any) -> None:
    long = b"".join(b"X-Hop-%d: %s\r\n" % (number, b"x" * 60) for number in range(400))
    mail = (
        b"From: Anna <anna@campaign.example>\r\nTo: desk@newsroom.example\r\nSubject: Long\r\n"
        b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\nMessage-ID: <1@campaign.example>\r\n\r\nText.\r\n"
    )
    (tmp_path / "a").write_bytes(long + sign(mail, CAMPAIGN))
    record = CAMPAIGN.record()
    key = PublicKey(parse_record(record).key_id, CAMPAIGN.domain, CAMPAIGN.selector, record, "archive", "test")
    row = judged(tmp_path, [key])["a"]
    assert (row["kind"], row["verdict"]) == ("email", "verified")
