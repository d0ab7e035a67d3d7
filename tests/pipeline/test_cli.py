"""Bad input through the command line: one clear sentence and the exit code of DESIGN §4."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import MAIL, refused, triage
from pipeline import cli, key_store, options, summary
from sealing import Signer, prefix_of, seal, sign

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    dump = tmp_path / "dump"
    dump.mkdir()
    (dump / "a.eml").write_bytes(MAIL)
    return dump


Here = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    """The same without a process of its own."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        code = cli.run([str(argument) for argument in arguments])
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return run


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


@pytest.mark.parametrize("option", ["--protect", "--trusted-sealer"])
@pytest.mark.parametrize(
    "text", ["", "campaign", "a.example,b.example", "https://a.example/", "anna@a.example", "*.a.example", ".a.example"]
)
def test_what_is_no_domain_protects_nothing_and_is_refused(
    dump: Path, tmp_path: Path, here: Here, option: str, text: str
) -> None:
    done = here("run", dump, "-o", tmp_path / "out", option, text)
    assert done.returncode == 2 and "is no domain such as" in done.stderr and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words", [("export", "OUT", "--to", "csv", "-o", "-"), ("report", "OUT", "-o", "-"), ("run", "-", "-o", "x")]
)
def test_a_dash_is_not_taken_for_a_file(words: tuple[str, ...], here: Here) -> None:
    done = here(*words)
    assert done.returncode == 2 and "- is no file or folder here" in done.stderr and not Path("-").exists()


def test_a_protected_domain_is_known_in_foreign_letters_too() -> None:
    named = ["--protect", "München.Example.", "--protect", " a.test "]
    parsed = options.parser().parse_args(["run", "d", "-o", "o", *named])
    assert parsed.protect == ["xn--mnchen-3ya.example", "a.test"]


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


def test_a_finished_run_is_not_replaced_by_that_of_another_dump(out: Path, tmp_path: Path, here: Here) -> None:
    (tmp_path / "other").mkdir()
    before = (out / "items.parquet").read_bytes()
    refused(here("run", tmp_path / "other", "-o", out, "--resume", "-q"), 3, "of another dump")
    assert (out / "items.parquet").read_bytes() == before


def test_a_dump_whose_disk_is_gone_does_not_empty_the_tables(dump: Path, tmp_path: Path, here: Here) -> None:
    out = tmp_path / "out"
    assert triage("run", dump, "-o", out, "-q").returncode == 0
    before = (out / "items.parquet").read_bytes()
    (dump / "a.eml").unlink()
    refused(here("run", dump, "-o", out, "--resume", "-q"), 3, "is empty, and was not")
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
    results = f"mx.example; dkim=pass header.d=campaign.example header.b={prefix_of(signed)}"
    (dump / "a.eml").write_bytes(seal(signed, mx, results))
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
    results = f"mx.example; dkim=pass header.d=campaign.example header.b={prefix_of(signed)}"
    (dump / "a.eml").write_bytes(seal(signed, mx, results))
    key = tmp_path / "arc._domainkey.mx.example.txt"
    key.write_text(mx.record())
    for more, basis in (((), None), (("--trusted-sealer", "mx.example"), "receiver_seal")):
        record = json.loads(triage("check", dump / "a.eml", "--keys", key, *more, "--json").stdout)
        assert record["basis"] == basis


# ---- damaged OUT, odd names, odd terminals ----------------------------------------------------------

READING = (["summary"], ["verify"], ["explain", "a.eml"], ["keys", "list"], ["keys", "wanted"], ["judge", "-q"])


def on(out: Path, command: list[str]) -> list[object]:
    place = 2 if command[0] == "keys" else 1
    return [*command[:place], out, *command[place:]]


@pytest.mark.parametrize("text", ["", "{\n", "[]"])
def test_a_damaged_run_json_is_said_and_resume_writes_it_again(out: Path, text: str, here: Here) -> None:
    (out / "run.json").write_text(text)
    for command in READING:
        refused(here(*on(out, command)), 3, "run.json is damaged")
    assert here("run", ROOT / "sample_dump" / "leak", "-o", out, "--resume", "-q").returncode == 0
    assert here("verify", out).returncode == 0


