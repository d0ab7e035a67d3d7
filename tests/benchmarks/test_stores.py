"""On an S3 store for real: the same tables, ranges and not whole objects, and a sentence for all that goes wrong.

Left out unless asked for: `pip install -e '.[test,store]' && pytest -m store` starts moto's server on loopback. What a
store has to be asked at all is also tested without (tests/pipeline/test_in_a_store.py).
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import os
import random
import shutil
import signal
import socket
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from transforms import store as asked
from transforms.again import Place, Step, octets_at
from transforms.limits import LIMITS
from transforms.plan import plan_units

ROOT = Path(__file__).parents[2]
LEAK, KEYS = ROOT / "sample_dump" / "leak", ROOT / "sample_dump" / "keys"
MEMBER = 1 << 20

pytestmark = pytest.mark.store


@pytest.fixture(scope="module")
def stores() -> Iterator[ModuleType]:
    for name in ("boto3", "moto.server"):
        pytest.importorskip(name)
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        yield importlib.import_module("stores")
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
        sys.modules.pop("stores", None)


@pytest.fixture(scope="module")
def store(stores: ModuleType) -> Iterator[Any]:
    with stores.started() as running:
        yield running


@pytest.fixture(scope="module")
def dump(store: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample leak, with large containers of every kind, here and there."""
    folder = tmp_path_factory.mktemp("dump") / "dump"
    shutil.copytree(LEAK, folder, symlinks=True)
    for link in (path for path in folder.rglob("*") if path.is_symlink()):
        link.unlink()
    noise = random.Random(1)
    mails = [path.read_bytes() for path in sorted(LEAK.rglob("*.eml"))]
    filled = b"From: a@example.org\nSubject: x\n\n" + b"word " * 40_000
    mailbox = [b"From a@example.org Mon Jan  1 00:00:00 2001\n" + one + b"\n\n" for one in [*mails, filled] * 40]
    (folder / "large.mbox").write_bytes(b"".join(mailbox) + b"x" * (18 << 20))
    with zipfile.ZipFile(folder / "large.zip", "w") as archive:
        for number in range(48):
            archive.writestr(f"{number:02d}.bin", noise.randbytes(MEMBER), zipfile.ZIP_DEFLATED)
        archive.writestr("a.eml", mails[0])
    with tarfile.open(folder / "large.tar.gz", "w:gz") as tar:
        for number, octets in enumerate([*mails, noise.randbytes(3 * MEMBER)]):
            info = tarfile.TarInfo(f"{number}.eml")
            info.size = len(octets)
            tar.addfile(info, io.BytesIO(octets))
    with contextlib.suppress(ImportError):
        import py7zr

        with py7zr.SevenZipFile(folder / "large.7z", "w") as seven:
            seven.writestr(noise.randbytes(MEMBER), "a.bin")
            seven.writestr(mails[0], "a.eml")
    store.put_all(folder, "dump")
    return folder


