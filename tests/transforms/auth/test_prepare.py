from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from transforms.auth import prepare as module
from transforms.auth.canonical import body_digests
from transforms.auth.prepare import prepare, signed_fields_kept
from transforms.limits import LIMITS
from transforms.mail.fields import split_message
from transforms.mail.reading import read_one_way
from transforms.model import HeaderField, Message, PreparedSignature
from transforms.span import in_memory

Examined = Callable[[bytes], tuple[PreparedSignature, ...]]


def test_prepared_signature_of_a_sound_mail(signer: Any, examined: Examined, mail: bytes) -> None:
    octets = b"X-Loop: a\r\n" + signer.sign(b"Received: x\r\n" + mail, extra=" i=joe@football.example; t=1057982437;")
    (signature,) = examined(octets)
    assert (signature.seq, signature.type, signature.domain, signature.selector) == (
        0,
        "dkim",
        "football.example",
        "brisbane",
    )
    assert (signature.algorithm, signature.canonicalization) == ("rsa-sha256", "relaxed/relaxed")
    assert (signature.auid, signature.signed_at) == ("joe@football.example", 1057982437)
    assert (signature.body_ok, signature.repairs, signature.invalid, signature.aligned) == (True, "", None, "exact")
    assert signature.objections == ()
    assert signature.unsigned_fields == ("x-loop", "received")


@pytest.mark.parametrize("form", ["simple", "relaxed"])
@pytest.mark.parametrize("a", ["rsa-sha1", "rsa-sha256", "ed25519-sha256"])
def test_changed_body_is_noticed_without_any_key(
    signer: Any, examined: Examined, mail: bytes, a: str, form: str
) -> None:
    octets = signer.sign(mail, c=f"simple/{form}", a=a)
    assert examined(octets)[0].body_ok is True
    assert examined(octets.replace(b"lost", b"won"))[0].body_ok is False


def test_body_under_a_length_limit(signer: Any, examined: Examined, mail: bytes) -> None:
    octets = signer.sign(mail, length=20)
    (signature,) = examined(octets + b"And send money.\r\n")
    assert (signature.body_ok, signature.length) == (True, 20)
    assert signature.objections == ("body_length_limit",)


def test_length_beyond_the_body_covers_all_of_it_and_is_refused(signer: Any, examined: Examined, mail: bytes) -> None:
    (signature,) = examined(signer.sign(mail, length=10**6))
    assert (signature.body_ok, signature.objections) == (True, ("body_length_beyond",))


