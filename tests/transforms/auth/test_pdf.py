"""Signatures inside PDFs: what they cover, and whether that is as it was signed."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest

from mutations import mutations
from signed_mail import signature
from signed_pdf import OBJECTS, pdf, saved_again, sha1_of
from transforms.auth.pdf import signatures
from transforms.limits import LIMITS
from transforms.model import DocumentSignature
from transforms.span import in_memory


def of(document: bytes) -> tuple[DocumentSignature, ...]:
    return tuple(signatures(in_memory(document), iter))


def test_a_signed_document_is_as_it_was_signed() -> None:
    document = pdf()
    (one,) = of(document)
    assert (one.type, one.covers, one.algorithm) == ("pdf", f"octets 0 to {len(document)}", "rsa-sha256")
    assert (one.result, one.body_ok, one.unsigned_octets) == ("pass", True, 0)
    assert one.subject == "CN=Anna Ferrand, O=Campaign, C=FR"


def test_a_changed_word_fails() -> None:
    (one,) = of(pdf().replace(b"is 5000", b"is 9000"))
    assert (one.result, one.reason, one.body_ok) == ("fail", "content_changed_after_signing", False)


def test_a_later_revision_is_not_covered() -> None:
    document = pdf()
    again = saved_again(document)
    (one,) = of(again)
    assert (one.result, one.covers) == ("pass", f"octets 0 to {len(document)}")
    assert one.unsigned_octets == len(again) - len(document)
    assert one.changes == ("content",)


def test_the_words_that_a_later_revision_replaced_are_named() -> None:
    pytest.importorskip("pypdf")
    (one,) = of(saved_again(pdf()))
    assert (one.words_signed, one.words_shown) == ("5000", "9000")
    (one,) = of(saved_again(pdf(), {7: OBJECTS[7].replace(b"/V()", b"/V(Anna)")}))
    assert (one.changes, one.words_signed, one.words_shown) == (("form",), "", "")
    (one,) = of(pdf())
    assert (one.changes, one.words_signed) == ((), None)


def test_a_signature_over_a_hash_of_the_document_is_checked() -> None:
    document = pdf(sha1_of(signature), b"adbe.pkcs7.sha1")
    (one,) = of(document)
    assert (one.result, one.body_ok) == ("pass", True)
    (one,) = of(document.replace(b"is 5000", b"is 9000"))
    assert (one.result, one.body_ok) == ("fail", False)


@pytest.mark.parametrize(
    "change",
    [
        lambda whole: whole.replace(b"/Contents <", b"/Contents(<", 1).replace(b">>>\nendobj", b">)>>\nendobj", 1),
        lambda whole: whole.replace(b"[0 0000", b"[9 0000"),
        lambda whole: whole[:-30],
        lambda whole: whole.replace(b"<30", b"<3x", 1),
        lambda whole: whole.replace(b"ByteRange [0 0000000", b"ByteRange [0 9999999"),
    ],
)
def test_octets_left_out_elsewhere_or_missing_are_refused(change: Any) -> None:
    document = pdf()
    changed = change(document)
    assert changed != document
    (one,) = of(changed)
    assert (one.result, one.reason) == ("permerror", "byte_range")


def test_what_holds_something_else_than_a_hash_is_not_checked() -> None:
    data = bytes.fromhex("2a864886f70d010701")
    (one,) = of(pdf(lambda covered: signature(covered).replace(data, data[:-1] + b"\5", 1)))
    assert (one.result, one.reason) == ("permerror", "signature_form")


def test_many_byte_ranges_end() -> None:
    (head, _, tail) = pdf().partition(b"%%EOF")
    many = b"".join(b"/ByteRange [0 %d %d 5]\n" % (number + 1, number + 9) for number in range(500))
    assert len(of(head + _ + tail + many)) == LIMITS.signatures
    assert of(b"%PDF-1.4\n" + b"/ByteRange" * 10_000) == ()


def test_damaged_documents_never_raise_and_pass_only_unchanged() -> None:
    document = pdf()
    value = document.index(b"/Contents <"), document.index(b">>\nendobj\nxref")
    for damaged in mutations(document, seed=5):
        for one in of(damaged):
            if one.result == "pass":  # the value itself is not signed; its padding may be anything
                assert damaged[: value[0]] == document[: value[0]]
                assert damaged[value[1] : len(document)] == document[value[1] :]


def test_pyhanko_agrees() -> None:
    pytest.importorskip("pyhanko", reason="pyhanko is the independent oracle")
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    from pyhanko.pdf_utils.generic import DictionaryObject, StreamObject
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
    from pyhanko.sign import validation
    from pyhanko_certvalidator import ValidationContext

    from pyhanko_signer import signed

    writer = PdfFileWriter()
    words = writer.add_object(StreamObject(stream_data=b"BT (The total is 5000) Tj ET"))
    writer.insert_page(PageObject(contents=words, media_box=(0, 0, 200, 200), resources=DictionaryObject()))
    plain = io.BytesIO()
    writer.write(plain)
    once = signed(plain.getvalue(), "A")
    twice = signed(once, "B")
    context = ValidationContext(trust_roots=[], allow_fetching=False)
    for document in (once, twice, *(one.replace(b"is 5000", b"is 9000") for one in (once, twice))):
        inside = PdfFileReader(io.BytesIO(document)).embedded_signatures
        theirs = [validation.validate_pdf_signature(one, context) for one in inside]
        assert [(one.intact and one.valid, one.coverage.name) for one in theirs] == [
            (one.result == "pass", "ENTIRE_REVISION" if one.unsigned_octets else "ENTIRE_FILE") for one in of(document)
        ]
