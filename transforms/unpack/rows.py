"""The rows of one unit while they are made: each announced before it is read, parents before children.

What lies inside an item is read by the one function that knows every reader (content.py); it is handed in
here, so that a reader of messages can have an attachment read without knowing how.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, NamedTuple, Protocol

from transforms import path_spec
from transforms.limits import Limits
from transforms.model import (
    Clock,
    DocumentFacts,
    DocumentSignature,
    Item,
    KeptField,
    Kind,
    Order,
    PreparedSignature,
    Source,
    Status,
    Text,
    UnitEvidence,
    WorkUnit,
)
from transforms.scratch import Spool
from transforms.unpack.landing import Digests, Landed, Landing
from transforms.watch import Watch


@dataclass(frozen=True, slots=True)
class Settings:
    limits: Limits
    also_hash: tuple[str, ...] = ()  # sha1, md5


class Octets(NamedTuple):
    """Where a file's octets went: into its direct children (or itself), and into framing."""

    inside: int
    outside: int


class Place(NamedTuple):
    """Where an item lies, and what it takes from there."""

    path: str
    source_path: str
    parent_row: int = -1
    parent_id: str | None = None
    depth: int = 0
    name: bytes = b""  # as stored
    file_name: str | None = None
    claimed: str | None = None  # media type
    start: int | None = None
    length: int | None = None
    covered: bool = False
    exact: bool = False
    loose: bool = True
    ancestors: frozenset[str] = frozenset()  # sha256 of the containers above
    base: str = ""  # of a nested message: IMAP numbers continue after base!prefix
    prefix: str = ""
    quoted: bool = False  # lies in a mailbox, whose writer may have quoted From lines
    note: bool = False  # stands in the place of an attachment that was taken out
    notes: tuple[str, ...] = ()
    around: tuple[Place, str] | None = None  # of its container, and that one's sha256; None directly below a file

    def below(self, row: int, sha256: str) -> Place:
        """What the children of an item share."""
        return Place(
            path=self.path,
            source_path=self.source_path,
            parent_row=row,
            parent_id=path_spec.item_id(self.path),
            depth=self.depth + 1,
            covered=self.covered,
            exact=self.exact,
            loose=self.loose,
            ancestors=self.ancestors | {sha256},
            around=(self, sha256) if self.depth else None,
        )


class Reader(Protocol):
    """Types an item's octets, fills its row and those below it; None where members are accounted instead."""

    def __call__(self, rows: Rows, row: int, place: Place, landed: Landed, expand: bool = True) -> Octets | None: ...


