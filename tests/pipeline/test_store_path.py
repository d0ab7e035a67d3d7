"""A path in a store does what the run asks of a Path, and nothing that it cannot do."""

from __future__ import annotations

import copy
import io
import os
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.places import lies_in
from pipeline.store_path import StorePath, path_of

OUT = StorePath("disk://leak/out")


def test_a_scheme_decides_which_kind_a_path_is() -> None:
    assert isinstance(path_of("s3://leak/out"), StorePath)
    assert not isinstance(path_of("s3:/leak/out"), StorePath) and not isinstance(path_of("out"), StorePath)


def test_it_is_written_as_it_was_given() -> None:
    assert str(OUT / "evidence" / "ab.arrow") == "disk://leak/out/evidence/ab.arrow"
    assert str((OUT / "run.json").with_name("a")) == "disk://leak/out/a" and str(OUT.parent) == "disk://leak"
    assert bytes(OUT) == b"disk://leak/out" and f"{OUT}" == "disk://leak/out"
    assert copy.copy(OUT) == OUT and type(copy.deepcopy(OUT / "a")) is StorePath  # as it crosses to a worker
    assert (OUT / "keys" / "a.txt").relative_to(OUT).as_posix() == "keys/a.txt"


def test_it_has_no_name_on_this_machine() -> None:
    for ask in (os.fspath, open, os.listdir):
        with pytest.raises(TypeError, match="has no name on this machine"):
            ask(OUT)  # type: ignore[operator]
    with pytest.raises(io.UnsupportedOperation):
        OUT.open("wb")


def test_what_lies_below_is_found_by_step_and_by_pattern(disk: ModuleType) -> None:
    for name in ("run.json", "evidence/ab/1.arrow", "evidence/cd/2.arrow", "evidence/cd/2.put_back"):
        disk.put(f"{OUT}/{name}", b"x")
    disk.put("disk://leak/out2/other", b"x")
    assert sorted(path.name for path in OUT.iterdir()) == ["evidence", "run.json"]
    assert sorted(path.name for path in (OUT / "evidence").glob("*/*.arrow")) == ["1.arrow", "2.arrow"]
    assert sorted(path.name for path in OUT.rglob("*.put_back")) == ["2.put_back"]
    assert OUT.is_dir() and OUT.exists() and not OUT.is_file()
    assert (OUT / "run.json").is_file() and not (OUT / "run.json").is_dir() and not (OUT / "never").exists()
    (OUT / "evidence").remove()
    assert disk.names() == ["disk://leak/out/run.json", "disk://leak/out2/other"]


def test_what_was_put_is_read(disk: ModuleType) -> None:
    path = OUT / "a.txt"
    path.write_text("one\ntwo\n")
    assert path.read_bytes() == b"one\ntwo\n" and path.read_text() == "one\ntwo\n" and path.stat().st_size == 8
    with path.open(encoding="ascii") as lines:
        assert list(lines) == ["one\n", "two\n"]
    path.replace(OUT / "b.txt")
    assert disk.names() == [f"{OUT}/b.txt"]
    (OUT / "b.txt").put(io.BytesIO(b""))  # as Beam's S3 has it: an object without octets cannot be put
    assert disk.names() == []
    (OUT / "b.txt").unlink(missing_ok=True)
    with pytest.raises(FileNotFoundError):
        (OUT / "b.txt").unlink()


def test_a_part_of_an_object_is_read_without_the_rest(disk: ModuleType) -> None:
    disk.put(f"{OUT}/large", bytes(20 << 20))
    with (OUT / "large").open("rb") as file:
        file.seek(-8, io.SEEK_END)
        assert file.read() == bytes(8)
    assert sum(octets for verb, octets, _ in disk.asked() if verb == "get") <= 1 << 20


def test_one_place_lies_in_another(tmp_path: Path) -> None:
    assert lies_in(OUT / "a", OUT) and lies_in(OUT, OUT)
    assert not lies_in(StorePath("disk://leak/out2"), OUT) and not lies_in(OUT, OUT / "a")
    assert not lies_in(OUT, tmp_path) and not lies_in(tmp_path, OUT)
