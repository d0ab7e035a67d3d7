"""Work units: in walk order, bounded, depending on the dump alone, and splitting changes no row."""

from __future__ import annotations

import hashlib
import io
import os
import random
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transforms.containers import tar
from transforms.limits import LIMITS, Limits
from transforms.model import Item, Source, Status, WorkUnit
from transforms.plan import plan_units, single_file, walk
from transforms.unit import examine_unit
from transforms.unpack.rows import Settings
from transforms.watch import UNWATCHED

FROM_LINE = b"From anna@campaign.example Mon Apr 24 10:00:00 2017\n"
MAIL = b"From: anna@campaign.example\nTo: b@press.example\nSubject: hi\nDate: Mon, 24 Apr 2017 10:00:00 +0200\n\nText\n"


def plan(dump: Path, limits: Limits = LIMITS, also_hash: tuple[str, ...] = ()) -> list[WorkUnit]:
    return list(plan_units(os.fsencode(dump), limits, also_hash))


def names(unit: WorkUnit) -> list[str]:
    return [os.fsdecode(entry.name) for entry in unit.entries]


def write(dump: Path, files: dict[str, bytes]) -> None:
    for name, octets in files.items():
        (dump / name).parent.mkdir(parents=True, exist_ok=True)
        (dump / name).write_bytes(octets)


# ---- walk order -----------------------------------------------------------------------------------


def test_a_directory_comes_whole_before_those_in_it_and_names_go_by_octets(dump: Path) -> None:
    order = ["Z", "a.eml", "b", "é", "a/1", "a/b/1", "a-b/1", "a0/1"]  # files, then folders: a, a-b, a0
    write(dump, dict.fromkeys(reversed(order), b"x"))
    (dump / "empty").mkdir()
    found = [os.fsdecode(entry.name) for entry in walk(os.fsencode(dump))]
    assert found == ["Z", "a.eml", "b", "é", "a/1", "a/b/1", "a-b/1", "a0/1"]


def test_names_that_are_not_utf8_are_walked(dump: Path) -> None:
    for name in (b"\xff", b"\xc3\xa9", b"z"):
        (dump / os.fsdecode(name)).write_bytes(b"x")
    assert [entry.name for entry in walk(os.fsencode(dump))] == [b"z", b"\xc3\xa9", b"\xff"]


