"""The evidence of one work unit as Arrow tables, and what the keys made of its signatures."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.arrow_values import values
from transforms.auth.chain import NO_CHAIN, Chain, judge_chain
from transforms.auth.openpgp import PGP
from transforms.auth.openpgp_key import OPENPGP, key_id, tried
from transforms.auth.proof import Proof, best_proof
from transforms.auth.receiver import ReceiverSeal, receiver_seal
from transforms.model import (
    Clock,
    DocumentFacts,
    DocumentSignature,
    HeaderField,
    Kind,
    PreparedSignature,
    PublicKey,
    SignatureResult,
    Text,
    WorkUnit,
)


@dataclass(frozen=True, slots=True)
class Shard:
    """Columns are the fields of model.Item, PreparedSignature, KeptField, Clock, Text, Source, Order, DocumentFacts,
    DocumentSignature.
    """

    unit: WorkUnit
    items: pa.Table
    signatures: pa.Table
    fields: pa.Table
    clocks: pa.Table
    texts: pa.Table
    sources: pa.Table
    orders: pa.Table
    documents: pa.Table
    document_signatures: pa.Table
    _lists: dict[str, list[Any]] = field(default_factory=dict, repr=False, compare=False)
    _facts: dict[int, DocumentFacts] = field(default_factory=dict, repr=False, compare=False)

    def column(self, name: str) -> Sequence[Any]:
        """A column of items as Python values, made once: several joins ask for the same ones."""
        if name not in self._lists:
            self._lists[name] = values(self.items.column(name))
        return self._lists[name]

    def clocks_by_row(self) -> dict[int, tuple[Clock, ...]]:
        """The clocks of each message that has some."""
        found: dict[int, list[Clock]] = {}
        for row, *said in zip(*map(values, self.clocks.columns), strict=True):
            found.setdefault(row, []).append(Clock(*said))
        return {row: tuple(clocks) for row, clocks in found.items()}

    def documents_by_row(self) -> Mapping[int, DocumentFacts]:
        """What each document says of itself, where something is known; made once."""
        if len(self._facts) != len(self.documents):
            rows = zip(*map(values, self.documents.columns), strict=True)
            self._facts.update((row, DocumentFacts(*said)) for row, *said in rows)
        return self._facts

    def document_signatures_by_row(self) -> dict[int, tuple[DocumentSignature, ...]]:
        """The signatures that stand inside mails and documents; no key of a domain is tried on them."""
        found: dict[int, tuple[DocumentSignature, ...]] = {}
        for row, *said in zip(*map(values, self.document_signatures.columns), strict=True):
            found[row] = (*found.get(row, ()), DocumentSignature(*said))
        return found

    def taken_out(self) -> dict[int, tuple[str, ...]]:
        """The attachments that were taken out of messages whose signature did not match, by row: their names."""
        found: dict[int, tuple[str, ...]] = {}
        for order in self.orders.to_pylist():
            name = order["file_name"] or order["saved_as"] or f"a file of {order['size']} octets"
            found[order["row"]] = (*found.get(order["row"], ()), name)
        return found


def joined(shards: Sequence[Shard], unit_id: str) -> Shard:
    """Units that follow each other in the dump as one: its rows count on, and it lies where the first one does."""
    if len(shards) == 1:
        return dataclasses.replace(shards[0], unit=dataclasses.replace(shards[0].unit, unit_id=unit_id))
    starts = list(accumulate((len(one.items) for one in shards[:-1]), initial=0))
    tables = {name: _counting_on([getattr(one, name) for one in shards], starts) for name in _TABLES}
    return Shard(dataclasses.replace(shards[0].unit, unit_id=unit_id), **tables)


_TABLES = ("items", "signatures", "fields", "clocks", "texts", "sources", "orders", "documents", "document_signatures")


def _counting_on(parts: Sequence[pa.Table], starts: Sequence[int]) -> pa.Table:
    table = pa.concat_tables(parts)
    moved = np.repeat(starts, list(map(len, parts)))
    for name in ("row", "parent_row"):
        if name in table.column_names and len(table):
            rows = table[name].to_numpy()
            at = table.schema.get_field_index(name)
            table = table.set_column(at, name, pa.array(np.where(rows < 0, rows, rows + moved)))
    return table


class Attached(NamedTuple):
    """A part of a message that is an item of its own."""

    file_name: str
    media_type: str  # as found
    kind: str
    sha256: str | None
    text: str = ""  # normalised, of a document whose words are kept


class Content(NamedTuple):
    """What a message says, as far as evidence keeps it."""

    path: str
    form: str  # media types of its text, in order
    text: str  # normalised
    subject: str
    author: str  # From address; "" if there is none
    author_domain: str
    author_named: str  # the other places where an author may be told: display name, Reply-To, Sender
    recipients: frozenset[str]  # To and Cc, lower case
    date: datetime | None
    date_raw: str
    message_id: str | None
    names: frozenset[str]  # identifiers of In-Reply-To and References
    attached: tuple[Attached, ...]
    author_name: str = ""  # display name of From
    received: datetime | None = None  # as the topmost Received has it
    clocks: tuple[Clock, ...] = ()
    html: bytes = b""  # as Text has it


def content_of(shard: Shard, row: int) -> Content:
    """The content of a message in a shard that was read up to its texts."""
    one = {name: shard.column(name)[row] for name in _CONTENT}
    said = _text_of(shard, row)
    depths, parents = shard.column("depth"), shard.column("parent_row")
    attached = []
    for below in range(row + 1, len(depths)):  # children follow their parent
        if depths[below] <= depths[row]:
            break
        if parents[below] == row:
            facts = (shard.column(name)[below] for name in ("file_name", "media_type", "kind", "sha256"))
            name, media_type, kind, sha256 = facts
            words = _text_of(shard, below).text if kind == Kind.DOCUMENT else ""
            attached.append(Attached(name or "", media_type or "", kind, sha256, words))
    return Content(
        one["path"],
        said.form,
        said.text,
        one["subject"] or "",
        one["from_email"] or "",
        one["from_domain"] or "",
        f"{one['from_name'] or ''} {named_authors(fields_of(shard, row))}",
        frozenset(address.lower() for address in (*one["to_emails"], *one["cc_emails"])),
        one["date_utc"],
        one["date_raw"] or "",
        one["message_id"],
        frozenset(filter(None, (one["in_reply_to"], *one["references"]))),
        tuple(attached),
        one["from_name"] or "",
        one["received_utc"],
        clocks_of(shard, row),
        said.html,
    )


def _text_of(shard: Shard, row: int) -> Text:
    """The text of a row; empty where none is kept."""
    at = pc.index(shard.texts["row"], row).as_py()
    return Text(row, "", "") if at < 0 else Text(*(shard.texts[name][at].as_py() for name in Text._fields))


_CONTENT = ("path", "subject", "from_email", "from_domain", "from_name", "to_emails", "cc_emails", "date_utc",
            "date_raw", "message_id", "in_reply_to", "references", "received_utc")  # fmt: skip


def clocks_of(shard: Shard, row: int) -> tuple[Clock, ...]:
    """The clocks of a message in a shard that was read up to them."""
    mine = _of_row(shard.clocks, row).select(Clock._fields)
    return tuple(map(Clock, *(column.to_pylist() for column in mine.columns)))


def fields_of(shard: Shard, row: int) -> tuple[HeaderField, ...]:
    """The fields kept of a message, in its order; none for an unsigned one."""
    mine = _of_row(shard.fields, row)
    return tuple(
        HeaderField(name, raw) for name, raw in zip(mine["name"].to_pylist(), mine["raw"].to_pylist(), strict=True)
    )


def signatures_of(shard: Shard, row: int) -> tuple[PreparedSignature, ...]:
    """The prepared signatures of one message."""
    mine = _of_row(shard.signatures, row).select(PreparedSignature._fields)
    columns = [
        map(tuple, column.to_pylist()) if pa.types.is_list(column.type) else column.to_pylist()
        for column in mine.columns
    ]
    return tuple(map(PreparedSignature, *columns))


def _of_row(table: pa.Table, row: int) -> pa.Table:
    """What a table of a shard says of one item. It lies together as a rule, and a slice takes no copy."""
    at = np.flatnonzero(table["row"].to_numpy() == row)
    lies_together = len(at) == 0 or at[-1] - at[0] == len(at) - 1
    return table.slice(at[0] if len(at) else 0, len(at)) if lies_together else table.take(at)


def named_authors(fields: Iterable[HeaderField]) -> str:
    """Reply-To and Sender as one text: a relay that rewrites From leaves the author there."""
    values = (field.value for field in fields if field.key in ("reply-to", "sender"))
    return " ".join(value.decode("latin-1") for value in values)


def with_given_keys(shard: Shard, keys: Mapping[tuple[str, str], Sequence[PublicKey]]) -> Shard:
    """A shard whose OpenPGP signatures were tried on the keys that the user gave; keys by name."""
    inside = shard.document_signatures_by_row()
    found = [(row, one) for row, some in inside.items() for one in some]
    given = [keys.get((OPENPGP, key_id(one.fingerprint)), ()) if one.type == PGP else () for _, one in found]
    if not any(given):
        return shard
    rows = [(row, *tried(one, its)) for (row, one), its in zip(found, given, strict=True)]
    return dataclasses.replace(shard, document_signatures=to_table(shard.document_signatures.schema, rows))


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
    def proving(self) -> PreparedSignature | None:
        """The signature that proof rests on."""
        seq = self.proof.seq
        for one in self.signatures:
            if one.seq == seq:
                return one
        return None

    @property
    def covered(self) -> tuple[str, ...]:
        """The fields that it names in h=."""
        proving = self.proving
        return proving.signed_fields if proving is not None else ()

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
    sealed = receiver_seal(chain, signatures, results, shard.column("intermediaries")[row])
    return Signed(signatures, results, proof, chain, sealed)
