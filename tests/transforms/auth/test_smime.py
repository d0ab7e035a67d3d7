"""Signatures that a mail carries as a part of its own."""

from __future__ import annotations

import base64
import subprocess
from shutil import which
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options

from mutations import mutations
from signed_mail import ADDRESS, ENTITY, HEAD, PSS, certificate, detached, ec_key, enveloped, rsa_key, signature, signed
from transforms.auth import inside, smime
from transforms.limits import LIMITS
from transforms.mail.fields import split_message
from transforms.mail.mime import parts
from transforms.model import DocumentSignature
from transforms.span import in_memory


def of_mail(octets: bytes, quoted: bool = False) -> tuple[DocumentSignature, ...]:
    return tuple(inside.signatures(tuple(parts(split_message(in_memory(octets)))), {}, quoted, iter))


@pytest.mark.parametrize(
    ("algorithm", "made"),
    [
        ("rsa-sha256", {}),
        ("rsa-sha512", {"hash_used": hashes.SHA512()}),
        ("rsa-pss-sha256", {"rsa_padding": PSS}),
        ("ecdsa-sha384", {"key": ec_key(), "hash_used": hashes.SHA384()}),
    ],
)
def test_a_signed_part_is_as_it_was_signed(algorithm: str, made: dict[str, Any]) -> None:
    (one,) = of_mail(signed(detached(ENTITY, **made)))
    assert (one.type, one.covers, one.algorithm, one.body_ok) == ("smime", "part 1", algorithm, True)
    assert (one.result, one.reason) == ("pass", "pass")
    assert (one.subject, one.issuer, one.addresses) == (*["CN=Anna Ferrand, O=Campaign, C=FR"] * 2, (ADDRESS,))
    assert one.fingerprint == certificate(made.get("key") or rsa_key()).fingerprint(hashes.SHA256()).hex()
    assert one.signed_at is not None and one.not_before == 1451606400


def test_a_signature_without_signed_attributes_is_over_the_content_itself() -> None:
    der = detached(ENTITY)
    bare = signature(ENTITY, PKCS7Options.DetachedSignature, PKCS7Options.NoAttributes)
    assert len(bare) < len(der)
    (one,) = of_mail(signed(bare))
    assert (one.result, one.body_ok, one.signed_at) == ("pass", True, None)
    (one,) = of_mail(signed(bare, ENTITY.replace(b"5000", b"9000")))
    assert (one.result, one.reason) == ("fail", "content_changed_after_signing")


def test_line_ends_of_a_saved_mail_do_not_matter_and_words_do() -> None:
    mail = signed(detached(ENTITY))
    (one,) = of_mail(mail.replace(b"\r\n", b"\n"))
    assert one.result == "pass"
    (one,) = of_mail(mail.replace(b"5000", b"9000"))
    assert (one.result, one.reason, one.body_ok) == ("fail", "content_changed_after_signing", False)


def test_a_mailbox_that_quotes_is_undone_and_says_so() -> None:
    entity = ENTITY + b"From here on it gets better.\r\n"
    quoted = signed(detached(entity), entity.replace(b"\nFrom ", b"\n>From "))
    (one,) = of_mail(quoted, quoted=True)
    assert (one.result, one.repairs) == ("pass", "mboxrd")
    (one,) = of_mail(quoted)
    assert one.result == "fail"


def test_a_key_that_did_not_sign_fails() -> None:
    der = detached(ENTITY)
    (one,) = of_mail(signed(der[:-4] + bytes(octet ^ 255 for octet in der[-4:])))
    assert (one.result, one.reason, one.body_ok) == ("fail", "signature_not_of_its_key", True)


def test_a_part_signed_within_a_mailing_list_post_is_named() -> None:
    inner = signed(detached(ENTITY), head=b"").replace(b"=_s", b"=_t")
    post = HEAD + b'Content-Type: multipart/mixed; boundary="=_m"\r\n\r\n--=_m\r\n' + inner
    post += b"--=_m\r\nContent-Type: text/plain\r\n\r\nThe list's footer\r\n--=_m--\r\n"
    (one,) = of_mail(post)
    assert (one.covers, one.result) == ("part 1.1", "pass")


