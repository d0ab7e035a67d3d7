"""What was computed from the dump's own signatures, pair by pair: OUT/keys/recovered.jsonl.

A pair costs up to minutes, so what it gave is kept, also if that was nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.evidence import write_whole
from transforms.auth.key import parse_record
from transforms.auth.recover import VERSION, Pair
from transforms.model import PublicKey

SOURCE = "recovered"


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
    path = _path(out)
    if not path.exists():
        return []
    records = map(json.loads, path.read_text("ascii").splitlines())
    return [Attempt(**{**one, "pair": tuple(one["pair"]), "items": tuple(one["items"])}) for one in records]


def keep(out: Path, tried: Iterable[Attempt]) -> None:
    """Replace what is kept."""
    lines = sorted(json.dumps(asdict(one), sort_keys=True) for one in tried)
    if not lines:
        _path(out).unlink(missing_ok=True)
        return
    _path(out).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(_path(out), lambda file: file.write("".join(f"{line}\n" for line in lines).encode("ascii")))


def keys(out: Path, given: Sequence[PublicKey]) -> list[PublicKey]:
    """The keys found, anchored where a given key of the same name is the same key."""
    anchors: dict[tuple[str, str, str], str] = {}
    for key in given:
        if key.key_id and key.source != SOURCE:
            name, origin = (key.key_id, key.domain, key.selector), f"{key.source} {key.source_ref}"
            anchors[name] = min(origin, anchors.get(name, origin))
    found = []
    for one in attempts(out):
        if one.record:
            key_id = parse_record(one.record).key_id
            anchored_by = anchors.get((key_id, one.domain, one.selector))
            reference = f"signatures of items {one.items[0]} and {one.items[1]}"
            found.append(
                PublicKey(key_id, one.domain, one.selector, one.record, SOURCE, reference, anchored_by=anchored_by)
            )
    return found


def _path(out: Path) -> Path:
    return out / "keys" / "recovered.jsonl"
