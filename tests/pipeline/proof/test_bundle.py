"""A stranger's check of a proof: the commands of its README, run by the real openssl; one changed bit fails."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import hashlib
import io
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from pipeline import cli, out_tables
from pipeline.proof import octets as octets_module
from sealing import Signer, prefix_of, seal, sign
from transforms.limits import LIMITS

SAMPLE = Path(__file__).resolve().parents[3] / "sample_dump"
LEAK = SAMPLE / "leak"
MAIL = (
    b"From: Anna <anna@campaign.example>\r\nTo: desk@press.example\r\nSubject: The hall\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\nMessage-ID: <1@campaign.example>\r\n\r\nThe hall is booked.\r\n"
)

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here")


def proof(out: Path, item: str, to: Path, dump: Path = LEAK) -> Path:
    assert cli.run(["proof", str(out), item, "--dump", str(dump), "-o", str(to)]) == 0
    return to


def commands(folder: Path) -> list[str]:
    return re.findall(r"^    (.+)$", (folder / "README.txt").read_text("utf-8"), re.MULTILINE)


def answers(folder: Path) -> list[str]:
    """What the commands of the README print, in its folder."""
    found = [subprocess.run(c, shell=True, cwd=folder, capture_output=True) for c in commands(folder)]  # noqa: S602
    return [(one.stdout + one.stderr).decode("latin-1").strip() for one in found]


def holds(folder: Path) -> bool:
    """Whether a stranger is told that body, signature and key are right."""
    printed = "\n".join(answers(folder))
    text = (folder / "README.txt").read_text("utf-8")
    claimed = re.search(r"which is\n(\S+):", text)
    key = re.search(r"p=([A-Za-z0-9+/=]+)", (folder / "key-record.txt").read_text("utf-8"))
    assert claimed is not None and key is not None
    signature = "Verified OK" in printed or "Signature Verified Successfully" in printed
    return signature and claimed[1] in printed.split() and key[1] in printed.split()


@pytest.mark.parametrize(
    "item",
    [
        "mails/campagne/0001-budget.eml",
        "mails/campagne/0004-reponse-lf.eml",
        "mails/cabinet/engagement-ed25519.eml",
        "mails/journal/edition-2012-sha1.eml",
        "mails/journal/transfert.eml!2",
        "boites/inbox!@1599",
        "boites/Apple Mail/48213.emlx",
        "archives/partage.zip!courrier/visuels.eml",
    ],
)
def test_a_stranger_checks_a_message_with_three_commands(finished: Path, tmp_path: Path, item: str) -> None:
    folder = proof(finished, item, tmp_path / "proof")
    assert len(commands(folder)) == 3
    assert holds(folder)
    row = next(row for row in out_tables.read_table(finished, "items").to_pylist() if row["path"] == item)
    assert hashlib.sha256((folder / "message.eml").read_bytes()).hexdigest() == row["sha256"]


@pytest.mark.parametrize("item", ["mails/campagne/0001-budget.eml", "mails/cabinet/engagement-ed25519.eml"])
@pytest.mark.parametrize("name", ["body.canonical", "headers.canonical", "signature.bin", "key.pem"])
def test_one_changed_bit_fails(finished: Path, tmp_path: Path, item: str, name: str) -> None:
    folder = proof(finished, item, tmp_path / "proof")
    octets = bytearray((folder / name).read_bytes())
    for at in (len(octets) // 3, len(octets) // 2):
        changed = bytearray(octets)
        changed[at] ^= 1
        (folder / name).write_bytes(changed)
        assert not holds(folder)
    (folder / name).write_bytes(octets)
    assert holds(folder)


@pytest.mark.parametrize(
    ("item", "shown", "signed"),
    [
        ("export/subject-tag.eml", "[EXTERNAL] Hall contract", "Subject: Hall contract"),
        ("export/date-in-utc.eml", "the date was written in another time zone", "+0200"),
        ("export/mailman-footer.eml", "a footer was added", "as it stands"),
        ("export/recoded.eml", "text was given a transfer encoding", "as it was signed"),
    ],
)
def test_a_repair_is_shown_and_the_repaired_form_is_what_openssl_confirms(
    finished: Path, tmp_path: Path, item: str, shown: str, signed: str
) -> None:
    folder = proof(finished, item, tmp_path / "proof")
    assert holds(folder)
    text = " ".join((folder / "README.txt").read_text("utf-8").split())
    assert "What had to be undone" in text
    assert shown in text and signed in text
    assert (folder / "message.eml").read_bytes() == (LEAK / item).read_bytes()


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("mails/campagne/0001-budget.eml!2", "item.pdf"),
        ("mails/campagne/0007-dons.eml!2!pièces/budget.pdf", "item.pdf"),
        ("boites/Apple Mail/48213.emlx!2", "item.png"),
    ],
)
def test_an_inherited_document_is_found_in_the_body_that_was_signed(
    finished: Path, tmp_path: Path, item: str, name: str
) -> None:
    folder = proof(finished, item, tmp_path / "proof")
    assert len(commands(folder)) == 4 and holds(folder)
    row = next(row for row in out_tables.read_table(finished, "items").to_pylist() if row["path"] == item)
    assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == row["sha256"]
    part = folder / "part.bin" if (folder / "part.bin").exists() else folder / name
    assert hashlib.sha256(part.read_bytes()).hexdigest() in answers(folder)[-1]


def run(dump: Path, out: Path, *more: str) -> Path:
    assert cli.run(["run", str(dump), "-o", str(out), "-q", "--workers", "1", *more]) == 0
    return out


def test_a_loose_file_is_shown_in_the_message_that_carried_it(tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    signer = Signer("campaign.example", "s1", "campaign")
    octets = b"%PDF-1.4\n" + bytes(range(256)) * 3
    multipart = b"\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
    mail = MAIL.replace(b"\r\n\r\n", multipart)
    attachment = b"\r\n--b\r\nContent-Type: application/pdf; name=plan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    lines = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    fields = ("from", "to", "subject", "date", "message-id", "mime-version", "content-type")
    (dump / "a.eml").write_bytes(sign(mail + attachment + lines + b"--b--\r\n", signer, fields=fields))
    (dump / "loose.pdf").write_bytes(octets)
    key = tmp_path / "s1._domainkey.campaign.example.txt"
    key.write_text(signer.record())
    out = run(dump, tmp_path / "out", "--keys", str(key), "--protect", "campaign.example")
    folder = proof(out, "loose.pdf", tmp_path / "proof", dump)
    assert holds(folder) and (folder / "item.pdf").read_bytes() == octets
    assert hashlib.sha256(octets).hexdigest() in answers(folder)[-1]


def test_mail_in_compressed_archives_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    signer = Signer("campaign.example", "s1", "campaign")
    mail = sign(MAIL, signer)
    (dump / "one.eml.gz").write_bytes(gzip.compress(mail))
    with tarfile.open(dump / "many.tgz", "w:gz") as archive:
        for name, octets in (("readme.txt", b"no mail\n"), ("mail/a.eml", mail)):
            entry = tarfile.TarInfo(name)
            entry.size = len(octets)
            archive.addfile(entry, io.BytesIO(octets))
    key = tmp_path / "s1._domainkey.campaign.example.txt"
    key.write_text(signer.record())
    out = run(dump, tmp_path / "out", "--keys", str(key))
    for number, item in enumerate(("one.eml.gz!@0", "many.tgz!mail/a.eml")):
        assert holds(proof(out, item, tmp_path / str(number), dump))
        with monkeypatch.context() as context:  # no more comes out of a bomb than Examine let out of it
            context.setattr(octets_module, "LIMITS", dataclasses.replace(LIMITS, source_output=600))
            arguments = ["proof", str(out), item, "--dump", str(dump), "-o", str(tmp_path / "none")]
            assert cli.run(arguments) == 3


def test_a_receivers_seal_is_proven_by_its_two_signatures(tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.mkdir()
    receiver = Signer("mx.example", "arc", "newspaper")
    signed = sign(MAIL, Signer("campaign.example", "s1", "campaign"))
    results = f"mx.example; dkim=pass header.d=campaign.example header.b={prefix_of(signed)}"
    (dump / "a.eml").write_bytes(seal(signed, receiver, results))
    key = tmp_path / "arc._domainkey.mx.example.txt"
    key.write_text(receiver.record())
    out = run(dump, tmp_path / "out", "--keys", str(key), "--trusted-sealer", "mx.example")
    folder = proof(out, "a.eml", tmp_path / "proof", dump)
    assert answers(folder).count("Verified OK") == 2 and holds(folder)
    assert b"dkim=pass" in (folder / "seal.headers.canonical").read_bytes()
    changed = (folder / "seal.headers.canonical").read_bytes().replace(b"dkim=pass", b"dkim=fail")
    (folder / "seal.headers.canonical").write_bytes(changed)
    assert answers(folder).count("Verified OK") == 1


def test_the_manifest_names_every_file(finished: Path, tmp_path: Path) -> None:
    folder = proof(finished, "mails/campagne/0001-budget.eml", tmp_path / "proof")
    lines = (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    named = dict(reversed(line.split("  ", 1)) for line in lines)
    assert named == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir() if path.name != "SHA256SUMS"
    }  # fmt: skip


# ---- refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("mails/campagne/0008-interne.eml", "no proof to hand on"),
        ("copies/invoice-amount.eml", "suspected_fake"),
        ("export/footer-added.eml", "no proof to hand on"),
        ("nothing", "no such item"),
    ],
)
def test_what_is_not_verified_has_no_proof(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], item: str, words: str
) -> None:
    assert cli.run(["proof", str(finished), item, "--dump", str(LEAK), "-o", str(tmp_path / "proof")]) == 3
    assert words in capsys.readouterr().err
    assert not (tmp_path / "proof").exists()


def test_a_dump_that_changed_gives_no_proof(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leak = Path(shutil.copytree(LEAK, tmp_path / "leak", symlinks=True))
    mail = leak / "mails" / "campagne" / "0001-budget.eml"
    mail.write_bytes(mail.read_bytes().replace(b"Budget", b"Budgel"))
    arguments = ["proof", str(finished), "mails/campagne/0001-budget.eml", "--dump", str(leak)]
    assert cli.run([*arguments, "-o", str(tmp_path / "proof")]) == 3
    assert "cannot be read again" in capsys.readouterr().err


def test_a_folder_with_files_or_in_the_dump_is_refused(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").write_text("x")
    for folder, words in ((tmp_path, "is there already"), (LEAK / "proof", "inside the dump")):
        arguments = ["proof", str(finished), "mails/campagne/0001-budget.eml", "--dump", str(LEAK), "-o", str(folder)]
        assert cli.run(arguments) == 3
        assert words in capsys.readouterr().err
    assert not (LEAK / "proof").exists()
