"""Shared by the tests: a signer of test mail, and the whole product without Beam."""

from __future__ import annotations

import base64
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pipeline import evidence, key_store, tables, workers
from transforms import joins, store
from transforms.arrow_bytes import gathered, to_bytes
from transforms.auth.repair.header import prove_all
from transforms.calibration import Calibration
from transforms.calibration import settle as settle_containers
from transforms.joined import Joined
from transforms.joins import bodies, copies, correspondents, grafts, papers, substitutes
from transforms.judgement import judge_first, judge_unit
from transforms.limits import LIMITS
from transforms.model import PublicKey, Text, Told
from transforms.plan import plan_units
from transforms.shard import Content, ProvenShard, content_of, fields_of, proven
from transforms.tampering import Tampering, settle
from transforms.unit import examine_unit
from transforms.unpack.rows import Settings
from transforms.watch import UNWATCHED

sys.path.insert(0, str(Path(__file__).resolve().parent))  # for `from sealing import seal`

Rows = dict[str, dict[str, Any]]  # path -> row of items, with its findings and signatures
Judge = Callable[..., Rows]


@pytest.fixture(scope="session", autouse=True)
def fresh_workers() -> Iterator[None]:
    """Workers are no copies of this process: tests replace things in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "fork_ahead", lambda: None)
        yield


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """disk:// as one of Beam's file systems, empty."""
    import disk_store

    monkeypatch.setenv("DISK_STORE", str(tmp_path / "store"))
    monkeypatch.setitem(store._SYSTEMS, "disk", ("disk_store", "", "disk_store"))
    monkeypatch.setattr(store, "_process", store._Process())
    store.is_folder.cache_clear()
    yield disk_store
    (tmp_path / "store" / "silent").unlink(missing_ok=True)
    store.is_folder.cache_clear()


@pytest.fixture
def judged() -> Judge:
    """Judge a dump in this process: the same functions as `triage run`, wired by hand."""
    return judge_dump


