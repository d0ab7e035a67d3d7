"""A unit of many rows is written in parts while it is read: nothing in the tables tells."""

from __future__ import annotations

import base64
import dataclasses
import io
import os
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from meddler import Meddler
from pipeline import commit, engines, evidence, examining, graph, key_store, stretches
from pipeline.job import Job
from pst_form import Values, mailbox
from transforms.limits import LIMITS, Limits
from transforms.scratch import Unwritten
from transforms.unpack.rows import Settings
from transforms.watch import UNWATCHED, Watch

SAMPLE = Path(__file__).resolve().parents[2] / "sample_dump"
IN_PARTS = dataclasses.replace(LIMITS, part_items=4)
ALSO_BY_OCTETS = dataclasses.replace(LIMITS, part_octets=3_000)


def leak() -> list[tuple[str, bytes]]:
    """Files of the sample leak: mail, mailboxes, archives, documents, broken things."""
    paths = sorted(path for path in (SAMPLE / "leak").rglob("*") if path.is_file() and not path.is_symlink())
    return [(str(path.relative_to(SAMPLE / "leak")), path.read_bytes()) for path in paths]


def tarred(members: Sequence[tuple[str, bytes]], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, octets in members:
            info = tarfile.TarInfo(name)
            info.size = len(octets)
            archive.addfile(info, io.BytesIO(octets))
    return out.getvalue()


def examine(dump: Path, out: Path, limits: Limits, watch: Watch = UNWATCHED) -> Job:
    job = Job(dump, out, Settings(limits), processes=0)
    job.work.mkdir(parents=True, exist_ok=True)
    (out / "evidence").mkdir(exist_ok=True)
    for unit in list(examining.plan(job)):
        examining.examine_and_store(job, unit, watch)
    key_store.keep(out, key_store.read_keys([SAMPLE / "keys"]))
    return job


def tables(job: Job) -> dict[str, list[dict[str, object]]]:
    """Rows of every table; containers in containers come last where they are written in parts."""
    stretches.plan(job)
    engines.run(engines.choose([]), lambda pipeline: graph.judge(pipeline, job))
    commit.commit(job)
    found = {}
    for path in sorted(job.out.glob("*.parquet")):
        rows = pq.read_table(path).to_pylist()
        found[path.name] = sorted(({**row, "ordinal": None} for row in rows), key=repr)
    return found


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """One archive with the sample leak, and that leak once more in an archive of its own inside."""
    folder = tmp_path / "dump"
    folder.mkdir()
    inner = tarred(leak()[:20], "w")
    (folder / "backup.tar.gz").write_bytes(tarred([*leak(), ("again/inner.tar", inner), ("last.txt", b"the end")]))
    return folder


@pytest.mark.parametrize("limits", [IN_PARTS, ALSO_BY_OCTETS])
def test_tables_are_those_of_a_unit_that_is_held_whole(dump: Path, tmp_path: Path, limits: Limits) -> None:
    whole, parts = (examine(dump, tmp_path / name, with_) for name, with_ in (("whole", LIMITS), ("parts", limits)))
    assert len(list(evidence.shard_ids(whole.out))) == 1
    assert len(list(evidence.shard_ids(parts.out))) > 10
    assert tables(parts) == tables(whole)


def test_the_rows_of_an_archive_come_in_its_order(dump: Path, tmp_path: Path) -> None:
    job = examine(dump, tmp_path / "out", IN_PARTS)
    stretches.plan(job)
    paths = [path for one in stretches.all_of(job) for path in stretches.read(job, one.stretch_id).column("path")]
    members = [path for path in paths if path.count("!") == 1]
    assert paths[0] == "backup.tar.gz"
    with tarfile.open(dump / "backup.tar.gz") as archive:
        held = [f"backup.tar.gz!{name}" for name in archive.getnames()]
    around = {path.rpartition("!")[0] for path in paths}  # containers, which come first
    ends = [path for path in members if path in held and path not in around]
    assert ends == [path for path in held if path in ends] and len(ends) > 20
    assert {one.is_split for one in stretches.all_of(job)} == {True}


def test_no_part_of_a_message_is_taken_from_it(tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    attached = tarred([(f"{number}.txt", b"%d" % number) for number in range(30)])
    mail = (
        b"From: a@b.example\r\nSubject: files\r\nMIME-Version: 1.0\r\nContent-Type: application/gzip; name=f.tgz\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
    )
    (dump / "mail.tar").write_bytes(tarred([("a.eml", mail + base64.encodebytes(attached))] * 3, "w"))
    job = examine(dump, tmp_path / "out", IN_PARTS)
    shards = [evidence.read_shard(job.out, one) for one in evidence.shard_ids(job.out)]
    assert [len(one.items) for one in shards] == [1, 32, 32, 32, 0]  # the tar; a mail, its attachment and 30 files
    for one in shards[1:-1]:
        assert one.column("parent_row") == [-1, 0, *[1] * 30]


def test_a_store_of_outlook_is_written_in_parts_too(tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    pytest.importorskip("pypff")
    messages: list[Values] = [{0x0037001F: f"message {number}".encode("utf-16-le")} for number in range(12)]
    (dump / "mail.pst").write_bytes(mailbox(("Inbox", messages)))
    whole, parts = (examine(dump, tmp_path / name, with_) for name, with_ in (("w", LIMITS), ("p", IN_PARTS)))
    assert len(list(evidence.shard_ids(parts.out))) > 2
    assert tables(parts) == tables(whole)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Small archives and other files that share a unit; some archives are larger than a part, some are not.

    No octets lie twice in one archive: of those the first would be another one where containers come first.
    """
    folder = tmp_path / "bundle"
    folder.mkdir()
    found = leak()
    names = ["a.tar.gz", "b.eml", "c.tar", "d.txt", "e.tar", "f.txt", "g.tar", "h.tar", "i.txt"]
    for at, name in enumerate(names):
        few = found[at : at + 3]
        nested = ("inner.tar", tarred(found[at + 3 : at + 15], "w"))
        (folder / name).write_bytes(
            b"text" if name.endswith("txt")
            else next(octets for path, octets in found if path.endswith(".eml")) if name.endswith("eml")
            else tarred([*few, nested, ("a.txt", b"end")], "w:gz") if name.endswith("gz")
            else tarred([(f"{number}.txt", b"") for number in range(3)], "w") if name == "h.tar"
            else tarred([*few, nested, ("last", b"")], "w")
        )  # fmt: skip
    return folder


@pytest.mark.parametrize("items", [1, 2, 4, 9, 30])
def test_files_that_share_a_unit_are_written_in_parts_too(bundle: Path, tmp_path: Path, items: int) -> None:
    limits = dataclasses.replace(LIMITS, part_items=items)
    whole, parts = (examine(bundle, tmp_path / name, with_) for name, with_ in (("whole", LIMITS), ("parts", limits)))
    assert len(list(evidence.shard_ids(whole.out))) == 1
    assert len(list(evidence.shard_ids(parts.out))) > 3
    made, expected = tables(parts), tables(whole)
    assert made == expected
    paths = [row["source_path"] for row in pq.read_table(parts.out / "sources.parquet").to_pylist()]
    assert paths == sorted(paths) == [path.name for path in sorted(bundle.iterdir())]


@pytest.mark.parametrize("octets", [0, 10**9])
def test_places_count_on_where_a_file_of_a_bundle_goes_on(
    bundle: Path, tmp_path: Path, octets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "OCTETS", octets)
    job = examine(bundle, tmp_path / "out", IN_PARTS)
    tables(job)
    places: dict[str, list[int]] = {}
    order: dict[str, list[tuple[int, str]]] = {}
    for row in pq.read_table(job.out / "items.parquet").to_pylist():
        places.setdefault(row["source_path"], []).append(row["ordinal"])
        order.setdefault(row["source_path"], []).append((row["ordinal"], row["path"]))
    assert len(places) == 9 and sum(map(len, places.values())) > 100
    for source, found in places.items():
        assert sorted(found) == list(range(len(found))), source
        assert min(order[source]) == (0, source)


def test_an_archive_of_a_bundle_that_changes_leaves_one_row_and_its_siblings(bundle: Path, tmp_path: Path) -> None:
    whole = examine(bundle, tmp_path / "whole", LIMITS)
    (shard,) = (evidence.read_shard(whole.out, one) for one in evidence.shard_ids(whole.out))
    paths, sources = shard.column("path"), shard.column("source_path")
    meddler = Meddler(paths.index("e.tar") + 8, lambda: os.utime(bundle / "e.tar", (1, 1)))
    made = tables(examine(bundle, tmp_path / "out", IN_PARTS, meddler))["items.parquet"]
    assert [row["error_code"] for row in made if row["source_path"] == "e.tar"] == ["io.changed"]
    siblings = [path for path, source in zip(paths, sources, strict=True) if source != "e.tar"]
    assert sorted(str(row["path"]) for row in made) == sorted([*siblings, "e.tar"])


@pytest.mark.parametrize("ordinal", [0, 30, 61])
def test_an_item_that_killed_its_worker_is_passed_over_in_parts_as_well(
    bundle: Path, tmp_path: Path, ordinal: int
) -> None:
    class Marking(Meddler):
        def opening(self, one: int) -> str | None:
            return "crash.died" if one == self.ordinal else None

    watch = Marking(ordinal, lambda: None)
    whole, parts = (
        tables(examine(bundle, tmp_path / name, limits, watch)) for name, limits in (("w", LIMITS), ("p", IN_PARTS))
    )
    assert [row["error_code"] for row in whole["items.parquet"]].count("crash.died") == 1
    assert parts == whole


def test_a_part_that_is_missing_or_damaged_is_made_again(dump: Path, tmp_path: Path) -> None:
    job = examine(dump, tmp_path / "out", IN_PARTS)
    first, *_, last, unit_id = evidence.shard_ids(job.out)
    assert evidence.is_whole(job.out, unit_id)
    for shard_id, harm in ((first, lambda path: path.unlink()), (last, lambda path: path.write_bytes(b"no"))):
        path = evidence.shard_path(job.out, shard_id)
        before = path.read_bytes()
        harm(path)  # type: ignore[no-untyped-call]
        assert not evidence.is_whole(job.out, unit_id)
        with pytest.raises(evidence.EvidenceDamaged):
            evidence.must_be_whole(job.out)
        again = dataclasses.replace(job, resume=True)
        (unit,) = examining.plan(again)
        examining.examine_and_store(again, unit, UNWATCHED)
        assert path.read_bytes() == before
    evidence.must_be_whole(job.out)


def test_an_archive_that_changes_while_it_is_read_leaves_one_row(dump: Path, tmp_path: Path) -> None:
    archive = dump / "backup.tar.gz"
    job = examine(dump, tmp_path / "out", IN_PARTS, Meddler(40, lambda: os.utime(archive, (1, 1))))
    (only,) = evidence.shard_ids(job.out)
    shard = evidence.read_shard(job.out, only)
    assert (shard.column("path"), shard.column("error_code")) == (["backup.tar.gz"], ["io.changed"])
    assert evidence.is_whole(job.out, only)  # what was written before counts for nothing
    (source,) = tables(job)["sources.parquet"]
    assert (source["n_items"], source["status"]) == (1, "error")


def test_the_containers_of_what_is_handed_on_come_first(dump: Path, tmp_path: Path) -> None:
    job = examine(dump, tmp_path / "out", IN_PARTS)
    stretches.plan(job)
    places: dict[str, int] = {}
    for one in stretches.all_of(job):
        shard = stretches.read(job, one.stretch_id)
        for item_id, parent in zip(shard.column("item_id"), shard.column("parent_id"), strict=True):
            assert parent is None or parent in places
            places[item_id] = len(places)
    assert len(places) > 80


def test_a_full_disk_is_not_the_dump_s_fault(dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(evidence, "write_part", no_room)
    with pytest.raises(Unwritten, match="No space left"):
        examine(dump, tmp_path / "out", IN_PARTS)


@pytest.mark.parametrize("name", ["all.zip", "all.tar"])
def test_a_range_of_a_large_archive_is_written_in_parts_too(tmp_path: Path, name: str) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    if name == "all.tar":
        (dump / name).write_bytes(tarred(leak(), "w"))
    else:
        with zipfile.ZipFile(dump / name, "w") as archive:
            for path, octets in leak():
                archive.writestr(zipfile.ZipInfo(path), octets)
    one, ranges, parts = (
        examine(dump, tmp_path / out, dataclasses.replace(LIMITS, **limits))
        for out, limits in (
            ("one", {}),
            ("ranges", {"unit_bytes": 100_000}),
            ("parts", {"unit_bytes": 100_000, "part_items": 4}),
        )
    )
    shards = [len(list(evidence.shard_ids(job.out))) for job in (one, ranges, parts)]
    assert shards == sorted(set(shards)) and shards[0] == 1 and shards[1] > 3
    assert tables(parts) == tables(ranges) == tables(one)
