"""Without the dump: the signed fields kept in evidence against the key, and the body's hash against bh=."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline import evidence
from pipeline.lookup import Record
from pipeline.proof.bundle import below_carrier, public_key
from pipeline.recheck import second_opinion
from pipeline.recheck.tally import Tally
from pipeline.recheck.verified import Verified, key_of
from pipeline.shown_signature import RECEIVER
from transforms.auth.repair.header import fields_as_signed
from transforms.auth.signature import data_hash, parse_signature
from transforms.model import HeaderField, PreparedSignature
from transforms.shard import Shard, fields_of

_TOO_LONG = "their signed fields are too long to be kept; give the dump with --against"
_SEALED = "a receiver's seal verifies them, whose fields are not kept; give the dump with --against"
_BODY = "their bodies were repaired or are quoted as in a mailbox, so that only the header could be tried"


def recheck(out: Path, verified: Verified) -> Tally:
    """Every verified message from evidence alone, and that each inherited item lies in one of them."""
    tally = Tally()
    wanted: dict[str, tuple[Record, Record]] = {}
    for item, rests_on in verified.own:
        if not rests_on or key_of(verified, rests_on[0]) is None:
            tally.wrong.append(f"{item['path']}: verified, and no signature and key in the tables make it so")
        elif item["basis"] == RECEIVER:
            tally.left_out[_SEALED] += 1
        else:
            wanted[item["item_id"]] = item, rests_on[0]
    for shard_id in evidence.shard_ids(out):
        shard = evidence.read_shard(out, shard_id, last="fields")
        rows = [(row, *wanted.pop(one)) for row, one in enumerate(shard.column("item_id")) if one in wanted]
        if rows:
            prepared = {(row, one.seq): one for row, one in evidence.prepared(shard.signatures)}
            for row, item, signature in rows:
                key = key_of(verified, signature)
                assert key is not None
                _recheck(tally, item, key, prepared.get((row, signature["seq"])), fields_of(shard, row), shard, row)
    tally.wrong += [f"{item['path']}: verified, and the evidence knows no such message" for item, _ in wanted.values()]
    _inherited(tally, verified)
    return tally


def _recheck(
    tally: Tally,
    item: Record,
    key: Record,
    prepared: PreparedSignature | None,
    fields: Sequence[HeaderField],
    shard: Shard,
    row: int,
) -> None:
    signatures = [field for field in fields if field.key == "dkim-signature"]
    own = (n for n, f in enumerate(signatures) if prepared and parse_signature(f).signature == prepared.signature)
    number = next(own, None)
    if prepared is None:
        tally.wrong.append(f"{item['path']}: verified, and the evidence knows no such signature")
        return
    if number is None or not _all_kept(fields, signatures[number], prepared):
        tally.left_out[_TOO_LONG] += 1
        return
    section = _octets(fields)
    matches, claimed = second_opinion.of_fields(section, number, key["record"])
    if not matches:
        restored = fields_as_signed(prepared, [public_key(key)], fields)
        matches = restored is not None and second_opinion.of_fields(_octets(restored), number, key["record"])[0]
    digest = shard.column("_".join(_form(prepared)))[row]
    body_known = prepared.restored_sha256 is None and prepared.length is None
    if not matches:
        tally.wrong.append(f"{item['path']}: dkimpy finds that the key does not confirm its signed fields")
    elif claimed == digest:
        tally.agree += 1
    elif body_known and not _unquoted(shard, row):
        tally.wrong.append(f"{item['path']}: its body has another hash than the signature claims")
    else:
        tally.explained[_BODY] += 1


def _all_kept(fields: Sequence[HeaderField], own: HeaderField, prepared: PreparedSignature) -> bool:
    return data_hash(fields, own, parse_signature(own)) == prepared.data_hash


def _form(prepared: PreparedSignature) -> tuple[str, str]:
    return prepared.canonicalization.partition("/")[2], prepared.algorithm.rpartition("-")[2]


def _unquoted(shard: Shard, row: int) -> bool:
    return any(note.endswith("_unquoted") for note in shard.column("notes")[row])


def _octets(fields: Sequence[HeaderField]) -> bytes:
    return b"".join(field.raw for field in fields) + b"\r\n"


def _inherited(tally: Tally, verified: Verified) -> None:
    """Each inherited item lies in a message that is verified by itself, or equals what lies there."""
    own = {item["item_id"]: item for item, _ in verified.own}
    for carrier_id, items in verified.inherited.items():
        carrier = own.get(carrier_id)
        if carrier is None:
            tally.wrong += [f"{item['path']}: verified by a message that is not" for item in items]
            continue
        inside = {one["sha256"] for one in items if below_carrier(verified.chain(one), carrier)}
        for item in items:
            if item["sha256"] in inside:
                tally.agree += 1
            else:
                tally.wrong.append(f"{item['path']}: verified by a message in which it does not lie")