def judge_dump(
    dump: Path,
    keys: list[PublicKey] | None = None,
    protect: tuple[str, ...] = (),
    sealers: tuple[str, ...] = (),
) -> Rows:
    settings = Settings(LIMITS)
    root = os.fsencode(dump)
    ring = key_store.keyring(keys or [])
    units: dict[str, ProvenShard] = {}
    for unit in plan_units(root, LIMITS):
        shard = evidence.to_shard(examine_unit(unit, root, settings, tempfile.TemporaryFile, UNWATCHED))
        dates = shard.column("date_utc")
        signed = list(evidence.prepared(shard.signatures))
        fields = partial(fields_of, shard)
        units[unit.unit_id] = proven(shard, *prove_all(signed, ring, dates, fields), sealers)
    protected = frozenset(protect)
    rows = {
        name: pa.concat_tables([join.rows(one, protected) for one in units.values()])
        for name, join in joins.by_name().items()
    }

    def text_of(unit_id: str, row: int) -> Text:
        found = {r["row"]: Text(**r) for r in units[unit_id].shard.texts.to_pylist()}
        return found.get(row) or Text(row, "", "")

    by_kind: dict[str, list[copies.Compared]] = {}
    for pair in joins.by_name()["copies"].join(rows["copies"]):
        compared = copies.compare(pair, text_of)
        by_kind.setdefault(compared.kind or f"{compared.unit_id} {compared.row}", []).append(compared)
    settled = [one for group in by_kind.values() for one in copies.settle(group)]
    changes: dict[str, list[Tampering]] = {}
    for one in _tampering(units, rows, ring):
        changes.setdefault(one.kind or f"{one.unit_id} {one.row} {one.of}", []).append(one)
    tampered: dict[tuple[str, int], tuple[Tampering, ...]] = {}
    for one in (one for group in changes.values() for one in settle(group)):
        tampered[one.unit_id, one.row] = (*tampered.get((one.unit_id, one.row), ()), one)
    same = _rows(joins.by_name()["duplicates"].join([rows["duplicates"]]))
    learned = correspondents.learn([correspondents.join(rows["correspondents"])], protected)
    learned = papers.learned(learned, [papers.join(rows["papers"])])
    sent = _rows(joins.by_name()["sent"].join([rows["sent"]], learned.home))
    threads = joins.by_name()["threads"].join(rows["threads"]).to_pylist()
    told = [
        one
        for name in joins.TELLING
        for one in joins.told(name, rows[name], lambda u, row: content_of(units[u].shard, row), learned)
    ]
    types = {name: tables.schema(name) for name in ("items", "findings", "signatures")}
    joined = {
        unit_id: Joined(
            {r["row"]: r["dup_of"] for r in same if r["unit_id"] == unit_id},
            {r["row"]: r for r in sent if r["unit_id"] == unit_id and not r["put_back"]},
            {c.row: c for c in settled if c.unit_id == unit_id},
            {row: found for (unit, row), found in tampered.items() if unit == unit_id},
            told=_by_row(one for one in told if one.unit_id == unit_id),
            threads={r["row"]: r["thread_id"] for r in threads if r["unit_id"] == unit_id},
        )
        for unit_id in units
    }
    first = {unit_id: judge_first(one, joined[unit_id], types, protected, learned) for unit_id, one in units.items()}
    habits = settle_containers(gathered(to_bytes(one.tally) for one in first.values()))
    calibration = Calibration(learned, {one.container: one for one in habits})
    found: Rows = {}
    for unit_id, one in units.items():
        judgement = first[unit_id].judged or judge_unit(one, joined[unit_id], types, protected, calibration)
        by_id = {}
        for row in pa.concat_tables(judgement.items).to_pylist():
            by_id[row["item_id"]] = found[row["path"]] = {**row, "findings": [], "signatures": []}
        for name in ("findings", "signatures"):
            for row in pa.concat_tables(getattr(judgement, name)).to_pylist():
                by_id[row["item_id"]][name].append(row)
    return found


def _by_row(found: Iterable[Told]) -> dict[int, tuple[Told, ...]]:
    by_row: dict[int, tuple[Told, ...]] = {}
    for one in found:
        by_row[one.row] = (*by_row.get(one.row, ()), one)
    return by_row


def _rows(tables: Iterable[pa.Table]) -> list[dict[str, Any]]:
    return [row for table in tables for row in table.to_pylist()]


def _tampering(
    units: dict[str, ProvenShard], rows: dict[str, pa.Table], ring: key_store.Keyring
) -> Iterator[Tampering]:
    """The joins that look for signed values, in the order in which Relate wires them."""

    def load(unit_id: str, row: int) -> Content:
        return content_of(units[unit_id].shard, row)

    yield from (bodies.compare(pair, load) for pair in bodies.join(rows["bodies"]))
    yield from filter(None, (grafts.compare(pair, load) for pair in grafts.join(rows["grafts"])))
    to_try: dict[str, list[Any]] = {}
    for unit_id, one in substitutes.join(rows["substitutes"]):
        if not isinstance(one, substitutes.Wanted):
            to_try.setdefault(unit_id, []).append(one)
        else:
            for target_unit, offer in substitutes.offered(units[unit_id].shard, [one]):
                to_try.setdefault(target_unit, []).append(offer)
    for unit_id, found in to_try.items():
        shard = units[unit_id].shard
        yield from substitutes.try_unit(shard, found, lambda d, s: ring.get((d, s), ()))


class Numbers:
    """RSA keys as numbers and records, sound or not."""

    @staticmethod
    def sound(bits: int = 1024) -> int:
        return generate_private_key(65537, bits).public_key().public_numbers().n

    @staticmethod
    def record(n: int, e: int = 65537) -> str:
        spki = RSAPublicNumbers(e, n).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={base64.b64encode(spki).decode()}"


@pytest.fixture(scope="session")
def numbers() -> Numbers:
    return Numbers()
