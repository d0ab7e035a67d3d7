"""The whole command line with DUMP and OUT in a store: the same tables, and nothing asked but what a person named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LEAK, KEYS = ROOT / "sample_dump" / "leak", ROOT / "sample_dump" / "keys"
TABLES = ("items", "findings", "signatures", "keys", "sources")
SECONDS = 1_500_000_000

# Every process of a run, the workers too, knows disk:// and meets no network.
_EVERYWHERE = """
import no_network
from transforms import store
store._SYSTEMS["disk"] = ("disk_store", "", "disk_store")
store._SYSTEMS["bare"] = ("never_installed", "bare", "never_installed")
"""


class Store:
    """disk:// with the sample leak, and the command line."""

    def __init__(self, folder: Path) -> None:
        import disk_store

        self.folder, self.disk = folder, disk_store
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text(_EVERYWHERE)
        places = (folder / "site", Path(__file__).parent, ROOT / "tests", ROOT)
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, places)),
            "DISK_STORE": str(folder / "store"),
            "NETWORK_LOG": str(folder / "network.log"),
        }
        os.environ["DISK_STORE"] = self.environment["DISK_STORE"]
        (folder / "network.log").touch()
        self.leak = folder / "leak"
        for path in LEAK.rglob("*"):
            if path.is_file() and not path.is_symlink():
                self.put(path.relative_to(LEAK).as_posix(), path.read_bytes())

    def put(self, name: str, octets: bytes) -> None:
        """A file of the leak, here and there."""
        path = self.leak / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
        os.utime(path, (SECONDS, SECONDS))
        self.disk.put(f"disk://b/leak/{name}", octets, SECONDS)

    def triage(self, *words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipeline", *map(str, words)],
            env=self.environment, capture_output=True, text=True, cwd=self.folder, timeout=300,
        )  # fmt: skip

    def run(self, dump: object, out: object, *words: object) -> subprocess.CompletedProcess[str]:
        return self.triage("run", dump, "-o", out, "--keys", KEYS, "--workers", 2, "-q", *words)

    def table(self, out: str, name: str) -> bytes:
        if out.startswith("disk://"):
            return self.disk.path_of(f"{out}/{name}.parquet").read_bytes()  # type: ignore[no-any-return]
        return Path(out, f"{name}.parquet").read_bytes()

    def equal(self, one: str, other: str) -> bool:
        return all(self.table(one, name) == self.table(other, name) for name in TABLES)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The sample leak read here, and read and written there."""
    found = Store(tmp_path_factory.mktemp("store"))
    for dump, out in ((found.leak, found.folder / "kept-here"), ("disk://b/leak", "disk://b/out")):
        done = found.run(dump, out)
        assert done.returncode == 0, done.stderr
    return found


def test_tables_are_the_same_to_the_octet(both: Store) -> None:
    assert both.equal(str(both.folder / "kept-here"), "disk://b/out")


def test_out_holds_what_a_folder_would_and_no_trace_of_work(both: Store) -> None:
    names = {url.removeprefix("disk://b/out/") for url in both.disk.names() if url.startswith("disk://b/out/")}
    here = {path.relative_to(both.folder / "kept-here").as_posix() for path in (both.folder / "kept-here").rglob("*")
            if path.is_file()}  # fmt: skip
    assert {name.rpartition("/")[0] for name in names} == {name.rpartition("/")[0] for name in here}
    assert {name for name in names if "/" not in name} == {name for name in here if "/" not in name} - {".lock"}


@pytest.mark.parametrize(("dump", "out"), [("disk://b/leak", "here"), ("leak", "disk://b/mixed")])
def test_one_of_both_may_lie_in_a_store(both: Store, dump: str, out: str) -> None:
    done = both.run(dump, out)
    assert done.returncode == 0, done.stderr
    assert both.equal(str(both.folder / "kept-here"), out if "://" in out else str(both.folder / out))


COMMANDS = [
    ["summary", "OUT"],
    ["explain", "OUT", "mails/campagne/0001-budget.eml"],
    ["diff", "OUT", "OUT"],
    ["query", "OUT", "overview"],
    ["keys", "list", "OUT"],
    ["keys", "wanted", "OUT"],
    ["verify", "OUT"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_commands_read_an_out_in_a_store(both: Store, command: list[str]) -> None:
    said = []
    for out in ("kept-here", "disk://b/out"):
        done = both.triage(*(out if word == "OUT" else word for word in command))
        assert done.returncode == 0, done.stderr
        said.append([line.replace(out, "OUT") for line in done.stdout.splitlines() if not line.startswith("time:")])
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "command",
    [
        ["export", "disk://b/out", "--to", "sqlite", "-o", "new.sqlite"],
        ["report", "disk://b/out", "-o", "new.html"],
        ["proof", "disk://b/out", "mails/campagne/0001-budget.eml", "--dump", "disk://b/leak", "-o", "proof"],
        ["verify", "disk://b/out", "--against", "disk://b/leak"],
        ["verify", "kept-here", "--against", "disk://b/leak"],
        ["keys", "add", "disk://b/out", KEYS],
        ["run", "disk://b/leak", "-o", "never", "--dry-run"],
    ],
    ids=lambda command: " ".join(map(str, command[:2])),
)
def test_commands_that_write_here_or_read_the_dump_do_so_from_a_store(both: Store, command: list[object]) -> None:
    done = both.triage(*command)
    assert done.returncode == 0, done.stderr


def test_a_judgement_in_a_store_is_that_of_a_run(both: Store) -> None:
    done = both.triage("judge", "disk://b/out", "-q")
    assert done.returncode == 0, done.stderr
    assert both.equal(str(both.folder / "kept-here"), "disk://b/out")


def test_keys_may_lie_in_a_store_and_not_in_the_dump(both: Store) -> None:
    for path in KEYS.iterdir():
        if path.is_file():
            both.disk.put(f"disk://b/keys/{path.name}", path.read_bytes())
    done = both.triage("run", "disk://b/leak", "-o", "keyed", "--keys", "disk://b/keys", "-q")
    assert done.returncode == 0, done.stderr
    assert both.equal(str(both.folder / "kept-here"), str(both.folder / "keyed"))
    done = both.triage("run", "disk://b/leak", "-o", "never", "--keys", "disk://b/leak/mails", "-q")
    assert done.returncode == 3 and "lies inside the dump" in done.stderr


@pytest.mark.parametrize(
    ("dump", "out", "said"),
    [
        ("disk://b/never", "never", "nothing is there"),
        ("hdfs://b/leak", "never", "hdfs:// is no store that is read or written here"),
        ("bare://b/leak", "never", "pip install 'apache-beam[bare]'"),
        ("leak", "bare://b/out", "pip install 'apache-beam[bare]'"),
        ("disk://b/leak", "disk://b/leak/out", "lies inside the dump"),
        ("disk://b/leak", "disk://b/out", "holds an earlier run"),
        ("leak", "disk://b/keys", "holds other files"),
    ],
)
def test_a_place_that_cannot_be_used_is_refused_in_a_sentence(both: Store, dump: str, out: str, said: str) -> None:
    both.disk.put("disk://b/keys/mine.txt", b"mine")
    done = both.run(dump, out)
    assert done.returncode == 3 and said in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert both.disk.path_of("disk://b/keys/mine.txt").read_bytes() == b"mine"


def test_a_run_that_is_denied_goes_on_when_it_is_not(both: Store) -> None:
    denied = both.folder / "store" / "denied"
    denied.write_text(".arrow")
    try:
        done = both.run("disk://b/leak", "disk://b/late")
    finally:
        denied.unlink()
    assert done.returncode == 4 and "the store denies it" in done.stderr and "--resume" in done.stderr
    assert not both.disk.path_of("disk://b/late/run.json").exists()
    done = both.run("disk://b/leak", "disk://b/late", "--resume")
    assert done.returncode == 0, done.stderr
    assert both.equal(str(both.folder / "kept-here"), "disk://b/late")


def test_what_was_examined_is_not_read_again(both: Store) -> None:
    before = len(both.disk.asked())
    done = both.run("disk://b/leak", "disk://b/out", "--resume")
    assert done.returncode == 0, done.stderr
    assert not [name for verb, _, name in both.disk.asked()[before:] if verb == "get" and "/leak/" in name
                and "emptied" not in name and not name.endswith(".pdf'")]  # fmt: skip
    assert both.equal(str(both.folder / "kept-here"), "disk://b/out")


def test_a_secret_among_the_options_is_not_kept(both: Store) -> None:
    done = both.run("disk://b/leak", "secret", "--", "--s3_secret_access_key=hush", "--s3_session_token", "hush")
    assert done.returncode == 0, done.stderr
    assert "hush" not in (both.folder / "secret" / "run.json").read_text() and "hush" not in done.stdout + done.stderr


def test_no_name_out_of_a_dump_is_asked_for_in_a_store(both: Store) -> None:
    """Whatever a file, a member or a link is called: a store is asked for what lies below the path given."""
    import io
    import zipfile

    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("disk://b/evil/member.eml", "From: a@example.org\n\ntext\n")
        archive.writestr("s3://evil/member.eml", "From: a@example.org\n\ntext\n")
    folder = both.folder / "hostile"
    for name, octets in (
        ("disk:/b/evil/a.eml", b"From: a@example.org\n\ntext\n"),
        ("s3:/evil/b.eml", b"From: a@example.org\n\ntext\n"),
        ("a.zip", held.getvalue()),
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
        both.disk.put(f"disk://b/hostile/{name}", octets, SECONDS)
    (folder / "link").symlink_to("disk://b/evil/target")
    before = len(both.disk.asked())
    assert both.run(folder, "hostile-out").returncode == 0
    assert len(both.disk.asked()) == before
    assert both.run("disk://b/hostile", "hostile-out-2").returncode == 0
    assert all(name.startswith("'disk://b/hostile") for _, _, name in both.disk.asked()[before:])


def test_no_packet_was_sent_by_any_of_these(both: Store) -> None:
    assert (both.folder / "network.log").read_text() == ""
