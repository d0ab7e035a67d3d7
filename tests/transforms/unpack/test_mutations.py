"""Containers that were damaged on the way: no exception, no octet and no row is lost, and siblings are read."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from transforms.model import Status

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from mixed_dump import files
from mutations import mutations

MAIL = (
    b"From: Claire Aubry <claire@campaign.example>\r\nTo: desk@newsroom.example\r\nSubject: The hall\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0000\r\nMessage-ID: <hall.1@campaign.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nThe hall is booked.\r\n"
    b"--B\r\nContent-Type: text/csv; name=a.csv\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"YSxiDQoxLDINCg==\r\n--B--\r\n"
)


def zipped(method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, octets in (("1.eml", MAIL), ("empty.txt", b""), ("b.csv", b"1,2\r\n" * 60)):
            archive.writestr(zipfile.ZipInfo(name), octets, method)
    return out.getvalue()


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, octets in (("n" * 120 + ".eml", MAIL), ("b.csv", b"1,2\r\n" * 60)):
            member = tarfile.TarInfo(name)
            member.size = len(octets)
            archive.addfile(member, io.BytesIO(octets))
    return out.getvalue()


HEALTHY = {
    "a.eml": MAIL,
    "a.mbox": (b"From claire@campaign.example Mon Apr 24 10:00:00 2017\r\n" + MAIL + b"\r\n") * 3,
    "a.emlx": b"%d\n" % len(MAIL) + MAIL + b'<?xml version="1.0"?>\n<plist version="1.0"/>\n',
    "utf16.eml": b"\xff\xfe" + MAIL.decode().encode("utf-16-le"),
    "stored.zip": zipped(zipfile.ZIP_STORED),
    "deflated.zip": zipped(zipfile.ZIP_DEFLATED),
    "lzma.zip": zipped(zipfile.ZIP_LZMA),
    "a.tar": tarred(),
    "a.tgz": gzip.compress(tarred(), mtime=0),
    "a.eml.gz": gzip.compress(MAIL, mtime=0),
    "a.eml.bz2": bz2.compress(MAIL),
    "a.eml.xz": lzma.compress(MAIL),
    "a.eml.zst": zstandard.compress(MAIL),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_one_is_read_whole(examine, name: str) -> None:  # type: ignore[no-untyped-def]
    found = examine({name: HEALTHY[name]})
    assert {item.status for item in found.items.values()} == {Status.OK}
    assert any(item.from_email == "claire@campaign.example" for item in found.items.values())
    assert any(item.file_name == "a.csv" and item.size == 10 for item in found.items.values())


# Everything else that a leak may hold; libpff is C, so its files have a test in a process of their own.
ALL = HEALTHY | {name: octets for name, octets in files().items() if octets and not name.endswith(".pst")}


@pytest.mark.parametrize("name", ALL)
def test_no_mutation_loses_a_row_or_an_octet(examine, name: str) -> None:  # type: ignore[no-untyped-def]
    files = {f"{number:03}/{name}": octets for number, octets in enumerate(mutations(ALL[name], seed=13))}
    found = examine(files | {"sibling.eml": MAIL})
    assert sum(not item.depth for item in found.items.values()) == 201
    for path, octets in files.items():
        (source,) = found.sources[path]
        assert source.size == len(octets) and source.sha256 is not None
        assert source.counts_members or source.octets_in_items + source.octets_outside == len(octets)
    assert found.items["sibling.eml"].status is Status.OK