class Rows:
    """The rows of one unit, and what is kept beside them."""

    def __init__(
        self,
        settings: Settings,
        spool: Spool,
        watch: Watch,
        read: Reader,
    ) -> None:
        self.limits = settings.limits
        self.watch = watch
        self.landing = Landing(settings.limits, settings.also_hash, spool, watch)
        self.read = read
        self.hand_on: Callable[[], None] | None = None  # takes what is complete when there is much of it
        self.count = 0  # rows announced: the number of the next one
        self.items: dict[int, Item | None] = {}  # None: announced, its children are being read
        self.signatures: list[tuple[int, PreparedSignature]] = []
        self.fields: list[KeptField] = []
        self.clocks: list[tuple[int, Clock]] = []
        self.texts: list[Text] = []
        self.orders: list[Order] = []
        self.documents: list[tuple[int, DocumentFacts]] = []
        self.document_signatures: list[tuple[int, DocumentSignature]] = []
        self._open: set[int] = set()  # rows announced and not yet put
        self._around: set[int] = set()  # rows of containers of which something was handed on
        self._ways: dict[int, str] = {}  # by row of such a container: Item.around of what lies in it
        self._octets = 0  # of the items put here since something was taken
        self._first = 0  # row of the file that is read
        self._before = 0  # rows here when it was begun
        self._gaps: set[str] = set()  # paths of those handed on

    # ---- taking back what a file gave, when it turns out to change while it is read ----

    def begin(self) -> tuple[int, ...]:
        """The next file of the dump is read from here on; the mark brings back how things stood."""
        self._first = self.count
        self._before = len(self.items)
        return (self.count, *map(len, self._beside()))

    def take_back(self, mark: tuple[int, ...]) -> None:
        before, *lengths = mark
        for row in range(before, self.count):
            self.items.pop(row, None)
            self._ways.pop(row, None)
        self.count = before
        self._open.clear()
        self._around.clear()
        for rows, length in zip(self._beside(), lengths, strict=True):
            del rows[length:]

    def _beside(self) -> tuple[list[Any], ...]:
        return (
            self.signatures, self.fields, self.clocks, self.texts, self.orders, self.documents,
            self.document_signatures,
        )  # fmt: skip

    # ---- handing on what is complete, while the rest is read ----

    def settle(self, below: Place) -> None:
        """Called between two members of a container; below is the place that they share.

        Inside of a message nothing is handed on: its parts are judged with it.
        """
        if self.hand_on is None or not below.loose:
            return
        if self._are_many(len(self.items) - len(self._around) - self._before):
            self._around |= self._open
            self._ways.update(_ways(below))
            self.hand_on()

    def are_many(self) -> bool:
        """Whether the rows here are enough for one part."""
        return self._are_many(len(self.items))

    def _are_many(self, rows: int) -> bool:
        return rows >= self.limits.part_items or self._octets >= self.limits.part_octets

    def earlier(self) -> list[int]:
        """The rows here of the files before this one."""
        return list(takewhile(lambda row: row < self._first, self.items))

    def around(self) -> list[int]:
        """This file's containers of which something was handed on: they come before it, once they are whole."""
        return sorted(self._around & self.items.keys())

    def complete(self) -> list[int]:
        """The other rows of this file, as far as they are complete."""
        mine = takewhile(lambda row: row >= self._first, reversed(self.items))  # the last ones of perhaps many
        return [row for row in mine if self.items[row] is not None and row not in self._around][::-1]

    def holds(self, path: str) -> bool:
        """Whether an item is there, or a gap was handed on, that lies at this path."""
        return path in self._gaps or any(item is not None and item.path == path for item in self.items.values())

    def take(self, unit: WorkUnit, rows: Sequence[int], sources: Sequence[Source]) -> UnitEvidence:
        """Some complete rows, numbered from 0, and what is kept beside them; they are no longer here."""
        taken = {row: item for row in rows if (item := self.items.pop(row)) is not None}
        numbers = {row: at for at, row in enumerate(taken)}
        if not self.items and all(row == at for row, at in numbers.items()):  # nothing was handed on, nothing is open
            items = tuple(taken.values())
            beside = [tuple(kept) for kept in self._beside()]
        else:
            parents = {-1: -1, **numbers}  # one that is not here has a row elsewhere
            items = tuple(
                item._replace(
                    row=at,
                    parent_row=parents.get(item.parent_row, -1),
                    around=None if item.parent_row in parents else self._ways.get(item.parent_row),
                )
                for at, item in enumerate(taken.values())
            )
            beside = [tuple(_at(numbers[one[0]], one) for one in kept if one[0] in numbers) for kept in self._beside()]
        self._gaps.update(item.path for item in taken.values() if item.kind is Kind.GAP)
        self._around -= taken.keys()
        self._octets = 0
        for kept in self._beside():
            kept[:] = [one for one in kept if one[0] not in taken]
        signatures, fields, clocks, texts, orders, documents, document_signatures = beside
        return UnitEvidence(
            unit, items, signatures, fields, clocks, texts, tuple(sources), orders, documents, document_signatures
        )

    # ---- one item ----

    def announce(self) -> tuple[int, str | None]:
        """A new row, and the code of the crash that reading it caused before, if it did."""
        row = self.count
        self.count += 1
        self.items[row] = None
        if not self._open:
            self.watch.within(row)
        self._open.add(row)
        return row, self.watch.opening(row)

    def put(self, row: int, place: Place, kind: Kind, digests: Digests | None, **facts: Any) -> None:
        """Fill an announced row, once the members of its container are read: from then on it may be handed on."""
        facts.setdefault("notes", ())
        facts["notes"] = place.notes + facts["notes"]
        self._open.discard(row)
        self._octets += digests.size if digests else 0
        self.items[row] = Item(
            row=row,
            parent_row=place.parent_row,
            item_id=path_spec.item_id(place.path),
            parent_id=place.parent_id,
            source_path=place.source_path,
            path=place.path,
            path_bytes=place.name if _not_utf8(place.name) else None,
            depth=place.depth,
            byte_start=place.start,
            byte_len=place.length,
            file_name=place.file_name,
            kind=kind,
            media_type=facts.pop("media_type", None),
            media_type_claimed=place.claimed,
            size=digests.size if digests else None,
            sha256=digests.sha256 if digests else None,
            sha1=digests.sha1 if digests else None,
            md5=digests.md5 if digests else None,
            covered=place.covered and facts.get("status", Status.OK) is Status.OK,
            exact=place.exact,
            loose=place.loose,
            **facts,
        )

    def child(self, place: Place, land: Callable[[ExitStack], Landed]) -> Item:
        """One thing inside another: announced, then landed, then read."""
        row, mark = self.announce()
        with ExitStack() as files:
            if mark is not None:
                self.put(row, place, Kind.OTHER, None, status=Status.ERROR, error_code=mark)
            else:
                self.read(self, row, place, land(files))
        item = self.items[row]
        assert item is not None
        return item


def _ways(below: Place) -> Iterator[tuple[int, str]]:
    """By row of each container around, but for the file itself: Item.around of what lies in it."""
    inwards: list[tuple[int, Place, str]] = []
    while below.around is not None:
        container, sha256 = below.around
        inwards.insert(0, (below.parent_row, container, sha256))
        below = container
    steps = []
    for row, container, sha256 in inwards:
        steps.append((container.path.rpartition("!")[2], container.start, container.length, sha256))
        yield row, json.dumps(steps)


def _at(row: int, one: Any) -> Any:
    """What is kept beside an item, for that item under another number."""
    return one._replace(row=row) if isinstance(one, KeptField | Text | Order) else (row, *one[1:])


def _not_utf8(name: bytes) -> bool:
    if name.isascii():
        return False
    try:
        name.decode()
    except UnicodeDecodeError:
        return True
    return False
