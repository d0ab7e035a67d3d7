"""A store is asked for what is needed and no more, and what it does wrong is never a file's fault."""

from __future__ import annotations

import io
import random
import sys
import time
from types import ModuleType

import pytest

from transforms import store
from transforms.span import SourceChanged, StoreSpan


def test_a_scheme_makes_a_path_one_of_a_store() -> None:
    assert store.in_store("s3://leak/dump") and store.in_store(b"gs://leak/\xff")
    for path in ("/tmp/s3://leak", "s3:/leak", "./s3://leak", "://leak", "dump", "3s://leak", ""):
        assert not store.in_store(path) and not store.in_store(path.encode())


def test_what_lies_below_a_prefix_is_listed_and_markers_of_folders_are_not(disk: ModuleType) -> None:
    for name in ("dump/a", "dump/b/c", "dump2/d", "dump"):
        disk.put(f"disk://leak/{name}", b"xyz")
    disk.put("disk://leak/dump/b/", b"")
    found = sorted(store.listed("disk://leak/dump"))
    assert [one.url for one in found] == ["disk://leak/dump/a", "disk://leak/dump/b/c"]
    assert found[0].size == 3 and found[0].mtime_ns == 1_500_000_000 * 10**9
    assert store.is_folder("disk://leak/dump") and not store.is_folder("disk://leak/dump/a")
    assert store.look("disk://leak/dump").size == 3


def test_any_range_is_what_lies_there_and_little_more_is_fetched(disk: ModuleType) -> None:
    octets = random.Random(1).randbytes(5 * store._BLOCK + 77)
    disk.put("disk://leak/a", octets)
    ranges = store.Ranges("disk://leak/a", len(octets))
    assert ranges.pread(10, len(octets) - 10) == octets[-10:]
    assert sum(size for verb, size, _ in disk.asked() if verb == "get") == 77
    for seed in range(200):
        chance = random.Random(seed)
        at, size = chance.randrange(len(octets) + 9), chance.choice([1, 100, store._BLOCK, 3 * store._BLOCK])
        assert ranges.pread(size, at) == octets[at : at + size]
    assert sum(size for verb, size, _ in disk.asked() if verb == "get") < 2 * len(octets)  # of 200 ranges


def test_no_more_blocks_are_kept_than_the_bound(disk: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_BLOCKS", 2)
    disk.put("disk://leak/a", bytes(10 * store._BLOCK))
    ranges = store.Ranges("disk://leak/a", 10 * store._BLOCK)
    for block in range(10):
        ranges.pread(1, block * store._BLOCK)
    assert len(ranges._kept) == 2


def test_an_object_that_is_shorter_than_planned_has_changed(disk: ModuleType) -> None:
    disk.put("disk://leak/a", b"abc")
    span = StoreSpan(store.Ranges("disk://leak/a", 5), 0, 5)
    assert span.sub(0, 3).read() == b"abc" and span.find(b"c", 0, 3) == 2
    with pytest.raises(SourceChanged):
        span.read()


def test_an_object_is_put_whole(disk: ModuleType) -> None:
    octets = random.Random(2).randbytes(2 * store._PIECE + 1)
    store.put("disk://leak/a", io.BytesIO(octets))
    assert disk.path_of("disk://leak/a").read_bytes() == octets
    store.move("disk://leak/a", "disk://leak/b")
    assert disk.names() == ["disk://leak/b"]
    store.delete(["disk://leak/b", "disk://leak/never"])
    assert disk.names() == []


def test_what_is_said_of_one_object_is_an_error_of_that_object(disk: ModuleType) -> None:
    disk.put("disk://leak/a", b"abc")
    with pytest.raises(FileNotFoundError, match="no such object"):
        store.look("disk://leak/b")
    with pytest.raises(FileNotFoundError):
        store.Ranges("disk://leak/b", 3).pread(3, 0)
    (disk.objects().parent / "denied").write_text("leak/a")
    with pytest.raises(PermissionError, match="the store denies it: Access Denied"):
        store.look("disk://leak/a")


def test_a_store_that_does_not_answer_is_lost_and_signs_of_life_are_given_meanwhile(
    disk: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PATIENCE", 0.2)
    monkeypatch.setattr(store, "_TICK", 0.05)
    alive: list[int] = []
    store.while_waiting(lambda: alive.append(1))
    disk.put("disk://leak/a", b"abc")
    ranges = store.Ranges("disk://leak/a", 3)
    (disk.objects().parent / "silent").touch()
    with pytest.raises(store.StoreLost, match="disk://leak/a: the store cannot be asked: no answer"):
        ranges.pread(3, 0)
    assert len(alive) >= 3
    (disk.objects().parent / "silent").unlink()
    with pytest.raises(store.StoreLost):  # a reader that swallows it must not go on with half of the octets
        ranges.pread(3, 0)
    assert store.look("disk://leak/a").size == 3  # another question finds it answering again


def test_the_first_refusal_is_final_where_beam_would_ask_for_minutes(
    disk: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apache_beam.utils import retry

    class Refused:
        @retry.with_exponential_backoff(num_retries=3, initial_delay_secs=60)  # type: ignore[untyped-decorator]
        def metadata(self, _: str) -> None:
            raise ConnectionError("Could not connect to the endpoint URL: http://192.0.2.1/")

    monkeypatch.setattr(store, "_system", lambda _: (store._hear_retries(), Refused())[1])
    with pytest.raises(store.StoreLost, match=r"disk://leak/a: .*Could not connect to the endpoint URL: http://192"):
        store.look("disk://leak/a")
    store.settle((), answered=True)
    monkeypatch.setattr(store, "PATIENCE", 1.5)
    start = time.monotonic()
    with pytest.raises(store.StoreLost, match="Could not connect"):  # a worker of a run that had answers waits
        store.look("disk://leak/a")
    assert time.monotonic() - start >= 1.4


@pytest.mark.parametrize("url", ["hdfs://leak/a", "http://leak.example/a"])
def test_a_scheme_of_no_store_is_said(disk: ModuleType, url: str) -> None:
    with pytest.raises(store.StoreUnknown, match=r":// is no store that is read or written here. s3, gs, azfs"):
        store.look(url)


def test_a_package_that_is_missing_is_named(disk: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(store.StoreUnknown, match=r"s3:// is not installed. Install it: pip install 'apache-beam.aws.'"):
        store.look("s3://leak/a")


def test_options_are_those_of_the_process(disk: ModuleType) -> None:
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import S3Options

    disk.put("disk://leak/a", b"abc")
    store.settle(("--s3_endpoint_url=http://127.0.0.1:1",))
    store.look("disk://leak/a")
    assert FileSystems._pipeline_options.view_as(S3Options).s3_endpoint_url == "http://127.0.0.1:1"
