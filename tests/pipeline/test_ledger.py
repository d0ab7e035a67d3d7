"""Each invariant of the ledger, broken once: it is named, and the exit code is 5 (DESIGN §6)."""

from __future__ import annotations

import dataclasses
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipeline import cli, evidence, ledger, out_tables

SAMPLE = Path(__file__).resolve().parents[2] / "sample_dump"


def edited(table: pa.Table, name: str, row: int, value: object) -> pa.Table:
    """The table with one value replaced."""
    at = table.schema.get_field_index(name)
    values = table[name].to_pylist()
    assert values[row] != value
    values[row] = value
    kind = table.schema.field(name).type
    if pa.types.is_dictionary(kind):
        column = pa.array(values, kind.value_type).dictionary_encode()
    else:
        column = pa.array(values, kind)
    return table.set_column(at, table.schema.field(name), column)


def without(table: pa.Table, row: int) -> pa.Table:
    return pa.concat_tables([table.slice(0, row), table.slice(row + 1)])


def row_where(table: pa.Table, **wanted: object) -> int:
    return next(
        n for n, row in enumerate(table.to_pylist()) if all(row[name] == value for name, value in wanted.items())
    )


def with_children(table: pa.Table) -> int:
    """A row that others lie in."""
    return table["item_id"].to_pylist().index(table["parent_id"].drop_null()[0].as_py())


def is_leaf(table: pa.Table) -> int:
    parents = set(table["parent_id"].to_pylist())
    return next(n for n, one in enumerate(table["item_id"].to_pylist()) if one not in parents)


def test_a_finished_run_has_no_problems(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = sum(path.is_file() or path.is_symlink() for path in (SAMPLE / "leak").rglob("*"))
    assert ledger.problems(finished, entries) == []
    assert cli.run(["verify", str(finished), "--against", str(SAMPLE / "leak")]) == 0
    assert "accounted for" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "edit", "words"),
    [
        ("items", lambda t: edited(t, "item_id", 0, t["item_id"][1].as_py()), "same item_id"),
        ("items", lambda t: edited(t, "parent_id", with_children(t), "0" * 32), "parent of 1 rows is missing"),
        ("items", lambda t: edited(t, "item_id", with_children(t), "0" * 32), "is missing"),
        ("items", lambda t: edited(t, "verdict", 3, None), "no verdict"),
        ("items", lambda t: without(t, is_leaf(t)), "count other items"),
        ("items", lambda t: edited(t, "source_path", 0, "elsewhere"), "no row in sources, first elsewhere"),
        ("sources", lambda t: without(t, 0), "no row in sources"),
        ("sources", lambda t: edited(t, "source_path", 0, t["source_path"][1].as_py()), "same source_path"),
        ("sources", lambda t: edited(t, "n_items", 2, 77), "count other items"),
        ("sources", lambda t: edited(t, "size", row_where(t, kind="email"), 1), "octets of 1 files"),
        ("sources", lambda t: edited(t, "bytes_outside", row_where(t, kind="mailbox"), 0), "octets of 1 files"),
        ("sources", lambda t: edited(t, "bytes_in_items", row_where(t, kind="email"), 0), "octets of 1 files"),
        ("findings", lambda t: edited(t, "item_id", 0, "0" * 32), "findings: 1 rows are about no item"),
        ("signatures", lambda t: edited(t, "item_id", 0, "0" * 32), "signatures: 1 rows are about no item"),
    ],
)
def test_a_broken_invariant_is_named_and_ends_with_5(
    out: Path, rewrite, capsys: pytest.CaptureFixture[str], name: str, edit: Callable[[pa.Table], pa.Table], words: str
) -> None:
    rewrite(name, edit)
    found = ledger.problems(out)
    assert any(words in sentence for sentence in found), found
    assert cli.run(["verify", str(out)]) == 5
    printed = capsys.readouterr()
    assert words in printed.out and "Do not rely on these tables" in printed.err


