"""What a check sees: one item, its signatures, and what the keys made of them."""

from __future__ import annotations

from typing import NamedTuple

from transforms.auth.chain import NO_CHAIN, Chain
from transforms.auth.proof import Proof
from transforms.auth.receiver import ReceiverSeal
from transforms.model import Kind, PreparedSignature, SignatureResult


class ItemView(NamedTuple):
    """The facts of an item that checks read; the columns of the same names in evidence."""

    kind: Kind
    notes: tuple[str, ...]
    header_ambiguous: str | None
    author_known: bool
    proof: Proof | None  # None: not a message
    signatures: tuple[PreparedSignature, ...] = ()
    results: tuple[SignatureResult, ...] = ()
    chain: Chain = NO_CHAIN
    sealed: ReceiverSeal | None = None
    from_domain: str = ""
    recipients: tuple[str, ...] = ()  # addresses of To and Cc
    intermediaries: tuple[str, ...] = ()
    delivered_elsewhere: bool = False
