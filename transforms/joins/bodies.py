"""Where does the body lie that was signed, if this message shows another? (VERDICT §5.1 altered)

The signed header fields are genuine, bh= among them; another message of the dump has the body with
that hash. Whoever put it there, its octets are the ones that were signed. What they say is read
the same way in both messages only if both describe their body alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.auth.proof import RECIPIENTS
from transforms.difference import shown_words
from transforms.model import Direction, Kind, PreparedSignature, Rule, SignatureResult, Strength
from transforms.shard import Content, ProvenShard
from transforms.tampering import (
    Tampering,
    clip,
    kind_of,
    said_part,
    said_text,
    signed_once,
    text_changes,
    witness,
)
from transforms.transmission import CLAIMING, claims_one_reading, container

ALTERED = Rule(
    "dkim.altered",
    Direction.CONTRADICTS,
    Strength.DECISIVE,
    "crypto",
    "This item does not show what was signed",
    "The owner of a mailbox may have edited a received message in place, or retitled it; a system that rewrites "
    "one message and leaves the others alone would do the same.",
    "0 false proofs of the signed value: derived from RSA and SHA-256; 0 of the honest neighbours in tests/scenarios",
)
SIGNED_BODY_FOUND = Rule(
    "dkim.signed_body_found",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The body that was signed lies in another message of the dump",
    "Footers, banners, conversions, redaction and removed attachments change bodies in passing.",
    "normal for mail that went through lists, gateways and exporters",
)

RULES = (ALTERED, SIGNED_BODY_FOUND)

Load = Callable[[str, int], Content]  # (unit_id, row) -> what a message says

_HOLDS, _WANTS, _KEEPS = 0, 1, 2
_DIGESTS = ("simple_sha256", "relaxed_sha256", "simple_sha1", "relaxed_sha1")
_KEY = 32  # hexadecimal digits: 128 bits, too many to find a second body for

_ROWS = pa.schema(
    [
        ("key", pa.string()),
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("role", pa.int8()),  # has a body, looks for one, or shows that parts come through unchanged
        ("form", pa.binary()),  # how the message describes its body
        ("telling", pa.bool_()),  # a difference would be a contradiction
        ("domain", pa.string()),
        ("container", pa.string()),
        ("media_type", pa.string()),
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """The bodies of all messages by their digests, and those that signatures claim in vain."""
    shard = proven.shard
    unit_id, sequence = shard.unit.unit_id, shard.unit.sequence
    kinds, forms = shard.column("kind"), shard.column("body_form")
    found: list[tuple[Any, ...]] = []
    digests = zip(*(shard.column(name) for name in _DIGESTS), strict=True)
    for row, (kind, own) in enumerate(zip(kinds, digests, strict=True)):
        if kind == Kind.EMAIL:
            for digest in dict.fromkeys(filter(None, own)):
                key = digest.hex()[:_KEY]
                found.append((key, unit_id, sequence, row, _HOLDS, forms[row], False, None, None, None))
    column = {name: shard.column(name) for name in (*CLAIMING, "source_path")}
    for row, signed in proven.signed.items():
        where = container(column["source_path"][row], column["path"][row])
        if signed.proof.basis is not None:
            if signed.proof.passes_on:
                for media_type in _telling_parts(proven, row):
                    key = kind_of_part(where, media_type)
                    found.append((key, unit_id, sequence, row, _KEEPS, None, False, None, where, media_type))
            continue
        claims = claims_one_reading(column, row)
        for signature, result in zip(signed.signatures, signed.results, strict=True):
            if not result.header_ok or signature.body_ok is not False:
                continue
            if signature.type == "dkim" and signature.length is None:
                key = signature.body_hash.hex()[:_KEY]
                telling = claims and covers_all(signature, result) and signed_once(signed.signatures, signature)
                found.append((key, unit_id, sequence, row, _WANTS, forms[row], telling, signature.domain, where, None))
    return to_table(_ROWS, found)


def covers_all(signature: PreparedSignature, result: SignatureResult) -> bool:
    """Whether nothing but the changed body kept this signature from proving the message."""
    return (
        signature.aligned == "exact"
        and result.key_status == "ok"
        and result.reason == "body_changed_after_signing"
        and result.objection in (None, RECIPIENTS)
    )


def kind_of_part(where: str, media_type: str) -> str:
    return witness("", where, media_type).kind


def _telling_parts(proven: ProvenShard, message: int) -> Iterator[str]:
    """Media types of the documents that a message carries."""
    shard = proven.shard
    depths, parents, kinds = shard.column("depth"), shard.column("parent_row"), shard.column("kind")
    for row in range(message + 1, len(depths)):
        if depths[row] <= depths[message]:
            return
        if parents[row] == message and kinds[row] == Kind.DOCUMENT:
            yield shard.column("media_type")[row] or ""


class Pair(NamedTuple):
    """A message, and another that has the body which was signed for it."""

    unit_id: str
    row: int
    telling: bool
    domain: str
    container: str
    of: str  # the signed body
    holder_unit: str
    holder_row: int


def join(table: pa.Table) -> list[Pair | Tampering]:
    """For each message that lost its signed body, the best other message that has it."""
    keeps = table.filter(pc.equal(table["role"], _KEEPS))
    witnesses = {(r["container"], r["media_type"]): r["unit_id"] for r in keeps.to_pylist()}
    found: list[Pair | Tampering] = [witness("", *one) for one in sorted(witnesses)]
    wanted = table.filter(pc.equal(table["role"], _WANTS))
    if len(wanted) == 0:
        return found
    holding = table.filter(pc.and_(pc.equal(table["role"], _HOLDS), pc.is_in(table["key"], wanted["key"])))
    # Any holder has the same octets; the first that describes them as the message does is the best.
    first: dict[str, dict[str, Any]] = {}
    alike: dict[tuple[str, bytes], dict[str, Any]] = {}
    for record in sorted(holding.to_pylist(), key=lambda r: (r["sequence"], r["row"])):
        first.setdefault(record["key"], record)
        alike.setdefault((record["key"], record["form"]), record)
    for one in sorted(wanted.to_pylist(), key=lambda r: (r["sequence"], r["row"], r["key"])):
        if one["key"] not in first:
            continue
        best = alike.get((one["key"], one["form"]), first[one["key"]])
        telling = one["telling"] and best["form"] == one["form"]
        found.append(
            Pair(
                one["unit_id"],
                one["row"],
                telling,
                one["domain"],
                one["container"],
                one["key"],
                best["unit_id"],
                best["row"],
            )
        )
    return found


def compare(pair: Pair | Tampering, load: Load) -> Tampering:
    """What a message says that the body which was signed for it does not."""
    if isinstance(pair, Tampering):
        return pair
    signed, shown = load(pair.holder_unit, pair.holder_row), load(pair.unit_id, pair.row)
    changes = text_changes(signed, shown)
    told = said_text(changes) or said_part(signed, shown)
    if told is None or not pair.telling:
        expected, actual = shown_words(changes or ())
        return Tampering(
            pair.unit_id,
            pair.row,
            SIGNED_BODY_FOUND.code,
            SIGNED_BODY_FOUND.code,
            "",
            pair.of,
            f"{signed.path}; d={pair.domain}",
            clip(expected),
            clip(actual),
        )
    what = "the text" if told.name == "text" else "the part"
    return Tampering(
        pair.unit_id,
        pair.row,
        ALTERED.code,
        SIGNED_BODY_FOUND.code,
        kind_of(pair.container, told),
        pair.of,
        f"the signature of {pair.domain} is valid only with {what} “{clip(told.expected)}”, which lies in "
        f"{signed.path}; this copy shows “{clip(told.actual)}”",
        told.expected,
        told.actual,
    )
