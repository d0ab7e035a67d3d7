"""diff: what another key, another protected domain or another dump changes, by verdict and reason."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipeline import cli, out_tables
from pipeline.comparing import compare

SAMPLE = Path(__file__).resolve().parents[2] / "sample_dump"


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_run_and_its_copy_are_equal(finished: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    count = len(out_tables.read_table(out, "items"))
    assert cli.run(["diff", str(finished), str(out)]) == 0
    assert capsys.readouterr().out == f"0 items differ, of {count} before and {count} after.\n"


@pytest.fixture
def without_keys(out: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The same evidence judged with one key only."""
    key = SAMPLE / "keys" / "k1._domainkey.imprimerie-delta.example.txt"
    assert cli.run(["judge", str(out), "--only-keys", "--keys", str(key), "-q"]) == 0
    capsys.readouterr()
    return out


def test_keys_that_are_gone_are_named_with_what_they_verified(
    finished: Path, without_keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["diff", str(finished), str(without_keys)]) == 0
    printed = capsys.readouterr().out
    assert "- key hc2016._domainkey.horizon-commun.example (archive, " in printed
    assert "verified (signature) -> unverifiable (key_unknown)" in printed
    assert "k1._domainkey" not in printed and "mails/campagne/0010-devis.eml" not in printed
    assert cli.run(["diff", str(without_keys), str(finished)]) == 0
    assert "unverifiable (key_unknown) -> verified (signature)" in capsys.readouterr().out


def test_json_names_every_item_that_differs_with_both_sides(
    finished: Path, without_keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides = [
        {row["path"]: row for row in out_tables.read_table(out, "items").to_pylist()}
        for out in (finished, without_keys)
    ]
    names = ("verdict", "reason_code", "subtype", "basis", "confidence")
    expected = {path for path in sides[0] if any(sides[0][path][n] != sides[1][path][n] for n in names)}
    assert cli.run(["diff", str(finished), str(without_keys), "--json"]) == 0
    found = {record["path"]: record for record in lines(capsys) if "path" in record}
    assert set(found) == expected and len(expected) > 20
    for path, record in found.items():
        for name in names:
            assert [record["before"][name], record["after"][name]] == [side[path][name] for side in sides]


def test_another_dump_and_another_protected_domain_are_said(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leak = Path(shutil.copytree(SAMPLE / "leak", tmp_path / "leak", symlinks=True))
    (leak / "mails" / "campagne" / "0002-tract.eml").unlink()
    (leak / "divers" / "new\x1bname.txt").write_text("new")
    mail = leak / "mails" / "campagne" / "0008-interne.eml"
    mail.write_bytes(mail.read_bytes() + b"PS\n")
    other = tmp_path / "other"
    arguments = ["run", str(leak), "-o", str(other), "-q", "--workers", "1", "--keys", str(SAMPLE / "keys")]
    assert cli.run([*arguments, "--protect", "lavigie.example"]) == 0
    capsys.readouterr()
    assert cli.run(["diff", str(finished), str(other)]) == 0
    printed = capsys.readouterr().out
    assert "argument protect: none -> lavigie.example" in printed
    assert "only before: verified (signature)" in printed and "mails/campagne/0002-tract.eml" in printed
    assert "only after: unverifiable (no_signature)" in printed and "new%1Bname.txt" in printed
    assert "unverifiable (no_signature), with another sha256" in printed
    assert "suspected_fake (impersonation)" in printed
    assert printed.replace("\n", "").isprintable()


def test_many_items_of_one_kind_are_counted_and_not_listed(finished: Path, without_keys: Path) -> None:
    found = compare(finished, without_keys)
    assert (found.before, found.after) == (len(out_tables.read_table(finished, "items")),) * 2
    assert [item["path"] for item in found.items] == sorted(item["path"] for item in found.items)


def test_what_is_no_finished_run_is_refused(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for pair in ((finished, tmp_path), (tmp_path / "none", finished)):
        assert cli.run(["diff", *map(str, pair)]) == 3
        assert "holds no finished run" in capsys.readouterr().err
