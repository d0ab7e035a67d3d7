"""run and judge: what is refused before anything is written, and what is said on the way."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from command_line import MAIL, refused, triage
from pipeline import commit, options, out_tables


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    dump = tmp_path / "dump"
    dump.mkdir()
    (dump / "a.eml").write_bytes(MAIL)
    return dump


# ---- what a person gave outlives OUT ---------------------------------------------------------------


@pytest.mark.parametrize("again", ["--force", "--resume"])
@pytest.mark.parametrize("inside", ["evidence", "work", "."])
def test_a_dump_inside_out_is_refused_and_untouched(tmp_path: Path, inside: str, again: str) -> None:
    out = tmp_path / "case"
    dump = out / inside
    dump.mkdir(parents=True)
    (dump / "a.eml").write_bytes(MAIL)
    refused(triage("run", dump, "-o", out, again), 3, "inside")
    assert (dump / "a.eml").read_bytes() == MAIL
    assert [path.name for path in out.rglob("*") if path.is_file()] == ["a.eml"]


@pytest.mark.parametrize("given", ["keys", "keys/mine.csv", "link"])
def test_keys_inside_out_are_refused_and_untouched(dump: Path, tmp_path: Path, given: str) -> None:
    out = tmp_path / "out"
    (out / "keys").mkdir(parents=True)
    (out / "keys" / "mine.csv").write_text("domain,selector,record\n")
    (tmp_path / "link").symlink_to(out / "keys")
    path = tmp_path / given if given == "link" else out / given
    refused(triage("run", dump, "-o", out, "--keys", path, "--force"), 3, "inside OUT")
    assert [path.name for path in out.rglob("*") if path.is_file()] == ["mine.csv"]


def test_judge_refuses_keys_inside_out(dump: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    triage("run", dump, "-o", out, "-q")
    refused(triage("judge", out, "--only-keys", "--keys", out / "keys"), 3, "inside OUT")
    assert (out / "keys" / "keys.jsonl").exists()


@pytest.mark.parametrize("runner", ["Nope", "DaskRunner", "os.path", "no.such.Runner"])
def test_a_runner_is_refused_before_anything_is_written(dump: Path, tmp_path: Path, runner: str) -> None:
    refused(triage("run", dump, "-o", tmp_path / "out", "--", f"--runner={runner}"), 2, runner)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments", [["run", "", "-o", "x"], ["run", "x", "-o", ""], ["run", "x", "-o", "y", "--keys", ""]]
)
def test_an_empty_name_is_a_usage_error(arguments: list[str]) -> None:
    refused(triage(*arguments), 2, "an empty name")


# ---- what was named is a link ----------------------------------------------------------------------


def test_a_dump_that_is_a_link_is_the_file_it_leads_to(dump: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(dump / "a.eml")
    out = tmp_path / "out"
    assert triage("run", tmp_path / "link", "-o", out, "-q").returncode == 0
    record = json.loads(triage("explain", out, "a.eml", "--json").stdout)
    assert record["reason_code"] == "no_signature"
    assert triage("verify", out, "--against", tmp_path / "link").returncode == 0
    record = json.loads(triage("check", tmp_path / "link", "--json").stdout)
    assert (record["path"], record["reason_code"]) == (str(dump / "a.eml"), "no_signature")


def test_a_dump_that_is_a_link_to_a_folder_is_that_folder(dump: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(dump)
    (dump / "inside").symlink_to("a.eml")
    out = tmp_path / "out"
    assert triage("run", tmp_path / "link", "-o", out, "-q").returncode == 0
    items = out_tables.read_table(out, "items", ["path", "kind"]).to_pylist()
    assert {row["path"]: row["kind"] for row in items} == {"a.eml": "email", "inside": "link"}


# ---- the line that goes on -------------------------------------------------------------------------


def test_the_printed_line_goes_on_with_everything_that_was_given(dump: Path, tmp_path: Path) -> None:
    keys = tmp_path / "my keys"
    keys.mkdir()
    (keys / "k.csv").write_text("domain,selector,record\n")
    out = tmp_path / "out of it"
    given = [
        "run", str(dump), "-o", str(out), "--keys", str(keys), "--protect", "b.example", "--protect", "a.example",
        "--trusted-sealer", "c.example", "--also-hash", "sha1,md5", "--workers", "1",
    ]  # fmt: skip
    out.mkdir()
    (out / ".lock").touch()
    (out / "evidence").mkdir()
    (out / "evidence" / "plan.jsonl").mkdir()  # no plan can be written there
    done = triage(*given, "--resume")
    assert done.returncode == 4, done.stderr
    line = shlex.split(done.stderr.splitlines()[-1].partition("go on with: ")[2])
    assert line[:1] == ["triage"] and "--resume" in line
    first, second = options.parser().parse_args([*given, "--resume"]), options.parser().parse_args(line[1:])
    assert sorted(vars(first).pop("protect")) == vars(second).pop("protect")
    assert vars(first) == vars(second)


# ---- what is said on the way -----------------------------------------------------------------------


def test_verbose_says_the_phases_with_counts_and_seconds(dump: Path, tmp_path: Path) -> None:
    done = triage("run", dump, "-o", tmp_path / "out", "-v")
    lines = done.stderr.splitlines()
    assert [line.split()[1] for line in lines] == ["examined", "judged", "wrote", "accounted"]
    assert lines[0].startswith("triage: examined 1 of 1 work units (0 were there), 0.0 MB, 1 items, in ")
    assert all(re.search(r" [0-9.]+ s\b", line) for line in lines)
    assert triage("run", dump, "-o", tmp_path / "quiet").stderr == ""


@pytest.mark.parametrize(
    "command", [["summary"], ["verify"], ["explain", "a.eml"], ["keys", "list"], ["keys", "wanted"], ["judge"]]
)
def test_an_out_of_another_schema_version_is_refused(dump: Path, tmp_path: Path, command: list[str]) -> None:
    out = tmp_path / "out"
    triage("run", dump, "-o", out, "-q")
    record = out_tables.read_run(out)
    assert record is not None
    commit.write_run(out, {**record, "schema_version": record["schema_version"] + 1})
    arguments = [*command, out] if command[0] != "explain" else ["explain", out, "a.eml"]
    refused(triage(*arguments), 3, "schema version")
