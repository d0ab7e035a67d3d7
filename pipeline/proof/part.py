"""Where in the body that was signed does a part lie, to the octet?"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from pipeline.proof.signed import Signed, signature_field
from transforms.auth.canonical import LineEnds, canonical_body, wire_chunks
from transforms.mail.mime import parts
from transforms.mail.transfer import decode
from transforms.model import Part
from transforms.span import in_memory


class PartPlace(NamedTuple):
    """A part of a signed message, in its canonical body."""

    part: Part
    start: int  # octets
    length: int  # still encoded
    octets: bytes  # decoded


def place_of(signed: Signed, sha256: str) -> PartPlace | None:
    """The first part of the message as it was signed whose decoded octets have this hash."""
    for part in parts(signed.message):
        if not part.media_type.startswith("multipart/"):
            octets = b"".join(decode(part.body, part.encoding))
            if hashlib.sha256(octets).hexdigest() == sha256:
                return _placed(signed, part, octets)
    return None


def _placed(signed: Signed, part: Part, octets: bytes) -> PartPlace | None:
    """None where the canonical form changes the part's own octets, so that they are not found in it."""
    _, signature = signature_field(signed.message, signed.prepared)
    body, form = signed.message.body.read(), signature.body_canonicalization
    # A letter behind it keeps what the end of a body would lose; the line end that is added is counted off.
    start = len(_canonical(body[: part.body_offset] + b"x", form)) - len(b"x\r\n")
    stop = len(_canonical(body[: part.body_offset + part.body.size] + b"\r\nx", form)) - len(b"\r\nx\r\n")
    found = in_memory((signed.body or b"")[start:stop])
    same = b"".join(decode(found, part.encoding)) == octets
    return PartPlace(part, start, stop - start, octets) if same else None


def _canonical(body: bytes, form: str) -> bytes:
    return b"".join(canonical_body(wire_chunks([body], LineEnds()), form))
