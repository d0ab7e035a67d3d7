"""One work unit: files that vanish, change, cannot be read or are no files cost their own row alone."""

from __future__ import annotations

import dataclasses
import gc
import hashlib
import io
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from meddler import Meddler
from transforms.limits import LIMITS
from transforms.model import FileEntry, Kind, Status, UnitEvidence, WorkUnit
from transforms.plan import plan_units
from transforms.unit import examine_unit
from transforms.unpack.rows import Settings
from transforms.watch import UNWATCHED, Watch

MAIL = (
    b"From: anna@campaign.example\r\nTo: b@press.example\r\nSubject: hi\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\n\r\ntext\r\n--b\r\nContent-Type: a/b\r\n\r\noctets\r\n--b--\r\n"
)


def plan(dump: Path) -> WorkUnit:
    (unit,) = plan_units(os.fsencode(dump), LIMITS)
    return unit


def examined(dump: Path, unit: WorkUnit, watch: Watch = UNWATCHED) -> UnitEvidence:
    return examine_unit(unit, os.fsencode(dump), Settings(LIMITS), tempfile.TemporaryFile, watch)


def rows(found: UnitEvidence) -> dict[str, tuple[Kind, Status, str | None]]:
    return {item.path: (item.kind, item.status, item.error_code) for item in found.items}


@pytest.fixture
def three(dump: Path) -> Path:
    """A dump of three messages with one attachment each; tests disturb the second."""
    for name in ("a.eml", "b.eml", "c.eml"):
        (dump / name).write_bytes(MAIL)
    return dump


SIBLINGS = {
    path: (kind, Status.OK, None)
    for name in ("a.eml", "c.eml")
    for path, kind in ((name, Kind.EMAIL), (f"{name}!2", Kind.TEXT))
}


def swap_for_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("a.eml")