def test_prefixes_are_hashed_within_a_budget(
    signer: Any, examined: Examined, mail: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    octets = signer.sign(signer.sign(signer.sign(mail, length=10), length=10), length=12)
    monkeypatch.setattr(module, "_MAX_PREFIXES", 21)
    assert [signature.body_ok for signature in examined(octets)] == [True, None, None]
    monkeypatch.setattr(module, "_MAX_PREFIXES", 22)
    assert [signature.body_ok for signature in examined(octets)] == [True, True, True]


@pytest.mark.parametrize(
    ("header", "body", "repairs"),
    [(b"\r\n", b"\r\n", ""), (b"\n", b"\n", ""), (b"\r\n", b"\n", "line_ends"), (b"\n", b"\r\n", "line_ends")],
)
def test_line_ends(signer: Any, examined: Examined, mail: bytes, header: bytes, body: bytes, repairs: str) -> None:
    fields, _, text = signer.sign(mail).partition(b"\r\n\r\n")
    octets = (fields + b"\r\n\r\n").replace(b"\r\n", header) + text.replace(b"\r\n", body)
    (signature,) = examined(octets)
    assert (signature.body_ok, signature.repairs) == (True, repairs)


def test_one_bare_lf_in_the_body_is_a_repair(signer: Any, examined: Examined, mail: bytes) -> None:
    (signature,) = examined(signer.sign(mail).replace(b"Hi.\r\n", b"Hi.\n"))
    assert (signature.body_ok, signature.repairs) == (True, "line_ends")


def test_message_without_a_body_has_the_line_ends_of_its_header(signer: Any, examined: Examined, mail: bytes) -> None:
    octets = signer.sign(mail.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    (signature,) = examined(octets.replace(b"\r\n", b"\n"))
    assert (signature.body_ok, signature.repairs) == (True, "")


def test_invalid_signature_is_kept_with_its_reason(signer: Any, examined: Examined, mail: bytes) -> None:
    sound = signer.sign(mail)
    invalid, valid = examined(b"DKIM-Signature: v=1; a=rsa-sha256; d=football.example; d=x\r\n" + sound)
    assert (invalid.seq, invalid.invalid, invalid.body_ok, invalid.data_hash) == (
        0,
        "signature_duplicate_tag",
        None,
        b"",
    )
    assert (valid.seq, valid.invalid, valid.body_ok) == (1, None, True)


def test_unsigned_mail_has_no_signature(examined: Examined, mail: bytes) -> None:
    assert examined(mail) == ()
    assert examined(b"") == ()


def test_no_more_signatures_than_the_limit(signer: Any, examined: Examined, mail: bytes) -> None:
    octets = signer.sign(mail)
    field = octets[: octets.index(b"From:")]
    assert len(examined(field * 50 + octets)) == LIMITS.signatures


def test_many_fields_and_signatures_are_prepared_in_time(signer: Any, mail: bytes) -> None:
    octets = signer.sign(mail)
    field = octets[: octets.index(b"From:")]
    message = split_message(in_memory(field * 16 + b"".join(b"X-%d: 1\r\n" % n for n in range(9_000)) + octets))
    reading, digests = read_one_way(message), body_digests(message.body.chunks())
    start = time.process_time()
    signatures = prepare(message, reading, digests)
    signed_fields_kept(message, signatures)
    assert time.process_time() - start < 2
    assert all(len(signature.unsigned_fields) <= 1_000 for signature in signatures)


# ---- fields that are kept ---------------------------------------------------------------------


def _message(*fields: tuple[str, int]) -> Message:
    raws = (HeaderField(name, name.encode() + b": " + b"x" * (size - len(name) - 4) + b"\r\n") for name, size in fields)
    return Message(tuple(raws), in_memory(b""), "crlf")


def test_kept_fields_are_what_repairs_draw_on(signer: Any, examined: Examined, mail: bytes) -> None:
    octets = b"X-Mailer: y\r\n" + signer.sign(b"List-Id: z\r\nX-Loop: a\r\nSender: s\r\n" + mail, h="from:list-id:cc")
    message = split_message(in_memory(octets))
    kept = signed_fields_kept(message, examined(octets))
    assert [field.key for field in kept] == ["dkim-signature", "list-id", "sender", "from", "to", "subject", "date"]


def test_what_relays_put_aside_is_kept_with_a_signature(signer: Any, examined: Examined, mail: bytes) -> None:
    aside = b"X-Original-From: a@b.example\r\nX-Gmail-Original-Message-ID: <1@b.example>\r\nX-Other: 1\r\n"
    octets = aside + signer.sign(mail)
    kept = [field.key for field in signed_fields_kept(split_message(in_memory(octets)), examined(octets))]
    assert kept[:3] == ["x-original-from", "x-gmail-original-message-id", "dkim-signature"]


def test_kept_fields_have_a_limit_and_an_order_of_importance(examined: Examined) -> None:
    (signature,) = examined(b"DKIM-Signature: x\r\n\r\n")
    message = _message(("Received", 3000), ("From", 3000), ("Received", 2000), ("DKIM-Signature", 3000), ("Date", 100))
    kept = signed_fields_kept(message, [signature._replace(signed_fields=("received",))])
    assert [(field.key, len(field.raw)) for field in kept] == [
        ("from", 3000),
        ("received", 2000),
        ("dkim-signature", 3000),
        ("date", 100),
    ]
    assert sum(len(field.raw) for field in kept) <= LIMITS.signed_fields
