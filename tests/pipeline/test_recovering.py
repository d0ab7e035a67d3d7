"""Lost keys from the dump's own signatures, through the command line: what is said, kept and never done twice.

All keys here have e=3: a pair takes milliseconds.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from command_line import ROOT, rows, table_octets, triage
from lost_key_mail import APRIL, mail
from pipeline import cli, commit, key_store, out_tables, recovered, recovering, surveying
from pipeline.job import Job
from transforms.auth import recover
from transforms.auth.key import parse_record
from transforms.limits import LIMITS
from transforms.unpack.rows import Settings

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import mock_work  # noqa: E402

JUNE = datetime(2017, 6, 1, tzinfo=UTC)


def record(key: RSAPrivateKey) -> str:
    found = key.public_key().public_numbers()
    return recover.record_of(found.n, found.e)


@pytest.fixture(scope="module")
def keys() -> list[RSAPrivateKey]:
    """The domain's own, and that of somebody who plants mail."""
    return [generate_private_key(3, 1024) for _ in range(2)]


@pytest.fixture(scope="module")
def dump(keys: list[RSAPrivateKey], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four honest mails of April, and three planted ones that name the same domain and selector."""
    dump = tmp_path_factory.mktemp("planted") / "dump"
    dump.mkdir()
    for number in range(4):
        octets = mail(keys[0], APRIL + timedelta(days=number), f"anna{number}")
        (dump / f"honest{number}.eml").write_bytes(octets)
    for number in range(3):
        (dump / f"planted{number}.eml").write_bytes(mail(keys[1], JUNE + timedelta(days=number), "anna"))
    (dump / "replayed.eml").write_bytes((dump / "honest0.eml").read_bytes())
    return dump


@pytest.fixture(scope="module")
def finished(dump: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("recovering") / "out"
    done = triage("run", dump, "-o", out, "--workers", 2)
    assert done.returncode == 0, done.stderr
    (out.parent / "stdout").write_text(done.stdout)
    (out.parent / "stderr").write_text(done.stderr)
    return out


@pytest.fixture
def out(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "out"))


@pytest.fixture
def archive(keys: list[RSAPrivateKey], tmp_path: Path) -> Path:
    path = tmp_path / "archive.csv"
    path.write_text(f"domain,selector,record\npress.example,s1,{record(keys[0])}\n")
    return path


def verdicts(out: Path) -> dict[str, tuple[str, str]]:
    return {row["path"]: (row["verdict"], row["reason_code"]) for row in rows(out)}


# ---- what is said -----------------------------------------------------------------------------


def test_both_keys_come_to_light_and_verify_nothing(finished: Path, keys: list[RSAPrivateKey]) -> None:
    assert set(verdicts(finished).values()) == {("unverifiable", "key_two_recovered")}
    found = {row["key_id"]: row for row in rows(finished, "keys")}
    assert set(found) == {parse_record(record(key)).key_id for key in keys}
    for row in found.values():
        assert (row["source"], row["weakness"], row["anchored_by"]) == ("recovered", "two_recovered", None)
        assert row["record"] in map(record, keys)
    assert sorted((row["n_verified"], row["n_failed"]) for row in found.values()) == [(3, 5), (5, 3)]


def test_each_mail_is_flagged_and_none_contradicted(finished: Path) -> None:
    codes: dict[str, set[str]] = {}
    for row in rows(finished, "findings"):
        assert row["direction"] != "contradicts"
        codes.setdefault(row["item_id"], set()).add(row["code"])
    assert len(codes) == 8
    for found in codes.values():
        assert {"key.consistent_with_recovered_key", "key.two_recovered"} <= found


def test_the_key_names_the_messages_it_was_computed_from(finished: Path) -> None:
    paths = {row["item_id"]: row["path"] for row in rows(finished)}
    for row in rows(finished, "keys"):
        named = [word for word in row["source_ref"].split() if word in paths]
        assert len(set(named)) == 2
        assert len({paths[one][:4] for one in named} - {"repl"}) <= 1


def test_summary_keys_list_and_wanted_say_so(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = (finished.parent / "stdout").read_text()
    assert "recovered keys:   2" in said and "alarm:            1 names with two recovered keys" in said
    assert "0 of 1 names signed with are at hand" in said
    counts = out_tables.read_run(finished)["counts"]  # type: ignore[index]
    assert (counts["keys_recovered"], counts["key_names_two_recovered"], counts["key_names_missing"]) == (2, 1, 1)
    assert cli.run(["keys", "list", str(finished)]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == 2 and all("1024 bits  recovered" in line and "ALARM" in line for line in listed)
    assert cli.run(["keys", "wanted", str(finished)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("s1._domainkey.press.example  would decide 7 of 7 mails") and "only a recovered" in said


def test_progress_tells_how_long_and_what_was_found(finished: Path) -> None:
    said = (finished.parent / "stderr").read_text()
    assert "computing the lost keys of 1 names" in said and "Ctrl-C skips this" in said
    assert "s1._domainkey.press.example, pair 1 of 3: a key of 1024 bits" in said


def test_the_archives_key_then_verifies_its_mails_and_not_the_planted(out: Path, archive: Path) -> None:
    assert triage("judge", out, "--keys", archive, "-q").returncode == 0
    found = verdicts(out)
    for path, verdict in found.items():
        expected = ("unverifiable", "key_recovered") if path.startswith("planted") else ("verified", "signature")
        assert verdict == expected, path
    states = sorted((row["source"], row["weakness"] or "", row["anchored_by"] or "") for row in rows(out, "keys"))
    anchor = next(row["source_ref"] for row in rows(out, "keys") if row["source"] == "archive")
    assert states == [("archive", "", ""), ("recovered", "", f"archive {anchor}"), ("recovered", "unanchored", "")]


def test_the_forgers_key_is_no_archive_by_being_found_elsewhere(dump: Path, out: Path, tmp_path: Path) -> None:
    """OUT/keys of one run, given to another."""
    again = tmp_path / "again"
    assert triage("run", dump, "-o", again, "-q", "--keys", out / "keys").returncode == 0
    assert {verdict for verdict, _ in verdicts(again).values()} == {"unverifiable"}
    assert {row["source"] for row in rows(again, "keys")} == {"recovered"}


# ---- the same tables in every way ---------------------------------------------------------------


def test_workers_and_resume_do_not_matter(dump: Path, finished: Path, tmp_path: Path) -> None:
    for workers in (1, 4):
        other = tmp_path / str(workers)
        assert triage("run", dump, "-o", other, "-q", "--workers", workers, PYTHONHASHSEED="7").returncode == 0
        assert table_octets(other) == table_octets(finished)
    kept = (other / "keys" / "recovered.jsonl").read_text("ascii").splitlines()
    (other / "keys" / "recovered.jsonl").write_text(kept[0] + "\n", "ascii")  # killed between two pairs
    (other / "run.json").unlink()
    assert triage("run", dump, "-o", other, "-q", "--resume").returncode == 0
    assert table_octets(other) == table_octets(finished)


def test_judging_again_computes_nothing(out: Path, finished: Path) -> None:
    before = (out / "keys" / "recovered.jsonl").read_bytes()
    assert len(before.splitlines()) == 2
    done = triage("judge", out, "--only-keys")
    assert done.returncode == 0 and "computing" not in done.stderr
    assert table_octets(out) == table_octets(finished)
    assert (out / "keys" / "recovered.jsonl").read_bytes() == before


# ---- the step by itself -------------------------------------------------------------------------


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A pair that gives nothing costs nothing either."""
    monkeypatch.setattr(recover, "EXPONENTS", (3,))
    yield


def step(out: Path, processes: int = 0, quiet: bool = False) -> tuple[recovering.Recovery, str]:
    job = Job(ROOT, out, Settings(LIMITS), processes)
    stream = io.StringIO()
    ask = functools.partial(surveying.ask, job, lambda _: pytest.fail("nothing is asked of an engine"))
    return recovering.recover_keys(job, processes, stream, quiet, ask), stream.getvalue()


def test_a_pair_is_never_tried_twice(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovering, "attempt", lambda *_: pytest.fail("tried again"))
    before = recovered.attempts(out)
    assert step(out)[0] == {"state": "done", "names": 1, "pairs": 2}
    assert recovered.attempts(out) == before


def test_pairs_that_gave_nothing_are_kept_and_limited(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (out / "keys" / "recovered.jsonl").unlink()
    asked = []
    monkeypatch.setattr(recovering, "attempt", lambda task, _: asked.append(task) or ("nothing", ""))
    found, said = step(out)
    assert found == {"state": "done", "names": 1, "pairs": LIMITS.recover_pairs}
    assert "pair 3 of 3: nothing" in said
    tried = recovered.attempts(out)
    assert [one.outcome for one in tried] == ["nothing"] * 3 and len({one.pair for one in tried}) == 3
    assert recovered.keys(out, []) == []
    assert key_store.read_keys([out / "keys"]) == []
    assert step(out)[1] == "" and len(asked) == 3


def test_what_older_code_found_nothing_in_is_tried_again(out: Path, cheap: None) -> None:
    found = recovered.attempts(out)
    recovered.keep(out, [dataclasses.replace(one, outcome="nothing", record="", version=0) for one in found])
    assert step(out)[0]["pairs"] == 2
    assert recovered.attempts(out) == found


def test_a_pair_that_kills_its_process_gave_nothing(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{HERE}{os.pathsep}{ROOT}")
    monkeypatch.setattr(recovering, "attempt", mock_work.dies_with_a_pair)
    (out / "keys" / "recovered.jsonl").unlink()
    assert step(out, processes=1)[0]["pairs"] == 3
    assert {one.outcome for one in recovered.attempts(out)} == {"crash.died"}


def test_a_run_of_before_this_step_gets_it_with_its_next_judgement(out: Path) -> None:
    before = out_tables.read_run(out)
    assert before is not None
    commit.write_run(out, {name: value for name, value in before.items() if name != "recovery"})
    (out / "keys" / "recovered.jsonl").unlink()
    assert triage("judge", out, "-q").returncode == 0
    assert out_tables.read_run(out)["recovery"] == before["recovery"]  # type: ignore[index]


def test_names_with_a_key_are_not_tried(out: Path, archive: Path) -> None:
    key_store.keep(out, key_store.read_keys([archive]))
    assert step(out) == ({"state": "none", "names": 0, "pairs": 0}, "")
    assert recovered.attempts(out) == []


def test_quiet_says_nothing(out: Path, cheap: None) -> None:
    (out / "keys" / "recovered.jsonl").unlink()
    assert step(out, quiet=True)[1] == ""


def _heeds_ctrl_c() -> None:
    """What a shell starts in the background ignores it, and so would all that these tests start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_interrupted_the_run_goes_on_without(tmp_path: Path) -> None:
    """A pair of 2048 bits with the usual exponent takes most of a minute: nobody waits for it here."""
    dump = tmp_path / "dump"
    dump.mkdir()
    key = generate_private_key(65537, 2048)
    for number in range(3):
        (dump / f"{number}.eml").write_bytes(mail(key, APRIL + timedelta(days=number), "anna"))
    out = tmp_path / "out"
    command = [sys.executable, "-m", "pipeline", "run", str(dump), "-o", str(out), "--workers", "1"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=_heeds_ctrl_c,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if "Ctrl-C skips this" in line:
            break
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    assert "interrupted; triage run DUMP -o OUT --resume goes on with it" in said
    record = json.loads((out / "run.json").read_text())
    assert (
        record["recovery"] == {"state": "skipped", "names": 1, "pairs": 0, "anchored": 0} and record["problems"] == []
    )
    assert set(verdicts(out).values()) == {("unverifiable", "key_unknown")}
