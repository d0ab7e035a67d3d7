"""XMP: the packet of metadata that PDFs and pictures carry (ISO 16684-1)."""

from __future__ import annotations

from typing import NamedTuple

from transforms.documents import iso_moment, several, shown
from transforms.limits import LIMITS
from transforms.markup import leaves
from transforms.model import DocumentFacts

START, _END = b"<x:xmpmeta", b"</x:xmpmeta>"


class Packet(NamedTuple):
    """What one packet says, as written; "" where it says nothing."""

    creator: str
    created: str  # ISO 8601
    modified: str
    tool: str
    producer: str
    document_id: str  # of all versions of the document
    instance_id: str  # of this one
    defects: tuple[str, ...]


def read_packet(octets: bytes, at: int) -> Packet:
    """The packet that begins at an offset: properties as elements or as attributes."""
    end = octets.find(_END, at, at + LIMITS.document_part)
    packet = octets[at : end + len(_END)] if end >= 0 else octets[at : at + LIMITS.document_part]
    found, defects = leaves(packet)
    said = {leaf.name.rpartition("@")[2]: leaf.text for leaf in reversed(found)}
    creator, created, modified, tool, producer, document, instance = (said.get(name, "") for name in _PROPERTIES)
    return Packet(creator, created, modified, tool, producer, document, instance, defects)


_PROPERTIES = ("creator", "CreateDate", "ModifyDate", "CreatorTool", "Producer", "DocumentID", "InstanceID")


def with_packet(facts: DocumentFacts, packet: Packet | None) -> DocumentFacts:
    """What else says nothing is filled from a packet."""
    if packet is None:
        return facts
    created, modified = iso_moment(packet.created), iso_moment(packet.modified)
    if facts.created_utc is None and facts.created_local is None:
        facts = facts._replace(created_utc=created.utc, created_local=created.local)
    if facts.modified_utc is None and facts.modified_local is None:
        facts = facts._replace(modified_utc=modified.utc, modified_local=modified.local)
    return facts._replace(
        author=facts.author or shown(packet.creator),
        application=facts.application or shown(packet.tool),
        producer=facts.producer or shown(packet.producer),
        identifiers=several([*facts.identifiers, packet.document_id, packet.instance_id]),
        defects=(*facts.defects, *packet.defects),
    )
