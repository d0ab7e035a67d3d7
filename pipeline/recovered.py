"""What was computed from the dump's own signatures, pair by pair: OUT/keys/recovered.jsonl.

A pair costs up to minutes, so what it gave is kept, also if that was nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.whole_file import write_whole
from transforms.auth.key import parse_record
from transforms.auth.recover import VERSION, Pair
from transforms.model import PublicKey

SOURCE = "recovered"

_ATTEMPTS, _ANCHORS = "recovered.jsonl", "anchors.jsonl"

Anchored = tuple[str, str, str]  # domain, selector, key_id


@dataclass(frozen=True, slots=True)
class Attempt:
    """One pair of signatures of a (domain, selector), and what it gave."""

    domain: str
    selector: str
    pair: Pair  # SHA-256 of both signatures, hex
    items: tuple[str, str]  # item_id of a message that carries each
    outcome: str  # found | nothing | why its process died
    record: str = ""  # TXT record of the key, if one was found
    version: int = VERSION  # of the code that tried it
    source: str = SOURCE  # so that the line is never mistaken for an archive's


def attempts(out: Path) -> list[Attempt]:
    """Pairs tried so far, in a fixed order."""
    records = _read(out / "keys" / _ATTEMPTS)
    return [Attempt(**{**one, "pair": tuple(one["pair"]), "items": tuple(one["items"])}) for one in records]


def keep(out: Path, tried: Iterable[Attempt]) -> None:
    """Replace what is kept."""
    _replace(out / "keys" / _ATTEMPTS, sorted(json.dumps(asdict(one), sort_keys=True) for one in tried))


def keys(out: Path, given: Sequence[PublicKey]) -> list[PublicKey]:
    """The keys found, anchored where a given key of the same name is the same key, or by a receiver's seal."""
    same: dict[Anchored, str] = {}
    for key in given:
        if key.key_id and key.source != SOURCE:
            name, origin = (key.domain, key.selector, key.key_id), f"{key.source} {key.source_ref}"
            same[name] = min(origin, same.get(name, origin))
    anchored = anchors(out) | same
    found = []
    for one in attempts(out):
        if one.record:
            key_id = parse_record(one.record).key_id
            anchored_by = anchored.get((one.domain, one.selector, key_id))
            reference = f"signatures of items {one.items[0]} and {one.items[1]}"
            found.append(
                PublicKey(key_id, one.domain, one.selector, one.record, SOURCE, reference, anchored_by=anchored_by)
            )
    return found


def anchors(out: Path) -> dict[Anchored, str]:
    """What anchors recovered keys beside archives, by key: the seals of trusted receivers."""
    records = _read(out / "keys" / _ANCHORS)
    return {(one["domain"], one["selector"], one["key_id"]): one["anchored_by"] for one in records}


def keep_anchors(out: Path, found: Mapping[Anchored, str]) -> None:
    """Replace the anchors that are kept."""
    lines = [
        json.dumps({"domain": domain, "selector": selector, "key_id": key_id, "anchored_by": by})
        for (domain, selector, key_id), by in sorted(found.items())
    ]
    _replace(out / "keys" / _ANCHORS, lines)


def _read(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file; none if it is not there."""
    return list(map(json.loads, path.read_text("ascii").splitlines())) if path.exists() else []


def _replace(path: Path, lines: Sequence[str]) -> None:
    """Write a file whole; without lines there is none."""
    if not lines:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write("".join(f"{line}\n" for line in lines).encode("ascii")))
