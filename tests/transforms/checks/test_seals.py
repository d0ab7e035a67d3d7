"""What a sealed failure may say against a message, and what it may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sealing import Signer, prefix_of, seal, sign
from transforms.auth.key import parse_record
from transforms.model import PublicKey

MX = Signer("mx.example", "arc", "newspaper")
OTHER = Signer("other.example", "arc", "impostor")
CLUB = Signer("club.example", "s1", "campaign")
MAIL = b"""Delivered-To: desk@paper.example
Received: from out.evil.example by mx.example; Mon, 24 Apr 2017 10:00:25 +0000
From: Ada <ada@club.example>
To: desk@paper.example
Subject: The hall on Friday
Date: Mon, 24 Apr 2017 10:00:00 +0000
Message-ID: <1@club.example>

Send the money today.
""".replace(b"\n", b"\r\n")
GOOGLE = (
    "mx.example; spf=fail (a: b) smtp.mailfrom=a@club.example; dmarc=fail (p={} sp={} dis={}) header.from=club.example"
)
FAILED = GOOGLE.format("REJECT", "REJECT", "QUARANTINE")
MICROSOFT = (
    "mx.example 1; spf=fail (sender ip is 192.0.2.1) smtp.rcpttodomain={} smtp.mailfrom=club.example; "
    "dmarc=fail (p=reject sp=reject pct={}) action={} header.from=club.example; dkim=none (message not signed)"
)
FASTMAIL = (
    "mx.example; dkim=none (no signatures found); spf=fail smtp.mailfrom=a@club.example; dmarc=fail "
    "policy.published-domain-policy=reject policy.applied-disposition={} header.from=club.example"
)


def judge(
    folder: Path,
    judged: Any,
    octets: bytes,
    sealers: tuple[str, ...] = ("mx.example",),
    signers: tuple[Signer, ...] = (MX, OTHER, CLUB),
) -> dict[str, Any]:
    (folder / "m.eml").write_bytes(octets)
    keys = [
        PublicKey(parse_record(s.record()).key_id, s.domain, s.selector, s.record(), "archive", "keys.csv")
        for s in signers
    ]
    row: dict[str, Any] = judged(folder, keys, sealers=sealers)["m.eml"]
    return row


def against(row: dict[str, Any]) -> dict[str, str]:
    return {f["code"]: f["strength"] for f in row["findings"] if f["direction"] == "contradicts"}


SPOOFED = {"arc.spoofed_at_receipt": "decisive"}
ONE_STRONG = {"arc.failed_at_receipt": "strong"}
PASSED_ON = {"arc.failed_when_passed_on": "weak"}


@pytest.mark.parametrize(
    "results",
    [
        FAILED,
        GOOGLE.format("QUARANTINE", "QUARANTINE", "QUARANTINE"),
        GOOGLE.format("REJECT", "NONE", "REJECT"),  # sp= is for domains below this one
        "mx.example; dkim=none; spf=fail smtp.mailfrom=club.example; dmarc=fail (p=reject) header.from=club.example",
        FASTMAIL.format("quarantine"),
        MICROSOFT.format("paper.example", "100", "quarantine"),
    ],
)
def test_a_sender_who_was_refused_is_suspected(tmp_path: Path, judged: Any, results: str) -> None:
    row = judge(tmp_path, judged, seal(MAIL, MX, results))
    assert (row["verdict"], row["subtype"], row["confidence"]) == ("suspected_fake", "spoofed_at_receipt", "moderate")
    assert against(row) == SPOOFED
    (finding,) = [f for f in row["findings"] if f["direction"] == "contradicts"]
    assert finding["expected"] == "mail that club.example lets through its own check"
    assert "spf=fail" in finding["actual"] and "dmarc=fail" in finding["actual"]


@pytest.mark.parametrize(
    "results",
    [
        GOOGLE.format("NONE", "NONE", "NONE"),
        GOOGLE.format("REJECT", "REJECT", "NONE"),  # the receiver set the policy aside
        MICROSOFT.format("paper.example", "100", "oreject"),
        FASTMAIL.format("none"),
        MICROSOFT.format("paper.example", "20", "quarantine"),
        FAILED.replace("spf=fail", "spf=softfail"),
        FAILED.replace("spf=fail (a: b) smtp.mailfrom=a@club.example; ", ""),
        FAILED + "; dkim=permerror header.d=club.example",
        FAILED + "; dkim=pass header.d=evil.example",
        "mx.example; dkim=fail header.d=club.example; spf=fail smtp.mailfrom=club.example",
    ],
)
def test_a_lesser_failure_is_one_strong_finding(tmp_path: Path, judged: Any, results: str) -> None:
    row = judge(tmp_path, judged, seal(MAIL, MX, results))
    assert (row["verdict"], row["rule"]) == ("unverifiable", "flagged")
    assert against(row) == ONE_STRONG


@pytest.mark.parametrize(
    "mark",
    [
        "List-Id: <l.example>",
        "Resent-From: b@c.example",
        "X-Forwarded-For: b@c.example",
        "Delivered-To: somebody@else.example",
        "X-Original-To: somebody@else.example",
        "Received: from a.example by b.example (Postfix) id 3AB12C\r\n\tfor <somebody@else.example>; "
        "Mon, 24 Apr 2017 10:00:20 +0000",
        "X-MS-Exchange-Inbox-Rules-Loop: desk@paper.example",
        "X-Sieve-Redirected-From: desk@paper.example",
        "Precedence: list\r\nSender: talk-bounces@lists.example",
    ],
)
@pytest.mark.parametrize("results", [FAILED, GOOGLE.format("NONE", "NONE", "NONE")])
def test_a_mark_of_somebody_in_between_explains_it(tmp_path: Path, judged: Any, mark: str, results: str) -> None:
    row = judge(tmp_path, judged, seal(mark.encode() + b"\r\n" + MAIL, MX, results))
    assert (row["verdict"], row["rule"], against(row)) == ("unverifiable", "plain", PASSED_ON)


def test_who_is_not_addressed_got_it_from_somebody(tmp_path: Path, judged: Any) -> None:
    row = judge(tmp_path, judged, seal(MAIL, MX, MICROSOFT.format("elsewhere.example", "100", "quarantine")))
    assert (row["rule"], against(row)) == ("plain", PASSED_ON)


def test_an_earlier_set_explains_it_and_the_sets_own_fields_do_not(tmp_path: Path, judged: Any) -> None:
    row = judge(tmp_path, judged, seal(seal(MAIL, OTHER, "other.example; none"), MX, FAILED, instance=2))
    assert row["verdict"] == "unverifiable" and against(row) == PASSED_ON


@pytest.mark.parametrize(
    "results",
    [
        "mx.example; dkim=temperror header.d=club.example; " + FAILED.partition("; ")[2],
        "mx.example; dmarc=temperror header.from=club.example; spf=fail smtp.mailfrom=club.example",
        "mx.example; dmarc=none header.from=club.example; spf=softfail smtp.mailfrom=club.example",
        "mx.example; dkim=neutral header.d=club.example; spf=fail smtp.mailfrom=club.example",
        "mx.example; dkim=none; spf=fail smtp.mailfrom=club.example",
        FAILED.replace("header.from=club.example", "header.from=other.example"),
        FAILED.replace("dmarc=fail (", "dmarc=none (dmarc=fail "),
        "mx.example; none",
    ],
)
def test_what_is_no_failure_says_nothing(tmp_path: Path, judged: Any, results: str) -> None:
    assert against(judge(tmp_path, judged, seal(MAIL, MX, results))) == {}


def test_a_signature_that_the_sealer_does_not_mention_leaves_it_open(tmp_path: Path, judged: Any) -> None:
    signed = sign(MAIL, CLUB).replace(b"Send", b"Keep")
    assert against(judge(tmp_path, judged, seal(signed, MX, FAILED))) == ONE_STRONG
    told = FAILED + "; dkim=fail header.d=club.example"
    assert against(judge(tmp_path, judged, seal(signed, MX, told))) == SPOOFED


def test_a_valid_signature_of_its_own_is_not_touched(tmp_path: Path, judged: Any) -> None:
    row = judge(tmp_path, judged, seal(sign(MAIL, CLUB), MX, FAILED + "; dkim=fail header.d=club.example"))
    assert (row["verdict"], row["basis"], against(row)) == ("verified", "signature", {})


def test_an_honest_mail_cannot_be_framed_with_the_set_of_a_spoofed_one(tmp_path: Path, judged: Any) -> None:
    sealed = seal(MAIL, MX, FAILED)
    honest = MAIL.replace(b"Send the money today", b"See you at eight").replace(b"<1@", b"<2@")
    row = judge(tmp_path, judged, sealed.removesuffix(MAIL) + honest)
    assert against(row) == {}


def test_a_changed_body_leaves_a_failure_and_no_more(tmp_path: Path, judged: Any) -> None:
    assert against(judge(tmp_path, judged, seal(MAIL, MX, FAILED) + b"A footer.\r\n")) == ONE_STRONG


@pytest.mark.parametrize("sealers", [(), ("other.example",)])
def test_a_sealer_that_nobody_trusts_accuses_nobody(tmp_path: Path, judged: Any, sealers: tuple[str, ...]) -> None:
    assert against(judge(tmp_path, judged, seal(MAIL, MX, FAILED), sealers)) == {}


def test_another_receiver_that_saw_it_pass_speaks_louder(tmp_path: Path, judged: Any) -> None:
    passed = seal(MAIL, OTHER, "other.example; dmarc=pass header.from=club.example")
    row = judge(tmp_path, judged, seal(passed, MX, FAILED, instance=2), ("mx.example", "other.example"))
    assert against(row) == {}


# ---- what seals say for a mail, or leave open ----------------------------------------------------

SIGNED = sign(MAIL, CLUB)
PASSED = f"mx.example; dkim=pass header.i=@club.example header.s=s1 header.b={prefix_of(SIGNED)}"
SPF = "mx.example; spf=pass smtp.mailfrom={}"


@pytest.mark.parametrize(
    ("octets", "sealers", "signers", "code", "direction", "strength"),
    [
        (seal(SIGNED, MX, PASSED), ("mx.example",), (MX,), "receiver_seal", "supports", "decisive"),
        (seal(MAIL, MX, SPF.format("a@club.example")), ("mx.example",), (MX,), "receiver_recorded_pass", "supports",
         "strong"),
        (seal(SIGNED, MX, PASSED) + b"A footer.\r\n", ("mx.example",), (MX,), "recorded_before_a_change", "supports",
         "weak"),
        (seal(MAIL, MX, SPF.format("a@evil.example")), ("mx.example",), (MX,), "held_by_receiver", "supports", "weak"),
        (seal(SIGNED, MX, PASSED) + b"A footer.\r\n", ("mx.example",), (MX,), "chain_broken", "neutral", "weak"),
        (seal(SIGNED, MX, PASSED), ("mx.example",), (OTHER,), "key_unknown", "neutral", "weak"),
        (seal(SIGNED, MX, PASSED), (), (MX,), "sealer_not_trusted", "neutral", "weak"),
    ],
)  # fmt: skip
def test_each_finding_has_its_weight(
    tmp_path: Path,
    judged: Any,
    octets: bytes,
    sealers: tuple[str, ...],
    signers: tuple[Signer, ...],
    code: str,
    direction: str,
    strength: str,
) -> None:
    row = judge(tmp_path, judged, octets, sealers, signers)
    (found,) = (one for one in row["findings"] if one["code"] == f"arc.{code}")
    assert (found["direction"], found["strength"]) == (direction, strength)
    assert (row["verdict"] == "verified") == (strength == "decisive")


def test_a_mail_without_seals_has_no_finding_of_them(tmp_path: Path, judged: Any) -> None:
    assert not [one for one in judge(tmp_path, judged, SIGNED)["findings"] if one["code"].startswith("arc.")]
