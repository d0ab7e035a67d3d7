"""Which names have lost a key that would decide something, and what their signatures are."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from pipeline import evidence
from prepared_signature import SIGNATURE
from transforms.auth import lost
from transforms.limits import LIMITS
from transforms.model import Item, Kind, PreparedSignature, UnitEvidence, WorkUnit
from transforms.shard import Shard

DATE = datetime(2017, 4, 24, tzinfo=UTC)


def signature(number: int, **facts: Any) -> PreparedSignature:
    digest = hashlib.sha256(b"%d" % number).digest()
    one = SIGNATURE._replace(
        domain="a.example", canonicalization="relaxed/simple", signed_fields=("from",), signed_at=1_000 + number,
        body_hash=b"", signature=digest * 4, data_hash=digest,
    )  # fmt: skip
    return one._replace(**facts)


def shard(*mails: tuple[str | None, PreparedSignature], unit: int = 0) -> Shard:
    """A unit of messages, each with its sender and its one signature."""
    blank = dict.fromkeys(Item._fields[: Item._fields.index("sha1")])
    items = [
        Item(**blank)._replace(
            row=row, item_id=f"{unit:016x}{row:016x}", path=f"{row}", source_path="", kind=Kind.EMAIL, parent_row=-1,
            depth=0, from_email=sender, date_utc=DATE,
        )
        for row, (sender, _) in enumerate(mails)
    ]  # fmt: skip
    signed = tuple((row, one) for row, (_, one) in enumerate(mails))
    work = WorkUnit(f"{unit:032x}", unit, "files", ())
    return evidence.to_shard(UnitEvidence(work, tuple(items), signed, (), (), (), ()))


def names(*shards: Shard, known: set[lost.Name] = frozenset()) -> list[str]:  # type: ignore[assignment]
    """As one machine finds them; in parts, each unit by itself, they are the same."""
    counted = [lost.signatures_without_key(one, known) for one in shards]
    found = ranked([counted], 1)
    assert found == ranked([[one] for one in counted], 7) == ranked([counted], 7)
    return [f"{selector} {domain}" for domain, selector in found]


def ranked(groups: list[list[pa.Table]], parts: int) -> list[lost.Name]:
    told = gathered(one for group in groups for one in lost.apart(group, parts))
    tallies = gathered(one for rows in told.values() for one in lost.tallied(rows, parts))
    return lost.ranked(one for some in tallies.values() for one in lost.foremost(some))


def gathered(told: Iterable[tuple[str, pa.Table]]) -> dict[str, list[pa.Table]]:
    by_key: dict[str, list[pa.Table]] = {}
    for key, table in told:
        by_key.setdefault(key, []).append(table)
    return by_key


def mails(count: int, senders: int = 1, start: int = 0, **facts: Any) -> list[tuple[str | None, PreparedSignature]]:
    return [(f"{n % senders}@a.example", signature(start + n, **facts)) for n in range(count)]


def test_three_distinct_signatures_are_needed() -> None:
    assert names(shard(*mails(2))) == []
    assert names(shard(*mails(2), *mails(2))) == []  # the same ones again
    assert names(shard(*mails(3))) == ["s1 a.example"]
    assert names(shard(*mails(2)), shard(*mails(1, start=2), unit=1)) == ["s1 a.example"]


def test_three_of_one_length() -> None:
    long = {"signature": b"x" * 256}
    assert names(shard(*mails(2), *mails(1, start=2, **long))) == []


def test_a_name_with_a_key_is_not_lost() -> None:
    assert names(shard(*mails(3)), known={("a.example", "s1")}) == []
    assert names(shard(*mails(3)), known={("s1", "a.example"), ("a.example", "s2")}) == ["s1 a.example"]


@pytest.mark.parametrize(
    "facts",
    [
        {"algorithm": "ed25519-sha256"},
        {"type": "arc-message"},
        {"invalid": "signature_syntax"},
        {"signature": b"x" * (LIMITS.key_bits_min // 8 - 1)},
        {"signature": b"x" * (LIMITS.recover_bits // 8 + 1)},
        {"body_ok": False},
        {"body_ok": None},
        {"objections": ("recipients_not_covered", "not_aligned")},
    ],
    ids=str,
)
def test_names_whose_key_would_decide_nothing_are_left_alone(facts: dict[str, Any]) -> None:
    facts = dict(facts)
    padded = facts.pop("signature", None)
    many = [(sender, one._replace(**facts)) for sender, one in mails(5)]
    if padded is not None:
        many = [(sender, one._replace(signature=one.signature[:8] + padded[8:])) for sender, one in many]
    assert names(shard(*many)) == []


def test_an_objection_that_only_limits_leaves_a_mail_decided() -> None:
    assert names(shard(*mails(3, objections=("recipients_not_covered",)))) == ["s1 a.example"]


def test_ranked_by_senders_decided_then_mails_then_name() -> None:
    units = [
        shard(*mails(9, senders=1, domain="many-mails.example")),
        shard(*mails(3, senders=3, domain="many-senders.example"), unit=1),
        shard(*mails(4, senders=1, domain="b.example"), *mails(4, senders=1, domain="a.example"), unit=2),
        shard(*mails(9, senders=9, domain="undecided.example", body_ok=False), unit=3),
        shard(*mails(3, senders=1, domain="undecided.example", start=20), unit=4),
    ]
    expected = [
        "s1 many-senders.example", "s1 undecided.example", "s1 many-mails.example", "s1 a.example", "s1 b.example"
    ]  # fmt: skip
    assert names(*units) == names(*reversed(units)) == expected


def test_equal_beginnings_count_once_by_name_but_not_as_one_length() -> None:
    """Whoever plants signatures chooses their octets."""
    alike = [("x@a.example", signature(0, signature=b"x" * size)) for size in (128, 256, 512)]
    unit = shard(*alike, *mails(2))
    assert names(unit) == ["s1 a.example"]
    tallies = [table for _, table in lost.tallied([t for _, t in lost.apart(
        [lost.signatures_without_key(unit, set())], 1)][:1], 1)]  # fmt: skip
    assert sorted((r["octets"], r["signatures"]) for table in tallies for r in table.to_pylist()) == [
        (0, 3), (128, 3), (256, 1), (512, 1)
    ]  # fmt: skip


def test_no_more_names_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost, "LIMITS", dataclasses.replace(LIMITS, recover_names=2))
    unit = shard(*(one for number in range(4) for one in mails(3, domain=f"d{number}.example")))
    assert names(unit) == ["s1 d0.example", "s1 d1.example"]


def test_nothing_is_lost_without_signatures() -> None:
    assert ranked([], 1) == ranked([[]], 1) == []
    assert names(shard()) == []
    assert list(lost.specimens(shard(), [("a.example", "s1")])) == []


def test_the_specimens_of_a_name_carry_what_the_arithmetic_needs() -> None:
    other = ("x@b.example", signature(9, domain="b.example"))
    undated = ("y@a.example", signature(2, signed_at=None, body_ok=None))
    unit = shard(("y@a.example", signature(1)), other, undated)
    found = list(lost.specimens(unit, [("a.example", "s1")]))
    assert [name for name, _ in found] == [("a.example", "s1")] * 2
    one, two = (specimen for _, specimen in found)
    assert (one.signature, one.data_hash, one.algorithm) == (
        signature(1).signature,
        signature(1).data_hash,
        "rsa-sha256",
    )
    assert (one.intact, one.canonicalization, one.moment) == (True, "relaxed/simple", 1_001)
    assert (two.intact, two.moment) == (False, int(DATE.timestamp()))
    assert [one.item_id[-1], two.item_id[-1]] == ["0", "2"]
