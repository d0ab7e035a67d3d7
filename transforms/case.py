"""What a check sees: one item, its signatures, and what the keys made of them."""

from __future__ import annotations

from typing import NamedTuple

from transforms.auth.proof import Proof
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
    body_start: int | None = None  # of a message
    size: int | None = None
