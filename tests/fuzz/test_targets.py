"""What must hold for any octets: tried with hypothesis on healthy ones that were changed, and on no octets at all.

The same promises are held under a fuzzer by hand (fuzz/run.py).
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for `from rar_file import rar`
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fuzz"))
import targets

import office_file
from outlook_file import outlook
from rar_file import member, rar
from tnef_file import BODY, SUBJECT, attachment, text, tnef
from transforms.unpack.rows import Octets

LEAK = targets.SAMPLE / "leak"
MAIL = next(path.read_bytes() for path in sorted(LEAK.rglob("*.eml")))


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("1.eml", "2.csv"):
            one = tarfile.TarInfo(name)
            one.size = len(MAIL)
            archive.addfile(one, io.BytesIO(MAIL))
    return out.getvalue()


HEALTHY = {
    **{f"leak/{path.name}": path.read_bytes() for path in sorted(LEAK.rglob("*.*")) if path.suffix != ".eml"},
    "a.mbox": (targets.FROM_LINE + MAIL + b"\n") * 3,
    "close.mbox": (targets.FROM_LINE + MAIL) * 3,
    "utf16.eml": b"\xff\xfe" + MAIL.decode("latin-1").encode("utf-16-le"),
    "a.tar": tarred(),
    "a.tgz": gzip.compress(tarred(), mtime=0),
    "a.eml.bz2": bz2.compress(MAIL),
    "a.eml.xz": lzma.compress(MAIL),
    "a.eml.zst": zstandard.compress(MAIL),
    "a.rar": rar(member(b"mail\\1.eml", MAIL), member(b"b.csv", b"1,2")),
    "a.msg": outlook(MAIL.partition(b"\r\n\r\n")[0], body="words", html=b"<p>words"),
    "winmail.dat": tnef({SUBJECT: text("x"), BODY: text("words")}, attachment(b"a.csv", b"1,2")),
    "a.docx": office_file.docx(),
    "a.odt": office_file.odt(),
    "a.doc": office_file.doc(),
    "a.pdf": office_file.pdf(),
    "streams.pdf": office_file.pdf_of_streams(),
    "a.jpg": office_file.jpeg(office_file.exif()),
    "a.rtf": b"{\\rtf1\\ansi{\\info{\\author Anna}{\\creatim\\yr2017\\mo4\\dy24}}\\pard words\\par}",
    "a.html": b"<html><head><meta name=author content=Anna></head><body><p>words</p></body></html>",
    "a.ics": b"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nDTSTAMP:20170424T100000Z\nEND:VEVENT\nEND:VCALENDAR\n",
}
EDITS = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),  # where, as a share
        st.integers(0, 40),  # how many octets go
        st.one_of(st.binary(max_size=8), st.sampled_from([b"\xff" * 4, b"\0" * 8, b"\r\n\r\n", b"\nFrom ", b"PK\1\2"])),
    ),
    max_size=6,
)


def edited(octets: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    changed = bytearray(octets)
    for share, gone, new in edits:
        at = int(share * len(changed))
        changed[at : at + gone] = new
    return bytes(changed)


@pytest.mark.parametrize("name", HEALTHY)
def test_no_change_to_a_file_loses_a_row_or_an_octet(name: str) -> None:
    @settings(max_examples=25, deadline=None)
    @given(EDITS)
    def holds(edits: list[tuple[float, int, bytes]]) -> None:
        targets.file(edited(HEALTHY[name], edits), Path(name).name)

    holds()


@pytest.mark.parametrize("target", targets.TARGETS)
def test_what_a_target_promises_holds(target: str) -> None:
    seeds = list(targets.seeds(target))

    @settings(max_examples=50, deadline=None)
    @given(st.one_of(st.binary(max_size=300), st.builds(edited, st.sampled_from(seeds), EDITS)))
    def holds(octets: bytes) -> None:
        targets.TARGETS[target](octets)

    assert seeds
    for octets in (b"", *seeds[:5]):
        targets.TARGETS[target](octets)
    holds()


def test_an_octet_that_is_lost_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    read = targets.content.read

    def losing(*given: object, **more: object) -> Octets:
        inside, outside = read(*given, **more)
        return Octets(inside - 1, outside)

    monkeypatch.setattr(targets.content, "read", losing)
    with pytest.raises(AssertionError):
        targets.mail(MAIL)


def test_a_canonical_form_that_is_wrong_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "relaxed_body", targets.simple_body)
    with pytest.raises(AssertionError):
        targets.canonical_form(b"two  words\r\n")
