"""A dump reads the same whether it lies here or in a store."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import store
from transforms.dump import opener
from transforms.limits import LIMITS
from transforms.plan import entries, plan_units
from transforms.span import SourceChanged
from transforms.unit import examine_unit
from transforms.unpack.rows import Settings
from transforms.watch import UNWATCHED

NAMES = ["b", "a/x", "a.txt", "a/b/c", "a/b.txt", "a-/y", "a0", "z\xe9/\U0001f600", "A", "a/ ", "s3:/x", "~", "a/b/!#"]
SECONDS = 1_500_000_000


def both(disk: ModuleType, folder: Path, names: list[str]) -> tuple[bytes, bytes]:
    """The same dump twice."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"From: {name}@example.org\n\ntext\n".encode())
        os.utime(path, (SECONDS, SECONDS))
        disk.put(f"disk://leak/dump/{name}", path.read_bytes(), SECONDS)
    return bytes(folder), b"disk://leak/dump"


def test_objects_come_in_the_order_of_a_walk(disk: ModuleType, tmp_path: Path) -> None:
    here, there = both(disk, tmp_path / "dump", NAMES)
    assert list(entries(there)) == list(entries(here))
    assert list(plan_units(there, LIMITS)) == list(plan_units(here, LIMITS))
    assert list(entries(there + b"/")) == list(entries(here))


_PART = st.text(st.sampled_from("ab./-!\x01 \xe9\U0001f600"), min_size=1, max_size=6)


@given(st.sets(_PART, min_size=1, max_size=8))
def test_any_names_are_in_the_order_of_a_walk(found: set[str]) -> None:
    from transforms.plan import _entry, _place

    names = {name.strip("/") for name in found} - {"", ".", ".."}
    names = {name for name in names if not any(part in ("", ".", "..") for part in name.split("/"))}
    names = {name for name in names if not any(other.startswith(name + "/") for other in names)}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        walked = [entry.name for entry in entries(os.fsencode(folder))]
    listed = [_entry(store.Found(f"s3://b/{name}", 0, 0), "s3://b/") for name in names]
    assert [entry.name for entry in sorted(listed, key=_place)] == walked


def test_one_object_is_a_dump(disk: ModuleType, tmp_path: Path) -> None:
    here, _ = both(disk, tmp_path / "dump", ["a.eml"])
    assert list(entries(b"disk://leak/dump/a.eml")) == list(entries(here + b"/a.eml"))
    with opener(b"disk://leak/dump/a.eml")(b"a.eml") as file:
        assert file.span.read().startswith(b"From: a.eml")


def test_a_unit_says_the_same_and_each_octet_is_fetched_once(disk: ModuleType, tmp_path: Path) -> None:
    here, there = both(disk, tmp_path / "dump", NAMES)
    seen = []
    for root in (here, there):
        (unit,) = plan_units(root, LIMITS)
        seen.append(examine_unit(unit, root, Settings(LIMITS), tempfile.TemporaryFile, UNWATCHED))
    assert seen[0] == seen[1]
    size = sum(entry.size for entry in entries(here))
    assert sum(octets for verb, octets, _ in disk.asked() if verb == "get") == size


@pytest.mark.parametrize("change", ["vanished", "longer", "shorter", "later"])
def test_an_object_that_is_no_longer_what_was_planned_costs_its_own_row(
    disk: ModuleType, tmp_path: Path, change: str
) -> None:
    _, there = both(disk, tmp_path / "dump", ["a", "b", "c"])
    (unit,) = plan_units(there, LIMITS)
    url = "disk://leak/dump/b"
    octets = disk.path_of(url).read_bytes()
    if change == "vanished":
        disk.path_of(url).unlink()
    else:
        disk.put(url, octets + b"x" if change == "longer" else octets[: -1 if change == "shorter" else None],
                 SECONDS + (change == "later"))  # fmt: skip
    found = examine_unit(unit, there, Settings(LIMITS), tempfile.TemporaryFile, UNWATCHED)
    codes = [(source.source_path, source.error_code) for source in found.sources]
    assert codes == [("a", None), ("b", "io.vanished" if change == "vanished" else "io.changed"), ("c", None)]
    assert sum(item.source_path == "b" for item in found.items) == 1


def test_a_store_that_is_lost_is_no_fault_of_the_file(
    disk: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan and a row must not depend on the network: the run stops."""
    _, there = both(disk, tmp_path / "dump", ["a"])
    (unit,) = plan_units(there, LIMITS)

    def lost(self: object, *_: object) -> bytes:
        raise store.StoreLost("gone")

    monkeypatch.setattr(store.Ranges, "_read", lost)
    with pytest.raises(store.StoreLost):
        examine_unit(unit, there, Settings(LIMITS), tempfile.TemporaryFile, UNWATCHED)
    disk.put("disk://leak/dump/large", b"From a@example.org Mon Jan  1 00:00:00 2001\n" * 1_000_000, SECONDS)
    with pytest.raises(store.StoreLost):
        list(plan_units(there, LIMITS))


def test_a_file_that_is_no_longer_what_was_planned_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (entry,) = entries(bytes(tmp_path))
    with opener(bytes(tmp_path))(b"a", entry) as file:
        assert file.span.read() == b"abc"
    os.utime(tmp_path / "a", (1, 1))
    with pytest.raises(SourceChanged):
        opener(bytes(tmp_path))(b"a", entry)


def test_names_that_look_like_places_in_a_store_are_names(tmp_path: Path) -> None:
    folder = tmp_path / "s3:" / "leak"
    folder.mkdir(parents=True)
    (folder / "x.eml").write_bytes(b"From: a@example.org\n\ntext\n")
    assert [entry.name for entry in entries(bytes(tmp_path))] == [b"s3:/leak/x.eml"]
    with opener(bytes(tmp_path))(b"s3:/leak/x.eml") as file:
        assert file.span.size == 26
    with pytest.raises(FileNotFoundError):
        opener(bytes(tmp_path))(b"s3://leak/y.eml")
    assert store._process.questions is None or not store._process.systems.get("s3")


def test_large_containers_are_split_there_as_here_and_read_in_their_ranges(disk: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    message = b"From a@example.org Mon Jan  1 00:00:00 2001\nFrom: a@example.org\n\n" + b"word " * 20_000 + b"\n\n"
    (folder / "a.mbox").write_bytes(message * (2 * LIMITS.unit_bytes // len(message)))
    with zipfile.ZipFile(folder / "b.zip", "w") as archive:
        for number in range(40):
            archive.writestr(f"{number}.bin", bytes([number]) * (1 << 20))
    with tarfile.open(folder / "c.tar", "w") as tar:
        for number in range(40):
            (info := tarfile.TarInfo(f"{number}.bin")).size = 1 << 20
            tar.addfile(info, io.BytesIO(bytes([number]) * (1 << 20)))
    for path in folder.iterdir():
        os.utime(path, (SECONDS, SECONDS))
        disk.put(f"disk://leak/dump/{path.name}", path.read_bytes(), SECONDS)
    there = list(plan_units(b"disk://leak/dump", LIMITS))
    assert there == list(plan_units(bytes(folder), LIMITS))
    for form in ("mailbox_range", "zip_range", "tar_range"):
        unit = next(unit for unit in there if unit.form == form)
        before = len(disk.asked())
        examine_unit(unit, b"disk://leak/dump", Settings(LIMITS), tempfile.TemporaryFile, UNWATCHED)
        fetched = sum(octets for verb, octets, _ in disk.asked()[before:] if verb == "get")
        assert fetched < unit.octets + (6 << 20) < unit.entries[0].size
