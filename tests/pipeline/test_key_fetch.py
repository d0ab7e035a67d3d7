"""triage keys fetch, against a name server of our own: consent first, then dated keys and a record of each look-up."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import cli, key_fetch, key_store, out_tables, wanted
from transforms.limits import LIMITS

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(Path(__file__).resolve().parent), str(ROOT / "sample_dump")]
from name_server import NXDOMAIN, SERVFAIL, SILENT, NameServer  # noqa: E402
from signing import Signer, sign  # noqa: E402

SIGNERS = {
    "old": Signer("campaign.example", "s2015", "campaign"),
    "new": Signer("newspaper.example", "now", "newspaper"),
    "alias": Signer("printer.example", "k1", "printer_1024"),
    "gone": Signer("gone.example", "s1", "impostor"),
    "broken": Signer("broken.example", "s1", "impostor"),
    "spf": Signer("spf.example", "s1", "impostor"),
}
NAMES = {f"{signer.selector}._domainkey.{signer.domain}" for signer in SIGNERS.values()}


def mail(signer: Signer, date: datetime, number: int) -> bytes:
    return sign(
        f"From: Anna <anna@{signer.domain}>\r\nTo: desk@press.example\r\nSubject: Number {number}\r\n"
        f"Date: {date:%a, %d %b %Y %H:%M:%S} +0000\r\nMessage-ID: <{number}@{signer.domain}>\r\n\r\nText\r\n".encode(),
        signer,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OUT of a dump whose keys are all missing; old mail, and mail of last week."""
    folder = tmp_path_factory.mktemp("fetch")
    (folder / "dump").mkdir()
    recent = datetime.now(UTC) - timedelta(days=7)
    for number, (name, signer) in enumerate(SIGNERS.items()):
        date = recent if name == "new" else datetime(2015, 6, 1, tzinfo=UTC)
        (folder / "dump" / f"{name}.eml").write_bytes(mail(signer, date, number))
    (folder / "dump" / "old-too.eml").write_bytes(mail(SIGNERS["old"], datetime(2015, 7, 1, tzinfo=UTC), 99))
    odd = Signer("campaign.example", "a/b", "campaign")
    (folder / "dump" / "odd.eml").write_bytes(mail(odd, recent, 100))
    command = [sys.executable, "-m", "pipeline", "run", str(folder / "dump"), "-o", str(folder / "out"), "-q"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return folder / "out"


@pytest.fixture
def out(run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run, tmp_path / "out"))


@pytest.fixture
def server() -> Iterator[NameServer]:
    zone: dict[str, list[str] | str] = {
        "s2015._domainkey.campaign.example": [SIGNERS["old"].record()],
        "now._domainkey.newspaper.example": [SIGNERS["new"].record(), "v=DKIM1; p="],
        "k1._domainkey.printer.example": "k1.esp.example.",
        "k1.esp.example": [SIGNERS["alias"].record()],
        "s1._domainkey.gone.example": NXDOMAIN,
        "s1._domainkey.broken.example": SERVFAIL,
        "s1._domainkey.spf.example": ["v=spf1 -all"],
    }
    with NameServer(zone) as running:
        yield running


def fetch(out: Path, server: NameServer, *more: str) -> int:
    return cli.run(["keys", "fetch", str(out), "--resolver", server.address, *more])


def test_without_a_terminal_and_without_yes_nothing_is_sent(out: Path, server: NameServer) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "keys", "fetch", str(out), "--resolver", server.address],
        capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "--yes" in done.stderr and "Traceback" not in done.stderr
    assert server.asked == [] and not list((out / "keys").glob("*look-ups*"))


