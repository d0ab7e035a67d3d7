"""What did the joins say about the rows of one unit, and which findings are that?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from transforms import joins
from transforms.joins import bodies, copies, grafts, sent, substitutes
from transforms.model import Finding, Told
from transforms.tampering import Tampering


@dataclass(frozen=True, slots=True)
class Joined:
    """What the joins say about the rows of one unit, by row."""

    dup_of: Mapping[int, str]
    sent: Mapping[int, dict[str, Any]]
    copies: Mapping[int, copies.Compared]
    tampering: Mapping[int, tuple[Tampering, ...]] = dataclasses.field(default_factory=dict)
    taken_out: Mapping[int, dict[str, Any]] = dataclasses.field(default_factory=dict)
    threads: Mapping[int, str] = dataclasses.field(default_factory=dict)
    told: Mapping[int, tuple[Told, ...]] = dataclasses.field(default_factory=dict)


def said(joined: Joined, row: int) -> Iterator[Finding]:
    """What the joins say about one row, but for where a loose file was sent."""
    if row in joined.taken_out:
        yield _as_taken_out(joined.taken_out[row])
    compared = joined.copies.get(row)
    if compared is not None:
        yield _COPY_RULES[compared.code](
            copies.described(compared), expected=compared.expected or None, actual=compared.actual or None
        )
    yield from _tampered(joined.tampering.get(row, ()))
    yield from _told(joined.told.get(row, ()))


def near(joined: Joined, row: int) -> str | None:
    """The item that a row is nearly the same as."""
    return next((one.of for one in joined.told.get(row, ()) if one.of), None)


def _as_taken_out(carrier: Mapping[str, Any]) -> Finding:
    rule = sent.SIGNED if carrier["protected"] else sent.OUTSIDERS
    on = f" on {carrier['date']}" if carrier["date"] else ""
    return rule(
        f"d={carrier['domain']}, sent by {carrier['author'] or ''}{on} in {carrier['carrier_path']} "
        f"(item {carrier['carrier_id']})"
    )


_COPY_RULES = {rule.code: rule for rule in copies.RULES}


def _tampered(found: Iterable[Tampering]) -> Iterator[Finding]:
    """What was shown and what was signed. A graft that is a proven alteration is told once."""
    told = list(found)
    altered = any(one.code == bodies.ALTERED.code for one in told)
    for one in told:
        if not (altered and one.code in (rule.code for rule in grafts.RULES)):
            yield _TAMPERING_RULES[one.code](one.detail, one.expected or None, one.actual or None)


_TAMPERING_RULES = {rule.code: rule for module in (bodies, grafts, substitutes) for rule in module.RULES}


def _told(found: Iterable[Told]) -> Iterator[Finding]:
    """One finding a rule, however many messages say so: a second witness is no second fact."""
    first: dict[str, Told] = {}
    for one in sorted(found):
        first.setdefault(one.code, one)
    for one in first.values():
        yield _TOLD_RULES[one.code](one.detail, one.expected or None, one.actual or None)


_TOLD_RULES = {rule.code: rule for module in joins.by_name().values() for rule in module.RULES}
