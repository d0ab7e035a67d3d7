"""Which rows does a file or part give that holds what it signs: its own, its signatures, its content?"""

from __future__ import annotations

from typing import Any

from transforms import path_spec
from transforms.auth.smime import opaque
from transforms.concealed import in_der
from transforms.model import Entry, Kind, Status
from transforms.unpack.landing import Landed
from transforms.unpack.members import member
from transforms.unpack.rows import Octets, Place, Rows

_ENCRYPTED = "mail.encrypted"  # a note


def read(rows: Rows, row: int, place: Place, landed: Landed, kind: Kind, facts: dict[str, Any]) -> Octets:
    """An application/pkcs7-mime (RFC 8551 §3.2); facts are the columns of its type.

    Its content is a MIME entity, read as mail and judged by itself: no proof passes through an encoding that has
    more than one form.
    """
    whole = Octets(landed.digests.size, 0)
    if landed.span.size > rows.limits.in_memory:
        landed = landed._replace(status=Status.LIMITED, code="limit.signature")
        rows.put(row, place, kind, landed.digests, **facts, **landed.outcome)
        return whole
    held = opaque(in_der(landed.span.read()))
    rows.document_signatures += [(row, signature) for signature in held.signatures]
    if held.content is not None:
        below = place.below(row, landed.digests.sha256)._replace(covered=False, claimed="message/rfc822")
        content = held.content
        entry = Entry(place.name.rsplit(b".", 1)[0], 0, content=lambda: content, stored_size=landed.span.size)
        member(rows, below, landed.span, entry, path_spec.StepNamer().step, landed.span.size)
    notes = (_ENCRYPTED,) if held.encrypted else ()
    rows.put(row, place, kind, landed.digests, notes=notes, **facts, **landed.outcome)
    return whole
