"""What do checks see of each row of a unit?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeGuard

from transforms.auth.alignment import registered_domain
from transforms.auth.chain import NO_CHAIN
from transforms.auth.proof import NO_SIGNATURE
from transforms.case import Carrier, ItemView
from transforms.joins import sent
from transforms.joins.correspondents import Learned
from transforms.lookalike import DECISIVE, Likeness, is_ascii, likeness
from transforms.mail.mapi import TAKEN_APART
from transforms.model import Kind, Status
from transforms.shard import ProvenShard, Shard


def views(proven: ProvenShard, protected: frozenset[str], learned: Learned) -> Iterator[ItemView]:
    """What checks see of each row."""
    shard = proven.shard
    names = ("kind", "status", "notes", "header_ambiguous", "author_known", "from_email", "from_name", "from_domain",
             "date_utc", "date_raw", "date_offset_min", "body_start", "size", "media_type", "to_emails", "cc_emails",
             "reply_to", "intermediaries", "delivered_elsewhere", "mail_program", "message_id")  # fmt: skip
    columns = {name: shard.column(name) for name in names}
    clocks = shard.clocks_by_row()
    taken_out = shard.taken_out()
    taught = learned.names
    document_signatures = shard.document_signatures_by_row()
    documents = shard.documents_by_row()
    for row, kind in enumerate(columns["kind"]):
        signed = proven.signed.get(row)
        unread = columns["status"][row] == Status.ERROR  # nothing is known of its fields and signatures
        is_mail = kind == Kind.EMAIL and not unread
        domain = columns["from_domain"][row] if is_mail else None
        named = _likeness(domain, protected)
        yield ItemView(
            Kind(kind),
            tuple(columns["notes"][row]),
            columns["header_ambiguous"][row],
            columns["author_known"][row] or unread,
            (signed.proof if signed else NO_SIGNATURE) if is_mail else None,
            signed.signatures if signed else (),
            signed.results if signed else (),
            from_email=columns["from_email"][row],
            from_name=columns["from_name"][row],
            from_domain=columns["from_domain"][row],
            reply_to=columns["reply_to"][row],
            mail_program=columns["mail_program"][row],
            message_id=columns["message_id"][row],
            likeness=named,
            resembles=_resembles(domain, protected, taught) if named is None else None,
            is_learned=bool(taught and domain) and registered_domain(domain or "") in taught,
            date_utc=columns["date_utc"][row],
            date_raw=columns["date_raw"][row],
            date_offset_min=columns["date_offset_min"][row],
            clocks=clocks.get(row, ()),
            body_start=columns["body_start"][row],
            size=columns["size"][row],
            body_lost=columns["media_type"][row] in TAKEN_APART,
            chain=signed.chain if signed else NO_CHAIN,
            sealed=signed.sealed if signed else None,
            recipients=(*columns["to_emails"][row], *columns["cc_emails"][row]),
            intermediaries=tuple(columns["intermediaries"][row]),
            delivered_elsewhere=columns["delivered_elsewhere"][row],
            document=documents.get(row),
            carrier=_carrier(proven, row) if row in documents else None,
            taken_out=taken_out.get(row, ()),
            document_signatures=document_signatures.get(row, ()),
            carried_by=_carried_by(shard, row) if row in document_signatures else None,
        )


def _carrier(proven: ProvenShard, row: int) -> Carrier | None:
    """The nearest message around an item, in archives too; None outside of any."""
    shard = proven.shard
    kinds, parents = shard.column("kind"), shard.column("parent_row")
    around = parents[row]
    while around >= 0 and kinds[around] != Kind.EMAIL:
        around = parents[around]
    if around < 0:
        return None
    times = filter(None, (shard.column(name)[around] for name in ("date_utc", "received_utc")))
    signed = proven.signed.get(around)
    return Carrier(
        max(times, default=None),
        signed is not None and (signed.proof.basis is not None or signed.sealed is not None),
        shard.column("media_type")[around] not in TAKEN_APART,
    )


def _carried_by(shard: Shard, row: int) -> str | None:
    """From address of the message that a row is, or of the nearest one with an author that it lies in."""
    authors, parents = shard.column("from_email"), shard.column("parent_row")
    while row >= 0:
        if authors[row] is not None:
            author: str = authors[row]
            return author
        row = parents[row]
    return None


@lru_cache(maxsize=8192)
def _likeness(domain: str | None, protected: frozenset[str]) -> Likeness | None:
    return likeness(domain, protected) if domain and protected else None


@lru_cache(maxsize=8192)
def _resembles(domain: str | None, protected: frozenset[str], learned: frozenset[str]) -> Likeness | None:
    """The learned domain that a sender's is made to look like; none for a domain that the user named.

    Two learned ones resemble each other, whichever is the shorter. Else a name in plain letters imitates none in
    foreign ones: whoever registered those came later.
    """
    own = registered_domain(domain or "")
    if not domain or not learned or sent.is_protected(domain, protected):
        return None
    others = sorted(one for one in learned if one != own)
    if own is not None and own in learned:
        pairs = ((one, likeness(domain, [one]) or likeness(one, [own])) for one in others)
        return min((Likeness(alike.form, one) for one, alike in pairs if _is_telling(alike)), default=None)
    found = likeness(domain, [one for one in others if is_ascii(one) or not is_ascii(domain)])
    return found if _is_telling(found) else None


def _is_telling(alike: Likeness | None) -> TypeGuard[Likeness]:
    return alike is not None and alike.form in DECISIVE
