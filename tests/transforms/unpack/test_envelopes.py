"""What holds what it signs: its content is an item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives import hashes

from mutations import mutations
from signed_mail import ENTITY, HEAD, detached, ec_key, enveloped, signature, signed
from transforms.limits import LIMITS
from transforms.model import Kind, Status

Examine = Callable[..., Any]

ATTACHED = (
    b'Content-Type: multipart/mixed; boundary="=_i"\r\n\r\n--=_i\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n'
    b"--=_i\r\nContent-Type: application/pdf; name=deed.pdf\r\n\r\n%PDF-1.4\r\n--=_i--\r\n"
)


def test_the_content_of_an_envelope_and_its_attachments_are_items(examine: Examine) -> None:
    found = examine({"a.eml": enveloped(signature(ATTACHED))})
    assert list(found.items) == ["a.eml", "a.eml!1", "a.eml!1!@0", "a.eml!1!@0!2"]
    envelope, content = found.items["a.eml!1"], found.items["a.eml!1!@0"]
    assert (envelope.media_type, envelope.holds_messages, content.covered) == ("application/pkcs7-mime", True, False)
    assert (content.kind, content.size) == (Kind.EMAIL, len(ATTACHED))
    assert found.texts["a.eml!1!@0"].text == "See below."
    (unit,) = found.units
    assert [(row, one.result) for row, one in unit.document_signatures] == [(envelope.row, "pass")]


def test_an_envelope_without_a_name_is_known_by_its_declared_type(examine: Examine) -> None:
    mail = enveloped(signature(ENTITY)).replace(b"; name=smime.p7m", b"").replace(b"; filename=smime.p7m", b"")
    assert "a.eml!1!@0" in examine({"a.eml": mail}).items


def test_a_loose_envelope_is_accounted_for(examine: Examine) -> None:
    octets = signature(ENTITY)
    found = examine({"smime.p7m": octets, "encrypted.p7m": b"\x30\x0b\x06\x09" + bytes.fromhex("2a864886f70d010703")})
    assert list(found.items) == ["encrypted.p7m", "smime.p7m", "smime.p7m!@0"]
    assert found.size_of("smime.p7m") == (len(octets), 0)
    assert found.items["encrypted.p7m"].notes == ("mail.encrypted",)


def test_a_signed_part_that_outlook_kept_as_a_file_is_read_as_mail(examine: Examine) -> None:
    kept = signed(detached(ENTITY), head=b"")
    found = examine({"smime.p7m": kept})
    assert found.items["smime.p7m"].kind is Kind.EMAIL
    assert [one.result for _, one in found.units[0].document_signatures] == ["pass"]


def test_a_detached_signature_has_no_content(examine: Examine) -> None:
    found = examine({"a.eml": signed(detached(ENTITY)), "smime.p7m": detached(ENTITY)})
    assert list(found.items) == ["a.eml", "a.eml!2", "smime.p7m"]


def test_a_large_envelope_is_limited_and_says_so(examine: Examine) -> None:
    octets = signature(ENTITY)
    found = examine({"smime.p7m": octets}, limits=replace(LIMITS, in_memory=100))
    assert list(found.items) == ["smime.p7m"]
    one = found.items["smime.p7m"]
    assert (one.status, one.error_code, one.size) == (Status.LIMITED, "limit.signature", len(octets))


def test_envelopes_in_envelopes_end(examine: Examine) -> None:
    inner = ENTITY
    for _ in range(LIMITS.depth + 2):
        inner = enveloped(signature(inner, key=ec_key(), hash_used=hashes.SHA256()), head=b"")
    found = examine({"a.eml": HEAD + inner})
    assert [one.error_code for one in found.items.values() if one.status is not Status.OK] == ["limit.depth"]


def test_damaged_envelopes_give_one_row_each_and_never_raise(examine: Examine) -> None:
    files = {f"{place:03}.p7m": octets for place, octets in enumerate(mutations(signature(ATTACHED), seed=11))}
    found = examine(files)
    assert {path.partition("!")[0] for path in found.items} == set(files)