def test_a_run_of_another_schema_version_is_not_read(out: Path, here: Here) -> None:
    record = json.loads((out / "run.json").read_text())
    (out / "run.json").write_text(json.dumps({**record, "schema_version": 1}))
    for command in READING:
        refused(here(*on(out, command)), 3, "schema version 1")


@pytest.mark.parametrize("octets", [None, b"junk", b""])
def test_a_missing_table_is_said_and_judge_writes_it_again(out: Path, octets: bytes | None, here: Here) -> None:
    whole = (out / "items.parquet").read_bytes()
    if octets is None:
        (out / "items.parquet").unlink()
    else:
        (out / "items.parquet").write_bytes(octets)
    for command in (["summary"], ["explain", "a.eml"], ["keys", "list"], ["keys", "wanted"]):
        refused(here(*on(out, command)), 3, "items.parquet is missing or damaged")
    assert here("verify", out).returncode == 5
    assert here("judge", out, "-q").returncode == 0
    assert (out / "items.parquet").read_bytes() == whole


def test_damaged_kept_keys_are_said_and_can_be_given_again(out: Path, here: Here) -> None:
    (out / "keys" / "keys.jsonl").write_text("junk\n")
    refused(here("judge", out, "-q"), 3, "--only-keys")
    keys = ROOT / "sample_dump" / "keys"
    assert here("judge", out, "-q", "--only-keys", "--keys", keys).returncode == 0


def test_verify_against_a_missing_dump_is_refused(finished: Path, tmp_path: Path, here: Here) -> None:
    refused(here("verify", finished, "--against", tmp_path / "none"), 3, "no such file or folder")


def test_what_follows_two_dashes_is_no_option_but_beams() -> None:
    arguments = ["explain", "out", "--", "-o.eml"]
    assert options.split_beam(arguments) == (arguments, [])
    assert options.parser().parse_args(arguments).item == "-o.eml"
    assert options.split_beam(["judge", "out", "--", "--runner=X"]) == (["judge", "out"], ["--runner=X"])


def test_names_that_are_not_utf8_can_be_asked_for_and_shown(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/d\xff"
    os.mkdir(folder)
    with open(folder + b"/a\xfe.eml", "wb") as file:
        file.write(MAIL)
    strict = {"PYTHONIOENCODING": "utf-8:strict"}
    message = os.fsdecode(folder + b"/a\xfe.eml")
    done = triage("check", "--json", message, **strict)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["path"].endswith("/d\\xff/a%FE.eml")
    out = tmp_path / "out"
    assert triage("run", os.fsdecode(folder), "-o", out, "-q", **strict).returncode == 0
    for item in ("a%FE.eml", "a\udcfe.eml"):
        assert json.loads(triage("explain", out, item, "--json", **strict).stdout)["path"] == "a%FE.eml"
    refused(triage("explain", out, "\udcff\udcfe", **strict), 3, "no such item")
    refused(triage("check", message + "x", **strict), 3, "no such file")


def test_an_out_that_is_not_utf8_is_refused_before_anything_is_read(dump: Path, tmp_path: Path, here: Here) -> None:
    out = os.fsdecode(os.fsencode(tmp_path) + b"/o\xff")
    refused(here("run", dump, "-o", out), 3, "not UTF-8")
    refused(here("summary", out), 3, "not UTF-8")
    assert not os.path.exists(out)


def test_nothing_printed_of_a_folder_s_name_is_a_control_character(tmp_path: Path, here: Here) -> None:
    folder = tmp_path / "e\x1b[31m\x9b\u202e"
    folder.mkdir()
    (folder / "a.eml").write_bytes(MAIL)
    (folder / "k\x1b[31m.foo").write_text("x")
    for done in (
        here("check", folder / "a.eml"),
        here("check", "--json", folder / "a.eml"),
        here("check", folder / "none\x1b"),
        here("check", folder / "a.eml", "--keys", folder / "k\x1b[31m.foo"),
        here("check", folder / "a.eml", "--keys", folder / "none"),
        here("run", folder, "-o", folder / "out"),
        here("run", folder, "-o", tmp_path / "o\x1b\u202e", "-q"),
        here("summary", tmp_path / "o\x1b\u202e"),
        here("verify", tmp_path / "o\x1b\u202e"),
        here("verify", tmp_path / "p\x1b\u202e"),
        here("check", "--\x1b[31m"),
    ):
        assert "\x1b" not in done.stdout + done.stderr
        assert "\x9b" not in done.stdout + done.stderr and "\u202e" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_a_terminal_that_knows_ascii_alone_shows_escapes(finished: Path) -> None:
    surroundings = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    for command in (
        ["--help"],
        ["summary", finished],
        ["explain", finished, "01_signed.eml"],
        ["keys", "list", finished],
    ):
        done = triage(*command, **surroundings)
        assert done.returncode in (0, 3) and "Traceback" not in done.stderr, done.stderr
        assert (done.stdout + done.stderr).isascii()


def test_what_was_not_foreseen_is_one_sentence(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> str:
        raise ValueError("what\x1b")

    monkeypatch.setattr(summary, "as_text", fails)
    assert cli.run(["summary", str(finished)]) == 4
    said = capsys.readouterr().err
    assert "ValueError: what\\x1b" in said and "Traceback" not in said
    monkeypatch.setenv("TRIAGE_TRACEBACK", "1")
    assert cli.run(["summary", str(finished)]) == 4
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, 4), (errno.EACCES, 3)])
def test_a_full_disk_can_be_resumed_and_a_forbidden_file_cannot(
    dump: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
    code: int,
) -> None:
    def fails(*_: object) -> None:
        raise OSError(number, os.strerror(number), "keys.jsonl")

    monkeypatch.setattr(key_store, "keep", fails)
    assert cli.run(["run", str(dump), "-o", str(tmp_path / "out"), "-q"]) == code
    assert f"keys.jsonl: {os.strerror(number)}" in capsys.readouterr().err


