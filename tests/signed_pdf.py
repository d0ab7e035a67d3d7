"""Signed PDFs for the tests, as small as the form allows, and saved again behind that (ISO 32000-1 §7.5.6, §12.8.1)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping

from signed_mail import detached

_VALUE = 8192  # hexadecimal digits
WORDS = b"<</Length 40>>\nstream\nBT /F 12 Tf (The total is 5000) Tj ET      \nendstream"
OBJECTS = {
    1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 7 0 R]/SigFlags 3>>>>",
    2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Resources<</Font<</F 9 0 R>>>>/Contents 4 0 R"
    b"/Annots[5 0 R 7 0 R]>>",
    4: WORDS,
    5: b"<</FT/Sig/Type/Annot/Subtype/Widget/Rect[0 0 0 0]/T(Signature1)/V 6 0 R/P 3 0 R>>",
    7: b"<</FT/Tx/Type/Annot/Subtype/Widget/Rect[0 0 9 9]/T(Name)/V()/P 3 0 R>>",
    8: b"<</Title(Contract)>>",
    9: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    6: b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/%s/ByteRange [0 %010d %010d %010d] /Contents %s>>",
}
TRAILER = b"<</Root 1 0 R/Info 8 0 R/Size 99%s>>"


def pdf(
    sign: Callable[[bytes], bytes] = detached,
    form: bytes = b"adbe.pkcs7.detached",
    objects: Mapping[int, bytes] = OBJECTS,
) -> bytes:
    """A PDF of one revision, signed as a whole."""

    def whole(numbers: tuple[int, int, int], value: bytes) -> bytes:
        return saved(b"%PDF-1.7\n", {**objects, 6: objects[6] % (form, *numbers, b"<" + value + b">")}, TRAILER % b"")

    empty = whole((0, 0, 0), b"0" * _VALUE)
    start = empty.index(b"/Contents <") + len(b"/Contents ")
    stop = start + _VALUE + 2
    unsigned = whole((start, stop, len(empty) - stop), b"0" * _VALUE)
    value = sign(unsigned[:start] + unsigned[stop:]).hex().encode().ljust(_VALUE, b"0")
    return unsigned[: start + 1] + value + unsigned[stop - 1 :]


def saved(document: bytes, objects: Mapping[int, bytes], trailer: bytes) -> bytes:
    """The same with these objects behind it, a table that says where they are, and a trailer."""
    table = b"xref\n0 1\n0000000000 65535 f \n"
    for number, octets in objects.items():
        table += b"%d 1\n%010d 00000 n \n" % (number, len(document))
        document += b"%d 0 obj\n%b\nendobj\n" % (number, octets)
    return document + table + b"trailer\n" + trailer + b"\nstartxref\n%d\n%%%%EOF\n" % len(document)


def saved_again(document: bytes, objects: Mapping[int, bytes] | None = None, trailer: bytes = TRAILER) -> bytes:
    """The same with another revision behind it; without objects, with one that shows other words."""
    last = re.findall(rb"startxref\n([0-9]+)", document)[-1]
    return saved(document, objects or {4: WORDS.replace(b"5000", b"9000")}, trailer % (b"/Prev " + last))


def sha1_of(sign: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Signs the SHA-1 of a document instead of the document, as programs did before 2006."""
    return lambda covered: sign(hashlib.sha1(covered).digest())
