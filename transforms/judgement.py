"""One unit's evidence, its proofs and what the joins found, to verdicts.

Verdicts follow the tree downwards: a message is judged by its own signatures, then what its
signature covers inherits from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import pyarrow as pa

from transforms import checks
from transforms.auth.alignment import registered_domain
from transforms.calibration import (
    REWRITABLE,
    Calibration,
    Seen,
    container_of,
    made_on,
    rewriting,
    speaks,
    tally,
)
from transforms.case import ItemView
from transforms.inheritance import blanks_open, carriers
from transforms.item_views import views
from transforms.joined import Joined, said
from transforms.joins import sent, waiting
from transforms.joins.correspondents import Learned, awaited, identity, teacher
from transforms.judged import Judged, Row, judged
from transforms.model import Direction, Finding, Kind, Status, Strength, Verdict
from transforms.shard import ProvenShard
from transforms.verdict import Case, Inheritance, decide

UNCALIBRATED = Calibration()
_STRENGTHS = {Strength.DECISIVE: 0, Strength.STRONG: 1, Strength.WEAK: 2}
_DIRECTIONS = {Direction.CONTRADICTS: 0, Direction.SUPPORTS: 1, Direction.NEUTRAL: 2}
_WAITING = frozenset(rule.code for rule in waiting.RULES)


def judge_unit(
    proven: ProvenShard,
    joined: Joined,
    types: Mapping[str, pa.Schema],
    protected: frozenset[str] = frozenset(),
    calibration: Calibration = UNCALIBRATED,
) -> Judged:
    """Rows of items, findings and signatures for one unit, under the schemas of the tables.

    protected are the domains that the user named; calibration is what the whole dump teaches.
    """
    return judged(proven, joined, types, _judge_rows(proven, joined, protected, calibration))


class First(NamedTuple):
    """A unit judged before anything is known of the habits of its containers."""

    judged: Judged | None  # None: what is weighed is in it, and with the calibration it may come out otherwise
    tally: pa.Table  # what its signals are to be weighed by (calibration.TALLY)


def judge_first(
    proven: ProvenShard, joined: Joined, types: Mapping[str, pa.Schema], protected: frozenset[str], learned: Learned
) -> First:
    """judge_unit() with what the dump has taught so far, and what the unit adds to it."""
    rows = _judge_rows(proven, joined, protected, Calibration(learned))
    is_open = any(speaks(finding) for row in rows for finding in row.findings)
    made = None if is_open else judged(proven, joined, types, rows)
    return First(made, tally(_seen(proven, rows, protected, learned)))


def _judge_rows(proven: ProvenShard, joined: Joined, protected: frozenset[str], calibration: Calibration) -> list[Row]:
    names = ("status", "error_code", "covered", "loose", "item_id", "path", "from_email", "date_utc")
    columns = {name: proven.shard.column(name) for name in names}
    carrier_rows = carriers(proven)
    containers, senders = _containers(proven), _senders(proven)
    rows: list[Row] = []
    for row, view in enumerate(views(proven, protected, calibration.learned)):
        findings = [finding for check in checks.modules() for finding in check.check(view)]
        findings += said(joined, row)
        inheritance, inherits_from = _inheritance(columns, carrier_rows[row], rows, joined, row, proven)
        if inheritance is not None and inheritance.loose:
            findings.append(sent.SENT(f"{inheritance.author} in {inheritance.carrier_path}"))
        weighed = [calibration.weighed(containers[row], one) for one in findings]
        ranked = tuple(sorted(weighed, key=_weight))
        case = Case(
            view.kind,
            Status(columns["status"][row]),
            columns["error_code"][row],
            view.proof,
            inheritance,
            ranked,
            inside_message=not columns["loose"][row],
            covered=columns["covered"][row],
            sealed=view.sealed,
            chain=view.chain,
            blanks_open=view.proof is None and blanks_open(proven, row),
            sender=view.from_domain or "",
            likeness=view.likeness or view.resembles,
            comparable=calibration.comparable(containers[row], senders[row], ranked),
            vouched=_vouched(view) or any(one.code in _WAITING for one in ranked),
            body_lost=view.body_lost,
        )
        decision = decide(case)
        rows.append(Row(view, case, decision, ranked, inherits_from if decision.basis == "inherited" else None))
    return rows


def _inheritance(
    columns: Mapping[str, Sequence[Any]],
    carrier: int | None,
    rows: list[Row],
    joined: Joined,
    row: int,
    proven: ProvenShard,
) -> tuple[Inheritance | None, str | None]:
    if carrier is not None and rows[carrier].decision.verdict is Verdict.VERIFIED:
        date = columns["date_utc"][carrier]
        carrier_id = columns["item_id"][carrier]
        signed = proven.signed[carrier]
        sealed = None if signed.proof.passes_on else signed.sealed
        return (
            Inheritance(
                carrier_id,
                columns["path"][carrier],
                sealed.sealer if sealed else signed.proof.domain,
                columns["from_email"][carrier] or "",
                date.date().isoformat() if date else "",
                loose=False,
                protected=False,
                sealed=sealed is not None,
                confidence=rows[carrier].decision.confidence,
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


def _vouched(view: ItemView) -> bool:
    """Whether a signature of the author's domain confirms the header fields; or it, or a trusted seal, has no key.

    Whatever the body: the key would tell of the header alone, and its loss must not accuse.
    """
    return bool(view.chain.waiting) or any(result.header_ok is not False for _, result in view.own)


def _weight(finding: Finding) -> tuple[int, int, str, str]:
    """Contradictions before support before remarks at equal strength; then by code and text."""
    return _STRENGTHS[finding.strength], _DIRECTIONS[finding.direction], finding.code, finding.summary


def _seen(proven: ProvenShard, rows: Sequence[Row], protected: frozenset[str], learned: Learned) -> Iterator[Seen]:
    hashes = proven.shard.column("sha256")
    trusted = protected | ({learned.home} if learned.home is not None else set())
    containers, senders, carrier_rows = _containers(proven), _senders(proven), carriers(proven)
    for row, (view, _, _, findings, _) in enumerate(rows):
        tripped = frozenset(one.code for one in findings if speaks(one))
        made = made_on(view, findings) | tripped
        carrier = row if view.kind is Kind.EMAIL else carrier_rows[row]
        by = proven.signed.get(carrier) if carrier is not None else None
        signature = teacher(by) if by is not None else None
        if signature is not None and view.kind is Kind.EMAIL:
            made, tripped = made | REWRITABLE, tripped | rewriting(signature.repairs)
        if not made:
            continue
        waits = by is not None and awaited(by)
        yield Seen(
            containers[row],
            registered_domain(senders[row]) or "",
            signature is not None,
            waits,
            (waits or signature is not None) and sent.is_protected(senders[row], trusted),
            made,
            tripped,
            partial(bytes.fromhex, hashes[row] or "") if signature is None else partial(identity, signature),
        )


def _containers(proven: ProvenShard) -> list[str]:
    """The container of each item (calibration.container_of); of what lies in a message, that message's."""
    columns = (proven.shard.column(name) for name in ("loose", "path", "parent_row"))
    found: list[str] = []
    for loose, path, parent in zip(*columns, strict=True):
        found.append(container_of(path) if loose or parent < 0 else found[parent])
    return found


def _senders(proven: ProvenShard) -> list[str]:
    """The From domain of each message, and of the message in which anything else lies; "" if there is none."""
    columns = (proven.shard.column(name) for name in ("kind", "from_domain", "parent_row"))
    found: list[str] = []
    for kind, domain, parent in zip(*columns, strict=True):
        if kind == Kind.EMAIL:
            found.append(domain or "")
        else:
            found.append(found[parent] if parent >= 0 else "")
    return found
