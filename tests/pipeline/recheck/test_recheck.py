"""Verified items meet other code: dkimpy agrees with the honest ones, and no forged row stays unnoticed."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline import cli, out_tables
from pipeline.recheck import against, second_opinion, stored, verified
from sealing import Signer, prefix_of, seal, sign

ROOT = Path(__file__).resolve().parents[3]
LEAK = ROOT / "sample_dump" / "leak"
MAIL = (
    b"From: Anna <anna@campaign.example>\r\nTo: desk@press.example\r\nSubject: The hall\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\nMessage-ID: <1@campaign.example>\r\n\r\nThe hall is booked.\r\n"
)


def record_of(out: Path) -> dict[str, Any]:
    record = out_tables.read_run(out)
    assert record is not None
    return record


def n_verified(out: Path) -> int:
    return out_tables.read_table(out, "items", ["verdict"])["verdict"].to_pylist().count("verified")


def run(dump: Path, out: Path, *more: str) -> Path:
    assert cli.run(["run", str(dump), "-o", str(out), "-q", "--workers", "1", *more]) == 0
    return out


# ---- honest ----------------------------------------------------------------------------------------


def test_every_verified_item_of_the_sample_is_confirmed_from_evidence_alone(finished: Path) -> None:
    tally = stored.recheck(finished, verified.of(finished, record_of(finished)))
    assert tally.wrong == [] and not tally.left_out
    assert tally.agree + tally.explained.total() == n_verified(finished)
    assert tally.explained.total() == 3  # of these the body that was signed is not kept


def test_every_verified_item_of_the_sample_is_confirmed_by_dkimpy_on_its_octets(finished: Path) -> None:
    tally = against.recheck(LEAK, verified.of(finished, record_of(finished)))
    assert tally.wrong == [] and not tally.left_out
    assert tally.agree + tally.explained.total() == n_verified(finished)
    assert set(tally.explained) == {
        f"this had to be undone: {words}" for words in (
            "lines that begin with From were quoted as in a mailbox", "a footer was added",
            "the date was written in another time zone", "text was given a transfer encoding",
            "a tag was put into the subject",
        )
    }  # fmt: skip


def test_the_command_says_how_many_agree(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["verify", str(finished), "--against", str(LEAK)]) == 0
    printed = capsys.readouterr().out
    assert f"given to dkimpy: {n_verified(finished)} agree, 0 do not" in printed
    assert f"kept fields against the keys: {n_verified(finished)} agree, 0 do not" in printed


def test_what_dkimpy_has_against_an_expired_signature_is_said(tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    signer = Signer("campaign.example", "s1", "campaign")
    expiring = Signer("campaign.example", "s1; x=1493632800", "campaign")  # a week after t=
    (dump / "a.eml").write_bytes(sign(MAIL, expiring))
    key = tmp_path / "s1._domainkey.campaign.example.txt"
    key.write_text(signer.record())
    out = run(dump, tmp_path / "out", "--keys", str(key))
    assert n_verified(out) == 1
    tally = against.recheck(dump, verified.of(out, record_of(out)))
    assert tally.wrong == [] and tally.agree == 0
    assert list(tally.explained) == ["dkimpy says: x= value is past; its hash and signature match"]


def test_a_receivers_seal_is_confirmed_with_the_dump(tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    receiver = Signer("mx.example", "arc", "newspaper")
    signed = sign(MAIL, Signer("campaign.example", "s1", "campaign"))
    results = f"mx.example; dkim=pass header.d=campaign.example header.b={prefix_of(signed)}"
    (dump / "a.eml").write_bytes(seal(signed, receiver, results))
    key = tmp_path / "arc._domainkey.mx.example.txt"
    key.write_text(receiver.record())
    out = run(dump, tmp_path / "out", "--keys", str(key), "--trusted-sealer", "mx.example")
    found = verified.of(out, record_of(out))
    assert stored.recheck(out, found).left_out.total() == 1
    assert against.recheck(dump, found).agree == 1


def test_what_is_packed_as_a_whole_is_counted_apart(tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    signer = Signer("campaign.example", "s1", "campaign")
    (dump / "a.eml.gz").write_bytes(gzip.compress(sign(MAIL, signer)))
    key = tmp_path / "s1._domainkey.campaign.example.txt"
    key.write_text(signer.record())
    out = run(dump, tmp_path / "out", "--keys", str(key))
    found = verified.of(out, record_of(out))
    assert stored.recheck(out, found).agree == 1
    tally = against.recheck(dump, found)
    assert (tally.agree, tally.left_out.total(), tally.wrong) == (0, 1, [])


# ---- forged ----------------------------------------------------------------------------------------


def set_where(path: str, **values: object):
    """An edit that gives the row of items with this path other values."""

    def edit(table: pa.Table) -> pa.Table:
        rows = table.to_pylist()
        row = next(row for row in rows if row["path"] == path)
        row.update(values)
        return pa.Table.from_pylist(rows, table.schema)

    return edit


@pytest.mark.parametrize(
    ("path", "values", "words"),
    [
        ("mails/campagne/0008-interne.eml", {"verdict": "verified", "basis": "signature"}, "make it so"),
        ("copies/invoice-amount.eml", {"verdict": "verified", "basis": "signature"}, "make it so"),
        (
            "mails/recus/words-changed.eml",
            {"verdict": "verified", "basis": "signature", "dkim_domain": "horizon-commun.example"},
            "make it so",
        ),
        ("documents/note.docx", {"verdict": "verified", "inherits_from": "0" * 32}, "by a message that is not"),
    ],
)
def test_a_row_that_was_made_verified_is_named_and_ends_with_5(
    out: Path, rewrite, capsys: pytest.CaptureFixture[str], path: str, values: dict[str, Any], words: str
) -> None:
    rewrite("items", set_where(path, **values))
    assert cli.run(["verify", str(out)]) == 5
    assert f"{path}: " in (printed := capsys.readouterr().out) and words in printed


def test_a_document_under_another_message_is_named(out: Path, rewrite) -> None:
    rows = {row["path"]: row for row in out_tables.read_table(out, "items").to_pylist()}
    other = rows["mails/campagne/0001-budget.eml"]["item_id"]
    rewrite("items", set_where("documents/note.docx", verdict="verified", inherits_from=other))
    tally = stored.recheck(out, verified.of(out, record_of(out)))
    assert [line for line in tally.wrong if "documents/note.docx" in line and "does not lie" in line]


def test_signatures_made_valid_in_the_tables_do_not_pass(out: Path, rewrite) -> None:
    """All three tables say so; neither evidence nor octets do."""
    path = "mails/recus/words-changed.eml"
    rows = {row["path"]: row for row in out_tables.read_table(out, "items").to_pylist()}
    item = rows[path]

    def passing(table: pa.Table) -> pa.Table:
        signatures = table.to_pylist()
        for row in signatures:
            if row["item_id"] == item["item_id"]:
                row.update(result="pass", body_ok=True)
        return pa.Table.from_pylist(signatures, table.schema)

    rewrite("signatures", passing)
    rewrite("items", set_where(path, verdict="verified", basis="signature", inherits_from=None))
    found = verified.of(out, record_of(out))
    assert [line for line in stored.recheck(out, found).wrong if line.startswith(path) and "another hash" in line]
    assert [line for line in against.recheck(LEAK, found).wrong if line.startswith(path)]


def test_another_key_in_the_tables_does_not_pass(out: Path, rewrite) -> None:
    other = Signer("horizon-commun.example", "hc2016", "impostor").record()

    def exchanged(table: pa.Table) -> pa.Table:
        keys = table.to_pylist()
        for row in keys:
            if row["selector"] == "hc2016":
                row["record"] = other
        return pa.Table.from_pylist(keys, table.schema)

    rewrite("keys", exchanged)
    tally = stored.recheck(out, verified.of(out, record_of(out)))
    assert len(tally.wrong) > 5 and all("does not confirm" in line for line in tally.wrong)


def test_damaged_evidence_is_named_and_ends_with_5(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = (out / "evidence").rglob("*.arrow")
    path.write_bytes(path.read_bytes()[:200])
    assert cli.run(["verify", str(out)]) == 5
    assert f"{path.name}: damaged evidence" in capsys.readouterr().out


# ---- the other program ------------------------------------------------------------------------------


def test_dkimpy_denies_other_words_another_key_and_hostile_octets() -> None:
    signer = Signer("campaign.example", "s1", "campaign")
    mail = sign(MAIL, signer)
    assert second_opinion.of_message(mail, 0, signer.record()) == (True, "")
    other = Signer("campaign.example", "s1", "impostor").record()
    for octets, number, record in (
        (mail.replace(b"booked", b"burned"), 0, signer.record()),
        (mail, 0, other),
        (mail, 1, signer.record()),
        (b"\0\xff\r\n\r\n", 0, signer.record()),
        (b"DKIM-Signature: a\r\n\r\n", 0, signer.record()),
        (mail, 0, "p="),
    ):
        assert not second_opinion.of_message(octets, number, record).agrees


def test_a_mail_of_blanks_is_counted_and_not_handed_to_dkimpy(tmp_path: Path) -> None:
    signer = Signer("campaign.example", "s1", "campaign")
    mail = sign(MAIL, signer)
    padded = mail.replace(b"hall is", b"hall" + b" " * 12_000 + b"is")
    (tmp_path / "dump").mkdir()
    (tmp_path / "keys").mkdir()
    (tmp_path / "dump" / "a.eml").write_bytes(padded)
    (tmp_path / "keys" / "s1._domainkey.campaign.example.txt").write_text(signer.record())
    out = run(tmp_path / "dump", tmp_path / "out", "--keys", str(tmp_path / "keys"))
    found = verified.of(out, record_of(out))
    assert [item["path"] for item, _ in found.own] == ["a.eml"]
    tally = against.recheck(tmp_path / "dump", found)
    assert (tally.wrong, tally.agree, dict(tally.left_out)) == ([], 0, {second_opinion.TOO_LONG: 1})


@pytest.mark.parametrize(("octets", "long"), [
    (b"a" + b" " * 9_000 + b"a", False), (b"a" + b"\t\r\n " * 3_000 + b"a", True),
    ((b"a" + b" " * 1_000) * 90, False), ((b"a" + b" " * 1_000) * 101, True),
])  # fmt: skip
def test_blanks_are_weighed_by_the_square_of_their_runs(octets: bytes, long: bool) -> None:
    assert second_opinion.takes_too_long(octets) is long


def test_dkimpy_is_loaded_without_the_dns(finished: Path) -> None:
    code = (
        "import sys; from pipeline import cli\n"
        "assert cli.run(['verify', sys.argv[1], '--against', sys.argv[2]]) == 0\n"
        "assert 'dkim' in sys.modules and 'dns' not in sys.modules\n"
        "import dkim\n"
        "try: dkim.get_txt(b'a.example')\n"
        "except RuntimeError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(finished), str(LEAK)], capture_output=True, text=True,
                          cwd=ROOT)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("nothing is looked up here\n")
