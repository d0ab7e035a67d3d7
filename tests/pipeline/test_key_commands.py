"""triage keys list, wanted, add: in words and as JSON lines, without a control character."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import dkim
import gmpy2
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pipeline import cli, commit, key_commands, key_store, out_tables, wanted
from transforms import wording
from transforms.auth.key import parse_record
from transforms.model import PublicKey

ED25519 = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8463 §A.2
ROW: dict[str, Any] = {
    "key_id": "k", "domain": "a.example", "selector": "s1", "record": ED25519, "bits": 256, "source": "archive",
    "first_seen": None, "last_seen": None, "n_verified": 1, "n_failed": 0, "weakness": None, "anchored_by": None,
}  # fmt: skip


def test_keys_are_listed_with_what_they_confirmed(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = out_tables.read_table(finished, "keys").to_pylist()
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


def test_that_no_key_is_wanted_is_said_in_words(
    finished: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wanted, "names", lambda out: [])
    assert cli.run(["keys", "wanted", str(finished)]) == 0
    assert capsys.readouterr().out == "No further key would decide anything.\n"
    assert cli.run(["keys", "wanted", str(finished), "--json"]) == 0
    assert capsys.readouterr().out == ""


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
    record = out_tables.read_run(out)
    assert record is not None
    dump = tmp_path / "dump"
    shutil.copytree(Path(record["arguments"]["dump"]) / "documents", dump)
    record["arguments"]["dump"] = str(dump)
    commit.write_run(out, record)
    (dump / "new._domainkey.other.example.txt").write_text(ED25519)
    assert cli.run(["keys", "add", str(out), str(dump / "new._domainkey.other.example.txt")]) == 3
    assert "inside the dump" in capsys.readouterr().err


def test_a_valid_signature_under_a_known_weak_key_verifies_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], numbers: Any
) -> None:
    p, q, r = (int(gmpy2.next_prime(3 << 1022 | seed << 900)) for seed in (1, 5, 9))
    d = pow(65537, -1, (p - 1) * (q - 1))
    key = RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), RSAPublicNumbers(65537, p * q)
    ).private_key()  # fmt: skip
    mail = (
        b"From: Anna <anna@a.example>\r\nTo: b@c.example\r\nSubject: hi\r\n"
        b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\n\r\nText\r\n"
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    signature = dkim.sign(mail, b"s1", b"a.example", pem, include_headers=[b"from", b"to", b"subject", b"date"])
    (tmp_path / "a.eml").write_bytes(signature + mail)
    archive = tmp_path / "k.jsonl"
    own = {"domain": "a.example", "selector": "s1", "record": numbers.record(p * q)}
    sibling = {"domain": "b.example", "selector": "s1", "record": numbers.record(q * r)}
    for keys, expected in (([own], ("verified", "signature")), ([own, sibling], ("unverifiable", "key_known_weak"))):
        archive.write_text("".join(json.dumps(row) + "\n" for row in keys))
        assert cli.run(["check", str(tmp_path / "a.eml"), "--keys", str(archive), "--json"]) == 0
        (found,) = map(json.loads, capsys.readouterr().out.splitlines())
        assert (found["verdict"], found["reason_code"]) == expected
    assert "anybody could have computed the private key" in found["headline"]
    assert "key.known_weak" in {finding["code"] for finding in found["findings"]}


@pytest.mark.parametrize(
    ("n_verified", "stored", "expected"),
    [(1, None, "prime_modulus"), (0, None, None), (1, "roca", "roca"), (0, "roca", "roca")],
)
def test_the_table_says_why_a_key_proves_nothing(
    numbers: Any, n_verified: int, stored: str | None, expected: str | None
) -> None:
    record = numbers.record(int(gmpy2.next_prime(3 << 1022)))
    key = PublicKey("k", "a.example", "s1", record, "archive", "k.csv", weakness=stored)
    assert commit._weakness(key, parse_record(record), n_verified) == expected


def test_every_weakness_has_its_words(numbers: Any) -> None:
    for record in ("p=", "nonsense", "p=MAYCAQICAQM=", numbers.record(numbers.sound() >> 300 | 1)):
        key = PublicKey("", "a.example", "s1", record, "archive", "k.csv")
        found = commit._weakness(key, parse_record(record), 0)
        assert found in wording.KEY_WEAKNESS, record
