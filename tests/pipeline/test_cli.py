"""Bad input through the command line: one clear sentence and the exit code of DESIGN §4."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sealing import Signer, seal, sign

ROOT = Path(__file__).resolve().parent.parent.parent
MAIL = (
    b"From: anna@campaign.example\r\nTo: b@c.example\r\nSubject: hi\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\n\r\nText\r\n"
)


def triage(*arguments: object, **named: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, **named)  # type: ignore[call-overload]


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    dump = tmp_path / "dump"
    dump.mkdir()
    (dump / "a.eml").write_bytes(MAIL)
    return dump


def refused(done: subprocess.CompletedProcess[str], code: int, words: str) -> None:
    assert done.returncode == code, done.stderr
    assert words in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_missing_dump_is_refused(tmp_path: Path) -> None:
    refused(triage("run", tmp_path / "none", "-o", tmp_path / "out"), 3, "no such file or folder")


def test_out_inside_the_dump_is_refused(dump: Path) -> None:
    refused(triage("run", dump, "-o", dump / "out"), 3, "inside the dump")
    assert not (dump / "out").exists()


def test_out_with_other_files_is_refused(dump: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.doc").write_text("mine")
    refused(triage("run", dump, "-o", tmp_path / "out"), 3, "thesis.doc")


def test_keys_inside_the_dump_are_refused(dump: Path, tmp_path: Path) -> None:
    (dump / "keys.csv").write_text("domain,selector,record\n")
    refused(triage("run", dump, "-o", tmp_path / "out", "--keys", dump / "keys.csv"), 3, "inside the dump")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("k.csv", "domain,record\na.example,v=DKIM1\n", "line 1"),
        ("k.csv", "domain,selector,record,first_seen\na.example,s,v=DKIM1,yesterday\n", "line 2"),
        ("k.jsonl", '{"domain":"a.example","selector":"s","record":"v=DKIM1"}\nnot json\n', "line 2"),
        ("k.jsonl", "[1]\n", "line 1"),
        ("k.pem", "-----BEGIN PUBLIC KEY-----\n", "not a key file"),
    ],
)
def test_a_malformed_key_file_is_named_with_its_line(
    dump: Path, tmp_path: Path, name: str, text: str, words: str
) -> None:
    (tmp_path / name).write_text(text)
    done = triage("run", dump, "-o", tmp_path / "out", "--keys", tmp_path / name)
    refused(done, 3, words)
    assert name in done.stderr


def test_an_unknown_option_is_a_usage_error(dump: Path, tmp_path: Path) -> None:
    refused(triage("run", dump, "-o", tmp_path / "out", "--fast"), 2, "--fast")


@pytest.mark.parametrize("runner", ["DaskRunner", "PrismRunner"])
def test_a_runner_that_loses_results_or_phones_home_is_refused_by_name(dump: Path, tmp_path: Path, runner: str) -> None:
    refused(triage("run", dump, "-o", tmp_path / "out", "--", f"--runner={runner}"), 2, runner)


def test_an_earlier_run_needs_resume_or_force(dump: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert triage("run", dump, "-o", out, "-q").returncode == 0
    before = (out / "items.parquet").read_bytes()
    refused(triage("run", dump, "-o", out), 3, "--resume")
    assert triage("run", dump, "-o", out, "-q", "--resume").returncode == 0
    assert (out / "items.parquet").read_bytes() == before
    assert triage("run", dump, "-o", out, "-q", "--force").returncode == 0
    assert (out / "items.parquet").read_bytes() == before


def test_an_out_in_use_is_refused(dump: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    fd = os.open(out / ".lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX)
    refused(triage("run", dump, "-o", out), 3, "another run")
    os.close(fd)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_out_is_incomplete(dump: Path, tmp_path: Path) -> None:
    (tmp_path / "ro").mkdir(mode=0o500)
    refused(triage("run", dump, "-o", tmp_path / "ro" / "out"), 4, "cannot be written")


def test_a_dry_run_writes_nothing(dump: Path, tmp_path: Path) -> None:
    done = triage("run", dump, "-o", tmp_path / "out", "--dry-run", "--json")
    assert json.loads(done.stdout)["files"] == 1
    assert not (tmp_path / "out").exists()


def test_commands_on_an_unfinished_out_say_what_to_do(tmp_path: Path) -> None:
    for command in (["summary"], ["verify"], ["keys", "list"], ["judge"]):
        refused(triage(*command, tmp_path), 3, "no finished run")


def test_out_is_for_its_owner_alone(dump: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    triage("run", dump, "-o", out, "-q")
    assert out.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in out.rglob("*"))


def test_a_run_leaves_the_dump_as_it_was(dump: Path, tmp_path: Path) -> None:
    before = [(p, p.stat().st_mtime_ns, p.stat().st_mode) for p in sorted(dump.rglob("*"))]
    triage("run", dump, "-o", tmp_path / "out", "-q")
    assert [(p, p.stat().st_mtime_ns, p.stat().st_mode) for p in sorted(dump.rglob("*"))] == before


def test_verify_sees_a_changed_table_and_a_changed_dump(dump: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    triage("run", dump, "-o", out, "-q")
    assert triage("verify", out, "--against", dump).returncode == 0
    (dump / "a.eml").write_bytes(MAIL + b"!")
    done = triage("verify", out, "--against", dump)
    assert (done.returncode, done.stdout.strip()) == (5, "a.eml: its octets have changed since it was read")
    with (out / "items.parquet").open("ab") as file:
        file.write(b"x")
    done = triage("verify", out)
    assert done.returncode == 5 and "items.parquet" in done.stdout


def test_no_printed_name_carries_a_control_character(tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    (dump / "\x1b[2Jboo\n.eml").write_bytes(MAIL.replace(b"hi", b"\x1b]0;owned\x07"))
    out = tmp_path / "out"
    triage("run", dump, "-o", out, "-q")
    done = triage("explain", out, "%1B[2Jboo%0A.eml")
    assert done.returncode == 0
    assert not {c for c in done.stdout if ord(c) < 0x20} - {"\n"}


def test_check_prints_one_json_object_per_message(dump: Path) -> None:
    done = triage("check", dump / "a.eml", dump / "a.eml", "--json")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == 2
    wanted = {"path", "verdict", "basis", "reason_code", "headline", "would_change", "dkim_result", "arc_result",
              "signatures", "findings"}  # fmt: skip
    assert set(records[0]) == wanted
    assert (records[0]["verdict"], records[0]["dkim_result"]) == ("unverifiable", "none")


def test_explain_finds_an_item_by_path_id_message_id_and_sha256(dump: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (dump / "a.eml").write_bytes(b"Message-ID: <x@y.example>\r\n" + MAIL)
    triage("run", dump, "-o", out, "-q")
    record = json.loads(triage("explain", out, "a.eml", "--json").stdout)
    assert record["path"] == "a.eml"
    assert json.loads(triage("explain", out, "<x@y.example>", "--json").stdout) == record
    refused(triage("explain", out, "nothing-like-it"), 3, "no such item")


def test_a_trusted_sealer_and_its_key_count_when_judged_again_without_the_dump(dump: Path, tmp_path: Path) -> None:
    mx = Signer("mx.example", "arc", "newspaper")
    signed = sign(MAIL, Signer("campaign.example", "s1", "campaign"))
    (dump / "a.eml").write_bytes(seal(signed, mx, "mx.example; dkim=pass header.d=campaign.example"))
    key = tmp_path / "arc._domainkey.mx.example.txt"
    key.write_text(mx.record())
    out = tmp_path / "out"
    triage("run", dump, "-o", out, "-q")
    before = json.loads(triage("explain", out, "a.eml", "--json").stdout)
    assert (before["verdict"], before["arc_result"]) == ("unverifiable", "neutral")
    (dump / "a.eml").unlink()
    triage("judge", out, "--keys", key, "-q")
    untrusted = json.loads(triage("explain", out, "a.eml", "--json").stdout)
    assert (untrusted["verdict"], untrusted["arc_result"]) == ("unverifiable", "pass")
    triage("judge", out, "--trusted-sealer", "MX.example", "-q")
    proven = json.loads(triage("explain", out, "a.eml", "--json").stdout)
    assert (proven["verdict"], proven["basis"]) == ("verified", "receiver_seal")
    text = triage("explain", out, "a.eml").stdout
    assert "arc-seal signature 2: i=1 d=mx.example s=arc" in text
    assert "covers  the ARC fields of the sets 1 to 1" in text
    wanted = triage("keys", "wanted", out).stdout
    assert "campaign.example" in wanted and "mx.example" not in wanted


def test_check_honours_a_trusted_sealer(dump: Path, tmp_path: Path) -> None:
    mx = Signer("mx.example", "arc", "newspaper")
    signed = sign(MAIL, Signer("campaign.example", "s1", "campaign"))
    (dump / "a.eml").write_bytes(seal(signed, mx, "mx.example; dkim=pass header.d=campaign.example"))
    key = tmp_path / "arc._domainkey.mx.example.txt"
    key.write_text(mx.record())
    for more, basis in (((), None), (("--trusted-sealer", "mx.example"), "receiver_seal")):
        record = json.loads(triage("check", dump / "a.eml", "--keys", key, *more, "--json").stdout)
        assert record["basis"] == basis
