"""Texts that OpenPGP signed: as they were signed or not, by the bits of the hash that a signature shows."""

from __future__ import annotations

import base64
import hashlib

import pytest

from mutations import mutations
from signed_mail import ENTITY, HEAD, signed
from transforms.auth import inside
from transforms.auth.openpgp import cleartext
from transforms.mail.content import decoded_texts
from transforms.mail.fields import split_message
from transforms.mail.mime import parts
from transforms.model import DocumentSignature
from transforms.span import in_memory

ISSUER = bytes.fromhex("0123456789abcdef")


def packet(document: bytes, kind: int = 0, version: int = 4, hash_id: int = 8) -> bytes:
    """A signature packet; what the key would add is left to chance, as nobody here has one."""
    digest = hashlib.new({8: "sha256", 2: "sha1", 10: "sha512"}.get(hash_id, "sha256"))
    moment = (1_493_028_000).to_bytes(4, "big")
    if version == 3:
        digest.update(document + bytes([kind]) + moment)
        body = b"\x03\x05" + bytes([kind]) + moment + ISSUER + bytes([17, hash_id]) + digest.digest()[:2] + b"\0\1\1"
        return b"\x88" + bytes([len(body)]) + body  # of the old format
    subpackets = b"\x05\x02" + moment
    width = 2 if version == 4 else 4
    salt = b"s" * 16 if version == 6 else b""
    start = bytes([version, kind, 1, hash_id]) + len(subpackets).to_bytes(width, "big") + subpackets
    digest.update(salt + document + start + bytes([version, 255]) + len(start).to_bytes(4, "big"))
    unhashed = b"\x09\x10" + ISSUER
    body = start + len(unhashed).to_bytes(width, "big") + unhashed + digest.digest()[:2]
    body += bytes([len(salt)]) + salt if version == 6 else b""
    return b"\xc2" + bytes([len(body) + 3]) + body + b"\0\1\1"


def armored(octets: bytes) -> bytes:
    text = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    return b"-----BEGIN PGP SIGNATURE-----\r\nVersion: X\r\n\r\n%s=abcd\r\n-----END PGP SIGNATURE-----\r\n" % text


def mail(armor: bytes, entity: bytes = ENTITY) -> bytes:
    """A mail with a PGP/MIME signature over entity."""
    made = signed(b"", entity, kind="pgp-signature").replace(b"Transfer-Encoding: base64", b"Transfer-Encoding: 7bit")
    head, _, _ = made.rpartition(b"\r\n\r\n")
    return head + b"\r\n\r\n" + armor + b"\r\n--=_s--\r\n"


def of_mail(octets: bytes, quoted: bool = False) -> tuple[DocumentSignature, ...]:
    found = tuple(parts(split_message(in_memory(octets))))
    return tuple(inside.signatures(found, decoded_texts(p for p in found if not p.is_item), quoted, iter))


@pytest.mark.parametrize("version", [3, 4, 6])
@pytest.mark.parametrize("kind", [0, 1])
def test_a_signed_part_agrees_with_what_the_signature_shows(version: int, kind: int) -> None:
    armor = armored(packet(ENTITY, kind, version))
    (one,) = of_mail(mail(armor))
    assert (one.type, one.covers, one.body_ok) == ("pgp", "part 1", True)
    assert (one.result, one.reason, one.key_id) == ("neutral", "key_unknown", None)
    assert (one.fingerprint, one.signed_at) == (ISSUER.hex(), 1_493_028_000)
    (one,) = of_mail(mail(armor, ENTITY.replace(b"5000", b"9000")))
    assert (one.result, one.reason, one.body_ok) == ("fail", "content_changed_after_signing", False)


def test_blanks_at_ends_of_lines_count_unless_a_text_was_signed_without_them() -> None:
    shown = ENTITY.replace(b"utf-8", b"utf-8 \t").replace(b"5000.", b"5000. ")
    assert [one.result for one in of_mail(mail(armored(packet(ENTITY, kind=1)), shown))] == ["neutral"]
    assert [one.result for one in of_mail(mail(armored(packet(ENTITY, kind=0)), shown))] == ["fail"]
    assert [one.result for one in of_mail(mail(armored(packet(shown, kind=0)), shown))] == ["neutral"]