def test_links_are_not_followed(dump: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"x")
    (dump / "folder").symlink_to(tmp_path / "outside")
    (dump / "up").symlink_to("..")
    os.mkfifo(dump / "pipe")
    forms = {entry.name: entry.form for entry in walk(os.fsencode(dump))}
    assert forms == {b"folder": "link", b"up": "link", b"pipe": "special"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_folder_that_may_not_be_read_is_an_entry(dump: Path) -> None:
    write(dump, {"a/1": b"x", "b/1": b"x"})
    (dump / "a").chmod(0)
    found = [(entry.name, entry.form) for entry in walk(os.fsencode(dump))]
    (dump / "a").chmod(0o700)
    assert found == [(b"a", "unreadable"), (b"b/1", "file")]


def test_a_dump_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(walk(os.fsencode(tmp_path / "none")))


def test_an_empty_dump_has_no_units(dump: Path) -> None:
    assert plan(dump) == []


# ---- bundles --------------------------------------------------------------------------------------


def test_files_are_bundled_by_octets_across_folders(dump: Path) -> None:
    write(dump, {"a": b"x" * 60, "b": b"x" * 30, "c/1": b"x" * 20, "c/2": b"x" * 80, "d/1": b"x"})
    units = plan(dump, replace(LIMITS, unit_bytes=100))
    assert [names(unit) for unit in units] == [["a", "b"], ["c/1", "c/2"], ["d/1"]]
    assert [unit.octets for unit in units] == [90, 100, 1]
    assert [unit.sequence for unit in units] == [0, 1, 2]


def test_files_are_bundled_by_count_across_folders(dump: Path) -> None:
    write(dump, {f"{folder}/{n}": b"x" for folder in "abc" for n in range(3)})
    units = plan(dump, replace(LIMITS, unit_files=4))
    assert [len(unit.entries) for unit in units] == [4, 4, 1]
    assert names(units[1]) == ["b/1", "b/2", "c/0", "c/1"]


def test_a_large_file_that_cannot_be_split_is_a_unit_of_its_own_in_its_place(dump: Path) -> None:
    write(dump, {"a": b"x", "b": b"y" * 500, "c": b"x"})
    units = plan(dump, replace(LIMITS, unit_bytes=100))
    assert [names(unit) for unit in units] == [["a"], ["b"], ["c"]]
    assert {unit.form for unit in units} == {"files"}


def test_empty_files_count(dump: Path) -> None:
    write(dump, {f"{n:03d}": b"" for n in range(25)})
    assert [len(unit.entries) for unit in plan(dump, replace(LIMITS, unit_files=10))] == [10, 10, 5]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.from_regex(r"[a-d]{1,2}(/[a-d]{1,2}){0,2}", fullmatch=True), st.integers(0, 120), max_size=15),
    st.integers(1, 6),
)
def test_every_entry_is_in_one_unit_in_walk_order(sizes: dict[str, int], unit_files: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, size in sizes.items():
            try:
                write(Path(folder), {name: b"x" * size})
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                pass  # drawn as a file and as a folder
        walked = list(walk(os.fsencode(folder)))
        units = plan(Path(folder), replace(LIMITS, unit_bytes=100, unit_files=unit_files))
    assert [entry for unit in units for entry in unit.entries] == walked
    for unit in units:
        assert len(unit.entries) <= unit_files
        assert unit.octets <= 100 or len(unit.entries) == 1


# ---- ids -------------------------------------------------------------------------------------------


def test_ids_are_distinct_and_the_same_each_time(dump: Path) -> None:
    write(dump, {"in.mbox": (FROM_LINE + MAIL + b"\n") * 20, **{f"{n}.eml": MAIL for n in range(9)}})
    small = replace(LIMITS, unit_bytes=300)
    first, second = plan(dump, small), plan(dump, small)
    assert first == second
    ids = [unit.unit_id for unit in first]
    assert len(set(ids)) == len(ids) > 5
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in ids)


def test_an_id_does_not_depend_on_where_the_dump_lies(dump: Path, tmp_path: Path) -> None:
    write(dump, {"a.eml": MAIL})
    os.utime(dump / "a.eml", ns=(5, 5))
    before = plan(dump)
    dump.rename(tmp_path / "moved")
    assert plan(tmp_path / "moved") == before


@pytest.mark.parametrize(
    "change",
    [
        lambda path: os.utime(path, ns=(7, 7)),
        lambda path: path.write_bytes(MAIL + b"!"),
        lambda path: path.rename(path.with_name("b.eml")),
        lambda path: path.with_name("z.eml").write_bytes(MAIL),
        lambda path: (path.unlink(), path.symlink_to("b")),
    ],
    ids=["mtime", "size", "name", "neighbour", "form"],
)
def test_an_id_depends_on_the_entries(dump: Path, change: Callable[[Path], object]) -> None:
    write(dump, {"a.eml": MAIL})
    os.utime(dump / "a.eml", ns=(5, 5))
    (before,) = plan(dump)
    change(dump / "a.eml")
    (after,) = plan(dump)
    assert after.unit_id != before.unit_id


def test_an_id_depends_on_limits_and_digests(dump: Path) -> None:
    write(dump, {"a.eml": MAIL})
    plans = [plan(dump), plan(dump, replace(LIMITS, depth=9)), plan(dump, also_hash=("md5",))]
    assert len({units[0].unit_id for units in plans}) == 3
    assert plan(dump, also_hash=("md5", "sha1")) == plan(dump, also_hash=("sha1", "md5"))


