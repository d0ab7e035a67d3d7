"""A signature that brings its own key proves nothing, and changes nothing about those of mail systems."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from signed_mail import ENTITY, HEAD, detached, enveloped, signature, signed
from signed_pdf import pdf, saved_again
from transforms.auth import inside
from transforms.auth.key import parse_record
from transforms.model import PublicKey

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "sample_dump"))
from signing import FIELDS, Signer, sign

CAMPAIGN = Signer("campaign.example", "s1", "campaign")
HOW_READ = (*(name for name in FIELDS if name not in ("cc", "in-reply-to", "references")), "content-disposition")


_CODES = ("document.signature_intact", "document.signature_altered")


def key() -> PublicKey:
    record = CAMPAIGN.record()
    return PublicKey(parse_record(record).key_id, CAMPAIGN.domain, CAMPAIGN.selector, record, "archive", "test")


@pytest.mark.parametrize("mail", [signed(detached(ENTITY)), enveloped(signature(ENTITY))])
def test_a_self_signed_mail_is_not_verified(tmp_path: Path, judged: Any, mail: bytes) -> None:
    (tmp_path / "a.eml").write_bytes(mail)
    rows = judged(tmp_path, [key()], protect=("campaign.example",))
    assert {row["verdict"] for row in rows.values()} == {"unverifiable"}
    assert rows["a.eml"]["reason_code"] == "no_signature"
    assert rows["a.eml"]["dkim_result"] == "none"


@pytest.mark.parametrize("inner", [signed(detached(ENTITY)), HEAD + b"\r\nI took the money.\r\n"])
def test_mail_inside_an_envelope_is_judged_by_itself(tmp_path: Path, judged: Any, inner: bytes) -> None:
    (tmp_path / "a.eml").write_bytes(sign(enveloped(signature(inner)), CAMPAIGN, fields=HOW_READ))
    rows = judged(tmp_path, [key()], protect=("campaign.example",))
    assert rows.pop("a.eml")["verdict"] == "verified"
    assert "a.eml!1!@0" in rows
    assert {row["verdict"] for row in rows.values()} == {"unverifiable"}


def test_a_tampered_part_of_a_verified_mail_never_accuses_it(tmp_path: Path, judged: Any) -> None:
    mail = signed(detached(ENTITY), ENTITY.replace(b"5000", b"9000"))
    (tmp_path / "a.eml").write_bytes(sign(mail, CAMPAIGN, fields=HOW_READ))
    (tmp_path / "b.eml").write_bytes(mail)
    rows = judged(tmp_path, [key()], protect=("campaign.example",))
    assert (rows["a.eml"]["verdict"], rows["b.eml"]["verdict"]) == ("verified", "unverifiable")


def test_signatures_of_mail_systems_stay_as_many_and_in_their_order(
    tmp_path: Path, judged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = sign(sign(signed(detached(ENTITY)), CAMPAIGN, fields=HOW_READ), Signer("press.example", "s2", "campaign"))
    (tmp_path / "a.eml").write_bytes(mail)
    (tmp_path / "b.eml").write_bytes(signed(detached(ENTITY)))
    rows = judged(tmp_path, [key()])
    assert [(one["seq"], one["type"]) for one in rows["a.eml"]["signatures"]] == [
        (0, "dkim"),
        (1, "dkim"),
        (2, "smime"),
    ]
    assert [(one["seq"], one["type"]) for one in rows["b.eml"]["signatures"]] == [(0, "smime")]
    monkeypatch.setattr(inside, "signatures", lambda found, decoded, quoted, alive: ())
    plain = judged(tmp_path, [key()])
    assert plain["a.eml"]["signatures"] == rows["a.eml"]["signatures"][:2]
    for path in ("a.eml", "b.eml"):
        for name in ("verdict", "basis", "reason_code", "dkim_result", "dkim_domain", "headline", "would_change"):
            assert plain[path][name] == rows[path][name]


def test_a_self_signed_document_is_not_verified_and_a_tampered_one_not_suspected(tmp_path: Path, judged: Any) -> None:
    whole = pdf()
    for name, octets in (("a", whole), ("b", saved_again(whole)), ("c", whole.replace(b"is 5000", b"is 9000"))):
        (tmp_path / f"{name}.pdf").write_bytes(octets)
    rows = judged(tmp_path, [key()], protect=("campaign.example",))
    told = {path: {one["code"] for one in row["findings"]} & set(_CODES) for path, row in rows.items()}
    assert told == {"a.pdf": {_CODES[0]}, "b.pdf": {_CODES[0]}, "c.pdf": {_CODES[1]}}
    assert {row["verdict"] for row in rows.values()} == {"unverifiable"}
    assert [one["objection"] for row in rows.values() for one in row["signatures"]] == ["no_root_given"] * 2 + [None]


def test_a_signed_text_is_neither_verified_nor_suspected(tmp_path: Path, judged: Any) -> None:
    text = (
        b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nThe total is 5000.\r\n"
        b"-----BEGIN PGP SIGNATURE-----\r\n\r\niAkFAAAAAAAAAAA=\r\n-----END PGP SIGNATURE-----\r\n"
    )
    (tmp_path / "a.txt").write_bytes(text)
    (tmp_path / "b.eml").write_bytes(HEAD + b"\r\n" + text)
    rows = judged(tmp_path, [key()], protect=("campaign.example",))
    for row in rows.values():
        assert row["verdict"] == "unverifiable"
        assert [(one["type"], one["result"], one["seq"]) for one in row["signatures"]] == [("pgp", "permerror", 0)]
