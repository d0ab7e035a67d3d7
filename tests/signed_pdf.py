"""Signed PDFs for the tests, as small as the form allows (ISO 32000-1 §12.8.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from signed_mail import detached

_HEAD = (
    b"%%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]/SigFlags 3>>>>\nendobj\n"
    b"2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
    b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Annots[5 0 R]>>\nendobj\n"
    b"4 0 obj\n<</Length 30>>\nstream\nBT (The total is 5000) Tj ET   \nendstream\nendobj\n"
    b"5 0 obj\n<</FT/Sig/Type/Annot/Subtype/Widget/Rect[0 0 0 0]/T(Signature1)/V 6 0 R/P 3 0 R>>\nendobj\n"
    b"6 0 obj\n<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/%s/ByteRange [0 %010d %010d %010d] /Contents "
)
_TAIL = b">>\nendobj\nxref\n0 7\ntrailer\n<</Root 1 0 R/Size 7>>\nstartxref\n900\n%%EOF\n"
_VALUE = 8192  # hexadecimal digits


def pdf(sign: Callable[[bytes], bytes] = detached, form: bytes = b"adbe.pkcs7.detached") -> bytes:
    """A PDF of one revision, signed as a whole."""
    size = len(_HEAD % (form, 0, 0, 0))
    behind = size + _VALUE + 2
    head = _HEAD % (form, size, behind, len(_TAIL))
    return head + b"<" + sign(head + _TAIL).hex().encode().ljust(_VALUE, b"0") + b">" + _TAIL


def sha1_of(sign: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Signs the SHA-1 of a document instead of the document, as programs did before 2006."""
    return lambda covered: sign(hashlib.sha1(covered).digest())


def saved_again(document: bytes, words: bytes = b"BT (The total is 9000) Tj ET   ") -> bytes:
    """The same with another revision behind it, which shows other words."""
    added = b"4 0 obj\n<</Length 30>>\nstream\n%s\nendstream\nendobj\nxref\n4 1\n" % words
    return document + added + b"trailer\n<</Root 1 0 R/Size 7/Prev 900>>\nstartxref\n1\n%%EOF\n"
