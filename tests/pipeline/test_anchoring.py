"""A recovered key that a trusted receiver's seal vouches for, and seals that vouch for nothing."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from command_line import rows, triage
from lost_key_mail import APRIL, mail
from sealing import Signer, seal

MX = Signer("mx.example", "arc", "newspaper")


@pytest.fixture(scope="module")
def press() -> RSAPrivateKey:
    return generate_private_key(3, 2048)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys.csv"
    path.write_text(f'domain,selector,record\nmx.example,arc,"{MX.record()}"\n')
    return path


def judged(dump: Path, keys: Path, *more: object) -> dict[str, dict[str, Any]]:
    out = dump.parent / "out"
    done = triage("run", dump, "-o", out, "--keys", keys, "--workers", 1, *more)
    assert done.returncode == 0, done.stderr
    return {row["path"]: row for row in rows(out)}


def write(dump: Path, key: RSAPrivateKey, results: str, sealer: Signer = MX) -> None:
    """Four mails of one key; the first one sealed by a receiver."""
    dump.mkdir()
    for number in range(4):
        octets = mail(key, APRIL + timedelta(days=number), f"anna{number}")
        if number == 0:
            b = re.sub(rb"\s", b"", re.search(rb"[;\s]b=([^;]+?)\r\nFrom:", octets, re.DOTALL)[1])  # type: ignore[index]
            prefix = base64.b64encode(base64.b64decode(b)).decode()[:8]
            octets = seal(octets, sealer, results.replace("PREFIX", prefix))
        (dump / f"{number}.eml").write_bytes(octets)


NAMED = "mx.example; dkim=pass header.d=press.example header.s=s1 header.b=PREFIX"


def test_a_key_that_a_receiver_found_published_verifies_the_other_mails(
    tmp_path: Path, press: RSAPrivateKey, keys: Path
) -> None:
    write(tmp_path / "dump", press, NAMED)
    found = judged(tmp_path / "dump", keys, "--trusted-sealer", "mx.example")
    assert found["0.eml"]["basis"] == "receiver_seal"
    for path in ("1.eml", "2.eml", "3.eml"):
        assert (found[path]["basis"], found[path]["confidence"]) == ("anchored_recovered_key", "moderate")
    (key,) = [row for row in rows(tmp_path / "out", "keys") if row["source"] == "recovered"]
    assert key["anchored_by"] == f"seal of mx.example in item {found['0.eml']['item_id']}"


@pytest.mark.parametrize(
    ("results", "sealer"),
    [
        ("mx.example; dkim=none", MX),
        ("mx.example; dkim=pass header.d=other.example header.s=s1 header.b=PREFIX", MX),
        ("mx.example; dkim=pass header.d=press.example header.s=s1 header.b=AAAAAAAA", MX),
        ("mx.example; dkim=fail header.d=press.example header.s=s1 header.b=PREFIX", MX),
        ("mx.example; spf=pass smtp.mailfrom=press.example; dmarc=pass header.from=press.example", MX),
        (NAMED, Signer("nobody.example", "arc", "newspaper")),
    ],
)
def test_a_seal_that_says_something_else_anchors_nothing(
    tmp_path: Path, press: RSAPrivateKey, keys: Path, results: str, sealer: Signer
) -> None:
    write(tmp_path / "dump", press, results, sealer)
    found = judged(tmp_path / "dump", keys, "--trusted-sealer", "mx.example")
    assert {found[path]["reason_code"] for path in ("1.eml", "2.eml", "3.eml")} == {"key_recovered"}


def test_without_trust_in_the_sealer_nothing_is_anchored_and_a_judgement_that_trusts_it_does(
    tmp_path: Path, press: RSAPrivateKey, keys: Path
) -> None:
    write(tmp_path / "dump", press, NAMED)
    assert judged(tmp_path / "dump", keys)["1.eml"]["verdict"] == "unverifiable"
    done = triage("judge", tmp_path / "out", "--trusted-sealer", "mx.example")
    assert done.returncode == 0, done.stderr
    assert {row["path"]: row["basis"] for row in rows(tmp_path / "out")}["1.eml"] == "anchored_recovered_key"