# ---- keys out of the dump prove nothing -------------------------------------------------------------


@pytest.fixture
def evil(dump: Path) -> Path:
    """A key archive that lies in the dump."""
    path = dump / "sub" / "evil.jsonl"
    path.parent.mkdir()
    path.write_text('{"domain": "campaign.example", "selector": "s1", "record": "v=DKIM1; p="}\n')
    return path


def test_keys_out_of_the_dump_are_refused_by_whatever_way(dump: Path, evil: Path, tmp_path: Path, here: Here) -> None:
    links = tmp_path / "links"
    links.mkdir()
    (links / "a.jsonl").symlink_to(evil)
    (tmp_path / "b.jsonl").symlink_to(evil)
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb" / "leak").symlink_to(dump)
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "k.jsonl").write_text(evil.read_text())
    out = tmp_path / "out"
    assert here("run", dump, "-o", out, "-q", "--keys", tmp_path / "good").returncode == 0
    kept = (out / "keys" / "keys.jsonl").read_bytes()
    above = evil.parent.parent
    for keys in (evil, evil.parent, above, links, tmp_path / "b.jsonl", tmp_path / "kb" / "leak" / "sub"):
        refused(here("run", dump, "-o", tmp_path / "new", "--keys", keys), 3, "inside the dump")
        refused(here("judge", out, "--keys", keys), 3, "inside the dump")
        refused(here("keys", "add", out, keys), 3, "inside the dump")
    refused(here("run", evil.parent, "-o", tmp_path / "new", "--keys", above), 3, "inside the dump")
    refused(here("run", evil, "-o", tmp_path / "new", "--keys", evil), 3, "inside the dump")
    assert (out / "keys" / "keys.jsonl").read_bytes() == kept
    assert not (tmp_path / "new").exists()


def test_check_takes_no_keys_from_the_message_itself(dump: Path, evil: Path, tmp_path: Path, here: Here) -> None:
    for keys in (evil, evil.parent):
        refused(here("check", dump / "a.eml", evil, "--keys", keys), 3, "inside the dump")
    assert here("check", dump / "a.eml", "--keys", evil).returncode == 0