def test_a_dump_of_one_file_is_one_entry_with_its_own_name(dump: Path) -> None:
    write(dump, {"a.eml": MAIL})
    (unit,) = plan(dump / "a.eml")
    assert unit.entries == (single_file(os.fsencode(dump / "a.eml")),)
    assert names(unit) == ["a.eml"]


# ---- split containers: the same rows, whatever the ranges -------------------------------------------


def examined(dump: Path, limits: Limits) -> tuple[list[WorkUnit], dict[str, Item], Source]:
    """Units, rows by path, and the one file's source with its ranges added up."""
    units = plan(dump, limits)
    items: dict[str, Item] = {}
    total: Source | None = None
    for unit in units:
        found = examine_unit(unit, os.fsencode(dump), Settings(limits), tempfile.TemporaryFile, UNWATCHED)
        for item in found.items:
            assert item.path not in items, "a row given twice"
            items[item.path] = item
        (part,) = found.sources
        if total is None:
            total = part
            continue
        total = total._replace(
            n_items=total.n_items + part.n_items,
            n_errors=total.n_errors + part.n_errors,
            octets_in_items=total.octets_in_items + part.octets_in_items,
            octets_outside=total.octets_outside + part.octets_outside,
        )
    assert total is not None
    return units, items, total


def assert_split_changes_nothing(dump: Path, unit_bytes: int, *but: str) -> list[WorkUnit]:
    """Rows are the same but for their numbers, which count within a unit."""
    _, whole, source = examined(dump, LIMITS)
    units, split, added = examined(dump, replace(LIMITS, unit_bytes=unit_bytes))
    unlike = dict.fromkeys(("row", "parent_row", *but))
    assert [item._replace(**unlike) for item in split.values()] == [item._replace(**unlike) for item in whole.values()]
    assert list(split) == list(whole)  # in the same order as well
    assert added == source
    return units


@pytest.mark.parametrize("unit_bytes", [1, 7, 64, 100, 1000])
def test_a_split_mailbox_gives_the_rows_of_the_whole(dump: Path, unit_bytes: int) -> None:
    nested = MAIL.replace(b"\n\n", b"\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: a/b\n\n", 1)
    write(dump, {"in.mbox": (FROM_LINE + MAIL + b"\n" + FROM_LINE + nested + b"--b--\n\n") * 4 + FROM_LINE + MAIL})
    units = assert_split_changes_nothing(dump, unit_bytes, "file_name")
    size = (dump / "in.mbox").stat().st_size
    if size > unit_bytes:
        assert [unit.form for unit in units] == ["whole", *["mailbox_range"] * (len(units) - 1)]
        assert [unit.stop - unit.start for unit in units[1:-1]] == [unit_bytes] * (len(units) - 2)
        assert sum(unit.octets for unit in units) == 2 * size  # hashed once, read once


@pytest.mark.parametrize("unit_bytes", [1, 64, 100, 1000])
def test_a_mailbox_without_empty_lines_between_its_messages_is_split_as_well(dump: Path, unit_bytes: int) -> None:
    write(dump, {"in.mbox": (FROM_LINE + MAIL) * 7})
    units = assert_split_changes_nothing(dump, unit_bytes, "file_name")
    size = (dump / "in.mbox").stat().st_size
    if size > unit_bytes:
        assert [unit.form for unit in units] == ["whole", *["close_range"] * (len(units) - 1)]
        assert sum(unit.octets for unit in units) == 2 * size


