"""Google's second signature is kept beside the author's, and is worth little."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sealing import Signer, sign, sign_as_google
from transforms.auth.key import parse_record
from transforms.model import PublicKey

MAIL = b"""Received: from a by b; Mon, 24 Apr 2017 10:00:25 +0000
From: Ada <ada@club.example>
To: desk@paper.example
Subject: The hall
Date: Mon, 24 Apr 2017 10:00:00 +0000
Message-ID: <1@club.example>

The hall is booked.
""".replace(b"\n", b"\r\n")


def _judge(folder: Path, judged: Any, octets: bytes, signer: Signer) -> dict[str, Any]:
    (folder / "m.eml").write_bytes(octets)
    record = signer.record()
    key = PublicKey(parse_record(record).key_id, signer.domain, signer.selector, record, "archive", "keys.csv")
    row: dict[str, Any] = judged(folder, [key])["m.eml"]
    return row


def _codes(row: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in row["findings"]]


def test_googles_second_signature_says_that_google_sent_it_and_no_more(tmp_path: Path, judged: Any) -> None:
    google = Signer("1e100.net", "20161025", "newspaper")
    row = _judge(tmp_path, judged, sign_as_google(MAIL, google), google)
    assert (row["verdict"], row["dkim_result"]) == ("unverifiable", "none")
    assert [(s["type"], s["result"]) for s in row["signatures"]] == [("google", "pass")]
    assert _codes(row) == ["dkim.handled_by_google", "dkim.absent"]


def test_the_same_of_anybody_else_says_nothing(tmp_path: Path, judged: Any) -> None:
    other = Signer("club.example", "s1", "newspaper")
    row = _judge(tmp_path, judged, sign_as_google(MAIL, other), other)
    assert (row["verdict"], _codes(row)) == ("unverifiable", ["dkim.absent"])


def test_a_tenants_signature_verifies_the_one_domain_that_it_can_mean(tmp_path: Path, judged: Any) -> None:
    tenant = Signer("club-example.20150623.gappssmtp.com", "20150623", "newspaper")
    row = _judge(tmp_path, judged, sign(MAIL, tenant), tenant)
    assert (row["verdict"], row["rule"], row["basis"], row["confidence"], row["dkim_aligned"]) == (
        "verified", "provider", "provider_signature", "moderate", "provider",
    )  # fmt: skip
    rival = sign(MAIL.replace(b"ada@club", b"ada@my.club"), tenant)
    row = _judge(tmp_path, judged, rival, tenant)
    assert (row["verdict"], row["reason_code"], row["dkim_aligned"]) == ("unverifiable", "not_aligned", "none")