def test_a_quoted_line_of_a_mailbox_is_undone_and_said() -> None:
    entity = ENTITY + b"From here on it gets better.\r\n"
    quoted = mail(armored(packet(entity)), entity.replace(b"\nFrom", b"\n>From"))
    assert [(one.result, one.repairs) for one in of_mail(quoted, quoted=True)] == [("neutral", "mboxrd")]
    assert [one.result for one in of_mail(quoted)] == ["fail"]


def block(shown: bytes, signed_text: bytes) -> bytes:
    head = b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n"
    return head + shown + b"\r\n" + armored(packet(signed_text, kind=1))


def test_a_signed_text_in_a_mail_is_checked_without_its_blanks_and_escapes() -> None:
    text = block(b"The total is  \r\n- --5000\r\n- - to me\r\n", b"The total is\r\n--5000\r\n- to me\r\n")
    (one,) = of_mail(HEAD + b"\r\nUnsigned words.\r\n" + text)
    assert (one.covers, one.result) == ("a text in part 1", "neutral")
    (one,) = of_mail(HEAD + b"\r\n" + text.replace(b"5000", b"9000"))
    assert one.result == "fail"


def test_each_of_several_blocks_is_checked() -> None:
    first, second = block(b"One.", b"One."), block(b"Two.", b"Too.")
    assert [one.result for one in cleartext(first + b"\r\n" + second, "the text")] == ["neutral", "fail"]


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "signature_syntax"),
        (b"\xc2\x05\x04\0\1\x08\0", "signature_syntax"),
        (b"\xb4\x01x", "signature_syntax"),
        (b"\xc2\xe0\x04", "signature_syntax"),
        (packet(ENTITY, kind=0x10), "signature_form"),
        (packet(ENTITY, hash_id=99), "signature_algorithm"),
    ],
)
def test_what_cannot_be_read_or_signs_something_else_is_said_so(octets: bytes, reason: str) -> None:
    (one,) = of_mail(mail(armored(octets)))
    assert (one.result, one.reason) == ("permerror", reason)


def test_damaged_signatures_never_raise() -> None:
    armor = armored(packet(ENTITY))
    for damaged in mutations(mail(armor), seed=13, keep=len(HEAD)):
        assert {one.result for one in of_mail(damaged)} <= {"fail", "neutral", "permerror"}
    for damaged in mutations(packet(ENTITY), seed=17):
        assert {one.result for one in of_mail(mail(armored(damaged)))} <= {"fail", "neutral", "permerror"}


def test_a_million_blanks_and_unfinished_blocks_cost_linear_time() -> None:
    blanks = b"Content-Type: text/plain\r\n\r\n" + b" \t" * 500_000
    assert [one.result for one in of_mail(mail(armored(packet(b"", kind=1)), blanks))] == ["fail"]
    assert list(cleartext(b"-----BEGIN PGP SIGNED MESSAGE-----\n" * 30_000, "the text")) == []


def test_sequoia_agrees() -> None:
    sequoia = pytest.importorskip("pysequoia", reason="an independent signer")
    key = sequoia.Tsk.generate("Anna <anna@campaign.example>").signer()
    made = sequoia.sign(key, ENTITY, mode=sequoia.SignatureMode.DETACHED)
    (one,) = of_mail(mail(made))
    assert (one.result, one.body_ok, one.algorithm) == ("neutral", True, "ed25519-sha512")
    text = sequoia.sign(key, b"The total is 5000.\n-- \nAnna\n", mode=sequoia.SignatureMode.CLEAR)
    assert [found.result for found in cleartext(text, "the text")] == ["neutral"]
    assert [found.result for found in cleartext(text.replace(b"5000", b"9000"), "the text")] == ["fail"]