def test_a_signature_without_its_certificate_cannot_be_tried() -> None:
    (one,) = of_mail(signed(signature(ENTITY, PKCS7Options.DetachedSignature, PKCS7Options.NoCerts)))
    assert (one.result, one.reason, one.key_id) == ("permerror", "certificate_missing", None)


@pytest.mark.parametrize("junk", [b"", b"\x30", b"\x30\x80", b"0" * 100, b"\x30\x80" * 5000, b"\x24\x80" * 9])
def test_what_is_no_signature_is_said_so(junk: bytes) -> None:
    (one,) = of_mail(signed(junk))
    assert (one.result, one.reason) == ("permerror", "signature_syntax")
    assert of_mail(signed(junk, kind="octet-stream")) == ()


def test_more_than_any_honest_signature_is_not_looked_at() -> None:
    (one,) = of_mail(signed(bytes(2 * LIMITS.signature_der)))
    assert (one.result, one.reason) == ("permerror", "signature_too_large")


def test_many_elements_cost_no_more_than_the_limit() -> None:
    many = b"\x05\0" * (LIMITS.signature_der // 4)
    length = len(many).to_bytes(4, "big")
    (one,) = of_mail(signed(b"\x30\x84" + length + many))
    assert one.reason == "signature_syntax"


def test_an_envelope_holds_its_content_and_its_signatures() -> None:
    held = smime.opaque(signature(ENTITY))
    assert held.content == (ENTITY,)
    assert [(one.covers, one.result) for one in held.signatures] == [("the content", "pass")]
    tampered = smime.opaque(signature(ENTITY).replace(b"5000", b"9000"))
    assert [one.result for one in tampered.signatures] == ["fail"]
    assert tampered.content is not None and b"9000" in tampered.content[0]


def test_an_encrypted_envelope_is_no_signature() -> None:
    oid = b"\x06\x09" + bytes.fromhex("2a864886f70d010703")
    held = smime.opaque(b"\x30\x0f" + oid + b"\xa0\x02\x30\x00")
    assert (held.signatures, held.content, held.encrypted) == ((), None, True)


@pytest.mark.parametrize("octets", [detached(ENTITY), signature(ENTITY, key=ec_key())])
def test_damaged_signatures_never_raise_and_pass_only_for_the_content_signed(octets: bytes) -> None:
    for damaged in mutations(octets, seed=7):
        for one in of_mail(signed(damaged)):
            assert one.result in ("pass", "fail", "permerror")
        held = smime.opaque(damaged)
        if any(one.result == "pass" for one in held.signatures):
            assert held.content is not None and b"".join(held.content) == ENTITY


@pytest.mark.skipif(which("openssl") is None, reason="openssl is the independent oracle")
def test_openssl_agrees(tmp_path: Any) -> None:
    mail, der = signed(detached(ENTITY)), signature(ENTITY)
    mails = {
        "pass": (mail, enveloped(der)),
        "fail": (mail.replace(b"5000", b"9000"), enveloped(der.replace(b"5000", b"9000"))),
    }
    for result, texts in mails.items():
        for text in texts:
            (tmp_path / "mail.eml").write_bytes(text)
            command = ["openssl", "smime", "-verify", "-noverify", "-in", tmp_path / "mail.eml"]
            said = subprocess.run([*command, "-out", tmp_path / "content"], capture_output=True)
            assert (said.returncode == 0) is (result == "pass")
            found = of_mail(text) or smime.opaque(base64.b64decode(split_message(in_memory(text)).body.read()))[0]
            assert [one.result for one in found] == [result]


def test_signatures_inside_each_other_are_tried_up_to_a_bound() -> None:
    mail = ENTITY
    for depth in range(12):
        mail = signed(b"", mail, head=b"").replace(b"=_s", b"=_%d" % depth)
    found = of_mail(HEAD + mail)
    assert 2 < len(found) < 12 and found[-1].reason == "signatures_nested"
