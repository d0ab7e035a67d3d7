"""What a run may delete in OUT: its own names, in a folder that held a run, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import cli, out_folder, out_tables, tables

WRITTEN = [
    ".lock",
    "run.json",
    ".run.json.0123456789abcdef",
    "items.parquet",
    "findings-00001-of-00012.parquet",
    ".sources-00001.parquet.part",
    "..keys-00001.parquet.part.0123456789abcdef",
]
FOREIGN = ["thesis.parquet", "items-2017.parquet", "items.parquet.bak", "run.json~", "notes.txt"]
HIDDEN = [".bashrc", ".items.parquet", ".run.json.backup", ".DS_Store"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    (tmp_path / "dump").mkdir()
    (tmp_path / "dump" / "a.txt").write_text("a")
    return tmp_path / "dump"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of its owner's, with names that a run might use as well."""
    home = tmp_path / "home"
    for name in (".ssh", "keys", "work", "evidence"):
        (home / name).mkdir(parents=True)
        (home / name / "mine").write_text("mine")
    for name in (".bashrc", "thesis.parquet", "items.parquet"):
        (home / name).write_text("mine")
    return home


@pytest.mark.parametrize("option", ["--force", "--resume", "-q"])
def test_a_folder_that_held_no_run_is_refused_and_left_as_it_was(
    dump: Path, home: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    for _ in range(2):  # a refusal must not leave what the next run would take for a run's
        assert cli.run(["run", str(dump), "-o", str(home), option, "-q"]) == 3
        assert "holds other files" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_only_a_run_s_own_names_are_its_own(tmp_path: Path) -> None:
    for name in WRITTEN:
        (tmp_path / name).write_text("")
    assert out_folder.stranger(tmp_path) is None
    for name in HIDDEN:
        (tmp_path / name).write_text("")
    assert out_folder.stranger(tmp_path) is None
    for name in FOREIGN:
        (tmp_path / name).write_text("")
        assert out_folder.stranger(tmp_path) == name
        (tmp_path / name).unlink()
    for name in FOREIGN:
        (tmp_path / name).write_text("")
    for name in ("evidence", "work", "keys"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("")
    out_folder.clear(tmp_path)
    assert names(tmp_path) == sorted([".lock", *FOREIGN, *HIDDEN])


def test_a_link_is_unlinked_and_what_it_names_is_kept(tmp_path: Path, dump: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / ".lock").write_text("")
    (out / "evidence").symlink_to(dump)
    out_folder.clear(out)
    assert names(out) == [".lock"] and names(dump) == ["a.txt"]


def test_force_clears_an_earlier_run_and_spares_hidden_files(out: Path, dump: Path) -> None:
    (out / ".DS_Store").write_text("")
    (out / "findings-00001-of-00002.parquet").write_text("")
    assert cli.run(["run", str(dump), "-o", str(out), "--force", "-q"]) == 0
    assert names(out) == sorted(
        [".DS_Store", ".lock", "evidence", "keys", "run.json", *(f"{t}.parquet" for t in tables.TABLES)]
    )
    assert [row["path"] for row in out_tables.read_table(out, "items").to_pylist()] == ["a.txt"]


def test_a_copy_of_out_without_its_lock_is_known_by_its_run(out: Path) -> None:
    (out / ".lock").unlink()
    assert out_folder.stranger(out) is None
    (out / "run.json").unlink()
    assert out_folder.stranger(out) is None
    (out / "evidence" / "plan.jsonl").unlink()
    assert out_folder.stranger(out) is not None
