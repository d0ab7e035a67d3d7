"""The evidence of one work unit as Arrow tables, and what the keys made of its signatures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa

from transforms.auth.chain import NO_CHAIN, Chain, judge_chain
from transforms.auth.proof import Proof, best_proof
from transforms.auth.receiver import ReceiverSeal, receiver_seal
from transforms.model import Clock, PreparedSignature, SignatureResult, WorkUnit


@dataclass(frozen=True, slots=True)
class Shard:
    """Columns are the fields of model.Item, PreparedSignature, KeptField, Clock, Text and Source."""

    unit: WorkUnit
    items: pa.Table
    signatures: pa.Table
    fields: pa.Table
    clocks: pa.Table
    texts: pa.Table
    sources: pa.Table
    _lists: dict[str, list[Any]] = field(default_factory=dict, repr=False, compare=False)

    def column(self, name: str) -> Sequence[Any]:
        """A column of items as Python values, made once: several joins ask for the same ones."""
        if name not in self._lists:
            self._lists[name] = self.items.column(name).to_pylist()
        return self._lists[name]

    def clocks_by_row(self) -> dict[int, tuple[Clock, ...]]:
        """The clocks of each message that has some."""
        found: dict[int, list[Clock]] = {}
        for row, *values in zip(*(column.to_pylist() for column in self.clocks.columns), strict=True):
            found.setdefault(row, []).append(Clock(*values))
        return {row: tuple(clocks) for row, clocks in found.items()}


class Signed(NamedTuple):
    """The signatures of one message, what the keys made of each, and what they prove together."""

    signatures: tuple[PreparedSignature, ...]
    results: tuple[SignatureResult, ...]
    proof: Proof  # of its DKIM signatures
    chain: Chain = NO_CHAIN  # of its ARC sets
    sealed: ReceiverSeal | None = None  # what a trusted receiver's seal proves, beside proof

    @property
    def passes_on(self) -> bool:
        """Whether its covered attachments may rest on it (VERDICT §3)."""
        return self.proof.passes_on or (self.sealed is not None and self.sealed.passes_on)

    @property
    def fixes_blanks(self) -> bool:
        """Whether the signature that is shown covers every blank and line end of the body as found."""
        by_seal = self.sealed is not None and not self.proof.passes_on
        seq = self.sealed.seq if self.sealed is not None and by_seal else self.proof.seq
        shown = next((one for one in self.signatures if one.seq == seq), None)
        return shown is not None and shown.canonicalization.endswith("/simple") and not shown.repairs


@dataclass(frozen=True, slots=True)
class ProvenShard:
    """A shard with the proofs of its messages, by row; unsigned messages have no entry."""

    shard: Shard
    signed: Mapping[int, Signed]


def proven(
    shard: Shard,
    prepared: Sequence[tuple[int, PreparedSignature]],
    results: Sequence[SignatureResult],
    sealers: Collection[str] = (),
) -> ProvenShard:
    """Group a shard's signatures by message; results in the order of prepared, sealers are trusted."""
    by_row: dict[int, list[tuple[PreparedSignature, SignatureResult]]] = {}
    for (row, signature), result in zip(prepared, results, strict=True):
        by_row.setdefault(row, []).append((signature, result))
    signed = {}
    for row, pairs in by_row.items():
        signatures, outcomes = tuple(p for p, _ in pairs), tuple(r for _, r in pairs)
        signed[row] = _signed(shard, row, signatures, outcomes, sealers)
    return ProvenShard(shard, signed)


def _signed(
    shard: Shard,
    row: int,
    signatures: tuple[PreparedSignature, ...],
    results: tuple[SignatureResult, ...],
    sealers: Collection[str],
) -> Signed:
    proof = best_proof(signatures, results)
    defect = shard.column("arc_defect")[row]
    if defect is None and all(one.instance is None for one in signatures):
        return Signed(signatures, results, proof)
    chain = judge_chain(list(zip(signatures, results, strict=True)), defect, sealers)
    author = shard.column("from_domain")[row] or ""
    sealed = receiver_seal(chain, signatures, results, author, shard.column("intermediaries")[row])
    return Signed(signatures, results, proof, chain, sealed)
