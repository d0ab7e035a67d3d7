"""Is this file nearly the same as an attachment of a verified message? (items.near_dup_of; VERDICT §5.1)

Drafts, later versions and forgeries all look like this, so it accuses nobody and proves nothing: it names
the attachment that was sent, who sent it, and the words in which the two differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.difference import differences, shown_words, words
from transforms.inheritance import carriers
from transforms.joins.bodies import Load
from transforms.limits import LIMITS
from transforms.model import Direction, Kind, Rule, Strength, Told
from transforms.shard import ProvenShard
from transforms.sketch import ALIKE, bands, likeness
from transforms.tampering import clip

SAME_WORDS = Rule(
    "document.same_words_as_verified",
    Direction.SUPPORTS,
    Strength.WEAK,
    "document",
    "Its words are those of an attachment of a verified message, though its octets are not",
    "Saving, converting and printing change octets; what is no text may differ, and so may text beyond 64 KB.",
    "derived: equal words of the text that is kept",
)
NEAR = Rule(
    "document.near_duplicate",
    Direction.NEUTRAL,
    Strength.WEAK,
    "document",
    "It is nearly the same as an attachment of a verified message, and differs in words",
    "Drafts and later versions, other copies of a form, and what was read from a scan.",
    "normal in every office; it never accuses",
)

RULES = (SAME_WORDS, NEAR)

_ROWS = pa.schema(
    [
        ("key", pa.string()),  # a band of its sketch
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("sha256", pa.string()),
        ("item_id", pa.string()),  # of a verified one
        ("carrier", pa.string()),  # path of the message that carries it; null: not verified
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """Eight rows for each file with a text: attachments of verified messages, and all that are not verified."""
    shard = proven.shard
    sketches = shard.column("sketch")
    if not any(sketches):
        return _ROWS.empty_table()
    found: list[tuple[Any, ...]] = []
    paths, ids = shard.column("path"), shard.column("item_id")
    known = zip(carriers(proven), sketches, shard.column("kind"), shard.column("sha256"), strict=True)
    for row, (carrier, sketched, kind, sha256) in enumerate(known):
        if sketched is None or kind == Kind.EMAIL:
            continue
        sent = carrier is not None and proven.signed[carrier].proof.passes_on
        if carrier is not None and not sent:
            continue  # verified by a receiver's seal: neither a model nor in need of one
        for band in bands(sketched):
            item_id, path = (ids[row], paths[carrier]) if carrier is not None else (None, None)
            found.append((band, shard.unit.unit_id, shard.unit.sequence, row, sha256, item_id, path))
    return to_table(_ROWS, found)


class Model(NamedTuple):
    """A verified attachment that a file may be a version of."""

    sequence: int
    row: int
    unit_id: str
    item_id: str
    carrier: str


class Pair(NamedTuple):
    """A file that is not verified, and the verified attachments that its sketch resembles."""

    sequence: int
    row: int
    unit_id: str
    models: tuple[Model, ...]


def join(table: pa.Table) -> list[Pair]:
    """Files beside the first verified attachments with which they share a band; none that equals one."""
    is_model = pc.is_valid(table["carrier"])
    models, files = table.filter(is_model), table.filter(pc.invert(is_model))
    files = files.filter(pc.invert(pc.is_in(files["sha256"], models["sha256"])))
    files = files.filter(pc.is_in(files["key"], models["key"]))
    models = models.filter(pc.is_in(models["key"], files["key"]))
    by_key: dict[str, dict[str, Model]] = {}  # of equal octets the first
    for one in sorted(models.to_pylist(), key=lambda r: (r["sequence"], r["row"])):
        alike = by_key.setdefault(one["key"], {})
        if len(alike) < LIMITS.offers:
            model = Model(one["sequence"], one["row"], one["unit_id"], one["item_id"], one["carrier"])
            alike.setdefault(one["sha256"], model)
    found: dict[tuple[int, int, str], set[Model]] = {}
    for one in files.to_pylist():
        found.setdefault((one["sequence"], one["row"], one["unit_id"]), set()).update(by_key[one["key"]].values())
    return [Pair(*place, tuple(sorted(these)[: LIMITS.offers])) for place, these in sorted(found.items())]


def compare(pair: Pair, load: Load) -> Iterator[Told]:
    """Which of them it is most like, if it is nearly the same, and in what the two differ."""
    text = load(pair.unit_id, pair.row).text
    texts = [load(model.unit_id, model.row).text for model in pair.models]
    share, at = max((likeness(one, text), -at) for at, one in enumerate(texts))
    if share < ALIKE:
        return
    model, verified = pair.models[-at], texts[-at]
    sent, shown = words(verified), words(text)
    where = f"sent in {model.carrier} (item {model.item_id})"
    if sent == shown:
        yield Told(pair.unit_id, pair.row, SAME_WORDS.code, where, of=model.item_id)
        return
    expected, actual = shown_words(differences(sent, shown) or ())
    detail = f"{share:.0%} of both, {where}"
    yield Told(pair.unit_id, pair.row, NEAR.code, detail, clip(expected), clip(actual), model.item_id)