@pytest.mark.parametrize("at_once", [1, 7, 50])
def test_a_table_of_more_rows_than_are_held_together_is_accounted_in_ranges(
    out: Path, rewrite, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """The same sentences, however many rows are held together."""
    monkeypatch.setattr(ledger, "_AT_ONCE", at_once)
    assert len(ledger._ranges(out, "items", "item_id")) > 1
    assert ledger.problems(out) == []
    rewrite("items", lambda t: edited(edited(t, "item_id", with_children(t), "0" * 32), "source_path", 0, "elsewhere"))
    rewrite("sources", lambda t: pa.concat_tables([t, t.slice(3, 1)]))
    rewrite("findings", lambda t: edited(t, "item_id", 0, "f" * 33))
    found = ledger.problems(out)
    monkeypatch.undo()
    assert found == ledger.problems(out) and len(found) >= 5


def test_ranges_hold_every_value_once(tmp_path: Path) -> None:
    """Whatever the values are: many alike, none, and such as begin with high code points."""
    values = ["b"] * 30 + [None, "", "a", "\U0010ffff", "é", "z" * 40] * 2
    pq.write_table(pa.table({"item_id": pa.array(values)}), tmp_path / "items.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "_AT_ONCE", 5)
        ranges = ledger._ranges(tmp_path, "items", "item_id")
    held = [ledger._within(tmp_path, "items", "item_id", one).to_pylist() for one in ranges]
    assert len(ranges) > 2 and Counter(one for some in held for one in some) == Counter(values)


def test_walked_entries_without_a_row_are_named(finished: Path) -> None:
    rows = len(out_tables.read_table(finished, "sources"))
    (sentence,) = ledger.problems(finished, rows + 1)
    assert f"{rows + 1} directory entries were walked, {rows} rows were written" in sentence


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(path.read_bytes() + b"!")])
def test_a_table_that_is_not_the_one_written_ends_with_5(
    out: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], object]
) -> None:
    spoil(out / "signatures.parquet")
    assert cli.run(["verify", str(out)]) == 5
    assert "signatures.parquet: differs" in capsys.readouterr().out


def test_a_judgement_that_does_not_account_for_its_evidence_ends_with_5(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An octet of a message goes astray in the evidence: the run itself says so at its end."""
    (path,) = (out / "evidence").rglob("*.arrow")
    shard = evidence.read_shard(out, path.stem, last="texts")
    at = row_where(shard.sources, kind="email")
    inside = shard.sources["octets_in_items"][at].as_py()
    short = edited(shard.sources, "octets_in_items", at, inside - 1)
    evidence.write_shard(out, dataclasses.replace(shard, sources=short))
    assert cli.run(["judge", str(out), "-q"]) == 5
    assert "not all accounted for" in capsys.readouterr().err
    record = out_tables.read_run(out)
    assert record is not None and len(record["problems"]) == 1


# ---- against the dump --------------------------------------------------------------------------


@pytest.fixture
def leak(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE / "leak", tmp_path / "leak", symlinks=True))


def first_file(leak: Path) -> Path:
    return min(path for path in leak.rglob("*") if path.is_file() and not path.is_symlink())


def test_the_dump_that_was_read_shows_no_difference(finished: Path, leak: Path) -> None:
    assert ledger.differences(finished, leak) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\0"), "octets have changed"),
        (Path.unlink, "no longer there"),
        (lambda path: path.with_name("new.eml").write_bytes(b"x"), "was not there"),
    ],
)
def test_a_dump_that_changed_is_named(
    finished: Path, leak: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Path], object], words: str
) -> None:
    path = first_file(leak)
    change(path)
    (sentence,) = ledger.differences(finished, leak)
    assert words in sentence and sentence.startswith(path.parent.relative_to(leak).as_posix())
    assert cli.run(["verify", str(finished), "--against", str(leak)]) == 5
    assert words in capsys.readouterr().out


def test_times_of_modification_are_no_difference(finished: Path, leak: Path) -> None:
    first_file(leak).touch()
    assert ledger.differences(finished, leak) == []


def test_every_source_accounts_for_its_octets_or_its_members(finished: Path) -> None:
    sources = out_tables.read_table(finished, "sources")
    counted = sources.filter(pc.is_valid(sources["bytes_in_items"]))
    assert len(counted) > 10
    assert pc.all(pc.equal(pc.add(counted["bytes_in_items"], counted["bytes_outside"]), counted["size"])).as_py()
    assert pc.sum(sources["n_items"]).as_py() == len(out_tables.read_table(finished, "items"))
