"""Which row does a document give, and what is kept beside it: what it says of itself, and its words?"""

from __future__ import annotations

from typing import Any

from transforms.auth import pdf
from transforms.auth.openpgp import BEGIN_SIGNED, cleartext
from transforms.documents import Opened, describe
from transforms.mail.content import normalised
from transforms.model import Kind, Text
from transforms.sketch import sketch
from transforms.unpack.landing import Landed
from transforms.unpack.rows import Octets, Place, Rows

# The description box of a manifest store: its type is a UUID that begins with the letters (C2PA §11.1.4.2).
_C2PA = b"jumdc2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71"


def read(
    rows: Rows, row: int, place: Place, landed: Landed, kind: Kind, opened: Opened, facts: dict[str, Any]
) -> Octets:
    """A document, picture or text; facts are the columns of its type.

    Its octets are read and hashed whatever is wrong inside, so its status stays as it is: what is wrong is noted.
    """
    said, text = describe(opened)
    if said is not None:
        rows.documents.append((row, said))
        facts = {**facts, "notes": said.defects}
    if opened.format == "pdf" and opened.span.size <= rows.limits.document:
        rows.document_signatures += [(row, signature) for signature in pdf.signatures(opened.span, rows.landing.alive)]
    elif opened.span.size <= rows.limits.signature_der and opened.span.read(0, len(BEGIN_SIGNED)) == BEGIN_SIGNED:
        signed = enumerate(cleartext(opened.span.read(), "the text"))
        rows.document_signatures += [(row, one._replace(seq=seq)) for seq, one in signed]
    if kind in (Kind.IMAGE, Kind.DOCUMENT) and opened.span.holds(_C2PA, rows.limits.document):
        facts = {**facts, "notes": (*facts.get("notes", ()), "document.content_credentials")}
    words = normalised(text, rows.limits.text) if text else ""
    if words:
        rows.texts.append(Text(row, opened.media_type, words))
        facts = {**facts, "sketch": sketch(words)}
    rows.put(row, place, kind, landed.digests, **facts, **landed.outcome)
    return Octets(landed.digests.size, 0)
