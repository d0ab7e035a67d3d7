"""One unit's evidence, its proofs and what the joins found, to the rows of its tables.

Verdicts follow the tree downwards: a message is judged by its own signatures, then what its
signature covers inherits from it. Columns that a judgement does not touch stay in Arrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from transforms import checks, wording
from transforms.auth.proof import NO_SIGNATURE
from transforms.case import ItemView
from transforms.inheritance import carriers
from transforms.joins import copies, sent
from transforms.model import Direction, Finding, Kind, Status, Strength, Verdict
from transforms.shard import ProvenShard
from transforms.verdict import Case, Decision, Inheritance, decide

VERDICTS = (Verdict.SUSPECTED_FAKE, Verdict.VERIFIED, Verdict.UNVERIFIABLE)  # order of the tables
EVIDENCE_ROWS = 16

# Columns that a judgement makes; the others are evidence, or wait for a later capability.
_MADE = (
    "verdict", "basis", "subtype", "confidence", "rule", "reason_code", "headline", "would_change", "n_supports",
    "n_contradicts", "dkim_result", "dkim_domain", "dkim_selector", "dkim_aligned", "signed_utc", "repairs",
    "inherits_from", "dup_of", "evidence",
)  # fmt: skip

_STRENGTHS = {Strength.DECISIVE: 0, Strength.STRONG: 1, Strength.WEAK: 2}
_COPY_RULES = {rule.code: rule for rule in copies.RULES}


@dataclass(frozen=True, slots=True)
class Joined:
    """What the joins say about the rows of one unit, by row."""

    dup_of: Mapping[int, str]
    sent: Mapping[int, dict[str, Any]]
    copies: Mapping[int, copies.Compared]


@dataclass(frozen=True, slots=True)
class Judged:
    """The final rows of one unit: a batch per verdict in each table, in the order of VERDICTS.

    Enums are plain strings here, and in a range of a file ordinal counts from the range's first item.
    """

    items: tuple[pa.Table, ...]
    findings: tuple[pa.Table, ...]
    signatures: tuple[pa.Table, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    case: Case
    decision: Decision
    findings: tuple[Finding, ...]
    inherits_from: str | None


def judge_unit(proven: ProvenShard, joined: Joined, types: Mapping[str, pa.Schema]) -> Judged:
    """Rows of items, findings and signatures for one unit, under the schemas of the tables."""
    rows = _judge_rows(proven, joined)
    orders = [[row for row, one in enumerate(rows) if one.decision.verdict is verdict] for verdict in VERDICTS]
    plain = {name: _plain(schema) for name, schema in types.items()}
    return Judged(
        tuple(_items(proven, rows, joined, order, plain["items"]) for order in orders),
        tuple(_findings(proven, rows, order, plain["findings"]) for order in orders),
        tuple(_signatures(proven, rows, order, plain["signatures"]) for order in orders),
    )


def _judge_rows(proven: ProvenShard, joined: Joined) -> list[_Row]:
    shard = proven.shard
    names = ("kind", "status", "error_code", "notes", "header_ambiguous", "author_known", "covered",
             "loose", "item_id", "path", "from_email", "date_utc")  # fmt: skip
    columns = {name: shard.column(name) for name in names}
    carrier_rows = carriers(proven)
    rows: list[_Row] = []
    for row, kind in enumerate(columns["kind"]):
        signed = proven.signed.get(row)
        is_mail = kind == Kind.EMAIL
        view = ItemView(
            Kind(kind),
            tuple(columns["notes"][row]),
            columns["header_ambiguous"][row],
            columns["author_known"][row],
            (signed.proof if signed else NO_SIGNATURE) if is_mail else None,
            signed.signatures if signed else (),
            signed.results if signed else (),
        )
        findings = [finding for check in checks.modules() for finding in check.check(view)]
        inheritance, inherits_from = _inheritance(columns, carrier_rows[row], rows, joined, row, proven)
        if inheritance is not None and inheritance.loose:
            findings.append(sent.SENT(f"{inheritance.author} in {inheritance.carrier_path}"))
        compared = joined.copies.get(row)
        if compared is not None:
            findings.append(
                _COPY_RULES[compared.code](
                    compared.verified_path, expected=compared.expected or None, actual=compared.actual or None
                )
            )
        ranked = tuple(sorted(findings, key=_weight))
        case = Case(
            view.kind,
            Status(columns["status"][row]),
            columns["error_code"][row],
            view.proof,
            inheritance,
            ranked,
            inside_message=not columns["loose"][row],
            covered=columns["covered"][row],
        )
        decision = decide(case)
        rows.append(_Row(case, decision, ranked, inherits_from if decision.basis == "inherited" else None))
    return rows


def _inheritance(
    columns: Mapping[str, list[Any]],
    carrier: int | None,
    rows: list[_Row],
    joined: Joined,
    row: int,
    proven: ProvenShard,
) -> tuple[Inheritance | None, str | None]:
    if carrier is not None and rows[carrier].decision.verdict is Verdict.VERIFIED:
        date = columns["date_utc"][carrier]
        carrier_id = columns["item_id"][carrier]
        return (
            Inheritance(
                carrier_id,
                columns["path"][carrier],
                proven.signed[carrier].proof.domain,
                columns["from_email"][carrier] or "",
                date.date().isoformat() if date else "",
                loose=False,
                protected=False,
            ),
            carrier_id,
        )
    found = joined.sent.get(row)
    if found is None:
        return None, None
    return (
        Inheritance(
            found["carrier_id"],
            found["carrier_path"],
            found["domain"],
            found["author"] or "",
            found["date"],
            loose=True,
            protected=found["protected"],
        ),
        found["carrier_id"],
    )


def _weight(finding: Finding) -> tuple[int, int, str, str]:
    """Contradictions before support before remarks at equal strength; then by code and text."""
    direction = {Direction.CONTRADICTS: 0, Direction.SUPPORTS: 1, Direction.NEUTRAL: 2}
    return _STRENGTHS[finding.strength], direction[finding.direction], finding.code, finding.summary


def _items(proven: ProvenShard, rows: list[_Row], joined: Joined, order: list[int], schema: pa.Schema) -> pa.Table:
    made: dict[str, list[Any]] = {name: [] for name in _MADE}
    for row in order:
        one = rows[row]
        decision, proof = one.decision, one.case.proof
        signed = proof is not None and proof.seq is not None
        made["verdict"].append(decision.verdict.value)
        made["basis"].append(decision.basis)
        made["subtype"].append(decision.subtype)
        made["confidence"].append(decision.confidence)
        made["rule"].append(decision.rule)
        made["reason_code"].append(decision.reason_code)
        made["headline"].append(wording.headline(one.case, decision))
        made["would_change"].append(wording.would_change(one.case, decision))
        made["n_supports"].append(sum(f.direction is Direction.SUPPORTS for f in one.findings))
        made["n_contradicts"].append(sum(f.direction is Direction.CONTRADICTS for f in one.findings))
        made["dkim_result"].append(proof.result if proof else None)
        made["dkim_domain"].append(proof.domain if proof and signed else None)
        made["dkim_selector"].append(proof.selector if proof and signed else None)
        made["dkim_aligned"].append(proof.aligned if proof and signed else None)
        made["signed_utc"].append(proof.signed_at * 1_000_000 if proof and proof.signed_at else None)
        made["repairs"].append(proof.repairs or None if proof else None)
        made["inherits_from"].append(one.inherits_from)
        made["dup_of"].append(joined.dup_of.get(row))
        made["evidence"].append(
            [
                {"code": f.code, "direction": f.direction.value, "strength": f.strength.value, "summary": f.summary}
                for f in one.findings[:EVIDENCE_ROWS]
            ]
        )
    ordinals = [position for n in proven.shard.sources["n_items"].to_pylist() for position in range(n)]
    made["ordinal"] = [ordinals[row] for row in order]
    kept = proven.shard.items.take(pa.array(order, pa.int64()))
    made["thread_id"] = [
        (references or [parent or own])[0]
        for references, parent, own in zip(
            kept["references"].to_pylist(), kept["in_reply_to"].to_pylist(), kept["message_id"].to_pylist(), strict=True
        )
    ]
    columns = []
    for field in schema:
        if field.name in made:
            columns.append(pa.array(made[field.name], field.type))
        elif field.name in kept.column_names:
            columns.append(kept[field.name].combine_chunks())
        else:  # a later capability fills it
            columns.append(pa.nulls(len(order), field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _findings(proven: ProvenShard, rows: list[_Row], order: list[int], schema: pa.Schema) -> pa.Table:
    ids = proven.shard.column("item_id")
    records = [
        {
            "item_id": ids[row],
            "seq": seq,
            "verdict": rows[row].decision.verdict.value,
            "code": f.code,
            "direction": f.direction.value,
            "strength": f.strength.value,
            "expected": f.expected,
            "actual": f.actual,
            "summary": f.summary,
            "byte_start": f.byte_start,
            "byte_len": f.byte_len,
        }
        for row in order
        for seq, f in enumerate(rows[row].findings)
    ]
    return _from_records(records, schema)


def _signatures(proven: ProvenShard, rows: list[_Row], order: list[int], schema: pa.Schema) -> pa.Table:
    ids = proven.shard.column("item_id")
    records = []
    for row in order:
        signed = proven.signed.get(row)
        if signed is None:
            continue
        for signature, result in zip(signed.signatures, signed.results, strict=True):
            objections = list(filter(None, (result.objection, *signature.objections)))
            records.append(
                {
                    "item_id": ids[row],
                    "seq": signature.seq,
                    "type": signature.type,
                    "domain": signature.domain,
                    "selector": signature.selector,
                    "instance": None,
                    "algorithm": signature.algorithm,
                    "canonicalization": signature.canonicalization,
                    "signed_fields": list(signature.signed_fields),
                    "unsigned_fields": list(signature.unsigned_fields),
                    "signed_utc": _micro(signature.signed_at),
                    "expires_utc": _micro(signature.expires_at),
                    "length": signature.length,
                    "body_ok": signature.body_ok,
                    "header_ok": result.header_ok,
                    "key_status": result.key_status,
                    "key_id": result.key_id,
                    "aligned": signature.aligned,
                    "repairs": signature.repairs or None,
                    "result": result.result,
                    "objection": objections[0] if objections else None,
                    "reason": result.reason,
                }
            )
    return _from_records(records, schema)


def _micro(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1_000_000


def _from_records(records: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_arrays([pa.array([r[f.name] for r in records], f.type) for f in schema], schema=schema)


def _plain(schema: pa.Schema) -> pa.Schema:
    """Enums as strings: a file of batches cannot change its dictionaries."""
    return pa.schema(
        [pa.field(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in schema]
    )
