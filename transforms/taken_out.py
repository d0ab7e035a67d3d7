"""Attachments taken out of messages, and the files of the dump that may be them: the second round of Examine.

Orders name the files; here the items of all units are asked for those of that name, or size. Then, unit by
unit, message and files are read once more and the files are put back: the hash decides (auth/repair/detached.py).
"""

from __future__ import annotations

import hashlib
import unicodedata
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from transforms.again import Place, Step, octets_at, place_of
from transforms.auth.repair.detached import File, put_back
from transforms.limits import LIMITS
from transforms.mail.fields import split_message
from transforms.model import Kind, PreparedSignature
from transforms.shard import Shard
from transforms.span import in_memory

VERSION = 1  # of the forms tried: what older code found nothing in is tried again
_MOST = LIMITS.in_memory // 4 * 3  # octets of a file: no larger body is repaired, and base64 adds a third
_HELD = LIMITS.repair_octets // 2  # octets of all files that are tried for one message
_NOT_FILES = frozenset({Kind.MAILBOX, Kind.GAP, Kind.LINK, Kind.SPECIAL})


class Candidate(NamedTuple):
    """An item that may be an attachment taken out."""

    path: str
    item_id: str
    sha256: str
    place: Place


class Attempt(NamedTuple):
    """A message, and the files to be put back into it."""

    row: int
    place: Place
    files: tuple[tuple[str, tuple[Candidate, ...]], ...]  # by number of part


class Batch(NamedTuple):
    """The attempts of one unit."""

    unit_id: str
    attempts: tuple[Attempt, ...]

    @property
    def inputs(self) -> str:
        """Digest of all that the outcome rests on, the octets of the messages aside: those are the unit's."""
        return hashlib.sha256(repr((VERSION, self.attempts)).encode()).hexdigest()


_Key = str | int  # a file name as compared, or a size


@dataclass(slots=True)
class Wanted:
    """The orders of a run, and the candidates found for them so far."""

    orders: dict[str, dict[int, list[dict[str, Any]]]]  # by unit, then by row of the message
    left_out: int = 0  # messages beyond LIMITS.taken_out_messages
    found: dict[_Key, tuple[dict[str, Candidate], dict[str, Candidate]]] = field(default_factory=dict)

    def note(self, shard: Shard) -> None:
        """Candidates among the items of a shard; called in walk order. Loose files and parts are held apart."""
        mine = self.orders.get(shard.unit.unit_id, {})
        columns = {name: shard.column(name) for name in ("file_name", "size", "sha256", "kind", "status", "loose")}
        for row, (name, size) in enumerate(zip(columns["file_name"], columns["size"], strict=True)):
            slots = [self.found[key] for key in (compared(name or ""), size) if key in self.found]
            if not slots or columns["kind"][row] in _NOT_FILES or columns["status"][row] != "ok" or not size:
                continue
            if size > _MOST or shard.column("parent_row")[row] in mine:
                continue  # the note itself lies in a message that wants a file
            digest = columns["sha256"][row]
            for slot in slots:
                files = slot[0 if columns["loose"][row] else 1]
                if digest in files or len(files) >= LIMITS.taken_out_files:
                    continue
                place = place_of(shard, row)
                if place is not None:
                    files[digest] = Candidate(shard.column("path")[row], shard.column("item_id")[row], digest, place)

    def empty(self) -> Wanted:
        """The same orders, without the candidates."""
        return Wanted(self.orders, found={key: ({}, {}) for key in self.found})

    def told(self) -> list[Any]:
        """The candidates found so far, as add() takes them; JSON can hold them."""
        return [
            (key, [[_candidate_to_json(one) for one in files.values()] for files in slot])
            for key, slot in self.found.items()
            if any(slot)
        ]

    def add(self, told: Iterable[Any]) -> None:
        """Candidates that were noted elsewhere; called in walk order."""
        for key, slot in told:
            for files, candidates in zip(self.found[key], slot, strict=True):
                for one in map(_candidate_from_json, candidates):
                    if one.sha256 not in files and len(files) < LIMITS.taken_out_files:
                        files[one.sha256] = one

    def candidates(self, order: Mapping[str, Any]) -> tuple[Candidate, ...]:
        """For one order: by name before by size, loose files first, in walk order."""
        slots = [self.found[key] for key in _keys(order)]
        files = {digest: one for loose in (0, 1) for slot in slots for digest, one in slot[loose].items()}
        return tuple(islice(files.values(), LIMITS.taken_out_files))

    def batch(self, shard: Shard) -> Batch:
        """What can be tried for the messages of one unit; those without a file for each place are left out."""
        attempts = []
        for row, orders in self.orders.get(shard.unit.unit_id, {}).items():
            files = tuple((order["part"], self.candidates(order)) for order in orders)
            place = place_of(shard, row)
            if place is not None and all(found for _, found in files):
                attempts.append(Attempt(row, place, files))
        return Batch(shard.unit.unit_id, tuple(attempts))


def _candidate_to_json(one: Candidate) -> tuple[Any, ...]:
    source = b2a_base64(one.place.source, newline=False).decode()
    return one.path, one.item_id, one.sha256, source, one.place.steps


def _candidate_from_json(record: Sequence[Any]) -> Candidate:
    path, item_id, sha256, source, steps = record
    return Candidate(path, item_id, sha256, Place(a2b_base64(source), tuple(Step(*step) for step in steps)))


def compared(name: str) -> str:
    """A file name as it is compared: file systems change case and composition."""
    return unicodedata.normalize("NFC", name).casefold()


def _keys(order: Mapping[str, Any]) -> list[_Key]:
    names = (compared(order[name]) for name in ("file_name", "saved_as"))
    return [*dict.fromkeys(name for name in names if name), *([order["size"]] if order["size"] else [])]


def wanted(units: Iterator[tuple[str, list[dict[str, Any]]]]) -> Wanted:
    """The orders of all units, in walk order, up to LIMITS.taken_out_messages messages."""
    made = Wanted({})
    count = 0
    for unit_id, rows in units:
        by_row: dict[int, list[dict[str, Any]]] = {}
        for order in rows:
            by_row.setdefault(order["row"], []).append(order)
        taken = dict(islice(by_row.items(), max(LIMITS.taken_out_messages - count, 0)))
        made.left_out += len(by_row) - len(taken)
        count += len(taken)
        if taken:
            made.orders[unit_id] = taken
        for orders in taken.values():
            for key in (key for order in orders for key in _keys(order)):
                made.found.setdefault(key, ({}, {}))
    return made


def attempt(
    root: bytes, one: Attempt, signatures: Sequence[PreparedSignature], alive: Callable[[], None]
) -> tuple[str, tuple[PreparedSignature, ...]]:
    """Try one message: restored, with its signatures | no_match | unread | budget."""
    octets = octets_at(root, one.place)
    if octets is None:
        return "unread", ()
    files: dict[str, list[File]] = {}
    missing, held = "no_match", 0
    for part, candidates in one.files:
        files[part] = []
        for candidate in candidates:
            content = octets_at(root, candidate.place) if held <= _HELD else None
            if content is not None:
                files[part].append(File(f"{candidate.path} (item {candidate.item_id})", content))
                held += len(content)
            else:
                missing = "unread" if held <= _HELD else "budget"
            alive()
    tried = put_back(split_message(in_memory(octets)), signatures, files, alive)
    if tried.signatures:
        return "restored", tried.signatures
    if tried.exhausted:
        return "budget", ()
    return missing, ()
