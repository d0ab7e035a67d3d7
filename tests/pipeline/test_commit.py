"""Final tables: row groups of one size, numbered files above a limit, run.json last."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import cli, commit, key_store, out_tables, tables
from transforms.model import SCHEMA_VERSION, PublicKey

NAME = "findings"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row groups of 4 rows, files of 10."""
    monkeypatch.setattr(tables, "ROW_GROUP", 4)
    monkeypatch.setattr(tables, "FILE_ROWS", 10)


def batches(*sizes: int) -> list[pa.Table]:
    """Rows numbered through all batches, enums as plain strings as a unit's run has them."""
    made, at = [], 0
    for size in sizes:
        columns = {}
        for field in tables.schema(NAME):
            kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
            values = [f"v{n}" if pa.types.is_string(kind) else n for n in range(at, at + size)]
            columns[field.name] = pa.array(values, kind)
        made.append(pa.table(columns))
        at += size
    return made


def numbers(out: Path) -> list[int]:
    return out_tables.read_table(out, NAME, ["seq"])["seq"].to_pylist()


def row_groups(path: Path) -> list[int]:
    metadata = pq.read_metadata(path)
    return [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((10,), {f"{NAME}.parquet": [4, 4, 2]}),
        ((3, 3, 3, 1), {f"{NAME}.parquet": [4, 4, 2]}),
        ((0, 4, 0), {f"{NAME}.parquet": [4]}),
        ((), {f"{NAME}.parquet": []}),
        ((0, 0), {f"{NAME}.parquet": []}),
        ((11,), {f"{NAME}-00001-of-00002.parquet": [4, 4], f"{NAME}-00002-of-00002.parquet": [3]}),
        ((12,), {f"{NAME}-00001-of-00002.parquet": [4, 4], f"{NAME}-00002-of-00002.parquet": [4]}),
        ((5,) * 4, {f"{NAME}-0000{n}-of-00003.parquet": [4, 4] if n < 3 else [4] for n in (1, 2, 3)}),
    ],
)
def test_rows_go_to_groups_and_files_of_fixed_sizes_however_they_come(
    tmp_path: Path, sizes: tuple[int, ...], expected: dict[str, list[int]]
) -> None:
    names = commit.write_table(tmp_path, NAME, batches(*sizes))
    assert {name: [n for n in row_groups(tmp_path / name) if n] for name in names} == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == names == list(expected)
    assert numbers(tmp_path) == list(range(sum(sizes)))


@pytest.mark.usefixtures("small")
def test_many_files_are_read_in_their_order(tmp_path: Path) -> None:
    commit.write_table(tmp_path, NAME, batches(*[7] * 40))
    assert len(out_tables.table_files(tmp_path, NAME)) == 35
    assert numbers(tmp_path) == list(range(280))


@pytest.mark.usefixtures("small")
def test_the_octets_do_not_depend_on_how_the_rows_come(tmp_path: Path) -> None:
    digests = set()
    for number, sizes in enumerate(((25,), (1,) * 25, (0, 9, 0, 16))):
        out = tmp_path / str(number)
        out.mkdir()
        names = commit.write_table(out, NAME, batches(*sizes))
        digests.add(tuple(out_tables.file_sha256(out / name) for name in names))
    assert len(digests) == 1


def test_every_table_has_its_schema_and_its_version(tmp_path: Path) -> None:
    for name in tables.TABLES:
        commit.write_table(tmp_path, name, [])
        found = pq.read_schema(tmp_path / f"{name}.parquet")
        assert found.remove_metadata().equals(tables.schema(name))
        assert found.metadata[b"schema_version"] == b"%d" % SCHEMA_VERSION


def test_a_writer_that_fails_leaves_the_earlier_table(tmp_path: Path) -> None:
    commit.write_table(tmp_path, NAME, batches(3))

    def breaks():
        yield from batches(tables.ROW_GROUP)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        commit.write_table(tmp_path, NAME, breaks())
    assert [path.name for path in tmp_path.iterdir()] == [f"{NAME}.parquet"]
    assert numbers(tmp_path) == [0, 1, 2]