@pytest.mark.parametrize(
    ("answer", "asked"), [("yes\n", True), ("Y\n", True), ("no\n", False), ("\n", False), ("", False)]
)
def test_at_a_terminal_the_names_and_what_they_reveal_are_shown_and_consent_is_asked(
    out: Path, server: NameServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    answer: str, asked: bool,
) -> None:  # fmt: skip
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    assert fetch(out, server) == 0
    printed = capsys.readouterr()
    assert all(name in printed.err for name in NAMES)
    assert "127.0.0.1" in printed.err and "cannot be taken back" in printed.err
    assert ("Nothing was sent." in printed.out) == (not asked) == (server.asked == [])


def test_keys_are_looked_up_dated_kept_and_reported(
    out: Path, server: NameServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    assert fetch(out, server, "--yes", "-o", str(tmp_path / "found.jsonl")) == 0
    report = capsys.readouterr().out
    assert (
        "asked 6 of 6 names: 3 found, 1 do not exist any more (NXDOMAIN), 1 hold no key, 1 without an answer" in report
    )
    assert "s1._domainkey.broken.example" in report and "1 of the records found are withdrawn" in report
    assert f"triage judge {out}" in report
    assert {name for name, kind in server.asked if kind == "TXT"} == NAMES  # the odd selector is no DNS name

    kept = key_store.kept(out)
    assert {(key.domain, key.selector) for key in kept} == {
        ("campaign.example", "s2015"), ("newspaper.example", "now"), ("printer.example", "k1"),
    }  # fmt: skip
    for key in kept:
        assert key.source == "dns" and key.first_seen == key.last_seen
        assert key.first_seen is not None and before <= key.first_seen <= datetime.now(UTC)
    given = key_store.read_keys([tmp_path / "found.jsonl"])
    assert sorted(given, key=str) == sorted(kept, key=str)

    log = [json.loads(line) for line in (out / "keys" / key_fetch.LOOK_UPS).read_text().splitlines()]
    assert {f"{row['selector']}._domainkey.{row['domain']}": row["outcome"] for row in log} == {
        "s2015._domainkey.campaign.example": "found", "now._domainkey.newspaper.example": "found",
        "k1._domainkey.printer.example": "found", "s1._domainkey.gone.example": "nxdomain",
        "s1._domainkey.broken.example": "error", "s1._domainkey.spf.example": "no_key",
    }  # fmt: skip
    assert all(path.stat().st_mode & 0o077 == 0 for path in (out / "keys").iterdir())


def test_a_key_seen_only_now_gives_old_mail_a_limited_proof_and_recent_mail_a_full_one(
    out: Path, server: NameServer
) -> None:
    assert fetch(out, server, "--yes") == 0
    done = subprocess.run([sys.executable, "-m", "pipeline", "judge", str(out), "-q"], capture_output=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    rows = {row["path"]: row for row in out_tables.read_table(out, "items").to_pylist()}

    def shown(path: str) -> tuple[Any, ...]:
        return tuple(rows[path][name] for name in ("verdict", "confidence", "reason_code"))

    assert shown("new.eml") == ("verified", "strong", "signature")
    for path in ("old.eml", "old-too.eml", "alias.eml"):
        assert shown(path) == ("verified", "limited", "key_first_seen_later"), path
        assert "key.first_seen_later" in {finding["code"] for finding in rows[path]["evidence"]}
    for path in ("gone.eml", "broken.eml", "spf.eml"):
        assert shown(path) == ("unverifiable", None, "key_unknown"), path
    assert {row["source"] for row in out_tables.read_table(out, "keys").to_pylist()} == {"dns"}
    record = out_tables.read_run(out)
    assert record is not None and record["look_ups"] == 0  # the judgement made none
    assert {name.name for name in wanted.names(out)} >= {"s1._domainkey.gone.example"}


def test_names_that_were_asked_before_come_last(out: Path, server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_fetch, "LIMITS", dataclasses.replace(LIMITS, look_ups=2))
    for _ in range(3):
        assert fetch(out, server, "--yes") == 0
    assert {name for name, kind in server.asked if kind == "TXT"} == NAMES
    assert len((out / "keys" / key_fetch.LOOK_UPS).read_text().splitlines()) == 6


def test_a_resolver_that_answers_nothing_is_left_alone(
    out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(key_fetch, "LIMITS", dataclasses.replace(LIMITS, look_up_failures=2))
    with NameServer(dict.fromkeys(NAMES, SERVFAIL)) as server:
        assert fetch(out, server, "--yes") == 4
    assert len({name for name, _ in server.asked}) == 2
    printed = capsys.readouterr()
    assert "asked 2 of 6 names: 2 without an answer" in printed.out and "rest was not asked" in printed.err
    assert key_store.kept(out) == []


def test_a_name_without_an_answer_is_tried_again_and_given_up(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_fetch, "LIMITS", dataclasses.replace(LIMITS, look_ups=1))
    monkeypatch.setattr(key_fetch, "_TRY_SECONDS", 0.1)
    monkeypatch.setattr(key_fetch, "_NAME_SECONDS", 0.3)
    with NameServer(dict.fromkeys(NAMES, SILENT)) as server:
        assert fetch(out, server, "--yes") == 0
        assert len(server.asked) > 1  # tried again


def test_an_interrupted_fetch_keeps_what_it_found(
    out: Path, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = key_fetch._ask
    seen: list[str] = []

    def ask(resolver: Any, name: wanted.Wanted) -> key_fetch.Answer:
        if len(seen) == 1:
            raise KeyboardInterrupt
        seen.append(name.name)
        return real(resolver, name)

    monkeypatch.setattr(key_fetch, "_ask", ask)
    assert fetch(out, server, "--yes") == 130
    assert seen == ["s2015._domainkey.campaign.example"]  # the most decisive first
    assert [key.selector for key in key_store.kept(out)] == ["s2015"]


def test_nothing_wanted_sends_nothing(out: Path, server: NameServer, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"domain": s.domain, "selector": s.selector, "record": s.record()} for s in SIGNERS.values()]
    archive = out.parent / "all.jsonl"
    archive.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = [sys.executable, "-m", "pipeline", "judge", str(out), "-q", "--keys", str(archive)]
    assert subprocess.run(command, capture_output=True, cwd=ROOT).returncode == 0
    assert fetch(out, server, "--yes") == 0
    assert "Nothing was sent." in capsys.readouterr().out and server.asked == []


@pytest.mark.parametrize(
    ("output", "words"), [("there.jsonl", "exists"), ("none/x.jsonl", "no such folder"), ("x.csv", "JSON Lines")]
)
def test_an_archive_that_cannot_be_written_is_refused_before_anything_is_sent(
    out: Path, server: NameServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str, words: str
) -> None:
    (tmp_path / "there.jsonl").touch()
    assert fetch(out, server, "--yes", "-o", str(tmp_path / output)) == 3
    assert words in capsys.readouterr().err and server.asked == []


@pytest.mark.parametrize("resolver", ["resolver.example", "127.0.0.1:0", "127.0.0.1:x", "", "1.2.3", "[::1]:99999"])
def test_a_resolver_is_an_address(out: Path, resolver: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["keys", "fetch", str(out), "--yes", "--resolver", resolver]) == 2
    assert "--resolver" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "possible"),
    [
        ("s1._domainkey.a.example", True),
        ("2017.mail._domainkey.xn--bcher-kva.example", True),
        ("a/b._domainkey.a.example", False),
        ("s1._domainkey.a..example", False),
        ("._domainkey.a.example", False),
        ("-._domainkey.a.example", False),
        ("s\n1._domainkey.a.example", False),
        ("é._domainkey.a.example", False),
        ("x" * 64 + "._domainkey.a.example", False),
        ("x._domainkey." + "a." * 125 + "example", False),
    ],
)
def test_only_what_can_stand_in_the_dns_is_asked(name: str, possible: bool) -> None:
    assert key_fetch._can_be_asked(name) == possible