def swap_for_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def swap_for_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("disturb", "code"),
    [
        (Path.unlink, "io.vanished"),
        (lambda path: path.write_bytes(MAIL + b"!"), "io.changed"),
        (lambda path: path.write_bytes(MAIL[:-9]), "io.changed"),
        (lambda path: os.utime(path, ns=(1, 1)), "io.changed"),
        (swap_for_link, "io.unreadable"),
        (swap_for_folder, "io.changed"),
        (swap_for_pipe, "io.changed"),
    ],
    ids=["vanished", "grown", "shrunk", "touched", "link", "folder", "pipe"],
)
def test_a_file_that_is_no_longer_what_was_planned_is_one_error_row(
    three: Path, disturb: Callable[[Path], object], code: str
) -> None:
    unit = plan(three)
    disturb(three / "b.eml")
    found = examined(three, unit)
    assert rows(found) == SIBLINGS | {"b.eml": (Kind.OTHER, Status.ERROR, code)}
    assert [(s.status, s.n_items, s.n_errors) for s in found.sources] == [
        (Status.OK, 2, 0), (Status.ERROR, 1, 1), (Status.OK, 2, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("octets", [MAIL[:-9], MAIL + b"!", b""])
def test_a_file_that_changes_while_it_is_read_gives_back_all_its_rows(three: Path, octets: bytes) -> None:
    second_attachment = 3  # rows: a.eml, its part, b.eml, its part
    watch = Meddler(second_attachment, lambda: (three / "b.eml").write_bytes(octets))
    found = examined(three, plan(three), watch)
    assert rows(found) == SIBLINGS | {"b.eml": (Kind.OTHER, Status.ERROR, "io.changed")}
    assert [item.row for item in found.items] == list(range(len(found.items)))
    assert {text.row for text in found.texts} == {0, 1, 3, 4}


def test_a_file_that_shrinks_while_it_is_hashed_is_an_error(dump: Path) -> None:
    large = dump / "a.bin"
    with large.open("wb") as file:
        file.truncate(LIMITS.in_memory + 1)  # read in windows, not at once
    unit = plan(dump)
    found = examined(dump, unit, Meddler(0, lambda: os.truncate(large, LIMITS.in_memory // 2)))
    assert rows(found) == {"a.bin": (Kind.OTHER, Status.ERROR, "io.changed")}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_file_that_may_not_be_read_is_an_error(three: Path) -> None:
    (three / "b.eml").chmod(0)
    found = examined(three, plan(three))
    assert rows(found) == SIBLINGS | {"b.eml": (Kind.OTHER, Status.ERROR, "io.unreadable")}


def test_what_could_not_be_seen_when_planned_is_an_error(three: Path) -> None:
    unit = WorkUnit("0" * 32, 0, "files", (FileEntry(b"locked", 0, 0, "unreadable"), *plan(three).entries))
    found = examined(three, unit)
    assert rows(found)["locked"] == (Kind.OTHER, Status.ERROR, "io.unreadable")
    assert rows(found).items() >= SIBLINGS.items()


def test_links_and_pipes_are_rows_that_nothing_is_read_from(dump: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(MAIL)
    (dump / "link").symlink_to(secret)
    (dump / "loop").symlink_to("loop")
    (dump / "folder").symlink_to(tmp_path)
    os.mkfifo(dump / "pipe")
    found = examined(dump, plan(dump))
    assert rows(found) == {
        "folder": (Kind.LINK, Status.OK, None),
        "link": (Kind.LINK, Status.OK, None),
        "loop": (Kind.LINK, Status.OK, None),
        "pipe": (Kind.SPECIAL, Status.ERROR, "io.special"),
    }
    assert all(item.sha256 is None and item.size is None for item in found.items)
    assert found.items[1].notes == (f"io.link: {secret}",)
    assert [source.n_items for source in found.sources] == [1, 1, 1, 1]


def test_a_dump_of_one_file_is_named_by_it(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(MAIL)
    found = examined(path, plan(path))
    assert list(rows(found)) == ["a.eml", "a.eml!2"]
    assert found.sources[0].sha256 == hashlib.sha256(MAIL).hexdigest()


def test_an_empty_file_is_one_row(dump: Path) -> None:
    (dump / "empty").touch()
    found = examined(dump, plan(dump))
    assert rows(found) == {"empty": (Kind.OTHER, Status.OK, None)}
    assert found.items[0].sha256 == hashlib.sha256(b"").hexdigest()


def test_a_name_of_any_octets_is_escaped_in_its_path(dump: Path) -> None:
    name = b"d\xff\n!%/@x"
    (dump / os.fsdecode(name)).parent.mkdir()
    (dump / os.fsdecode(name)).write_bytes(b"x")
    found = examined(dump, plan(dump))
    assert [item.path for item in found.items] == ["d%FF%0A%21%25/%40x"]
    assert found.items[0].path_bytes is None  # of its own name, which is UTF-8
    (dump / os.fsdecode(b"\xfe.eml")).write_bytes(MAIL)
    last = examined(dump, plan(dump)).items[0]
    assert (last.path, last.path_bytes, last.file_name) == ("%FE.eml", b"\xfe.eml", "\\xfe.eml")


def test_the_dump_is_left_as_it_was(three: Path) -> None:
    before = [(path.name, path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(three.iterdir())]
    examined(three, plan(three))
    assert [(path.name, path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(three.iterdir())] == before


def test_names_like_options_and_patterns_are_names(dump: Path) -> None:
    names = ["-rf", "--help", "*", "[a].eml", "a.eml", "a*.eml", "?", "~", "$HOME", "%s", "a;b|c>d", "{0}"]
    for name in names:
        (dump / name).write_bytes(name.encode())
    found = examined(dump, plan(dump))
    assert {item.sha256: item.file_name for item in found.items} == {
        hashlib.sha256(name.encode()).hexdigest(): name for name in names
    }


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_no_file_stays_open(dump: Path) -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(50):
            archive.writestr(f"{number}.eml", MAIL)
    for number in range(100):
        (dump / f"{number}.eml").write_bytes(MAIL)
        (dump / f"{number}.zip").write_bytes(zipped.getvalue()[: len(zipped.getvalue()) - number])
    limits = dataclasses.replace(LIMITS, in_memory=10)  # every member goes to a file of its own
    gc.collect()  # files that other tests have left
    before = len(os.listdir("/proc/self/fd"))
    for unit in plan_units(os.fsencode(dump), limits, (), tempfile.TemporaryFile):
        found = examine_unit(unit, os.fsencode(dump), Settings(limits), tempfile.TemporaryFile, UNWATCHED)
    assert len(found.items) > 5_000
    assert len(os.listdir("/proc/self/fd")) <= before
