"""triage keys list, wanted, add: in words and as JSON lines, without a control character."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline import cli, commit, key_commands, key_store, wanted

ED25519 = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8463 §A.2
ROW: dict[str, Any] = {
    "key_id": "k", "domain": "a.example", "selector": "s1", "record": ED25519, "bits": 256, "source": "archive",
    "first_seen": None, "last_seen": None, "n_verified": 1, "n_failed": 0, "weakness": None,
}  # fmt: skip


def test_keys_are_listed_with_what_they_confirmed(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = commit.read_table(finished, "keys").to_pylist()
    assert len(rows) == len(key_store.kept(finished)) and any(row["n_verified"] for row in rows)
    assert cli.run(["keys", "list", str(finished), "--json"]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["key_id"] for row in printed] == [row["key_id"] for row in rows]
    assert cli.run(["keys", "list", str(finished)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [f"{row['selector']}._domainkey.{row['domain']}" for row in rows]


def test_wanted_names_are_printed_in_words_and_as_json(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = wanted.names(finished)
    assert cli.run(["keys", "wanted", str(finished)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [name.name for name in names]
    assert all("would decide" in line for line in lines)
    assert cli.run(["keys", "wanted", str(finished), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["name"], row["decides"]) for row in rows] == [(name.name, name.decides) for name in names]


@pytest.mark.parametrize("weakness", sorted({"weak", "revoked", "unparsable", "refused", "shared_factor", "roca"}))
def test_a_weak_key_says_why_in_plain_words(weakness: str) -> None:
    (line,) = key_commands.listed([{**ROW, "weakness": weakness}])
    assert f"{weakness}: " in line and line.isprintable()


def test_a_key_of_several_domains_and_a_small_exponent_are_told(numbers: Any) -> None:
    other = {**ROW, "domain": "b.example"}
    assert all("1 other domain" in line for line in key_commands.listed([ROW, other]))
    assert "other domain" not in key_commands.listed([ROW, {**other, "key_id": "x"}])[0]
    cubed = {**ROW, "record": numbers.record(numbers.sound(), 3)}
    assert "exponent 3: sound" in key_commands.listed([cubed])[0]


def test_hostile_names_are_printed_without_control_characters() -> None:
    name = wanted.Wanted("a\x1b[2J.example", "s\n1", "s\n1._domainkey.a\x1b[2J.example", 1, 1, 1, None, None, "missing")
    assert key_commands.in_words(name).isprintable()


def test_added_keys_are_kept_once(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new._domainkey.other.example.txt"
    path.write_text(ED25519)
    for count in (1, 0):
        assert cli.run(["keys", "add", str(out), str(path)]) == 0
        assert f"{count} keys added" in capsys.readouterr().out


def test_added_keys_do_not_come_from_inside_the_dump(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = commit.read_run(out)
    assert record is not None
    dump = tmp_path / "dump"
    shutil.copytree(Path(record["arguments"]["dump"]) / "documents", dump)
    record["arguments"]["dump"] = str(dump)
    commit.write_run(out, record)
    (dump / "new._domainkey.other.example.txt").write_text(ED25519)
    assert cli.run(["keys", "add", str(out), str(dump / "new._domainkey.other.example.txt")]) == 3
    assert "inside the dump" in capsys.readouterr().err