def test_a_table_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        out_tables.read_table(tmp_path, NAME)


def test_run_json_comes_back_and_its_absence_means_incomplete(tmp_path: Path) -> None:
    assert out_tables.read_run(tmp_path) is None
    record = {"schema_version": 1, "octets": 0, "tables": {}, "counts": {}, "timings": {}}
    record["arguments"] = {"dump": "/d/\udcff é\u2028"}
    commit.write_run(tmp_path, record)
    assert out_tables.read_run(tmp_path) == record
    assert (tmp_path / "run.json").read_bytes().isascii()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, "{}", '{"schema_version": 2}', "\udcff"])
def test_a_damaged_run_json_is_none(out: Path, text: str) -> None:
    (out / "run.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert out_tables.read_run(out) is None


def test_a_key_confirms_under_the_name_that_signed_alone(tmp_path: Path) -> None:
    key = PublicKey("k" * 64, "a.example", "s1", "v=DKIM1; p=", "archive", "f")
    others = [dataclasses.replace(key, domain="b.example"), dataclasses.replace(key, selector="s2")]
    key_store.keep(tmp_path, [key, *others])
    known = {"item_id": "i", "domain": "a.example", "selector": "s1", "header_ok": True, "key_id": key.key_id}
    columns = []
    for field in tables.schema("signatures"):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        columns.append(pa.array([known.get(field.name)], kind))
    commit.write_table(tmp_path, "signatures", [pa.table(columns, names=tables.schema("signatures").names)])
    rows = commit.keys_table(tmp_path).to_pylist()
    assert [(r["domain"], r["selector"], r["n_verified"], r["n_failed"]) for r in rows] == [
        ("a.example", "s1", 1, 0),
        ("a.example", "s2", 0, 0),
        ("b.example", "s1", 0, 0),
    ]


def test_another_judgement_numbers_its_files_anew(out: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """Small files, then one again: the same rows, and no file of the earlier judgement stays."""
    expected = out_tables.read_table(out, "items")
    one = (out / "items.parquet").read_bytes()
    with monkeypatch.context() as lowered:
        lowered.setattr(tables, "FILE_ROWS", 20)
        lowered.setattr(tables, "ROW_GROUP", 5)
        assert cli.run(["judge", str(out), "-q"]) == 0
    assert not (out / "items.parquet").exists()
    assert len(out_tables.table_files(out, "items")) == -(-len(expected) // 20)
    assert out_tables.read_table(out, "items").to_pylist() == expected.to_pylist()
    assert cli.run(["verify", str(out)]) == 0
    assert cli.run(["judge", str(out), "-q"]) == 0
    assert [path.name for path in out_tables.table_files(out, "items")] == ["items.parquet"]
    assert (out / "items.parquet").read_bytes() == one
    assert cli.run(["verify", str(out)]) == 0
    recorded = set(json.loads((out / "run.json").read_text())["tables"])
    assert recorded == {path.name for path in out.glob("*.parquet")}


def test_items_are_sorted_by_verdict_then_walk_order_then_place(finished: Path) -> None:
    rows = out_tables.read_table(finished, "items", ["verdict", "source_path", "ordinal"]).to_pylist()
    order = ["suspected_fake", "verified", "unverifiable"]
    assert [row["verdict"] for row in rows] == sorted((row["verdict"] for row in rows), key=order.index)
    walked = out_tables.read_table(finished, "sources", ["source_path"])["source_path"].to_pylist()
    for verdict in order:
        places = [(walked.index(row["source_path"]), row["ordinal"]) for row in rows if row["verdict"] == verdict]
        assert places == sorted(places) and len(places) > 1


def test_findings_and_signatures_follow_the_items(finished: Path) -> None:
    ids = out_tables.read_table(finished, "items", ["item_id"])["item_id"].to_pylist()
    for name in ("findings", "signatures"):
        rows = out_tables.read_table(finished, name, ["item_id", "seq"]).to_pylist()
        places = [(ids.index(row["item_id"]), row["seq"]) for row in rows]
        assert places == sorted(places) and len(set(places)) == len(places) > 10
