"""multipart/signed: which octets are signed, and which part holds the signature? (RFC 1847 §2.1)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from transforms.auth.canonical import LineEnds, wire_chunks
from transforms.auth.enclosed import Alive
from transforms.containers import mailbox
from transforms.mail.fields import split_part
from transforms.mail.mime import boundary_of, delimiters_of, parts
from transforms.mail.parameters import raw_parameters
from transforms.model import Part
from transforms.span import Span

MULTIPART = "multipart/signed"
_QUOTED = b">From "


class SignedPart(NamedTuple):
    """The two parts of a multipart/signed."""

    covers: str  # the number of the signed part, in words
    signed: Span  # its octets as found, header section included
    signature: Part

    def forms(self, quoted: bool, alive: Alive) -> Iterator[tuple[str, Iterable[bytes]]]:
        """The signed octets with the line ends of the wire: as found, then with each way of quoting undone.

        quoted: the mail lies in a mailbox, whose writer may have quoted lines that begin with `From `.
        """
        yield "", wire_chunks(alive(self.signed.chunks()), LineEnds())
        if quoted and self.signed.find(_QUOTED) >= 0:
            for form in ("mboxrd", "mboxo"):
                yield form, wire_chunks(mailbox.unquoted(alive(self.signed.chunks()), form), LineEnds())


def covers(part: Part) -> str:
    return f"part {part.number}.1" if part.number else "part 1"


def signed_part(part: Part) -> SignedPart | None:
    """What a multipart/signed holds; None if it does not hold two parts.

    The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1).
    """
    content_type = next((field for field in part.fields if field.key == "content-type"), None)
    boundary = boundary_of(raw_parameters(content_type.value)[1]) if content_type is not None else None
    if boundary is None:
        return None
    found = tuple(islice(delimiters_of(part.body, boundary), 3))
    if len(found) < 2 or found[1].closing:
        return None
    stop = found[2].start if len(found) == 3 else part.body.size
    other = split_part(part.body.sub(found[1].stop, max(stop, found[1].stop)))
    signed = part.body.sub(found[0].stop, max(found[1].start, found[0].stop))
    return SignedPart(covers(part), signed, next(parts(other)))
