"""Containers that others wrote, from public packages: skipped without the folder that CONTAINER_FIXTURES names.

npm pst-extractor 1.12.0                     example/testdata/
Maven org.apache.tika:tika-parsers:1.28.5    its jar of tests, test-documents/
PyPI tnefparse 1.4.0                         its source, tests/examples/
PyPI rarfile 4.2                             its source, test/files/
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from transforms.model import Kind, Status

FOLDER = Path(os.environ.get("CONTAINER_FIXTURES", "/nowhere"))
OFFICE = {"testEXCEL.xls", "testHTML.html", "testOpenOffice2.odt", "testPDF.pdf", "testPPT.ppt", "testRTF.rtf",
          "testTXT.txt", "testWORD.doc", "testXML.xml"}  # fmt: skip


@pytest.fixture
def public(examine):  # type: ignore[no-untyped-def]
    """A dump that holds the named file."""

    def run(name: str):  # type: ignore[no-untyped-def]
        if not (FOLDER / name).exists():
            pytest.skip(f"needs {name} in the folder that CONTAINER_FIXTURES names")
        return examine({name: (FOLDER / name).read_bytes()})

    return run


@pytest.mark.parametrize(
    ("name", "subject", "attachments"),
    [
        ("two-files.tnef", "two files", {"AUTHORS": 244, "README": 893}),
        ("long-filename.tnef", "RE: license file", {"allproductsmar2000.dat": 279}),
        ("unicode-mapi-attr.tnef", "example", {"example.dat": 1024}),
        ("umlaut.tnef", None, {"TBZ PARIV GmbH.jpg": 44764, "image003.jpg": 1001, "UmlautAnhang-äüö.txt": 14}),
        ("testWINMAIL.dat", None, {"quick.doc": 19968, "quick.html": 428, "quick.pdf": 18638, "quick.txt": 235,
                                   "quick.xml": 143}),
    ],
)  # fmt: skip
def test_winmail_dat(public, name: str, subject: str | None, attachments: dict[str, int]) -> None:  # type: ignore[no-untyped-def]
    found = public(name)
    assert (found.items[name].kind, found.items[name].subject) == (Kind.EMAIL, subject)
    inside = [found.items[path] for path in found.below(name)]
    assert {item.file_name: item.size for item in inside} == attachments
    assert {item.status for item in found.items.values()} == {Status.OK}


@pytest.mark.parametrize(
    ("name", "author", "subject"),
    [
        ("testMSG.msg", "jukka.zitting@gmail.com", "MIME registry use cases"),
        ("test-outlook.msg", "msoe@microsoft.com", "Microsoft Outlook Express 6"),
        ("testMSG_att_msg.msg", "nick.booth@pof.com.au", "test email"),
        ("testMSG_chinese.msg", None, "Alfresco MSG format testing ( MSG 格式測試 )"),
    ],
)
def test_outlooks_msg(public, name: str, author: str | None, subject: str) -> None:  # type: ignore[no-untyped-def]
    found = public(name)
    assert (found.items[name].from_email, found.items[name].subject) == (author, subject)
    assert {item.status for item in found.items.values()} == {Status.OK} and found.texts[name].text


@pytest.mark.parametrize("name", ["test-documents.zip", "test-documents.tar", "test-documents.7z"])
def test_archives(public, name: str) -> None:  # type: ignore[no-untyped-def]
    if name.endswith(".7z"):
        pytest.importorskip("py7zr")
    found = public(name)
    assert {item.file_name for item in found.items.values()} >= OFFICE
    assert {item.status for item in found.items.values()} == {Status.OK}


def test_rar_lists_what_it_cannot_open(public, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("rarfile")
    monkeypatch.setenv("PATH", "")
    found = public("test-documents.rar")
    members = [item for item in found.items.values() if item.depth]
    assert {item.file_name for item in members} == OFFICE
    assert {item.error_code for item in members} == {"container.needs_rar_program"}


@pytest.mark.parametrize("program", ["unrar", "7zz", "bsdtar"])
@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("rar5-solid-qo.rar", {"stest1.txt": 2048, "stest2.txt": 2048}),
        ("rar5-blake.rar", {"stest1.txt": 2048, "stest2.txt": 2048}),
        ("rar5-subdirs.rar", {"file1.txt": 6, "file2.txt": 6, "file.txt": 5, "long fn.txt": 8}),
        ("rar3-subdirs.rar", {"file1.txt": 6, "file2.txt": 6, "file.txt": 5, "long fn.txt": 8}),
        ("rar202-comment-nopsw.rar", {"FILE1.TXT": 7, "FILE2.TXT": 7}),
        ("test-documents.rar", dict.fromkeys(OFFICE)),
    ],
)
def test_compressed_members_are_opened_by_a_program(public, monkeypatch, tmp_path, program, name, members) -> None:  # type: ignore[no-untyped-def]
    """By the one named alone; skipped where it is not installed."""
    pytest.importorskip("rarfile")
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"needs {program} on the PATH")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / program).symlink_to(path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    found = public(name)
    inside = [item for item in found.items.values() if item.depth == 1]
    assert {item.file_name for item in inside} == set(members)
    assert all(item.status is Status.OK and members[item.file_name] in (None, item.size) for item in inside)


@pytest.mark.parametrize(
    "names",
    [
        ("rar3-old.rar", "rar3-old.r00", "rar3-old.r01"),
        ("rar3-vols.part1.rar", "rar3-vols.part2.rar", "rar3-vols.part3.rar"),
        ("rar5-vols.part1.rar", "rar5-vols.part2.rar", "rar5-vols.part3.rar"),
    ],
)
def test_each_file_of_an_archive_in_several_gives_what_lies_whole_in_it(public, names: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("rarfile")
    for name in names:
        found = public(name)
        inside = {item.file_name: item for item in found.items.values() if item.depth == 1}
        big = inside.pop("bigfile.txt")
        assert (big.error_code, len(big.notes)) == ("container.other_volume", 1)
        assert (found.items[name].status, found.items[name].error_code) == (Status.PARTIAL, "container.other_volume")
        assert {one.file_name: one.size for one in inside.values()} == (
            {"smallfile.txt": 2050} if name == names[-1] else {}
        )


@pytest.mark.parametrize("name", ["droste.zip", "quine.gz"])
def test_an_archive_that_holds_itself_is_a_cycle(public, name: str) -> None:  # type: ignore[no-untyped-def]
    codes = [item.error_code for item in public(name).items.values()]
    assert "limit.cycle" in codes and len(codes) < 10


@pytest.mark.parametrize("name", ["test-documents.cpio", "testARofText.ar"])
def test_an_archive_that_nothing_here_opens_says_so(public, name: str) -> None:  # type: ignore[no-untyped-def]
    item = public(name).items[name]
    assert (item.kind, item.status, item.error_code) == (Kind.ARCHIVE, Status.ERROR, "container.unsupported_format")