@pytest.fixture(scope="module")
def here(stores: ModuleType, dump: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The tables of a run on this machine."""
    out = tmp_path_factory.mktemp("here") / "out"
    _ended(stores.run(dump, [KEYS], out, "--workers", "2"))
    return stores.tables(out)  # type: ignore[no-any-return]


def _ended(process: Any, code: int = 0) -> str:
    _, said = process.communicate(timeout=300)
    assert process.returncode == code, said
    assert "Traceback" not in said
    return said  # type: ignore[no-any-return]


class Forwarder:
    """A port that passes on to the store, counts the octets that come back, and can be cut."""

    def __init__(self, port: int) -> None:
        self.octets, self._to = 0, port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
                near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
                self._open += [near, far]
                threading.Thread(target=self._pass, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._pass, args=(far, near, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while octets := source.recv(1 << 16):
                target.sendall(octets)
                self.octets += len(octets) if counts else 0
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Nobody is reached any more."""
        for one in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture
def forwarder(store: Any) -> Iterator[Forwarder]:
    made = Forwarder(store.port)
    yield made
    made.cut()


@pytest.fixture
def within(forwarder: Forwarder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forwarder]:
    """Stores are asked in this process, through the forwarder."""
    monkeypatch.setattr(asked, "_process", asked._Process())
    for name, value in {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing"}.items():
        monkeypatch.setenv(name, value)
    asked.settle((f"--s3_endpoint_url={forwarder.url}", "--s3_region_name=us-east-1"))
    asked.is_folder.cache_clear()
    yield forwarder
    asked.is_folder.cache_clear()


@pytest.mark.parametrize("out", ["here", "there"])
def test_tables_are_the_same_to_the_octet(
    stores: ModuleType, store: Any, here: dict[str, bytes], tmp_path: Path, out: str
) -> None:
    place = tmp_path / "out" if out == "here" else "s3://leak/out"
    _ended(stores.run("s3://leak/dump", [KEYS], place, "--workers", "2", "--", *store.beam))
    assert (stores.tables(place) if out == "here" else store.tables("out")) == here


def test_large_containers_are_units_of_their_own_there_too(dump: Path, within: Forwarder) -> None:
    found = list(plan_units(b"s3://leak/dump", LIMITS))
    assert found == list(plan_units(bytes(dump), LIMITS))
    assert {"mailbox_range", "zip_range"} <= {unit.form for unit in found}


def test_a_member_costs_its_directory_and_itself(dump: Path, within: Forwarder) -> None:
    with zipfile.ZipFile(dump / "large.zip") as archive:
        wanted = archive.read("24.bin")
    file = Step("", None, None, None)
    member = Step("24.bin", None, None, hashlib.sha256(wanted).hexdigest())
    assert octets_at(b"s3://leak/dump", Place(b"large.zip", (file, member))) == wanted
    # Of 50 MB: the member, the directory, a block for the head of each member, and the list of the dump.
    assert MEMBER < within.octets < 2 * MEMBER + 50 * asked._BLOCK


def test_a_whole_run_fetches_little_more_than_the_dump(
    stores: ModuleType, dump: Path, forwarder: Forwarder, tmp_path: Path
) -> None:
    _ended(
        stores.run(
            "s3://leak/dump", [KEYS], tmp_path / "out", "--workers", "2", "--", f"--s3_endpoint_url={forwarder.url}"
        )
    )
    size = sum(path.stat().st_size for path in dump.rglob("*") if path.is_file())
    assert size < forwarder.octets < 3 * size  # a file that is split is looked through, hashed, and read in ranges


def test_a_run_that_is_killed_goes_on(stores: ModuleType, store: Any, here: dict[str, bytes]) -> None:
    arguments = ("s3://leak/dump", [KEYS], "s3://leak/killed", "--workers", "2")
    process = stores.run(*arguments, "--", *store.beam)
    while not any(name.endswith(".arrow") for name in store.names("killed/evidence/")):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert "killed/run.json" not in store.names("killed/")
    _ended(stores.run(*arguments, "--resume", "--", *store.beam))
    assert store.tables("killed") == here


def test_a_store_that_is_lost_in_the_middle_stops_the_run_and_blames_no_file(
    stores: ModuleType, store: Any, here: dict[str, bytes], forwarder: Forwarder, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = stores.run("s3://leak/dump", [KEYS], out, "--workers", "2", "--", f"--s3_endpoint_url={forwarder.url}")
    while not list(out.glob("evidence/*/*.arrow")):
        assert process.poll() is None
        time.sleep(0.02)
    forwarder.cut()
    said = _ended(process, 4)
    assert "the store cannot be asked" in said and "--resume" in said
    _ended(stores.run("s3://leak/dump", [KEYS], out, "--workers", "2", "--resume", "--", *store.beam))
    assert stores.tables(out) == here


@pytest.mark.parametrize(
    ("dump", "endpoint", "said"),
    [
        ("s3://leak/never", None, "nothing is there"),
        ("s3://nobucket/dump", None, "nothing is there"),
        ("s3://leak/dump", "http://127.0.0.1:9", "Could not connect to the endpoint URL"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(
    stores: ModuleType, store: Any, tmp_path: Path, dump: str, endpoint: str | None, said: str
) -> None:
    start = time.monotonic()
    process = stores.run(dump, [], tmp_path / "out", "--", f"--s3_endpoint_url={endpoint or store.url}")
    line = _ended(process, 3)
    assert said in line and len(line.splitlines()) == 1
    assert time.monotonic() - start < 60


def test_an_out_in_no_bucket_is_said_in_a_sentence(stores: ModuleType, store: Any) -> None:
    said = _ended(stores.run(LEAK, [], "s3://nobucket/out", "--", *store.beam), 4)
    assert "no such object or bucket" in said and len(said.splitlines()) == 1


def test_who_is_not_let_in_is_told(stores: ModuleType, tmp_path: Path) -> None:
    """From its third request on, this store asks who one is."""
    with stores.started(INITIAL_NO_AUTH_ACTION_COUNT="1") as closed:
        for dump, out, code in (("s3://leak/dump", tmp_path / "out", 3), (LEAK, "s3://leak/out", 3)):
            said = _ended(stores.run(dump, [], out, "--", *closed.beam), code)
            assert "denies it" in said and len(said.splitlines()) == 1


def test_an_object_that_changes_while_it_is_read_costs_its_own_row(
    stores: ModuleType, store: Any, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    for name in ("a.txt", "b.txt", "c.txt"):
        store.put(f"changing/{name}", b"octets")
    stop = threading.Event()

    def change() -> None:
        while not stop.wait(0.2):
            store.put("changing/b.txt", os.urandom(64))

    changing = threading.Thread(target=change)
    changing.start()
    try:
        _ended(stores.run("s3://leak/changing", [], tmp_path / "out", "--workers", "1", "--", *store.beam))
    finally:
        stop.set()
        changing.join()
    rows = pq.read_table(tmp_path / "out" / "sources.parquet", columns=["source_path", "error_code"]).to_pylist()
    assert {row["source_path"]: row["error_code"] for row in rows} == {
        "a.txt": None,
        "b.txt": "io.changed",
        "c.txt": None,
    }


def test_an_engine_s_workers_need_no_other_file_system(stores: ModuleType, store: Any, here: dict[str, bytes]) -> None:
    """The portable job service with a pool of worker processes, all of OUT in the store."""
    engines = importlib.import_module("engines")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stores.ACCOUNT.items():
            patch.setenv(name, value)  # as the image of a worker has it
        with engines.started("job-service", 2) as cluster:
            _ended(stores.run("s3://leak/dump", [KEYS], "s3://leak/engine", "--", *store.beam, *cluster.beam))
    assert store.tables("engine") == here
