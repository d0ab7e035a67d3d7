"""A message or mailbox that was saved as UTF-16: the same text in UTF-8, which is what mail is (RFC 2781)."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from transforms.model import ContainerError
from transforms.span import Span

_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def form(head: bytes) -> str:
    """Which UTF-16 these octets are: by their mark, else by the zeros of ASCII letters at the start; "" if none."""
    marked = _MARKS.get(head[:2])
    if marked is not None:
        return marked
    if len(head) < 16 or head[:16].count(0) != 8:
        return ""
    return {head[1:16:2]: "utf-16-le", head[0:16:2]: "utf-16-be"}.get(bytes(8), "")


def in_utf8(octets: bytes) -> bytes:
    """The text of the first octets; a character that is cut or damaged is left out."""
    name = form(octets)
    start = 2 if octets[:2] in _MARKS else 0
    return octets[start:].decode(name, "ignore").encode("utf-8", "ignore") if name else octets


def decoded(span: Span) -> Iterator[bytes]:
    """The text in chunks. ContainerError container.damaged where it is no UTF-16."""
    head = span.read(0, 16)
    decoder = codecs.getincrementaldecoder(form(head))()
    try:
        for chunk in span.sub(2 if head[:2] in _MARKS else 0, span.size).chunks():
            yield decoder.decode(chunk).encode("utf-8")
        decoder.decode(b"", True)
    except UnicodeError as error:
        raise ContainerError("container.damaged", f"utf-16: {error}") from None
