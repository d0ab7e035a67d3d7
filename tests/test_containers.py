"""Signed mail inside every kind of container is proven by its own signature, and nothing in it by another's."""

from __future__ import annotations

import base64
import gzip
import io
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transforms.auth.key import parse_record
from transforms.model import PublicKey

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "sample_dump")]
from signing import Signer, sign  # noqa: E402

from rar_file import member, rar  # noqa: E402
from tnef_file import SUBJECT, attachment, text, tnef  # noqa: E402

CAMPAIGN = Signer("campaign.example", "s1", "campaign")
RECORD = CAMPAIGN.record()
KEY = PublicKey(parse_record(RECORD).key_id, "campaign.example", "s1", RECORD, "archive", "test")
SHEET = b"place,hour\r\nhall,20:00\r\n" + b"room,10:00\r\n" * 40
FIELDS = (
    b"Received: from mx.campaign.example by mx.newsroom.example; Mon, 24 Apr 2017 10:00:05 +0000\r\n"
    b"From: Claire Aubry <claire@campaign.example>\r\n"
    b"To: desk@newsroom.example\r\n"
    b"Subject: The hall on Friday\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0000\r\n"
    b"Message-ID: <hall.1@campaign.example>\r\n"
    b"MIME-Version: 1.0\r\n"
)


def mail(name: bytes, content: bytes) -> bytes:
    """A signed mail with one attachment in base64."""
    body = (
        b"--B\r\nContent-Type: text/plain\r\n\r\nThe hall is booked.\r\n--B\r\n"
        b"Content-Type: application/octet-stream\r\n"
        b'Content-Disposition: attachment; filename="' + name + b'"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    )
    encoded = base64.encodebytes(content).replace(b"\n", b"\r\n")
    octets = FIELDS + b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + body + encoded + b"--B--\r\n"
    return sign(octets, CAMPAIGN)


MAIL = mail(b"sheet.csv", SHEET)


def zipped(name: str, octets: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, octets)
    return out.getvalue()


def tarred(name: str, octets: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        one = tarfile.TarInfo(name)
        one.size = len(octets)
        archive.addfile(one, io.BytesIO(octets))
    return out.getvalue()


def sevenzip(name: str, octets: bytes) -> bytes:
    py7zr = pytest.importorskip("py7zr")
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        archive.writestr(octets, name)
    return out.getvalue()


def in_rar(name: str, octets: bytes) -> bytes:
    pytest.importorskip("rarfile")
    return rar(member(name.encode(), octets))


def in_tnef(name: str, octets: bytes) -> bytes:
    return tnef({SUBJECT: text("x")}, attachment(name.encode(), octets))


CONTAINERS: dict[str, tuple[Callable[[str, bytes], bytes], str]] = {
    "a.zip": (zipped, "a.zip!m.eml"),
    "a.tgz": (tarred, "a.tgz!m.eml"),
    "m.eml.gz": (lambda _, octets: gzip.compress(octets), "m.eml.gz!@0"),
    "a.7z": (sevenzip, "a.7z!m.eml"),
    "a.rar": (in_rar, "a.rar!m.eml"),
    "winmail.dat": (in_tnef, "winmail.dat!m.eml"),
    "m.eml": (lambda _, octets: b"\xff\xfe" + octets.decode().encode("utf-16-le"), "m.eml!@0"),
    "a.mbox": (lambda _, octets: b"From a@b.example Mon Apr 24 10:00:00 2017\r\n" + octets, "a.mbox"),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_signed_mail_in_a_container_is_verified_by_itself(judged: Any, tmp_path: Path, name: str) -> None:
    make, path = CONTAINERS[name]
    (tmp_path / name).write_bytes(make("m.eml", MAIL))
    rows = judged(tmp_path, [KEY])
    assert (rows[path]["verdict"], rows[path]["basis"]) == ("verified", "signature")
    assert (rows[f"{path}!2"]["verdict"], rows[f"{path}!2"]["basis"]) == ("verified", "inherited")
    assert {row["verdict"] for other, row in rows.items() if not other.startswith(path)} <= {"unverifiable"}


@pytest.mark.parametrize("name", ["a.7z", "a.rar", "winmail.dat"])
def test_what_lies_in_a_foreign_container_of_a_verified_mail_inherits_nothing(
    judged: Any, tmp_path: Path, name: str
) -> None:
    make, _ = CONTAINERS[name]
    (tmp_path / "m.eml").write_bytes(mail(name.encode(), make("sheet.csv", SHEET)))
    rows = judged(tmp_path, [KEY])
    assert rows["m.eml"]["verdict"] == "verified"
    inside = rows["m.eml!2!sheet.csv"]
    assert (inside["verdict"], inside["size"]) == ("unverifiable", len(SHEET))


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_forged_mail_in_a_container_is_never_verified(judged: Any, tmp_path: Path, name: str) -> None:
    make, path = CONTAINERS[name]
    (tmp_path / name).write_bytes(make("m.eml", MAIL.replace(b"The hall is booked.", b"The hall is closed.")))
    rows = judged(tmp_path, [KEY])
    assert {row["verdict"] for row in rows.values()} <= {"unverifiable", "suspected_fake"}
    assert rows[path]["dkim_result"] in ("fail", "neutral")