_LINES = st.lists(
    st.sampled_from(
        [
            FROM_LINE, FROM_LINE, MAIL, b"\n", b"\n", b"\r\n", b"text\n", b"From: x@y.example\n", b">From x\n",
            b"From here on it rained\n", b"From \n", b"\nFrom ", b"\0\xff", FROM_LINE.replace(b"\n", b"\r\n"),
        ]
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_LINES, st.integers(20, 400), st.sampled_from([b"\n", b""]))
def test_any_mailbox_split_anywhere_gives_each_octet_to_one_row(
    tmp_path: Path, lines: list[bytes], unit_bytes: int, behind: bytes
) -> None:
    octets = FROM_LINE + MAIL + behind + FROM_LINE + MAIL + b"".join(lines)
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        write(Path(folder), {"in.mbox": octets})
        assert_split_changes_nothing(Path(folder), unit_bytes, "file_name")
        _, items, source = examined(Path(folder), replace(LIMITS, unit_bytes=unit_bytes))
    assert source.octets_in_items + source.octets_outside == source.size == len(octets)
    if items["in.mbox"].kind != "mailbox":
        return
    seen = bytearray(len(octets))
    for item in items.values():
        if item.parent_id == items["in.mbox"].item_id:
            assert item.byte_start is not None and item.byte_len is not None
            stop = item.byte_start + item.byte_len
            assert hashlib.sha256(octets[item.byte_start : stop]).hexdigest() == item.sha256
            assert not any(seen[item.byte_start : stop]), "an octet in two rows"
            seen[item.byte_start : stop] = b"\1" * item.byte_len
    assert sum(seen) == source.octets_in_items


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, octets in members:
            archive.writestr(zipfile.ZipInfo(name), octets, method)
    return out.getvalue()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a.eml", "a.eml#2", "b/c.eml", "d/", "@5", ""]),
            st.sampled_from([MAIL, b"", b"x" * 300, FROM_LINE + MAIL + b"\n" + FROM_LINE + MAIL]),
        ),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    st.integers(1, 500),
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_any_zip_split_anywhere_gives_each_member_one_row(
    tmp_path: Path, members: list[tuple[str, bytes]], method: int, unit_bytes: int
) -> None:
    members = [("first", b"x"), *((name, b"" if name.endswith("/") else octets) for name, octets in members)]
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        write(Path(folder), {"z.zip": zipped(*members, method=method)})
        units = assert_split_changes_nothing(Path(folder), unit_bytes)
        _, items, source = examined(Path(folder), replace(LIMITS, unit_bytes=unit_bytes))
    direct = [item for item in items.values() if item.parent_id == items["z.zip"].item_id]
    assert len(direct) == sum(not name.endswith("/") for name, _ in members)
    assert source.counts_members
    ranges = [(unit.start, unit.stop) for unit in units if unit.form == "zip_range"]
    if ranges:
        assert ranges[0][0] == 0 and ranges[-1][1] == len(direct)
        assert all(one[1] == two[0] for one, two in pairwise(ranges))


def test_a_damaged_member_of_a_split_zip_costs_its_own_row(dump: Path) -> None:
    octets = bytearray(zipped(*((f"{n}.eml", MAIL) for n in range(6)), method=zipfile.ZIP_STORED))
    header = octets.index(b"3.eml") - 30
    assert octets[header : header + 4] == b"PK\3\4"
    octets[header : header + 4] = b"\0\0\0\0"
    write(dump, {"z.zip": bytes(octets)})
    assert_split_changes_nothing(dump, 200)
    _, items, source = examined(dump, replace(LIMITS, unit_bytes=200))
    assert [path for path, item in items.items() if item.status is not Status.OK] == ["z.zip", "z.zip!3.eml"]
    assert source.n_errors == 2


TAR_FORMS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
LONG = "n/" * 130 + "n"
_TYPES = {"folder": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE, "link": tarfile.LNKTYPE, "pipe": tarfile.FIFOTYPE}


