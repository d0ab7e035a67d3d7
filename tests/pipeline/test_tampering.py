"""What a signature proves to be changed, through `triage run`: several units, any order, any number of workers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TABLES = ("items", "findings", "signatures", "keys", "sources")
sys.path.insert(0, str(ROOT / "sample_dump"))
from signing import Signer, sign  # noqa: E402

CAMPAIGN = Signer("campaign.example", "s1", "campaign")
FILLER = b"\0" * 17 * 1024 * 1024  # one unit and more

MAIL = b"""Return-Path: <claire@campaign.example>
Received: from mx.campaign.example by mx.newsroom.example; Mon, 24 Apr 2017 10:00:05 +0000
From: Claire Aubry <claire@campaign.example>
To: desk@newsroom.example
Subject: The hall on Friday
Date: Mon, 24 Apr 2017 10:00:00 +0000
Message-ID: <NAME@campaign.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Letter NAME: the hall is booked for Friday, and the invoice of 400 euro goes to the treasurer.
"""
REPLY = b"""Received: from a by b; Mon, 24 Apr 2017 12:00:05 +0000
From: desk@newsroom.example
To: claire@campaign.example
Subject: Re: The hall on Friday
Date: Mon, 24 Apr 2017 12:00:00 +0000
Message-ID: <answer@newsroom.example>
In-Reply-To: <subject@campaign.example>

Thank you.
"""
INVENTED = (
    (b"The hall on Friday", b"Account in Panama"),
    (b"graft@", b"invented@"),
    (b"Letter graft: the hall is booked for Friday, and the invoice of 400 euro goes to the treasurer.",
     b"Please move nine million to Panama before any auditor comes, then burn all that paper."),
)  # fmt: skip
EXPECTED = {
    "subject.eml": ("altered", "dkim.altered"),
    "date.eml": ("altered", "dkim.altered"),
    "body.eml": ("altered", "dkim.altered"),
    "graft.eml": ("grafted_signature", "dkim.grafted_signature"),
}


def mail(name: str, *edits: tuple[bytes, bytes]) -> bytes:
    octets = sign(MAIL.replace(b"NAME", name.encode()).replace(b"\n", b"\r\n"), CAMPAIGN)
    for old, new in edits:
        assert old in octets
        octets = octets.replace(old, new)
    return octets


def fill(dump: Path, changed: str, others: str) -> None:
    """Changed mails in one folder, what gives them away in another, a unit's worth of octets between."""
    files = {
        f"{changed}/subject.eml": mail("subject", (b"Subject: The hall", b"Subject: The bribe")),
        f"{changed}/date.eml": mail("date", (b"Mon, 24 Apr 2017", b"Fri, 24 Mar 2017")),
        f"{changed}/body.eml": mail("body", (b"400 euro", b"9400 euro")),
        f"{changed}/graft.eml": mail("graft", *INVENTED),
        f"{changed}/honest.eml": mail("honest", (b"treasurer.", b"treasurer.\r\n-- \r\nStaff list, write to leave it")),
        "m/filler.bin": FILLER,
        f"{others}/reply.eml": REPLY.replace(b"\n", b"\r\n"),
        f"{others}/draft.eml": mail("body").partition(b"Received: ")[2].partition(b"\r\n")[2],
        f"{others}/genuine.eml": mail("graft"),
        f"{others}/honest.eml": mail("honest").partition(b"Received: ")[2].partition(b"\r\n")[2],
    }
    for name, octets in files.items():
        (dump / name).parent.mkdir(parents=True, exist_ok=True)
        (dump / name).write_bytes(octets)


def run(dump: Path, keys: Path, out: Path, workers: int) -> dict[str, bytes]:
    command = [sys.executable, "-m", "pipeline", "run", str(dump), "-o", str(out), "-q", "--workers", str(workers)]
    done = subprocess.run([*command, "--keys", str(keys)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return {name: (out / f"{name}.parquet").read_bytes() for name in TABLES}


def suspected(out: Path) -> dict[str, tuple[str, str]]:
    rows = pq.read_table(out / "items.parquet").to_pylist()
    found = [row for row in rows if row["verdict"] == "suspected_fake"]
    assert all("The signature of campaign.example" in row["headline"] for row in found)
    return {row["file_name"]: (row["subtype"], row["reason_code"]) for row in found}


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "s1._domainkey.campaign.example.txt"
    path.write_text(CAMPAIGN.record())
    return path


def test_changed_mail_is_found_across_units_whatever_comes_first(tmp_path: Path, keys: Path) -> None:
    fill(tmp_path / "one", "a", "z")
    one = run(tmp_path / "one", keys, tmp_path / "out1", 1)
    assert one == run(tmp_path / "one", keys, tmp_path / "out2", 2)
    assert suspected(tmp_path / "out1") == EXPECTED
    fill(tmp_path / "other", "z", "a")
    run(tmp_path / "other", keys, tmp_path / "out3", 2)
    assert suspected(tmp_path / "out3") == EXPECTED


def test_explain_shows_what_was_signed_and_what_is_shown(tmp_path: Path, keys: Path) -> None:
    fill(tmp_path / "dump", "a", "z")
    run(tmp_path / "dump", keys, tmp_path / "out", 2)
    command = [sys.executable, "-m", "pipeline", "explain", str(tmp_path / "out"), "a/subject.eml"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "expected: The hall on Friday" in done.stdout and "here:     The bribe on Friday" in done.stdout
    assert "z/reply.eml" in done.stdout and "innocent explanation:" in done.stdout
