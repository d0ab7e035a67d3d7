"""Forgeries under a valid signature that stock verifiers accept: each is refused, with its reason named.

dkimpy is asked as well, to show which of them a verifier that answers yes or no lets through.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import dkim
import pytest

from pipeline import checking, key_store, showing
from transforms.wording import OBJECTIONS, OUTCOMES

sys.path.insert(0, str(Path(__file__).resolve().parent))
from mail_system import MAIL, Mailer

HEAD, _, BODY = MAIL.partition(b"\r\n\r\n")
HEAD += b"\r\n"
PARTS = (
    b"--a\r\nContent-Type: text/plain\r\n\r\nPay 400 euro.\r\n--a--\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nPay 90000 euro.\r\n--b--\r\n"
)
MULTIPART = HEAD.replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=a") + b"\r\n" + PARTS
WITHOUT_MIME = "from to subject date message-id"


class Attack(NamedTuple):
    forge: Callable[[Mailer], bytes]
    reason: str  # objection, or reason of the result
    tags: str = ""  # of the key record
    stock: bool = True  # whether dkimpy accepts it


ATTACKS = {
    "another From above": Attack(
        lambda m: b"From: Eve <eve@campaign.example>\r\n" + m.sign(), "doubled_field", stock=False
    ),
    "another Subject above": Attack(lambda m: b"Subject: Burn the list\r\n" + m.sign(), "doubled_field"),
    "another Date above": Attack(
        lambda m: b"Date: Mon, 24 Apr 2006 10:00:00 +0000\r\n" + m.sign(), "doubled_field"
    ),
    "another To above": Attack(lambda m: b"To: press@outsider.example\r\n" + m.sign(), "doubled_field"),
    "another Message-ID above": Attack(lambda m: b"Message-ID: <x@y.example>\r\n" + m.sign(), "doubled_field"),
    "another Content-Type above": Attack(
        lambda m: b"Content-Type: multipart/mixed; boundary=b\r\n" + m.sign(MULTIPART), "doubled_field"
    ),
    "another boundary": Attack(
        lambda m: m.sign(MULTIPART, h=WITHOUT_MIME).replace(b"boundary=a", b"boundary=b"),
        "mime_reinterpretation_possible",
    ),
    "another type": Attack(
        lambda m: m.sign(HEAD + b"\r\nPay <i hidden>not</i> now\r\n", h=WITHOUT_MIME).replace(b"/plain", b"/html"),
        "mime_reinterpretation_possible",
    ),
    "another charset": Attack(
        lambda m: m.sign(HEAD + "\r\nPay 400 €\r\n".encode(), h=WITHOUT_MIME).replace(b"=utf-8", b"=cp1251"),
        "mime_reinterpretation_possible",
    ),
    "l=0 and another body": Attack(
        lambda m: m.sign(HEAD + b"\r\n", length=True) + b"Burn the list.\r\n", "body_length_limit"
    ),
    "text below l=": Attack(
        lambda m: m.sign(HEAD + b"\r\nYes\r\n", length=True) + b", burn the list.\r\n", "body_length_limit"
    ),
    "text behind l= on the same line": Attack(
        lambda m: m.sign(HEAD + b"\r\nYes\r\n", c="relaxed/simple", length=True).replace(b"l=5", b"l=3") + b"no\r\n",
        "header_changed_after_signing",
        stock=False,
    ),
    "l= beyond the body": Attack(lambda m: m.sign_with("l=999999"), "body_length_beyond"),
    "key for sha1 only": Attack(lambda m: m.sign(), "key_hash_not_allowed", "h=sha1; "),
    "key for another service": Attack(lambda m: m.sign(), "key_service_not_allowed", "s=other; ", stock=False),
    "key for no sub-domain": Attack(
        lambda m: m.sign(i="@news.campaign.example"), "key_auid_not_allowed", "t=s; "
    ),
    "a blank before the colon": Attack(
        lambda m: b"Subject : Burn the list\r\n" + m.sign(), "doubled_field", stock=False
    ),
    "a blank before the colon of a field that stands once": Attack(
        lambda m: b"Reply-To : eve@outsider.example\r\n" + m.sign(), "header_ambiguous", stock=False
    ),
    "a tag twice": Attack(
        lambda m: m.sign_with("d=bank.example"), "signature_duplicate_tag", stock=False
    ),
    "the tag of another domain": Attack(
        lambda m: m.sign(i="@campaign.example").replace(b"i=@campaign", b"i=@bank"), "signature_auid", stock=False
    ),
    "a domain that is not the sender's": Attack(
        lambda m: m.sign(MAIL.replace(b"claire@campaign", b"claire@bank")), "not_aligned"
    ),
    "two authors in one field": Attack(
        lambda m: m.sign(MAIL.replace(b"From: ", b"Sender: eve@bank.example\r\nFrom: Eve <eve@bank.example>, ")),
        "from_ambiguous",
    ),
    "a NUL in the subject": Attack(
        lambda m: m.sign(MAIL.replace(b"The hall", b"The\0 hall")), "header_ambiguous"
    ),
    "a line that is no field": Attack(
        lambda m: m.sign().replace(b"To: desk", b"no field\r\nTo: desk"), "header_ambiguous", stock=False
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def mailer() -> Mailer:
    return Mailer()


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_attack_is_refused_with_its_reason(attack: Attack, mailer: Mailer, tmp_path: Path) -> None:
    octets = attack.forge(mailer)
    path = tmp_path / "a.eml"
    path.write_bytes(octets)
    (row,) = [
        item
        for item in checking.check(path, key_store.keyring([mailer.key(tags=attack.tags)]), frozenset())
        if item["path"] == str(path)
    ]
    assert row["verdict"] == "unverifiable" and row["basis"] is None
    assert row["reason_code"] == attack.reason
    words = {**OBJECTIONS, **OUTCOMES}[attack.reason]
    assert words in showing.as_text(row)
    assert words in row["headline"] or attack.reason == "header_changed_after_signing"
    assert accepted_by_dkimpy(octets, mailer.record(tags=attack.tags)) == attack.stock


def accepted_by_dkimpy(octets: bytes, record: str) -> bool:
    try:
        return bool(dkim.verify(octets, dnsfunc=lambda name, timeout=5: record.encode()))
    except (dkim.DKIMException, IndexError, ValueError):
        return False


def test_the_honest_mail_behind_the_attacks_is_verified(mailer: Mailer, tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(mailer.sign())
    (row,) = checking.check(path, key_store.keyring([mailer.key()]), frozenset())
    assert row["verdict"] == "verified"