def tarred(*members: tuple[str, bytes], form: int = tarfile.PAX_FORMAT, behind: bytes = b"") -> bytes:
    """The name's beginning tells what a member is, if it is none of octets; zeros to the end of a record."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, octets in members:
            info = tarfile.TarInfo(name)
            kind = next((kind for start, kind in _TYPES.items() if name.startswith(start)), tarfile.REGTYPE)
            info.type, info.linkname = kind, "target" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            info.size = len(octets) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(octets))
    return out.getvalue() + behind


def sparse(name: str, form: str) -> bytes:
    """A member with holes, as GNU writes it: with a map that goes on in a block of its own, or named by pax."""
    info = tarfile.TarInfo(name)
    if form == "pax":
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.name": name + ".whole"}
        info.size = 700
        return info.tobuf(tarfile.PAX_FORMAT) + b"m" * 700 + b"\0" * 324
    info.size, info.type = 700, tarfile.GNUTYPE_SPARSE
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[482] = 1
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + b"\0" * 512 + b"m" * 700 + b"\0" * 324


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["a.eml", "a.eml#2", "b/c.eml", "folder", "symlink", "link", "pipe", "@5", "é!%", "n" * 99, LONG]
            ),
            st.sampled_from([MAIL, b"", b"x" * 300, b"x" * 512, FROM_LINE + MAIL + b"\n" + FROM_LINE + MAIL]),
        ),
        min_size=1,
        max_size=12,
        unique_by=lambda member: member[0],
    ),
    st.sampled_from(TAR_FORMS),
    st.sampled_from([b"", b"\0" * 700, sparse("s", "gnu"), sparse("s", "pax"), tarred(("second", MAIL))]),
    st.integers(1, 5000),
)
def test_any_sound_tar_split_anywhere_gives_each_member_one_row(
    tmp_path: Path, members: list[tuple[str, bytes]], form: int, behind: bytes, unit_bytes: int
) -> None:
    if form == tarfile.USTAR_FORMAT:
        members = [(name, octets) for name, octets in members if len(name) < 200]
    octets = tarred(("first", b"x"), *members, form=form, behind=behind)
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        write(Path(folder), {"t.tar": octets})
        units = assert_split_changes_nothing(Path(folder), unit_bytes)
        _, items, source = examined(Path(folder), replace(LIMITS, unit_bytes=unit_bytes))
    assert source.counts_members
    direct = [item for item in items.values() if item.parent_id == items["t.tar"].item_id]
    assert len(direct) == 1 + sum(name != "folder" for name, _ in members) + (behind.strip(b"\0") != b"")
    if len(direct) > 1 and unit_bytes < 500:  # one has a unit of its own, folders lie with the next
        assert [unit.form for unit in units] == ["whole", *["tar_range"] * len(direct)]
        assert sum(unit.octets for unit in units) == 2 * len(octets)  # hashed once, read once
        assert all(one.stop == two.start for one, two in pairwise(units[1:]))


@pytest.mark.parametrize("change", range(60))
def test_any_damage_to_a_large_tar_gives_the_rows_of_the_whole(dump: Path, change: int) -> None:
    members = [(f"mail/{number}.eml" + "x" * 90 * (number % 2), MAIL * (number + 1)) for number in range(8)]
    octets = bytearray(tarred(*members, form=TAR_FORMS[change % 3]) + sparse("s", "gnu"))
    draw = random.Random(change)
    for _ in range(1 + change % 3):
        at = draw.randrange(512, len(octets)) // 512 * 512 + draw.choice([0, 124, 150, 156, 300, 500])
        octets[at : at + 4] = draw.randbytes(4)
    write(dump, {"t.tar": bytes(octets[: draw.randrange(600, 2 * len(octets))])})
    assert_split_changes_nothing(dump, 2_000)


NINE = tarred(*((f"{n}.eml", MAIL) for n in range(9)))


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (NINE[:5_700], "container.truncated"),  # in a member
        (NINE[:5_300], "container.truncated"),  # in a header
        (NINE + b"junk", "container.truncated"),
        (NINE + b"x" * 512 + tarred(("last", MAIL)), "container.damaged"),
        (NINE.replace(MAIL + b"\0", MAIL + b"!", 1), "container.outside_members"),
        (NINE.replace(MAIL + b"\0", MAIL + b"!", 1)[:5_700], "container.truncated"),
    ],
)
def test_a_large_tar_with_damage_is_split_as_well(dump: Path, octets: bytes, code: str) -> None:
    write(dump, {"t.tar": octets})
    units = assert_split_changes_nothing(dump, 1_000)
    assert {unit.form for unit in units[1:]} == {"tar_range"} and len(units) > 5
    _, items, source = examined(dump, replace(LIMITS, unit_bytes=1_000))
    assert (items["t.tar"].status, items["t.tar"].error_code) == (Status.PARTIAL, code)
    assert (source.status, source.error_code) == (Status.PARTIAL, code)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "a#2", "b/c", "folder", "symlink", "@5", ""]), st.sampled_from([b"", MAIL]))
    ),
    st.integers(1, 3_000),
    st.sampled_from([b"", b"junk", b"x" * 600]),
)
def test_repeated_names_count_over_the_whole_of_a_large_tar(
    tmp_path: Path, members: list[tuple[str, bytes]], unit_bytes: int, behind: bytes
) -> None:
    members = [("a", b""), ("a", b"x"), *members, ("a", b"")]
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        write(Path(folder), {"t.tar": tarred(*members, behind=behind)})
        units = assert_split_changes_nothing(Path(folder), unit_bytes)
    assert {unit.form for unit in units} <= {"whole", "files", "repeats_range"}
    assert len(units) > 2 or unit_bytes > 500


def test_a_tar_is_split_by_members_as_well(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(dump, {"t.tar": tarred(*((f"{n}", b"") for n in range(9)))})
    monkeypatch.setattr(tar, "LIMITS", replace(LIMITS, unit_files=4))
    units = assert_split_changes_nothing(dump, 9_000)
    assert [unit.octets for unit in units[1:]] == [2_048, 2_048, 10_240 - 4_096]
    monkeypatch.setattr(tar, "LIMITS", replace(LIMITS, members=8))
    assert [unit.form for unit in plan(dump, replace(LIMITS, unit_bytes=1_000))] == ["files"]


def test_a_container_that_is_not_split_has_one_unit(dump: Path) -> None:
    docx = zipped(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", os.urandom(500)))
    write(dump, {"a.docx": docx, "one.mbox": FROM_LINE + MAIL + b"x\n" * 200, "broken.zip": b"PK\3\4" + b"\0" * 400})
    units = plan(dump, replace(LIMITS, unit_bytes=100))
    assert [(unit.form, names(unit)) for unit in units] == [
        ("files", ["a.docx"]), ("files", ["broken.zip"]), ("files", ["one.mbox"]),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["in.mbox", "in.zip", "in.tar"])
def test_what_cannot_be_read_of_a_split_file_has_a_row_for_each_range(dump: Path, name: str) -> None:
    members = [(f"{number}.eml", MAIL) for number in range(9)]
    write(dump, {"in.mbox": (FROM_LINE + MAIL + b"\n") * 5, "in.zip": zipped(*members)})
    write(dump, {"in.tar": tarred(*members)})
    limits = replace(LIMITS, unit_bytes=200)
    units = [unit for unit in plan(dump, limits) if names(unit) == [name]]
    (dump / name).unlink()
    found = [
        examine_unit(unit, os.fsencode(dump), Settings(limits), tempfile.TemporaryFile, UNWATCHED) for unit in units
    ]
    ranges = units[1:]
    assert len(ranges) > 1
    assert [(item.path, item.error_code) for one in found for item in one.items] == [
        (name, "io.vanished"), *((f"{name}!@{one.start}-{one.stop}", "io.vanished") for one in ranges),
    ]  # fmt: skip
    assert all(one.sources[0].status is Status.ERROR for one in found)
