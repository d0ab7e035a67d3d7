"""What a check sees: one item, its signatures, and what the keys made of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from transforms.auth.chain import NO_CHAIN, Chain
from transforms.auth.proof import Proof
from transforms.auth.receiver import ReceiverSeal
from transforms.lookalike import Likeness
from transforms.model import Clock, DocumentFacts, DocumentSignature, Kind, PreparedSignature, SignatureResult


class Carrier(NamedTuple):
    """The message that a document lies in."""

    sent: datetime | None  # the latest of its Date and the topmost Received
    proven: bool  # by its own signatures, or a receiver's seal
    as_sent: bool  # not taken apart, as Outlook does, which lets its user edit what is attached


class ItemView(NamedTuple):
    """The facts of an item that checks read; the columns of the same names in evidence."""

    kind: Kind
    notes: tuple[str, ...]
    header_ambiguous: str | None
    author_known: bool
    proof: Proof | None  # None: not a message
    signatures: tuple[PreparedSignature, ...] = ()
    results: tuple[SignatureResult, ...] = ()
    from_email: str | None = None
    from_name: str | None = None
    from_domain: str | None = None
    reply_to: str | None = None  # the first address of Reply-To
    mail_program: str | None = None  # that it names: X-Mailer, or User-Agent
    message_id: str | None = None
    likeness: Likeness | None = None  # of the From domain to one that the user named
    resembles: Likeness | None = None  # to one that the dump taught
    is_learned: bool = False  # the dump taught its own domain, too
    date_utc: datetime | None = None  # of the Date field
    date_raw: str | None = None
    date_offset_min: int | None = None
    clocks: tuple[Clock, ...] = ()
    body_start: int | None = None  # of a message: where its body begins in its own octets
    size: int | None = None  # octets
    body_lost: bool = False  # an Outlook item: its header section is kept as sent, its body is not
    chain: Chain = NO_CHAIN
    sealed: ReceiverSeal | None = None
    recipients: tuple[str, ...] = ()  # addresses of To and Cc
    intermediaries: tuple[str, ...] = ()
    delivered_elsewhere: bool = False
    document_signatures: tuple[DocumentSignature, ...] = ()  # inside it, checked with the keys that they bring
    carried_by: str | None = None  # From address of the message that it is, or lies in; None: there is none
    document: DocumentFacts | None = None  # what it says of itself
    carrier: Carrier | None = None  # of a document
    taken_out: tuple[str, ...] = ()  # names of attachments taken out of it, whose files were looked for

    @property
    def dated_until(self) -> datetime | None:
        """The latest that Date, a signature or a relay says; None if nothing dates the mail."""
        dating = [clock.micros for clock in self.clocks if clock.source in ("date", "received", "signature")]
        return datetime.fromtimestamp(max(dating) // 1_000_000, UTC) if dating else None

    @property
    def own(self) -> list[tuple[PreparedSignature, SignatureResult]]:
        """The signatures that can speak for the author: of his domain, and well-formed."""
        return [
            (signature, result)
            for signature, result in zip(self.signatures, self.results, strict=True)
            if signature.type == "dkim" and signature.aligned != "none" and signature.invalid is None
        ]

    @property
    def awaits_key(self) -> bool:
        """Whether one of these fits the body as it lies here, and no key has yet said anything of its header."""
        return any(signature.body_ok and result.header_ok is None for signature, result in self.own)
