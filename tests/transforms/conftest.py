"""A dump in a folder, examined in this process, and evidence made by hand."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import quopri
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline import evidence
from transforms import path_spec
from transforms.auth.proof import Proof
from transforms.limits import LIMITS, Limits
from transforms.model import Item, Kind, Source, Text, UnitEvidence, WorkUnit
from transforms.plan import plan_units
from transforms.shard import ProvenShard, Signed
from transforms.unit import examine_unit
from transforms.unpack.rows import Settings
from transforms.watch import UNWATCHED, Watch


@dataclass
class Examined:
    """What the units of a dump say, in walk order."""

    dump: Path
    units: list[UnitEvidence]
    items: dict[str, Item] = field(default_factory=dict)  # by path
    sources: dict[str, list[Source]] = field(default_factory=dict)  # by path; one of each unit
    texts: dict[str, Text] = field(default_factory=dict)  # by path of their item

    def __post_init__(self) -> None:
        for unit in self.units:
            by_row = {item.row: item for item in unit.items}
            assert sorted(by_row) == list(range(len(unit.items)))
            for item in unit.items:
                assert item.path not in self.items, "two rows of one path"
                self.items[item.path] = item
            self.texts |= {by_row[text.row].path: text for text in unit.texts}
            for source in unit.sources:
                self.sources.setdefault(source.source_path, []).append(source)

    def octets(self, item: Item) -> bytes:
        """The octets of an item, read again by its place alone."""
        parent = next((one for one in self.items.values() if one.item_id == item.parent_id), None)
        around = self.octets(parent) if parent else (self.dump / item.source_path).read_bytes()
        if parent is None and item.byte_start is None:
            return around
        assert item.byte_start is not None and item.byte_len is not None, f"{item.path}: has no place"
        assert item.byte_start >= 0 and item.byte_start + item.byte_len <= len(around)
        found = around[item.byte_start : item.byte_start + item.byte_len]
        matching = (one for one in _readings(found) if hashlib.sha256(one).hexdigest() == item.sha256)
        octets = next(matching, None)
        assert octets is not None, f"{item.path}: its place holds other octets"
        return octets

    def below(self, path: str) -> list[str]:
        """Paths of the direct children of an item, in the order of their rows."""
        return [item.path for item in self.items.values() if item.parent_id == self.items[path].item_id]

    def size_of(self, path: str) -> tuple[int, int]:
        """Octets of a file: in items and outside them."""
        parts = self.sources[path]
        return sum(part.octets_in_items for part in parts), sum(part.octets_outside for part in parts)


def _readings(found: bytes) -> Iterator[bytes]:
    yield found
    try:
        yield base64.b64decode(found)
    except binascii.Error:
        pass
    yield quopri.decodestring(found)
    yield quopri.decodestring(found).replace(b"\n", b"\r\n")


Examine = Callable[..., Examined]


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    folder = tmp_path / "dump"
    folder.mkdir()
    return folder


@pytest.fixture
def examine(dump: Path) -> Examine:
    """Write files (name=octets) into the dump, then plan and examine it."""

    def run(
        files: dict[str, bytes] | None = None,
        limits: Limits = LIMITS,
        watch: Watch = UNWATCHED,
        also_hash: tuple[str, ...] = (),
    ) -> Examined:
        for name, octets in (files or {}).items():
            (dump / name).parent.mkdir(parents=True, exist_ok=True)
            (dump / name).write_bytes(octets)
        root = os.fsencode(dump)
        settings = Settings(limits, also_hash)
        units = list(plan_units(root, limits, also_hash))
        return Examined(dump, [examine_unit(unit, root, settings, tempfile.TemporaryFile, watch) for unit in units])

    return run


MakeProven = Callable[..., ProvenShard]


@pytest.fixture
def make_proven() -> MakeProven:
    """A unit's evidence with the proofs of its messages (row -> Proof), from (path, kind, other facts) of its items.

    An item lies in the one whose path begins its own, which must come before it.
    """

    def make(*rows: tuple[str, Kind, dict[str, object]], proofs: dict[int, Proof] | None = None, sequence: int = 0):
        items: list[Item] = []
        for row, (path, kind, facts) in enumerate(rows):
            parents = [one for one in items if path.startswith(f"{one.path}!")]
            parent = max(parents, key=lambda one: len(one.path), default=None)
            known = {
                "parent_row": parent.row if parent else -1,
                "parent_id": parent.item_id if parent else None,
                "depth": parent.depth + 1 if parent else 0,
                "size": 1000,
                "sha256": path_spec.item_id(path) * 2,
                **facts,
            }
            blank = dict.fromkeys(Item._fields[: Item._fields.index("sha1")])
            item = Item(**blank)._replace(
                row=row, item_id=path_spec.item_id(path), source_path=path.partition("!")[0], path=path, kind=kind
            )
            items.append(item._replace(**known))
        unit = WorkUnit(f"{sequence:032x}", sequence, "files", ())
        shard = evidence.to_shard(UnitEvidence(unit, tuple(items), (), (), (), (), ()))
        return ProvenShard(shard, {row: Signed((), (), proof) for row, proof in (proofs or {}).items()})

    return make
