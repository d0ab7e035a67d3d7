"""Was this loose file sent in a verified message, in exactly this form? (VERDICT §3)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from transforms.auth.coverage import ADDED_TEXT
from transforms.auth.proof import RECIPIENTS
from transforms.inheritance import carriers
from transforms.model import Direction, Kind, PreparedSignature, Rule, SignatureResult, Strength
from transforms.shard import ProvenShard

SENT = Rule(
    "document.sent_in_verified_message",
    Direction.SUPPORTS,
    Strength.WEAK,
    "document",
    "The same octets were sent in a verified message",
    "It proves who sent the file and when, not that what the file says is true, nor who wrote it.",
    "derived: equal SHA-256",
)

SIGNED = Rule(
    "document.is_signed_attachment",
    Direction.SUPPORTS,
    Strength.STRONG,
    "document",
    "The signature of a message from a protected domain matches once this file is put back as its attachment",
    "The message as it lies here holds a note in its place: that it once held this file is what the signature says. "
    "It proves who sent the file and when, not that what the file says is true, nor who wrote it.",
    "derived: equal SHA-256; the hash in the signature decides",
)
OUTSIDERS = Rule(
    "document.is_outsiders_attachment",
    Direction.SUPPORTS,
    Strength.WEAK,
    "document",
    "The signature of a message from outside the protected domains matches once this file is put back as its "
    "attachment",
    "Anybody can mail any file; it proves who sent the file and when, not that it is authentic.",
    "derived: equal SHA-256; the hash in the signature decides",
)

RULES = (SENT, SIGNED, OUTSIDERS)

Record = dict[str, Any]

_MIN_SIZE = 64  # octets; shorter contents are equal by chance (VERDICT §3)
_NOT_FILES = frozenset({Kind.EMAIL, Kind.MAILBOX, Kind.ARCHIVE, Kind.GAP, Kind.LINK, Kind.SPECIAL})

_ROWS = pa.schema(
    [
        ("key", pa.string()),
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("carries", pa.bool_()),  # an attachment of a verified message, else a loose file
        ("carrier_id", pa.string()),
        ("carrier_path", pa.string()),
        ("domain", pa.string()),
        ("author", pa.string()),
        ("date", pa.string()),
        ("protected", pa.bool_()),
        ("put_back", pa.bool_()),  # the message holds a note in its place: see auth/repair/detached.py
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """Covered attachments of verified messages, those that were taken out of messages, and loose files."""
    shard = proven.shard
    column = {
        name: shard.column(name)
        for name in ("sha256", "size", "kind", "loose", "status", "item_id", "path", "from_email",
                     "from_domain", "date_utc", "holds_messages")
    }  # fmt: skip
    found: list[Record] = []
    for row, carrier in enumerate(carriers(proven)):
        if (
            column["sha256"][row] is None
            or column["size"][row] < _MIN_SIZE
            or column["kind"][row] in _NOT_FILES
            or column["holds_messages"][row]
            or column["status"][row] != "ok"
        ):
            continue
        if carrier is not None and not proven.signed[carrier].proof.passes_on:
            continue  # proven by a receiver's seal: no signature of the sender's to rest a loose file on
        record: Record = {
            "key": column["sha256"][row],
            "unit_id": shard.unit.unit_id,
            "sequence": shard.unit.sequence,
            "row": row,
            "carries": carrier is not None,
            "put_back": False,
        }
        if carrier is not None:
            record |= _carried(column, carrier, proven.signed[carrier].proof.domain, protected)
        elif not column["loose"][row]:
            continue
        found.append(record)
    for row, signed in sorted(proven.signed.items()):
        for signature, result in zip(signed.signatures, signed.results, strict=True):
            for digest in signature.put_back if _proves_files(signature, result) else ():
                record = {"key": digest, "unit_id": shard.unit.unit_id, "sequence": shard.unit.sequence, "row": row}
                record |= _carried(column, row, signature.domain, protected)
                found.append({**record, "carries": True, "put_back": True})
    return pa.Table.from_pylist(found, _ROWS)


def _carried(column: Mapping[str, Sequence[Any]], carrier: int, domain: str, protected: frozenset[str]) -> Record:
    """What is told of the message that carries a file."""
    date = column["date_utc"][carrier]
    return {
        "carrier_id": column["item_id"][carrier],
        "carrier_path": column["path"][carrier],
        "domain": domain,
        "author": column["from_email"][carrier],
        "date": date.date().isoformat() if date else "",
        "protected": is_protected(column["from_domain"][carrier], protected),
    }


def _proves_files(signature: PreparedSignature, result: SignatureResult) -> bool:
    """Whether nothing but the attachment taken out, and the recipients, keep a signature from proving its message."""
    return result.result == "pass" and set(result.doubts) | set(signature.objections) <= {ADDED_TEXT, RECIPIENTS}


def is_protected(domain: str | None, protected: frozenset[str]) -> bool:
    """Whether a domain is one that the user named, or lies below it."""
    if domain is None:
        return False
    labels = domain.split(".")
    return any(".".join(labels[at:]) in protected for at in range(len(labels)))


def is_trusted(record: Record, home: str | None) -> bool:
    """Whether the `domain` of a row is `protected`, or the one that the dump shows to be the organisation's."""
    return record["protected"] or (home is not None and is_protected(record["domain"], frozenset({home})))


def join(parts: Iterable[pa.Table], home: str | None = None) -> Iterator[pa.Table]:
    """For each loose file that was sent: the carrier, of a protected domain if there is one, else the first.

    home is the domain that the dump itself shows to be the organisation's (joins/correspondents.py). A second
    answer names the message that a file was taken out of. What is held is one carrier of each file, and one part.
    """
    at_home = frozenset({home} if home is not None else ())
    best: dict[tuple[str, bool], Record] = {}
    for part in parts:
        for record in part.filter(part["carries"]).to_pylist():
            record["protected"] |= is_protected(_domain(record), at_home)
            name = record["key"], record["put_back"]
            best[name] = min(best.get(name, record), record, key=_rank)
    for part in parts if best else ():
        answers = [
            {**best[key, put_back], "unit_id": unit_id, "row": row}
            for key, unit_id, row in _loose(part)
            for put_back in (False, True)
            if (key, put_back) in best
        ]
        yield pa.Table.from_pylist(answers, pa.schema([f for f in _ROWS if f.name not in _ASIDE]))


_ASIDE = ("key", "sequence", "carries")


def _rank(carrier: Mapping[str, Any]) -> tuple[bool, int, int]:
    return not carrier["protected"], carrier["sequence"], carrier["row"]


def _loose(part: pa.Table) -> Iterator[tuple[str, str, int]]:
    loose = part.filter(pc.invert(part["carries"])).select(["key", "unit_id", "row"])
    return zip(*(column.to_pylist() for column in loose.columns), strict=True)


def _domain(carrier: Mapping[str, Any]) -> str:
    """The From domain of a carrier."""
    return str(carrier["author"] or "").rpartition("@")[2].lower()
