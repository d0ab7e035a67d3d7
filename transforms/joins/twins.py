"""Do two messages of one author, moment and subject say the same? (VERDICT §5)

Where Message-ID was changed or taken out, author, instant of Date and subject still tell which message
this claims to be. Equal words support a copy of a verified message. Other words are shown and accuse
nobody: circulars to many bear one date and one subject, and of two copies without a proof either may be
the changed one, however many there are of each. Where both were received, and name one identifier and the same readers,
they are one letter, and one of the two was changed: worth a look. So is a received one that names the very readers of
the verified message whose words it replaces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.difference import HABIT, bare, subject_words
from transforms.joins.bodies import Load
from transforms.limits import LIMITS
from transforms.model import Direction, Kind, Rule, Strength, Told
from transforms.shard import ProvenShard
from transforms.tampering import clip, said_text, text_changes
from transforms.transmission import CLAIMING, was_received

SAME = Rule(
    "copy.twin_of_verified",
    Direction.SUPPORTS,
    Strength.WEAK,
    "copy",
    "Its author, date, subject, texts and attachments equal those of a verified message; only other fields differ",
    "Exporters and gateways take out or replace the Message-ID; a replay does so too. What else it shows, a second "
    "Subject or other recipients, is not compared.",
    "derived: equal digests of every text part, decoded, and of the attachments",
)
OTHERWISE = Rule(
    "copy.twin_says_otherwise",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "copy",
    "A verified message of the same author, moment and subject has other words",
    "A circular, addressed to each reader by name, is many messages of one moment and one subject.",
    "no rate is known of circulars; weak whatever the count",
)
CONFLICT = Rule(
    "copy.twins_differ",
    Direction.NEUTRAL,
    Strength.WEAK,
    "copy",
    "Another message of the same author, moment and subject has other words, and neither is verified",
    "Circulars, drafts and systems that rewrite words; nothing tells which of the two was changed.",
    "0 of 4,150 honest mails of 2002, 2 of 1,896 spam mails",
)
DISAGREE = Rule(
    "copy.copies_disagree",
    Direction.NEUTRAL,
    Strength.WEAK,
    "copy",
    "Another received copy of this message, with its Message-ID, moment and readers, has other words, and neither is "
    "verified",
    "Archives, translators and gateways that put words in the place of others in one of the two mailboxes; nothing "
    "tells which of the copies was changed.",
    "0 of 4,157 honest mails of 2002; of two such copies one is honest, so it only flags",
)
OF_VERIFIED = Rule(
    "copy.says_otherwise_to_the_same_readers",
    Direction.NEUTRAL,
    Strength.WEAK,
    "copy",
    "A verified message of the same author, moment, subject and readers has other words, and this one was received, "
    "under another Message-ID or none",
    "An archive that takes the Message-ID out and puts words in the place of others; a circular that greets each "
    "reader by name and names one address for all.",
    "0 of 4,157 honest mails of 2002, where nothing is verified; 0 of 10,970 honest and damaged items of the labelled "
    "corpus; so it only flags",
)

RULES = (SAME, OTHERWISE, CONFLICT, DISAGREE, OF_VERIFIED)

_ROWS = pa.schema(
    [
        ("key", pa.string()),
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("content", pa.binary()),  # digest of what it says
        ("name", pa.binary()),  # digest of its Message-ID
        ("readers", pa.binary()),  # digest of To, of a message that was received as it stands
        ("verified", pa.bool_()),
        ("proven", pa.bool_()),
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """One row per message that tells its author, date and subject."""
    shard = proven.shard
    names = ("kind", "from_email", "date_utc", "subject", "content_sha256", "message_id", "to_emails")
    claiming = {name: shard.column(name) for name in CLAIMING}
    found: list[tuple[Any, ...]] = []
    for row, (kind, author, date, subject, content, name, to) in enumerate(zip(*map(shard.column, names), strict=True)):
        if kind != Kind.EMAIL or not author or date is None or content is None:
            continue
        proof = proven.signed[row].proof if row in proven.signed else None
        told = proof.subject if proof is not None and proof.subject is not None else subject or ""
        about = "".join(map(bare, subject_words(told)))
        key = _digest(f"{author.lower()}\0{int(date.timestamp())}\0{about}").hex()
        found.append(
            (
                key,
                shard.unit.unit_id,
                shard.unit.sequence,
                row,
                content[:16],
                _digest(name or ""),
                _digest("\0".join(sorted(to))) if to and was_received(claiming, row) else None,
                proof is not None and proof.passes_on,
                proof is not None and proof.basis is not None,
            )
        )
    return to_table(_ROWS, found)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


_NAMELESS = _digest("")


class Pair(NamedTuple):
    """A message without a proof, and a twin of it."""

    unit_id: str
    row: int
    other_unit: str
    other_row: int
    same: bool
    verified: bool  # the other one
    one_name: bool  # Message-ID
    one_letter: bool  # both were received, and name the same readers


def join(table: pa.Table) -> list[Pair]:
    """Messages without a proof beside the first verified twin, or else beside the first that says otherwise."""
    counts = table["key"].value_counts()
    shared = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    groups: dict[str, list[dict[str, Any]]] = {}
    for record in table.filter(pc.is_in(table["key"], shared)).to_pylist():
        groups.setdefault(record["key"], []).append(record)
    pairs = [pair for group in groups.values() for pair in _pairs(sorted(group, key=_place))]
    return [pair for _, pair in sorted(pairs)]


def _place(record: dict[str, Any]) -> tuple[int, int]:
    return record["sequence"], record["row"]


def _pairs(group: list[dict[str, Any]]) -> Iterator[tuple[tuple[int, int], Pair]]:
    contents = {record["content"] for record in group}
    verified = [record for record in group if record["verified"]]
    circular = len(contents) >= HABIT or len({record["content"] for record in verified}) > 1
    for one in [record for record in group if not record["proven"]][: LIMITS.copies]:
        others = verified or group
        equal = next((other for other in verified if other["content"] == one["content"]), None)
        differing = [other for other in others if other["content"] != one["content"]]
        letter = [other for other in differing if one["readers"] is not None and other["readers"] == one["readers"]]
        named = [other for other in letter if other["name"] == one["name"] != _NAMELESS]
        other = equal or next(iter(named or letter or differing), None)
        if other is None or (equal is None and circular):
            continue
        if verified and other["name"] == one["name"]:
            continue  # joins/copies.py compares the two
        place, beside = (one["unit_id"], one["row"]), (other["unit_id"], other["row"])
        yield _place(one), Pair(*place, *beside, equal is not None, bool(verified), bool(named), bool(letter))


def compare(pair: Pair, load: Load) -> Iterator[Told]:
    """What a message says that its twin does not."""
    other = load(pair.other_unit, pair.other_row)
    if pair.same:
        yield Told(pair.unit_id, pair.row, SAME.code, other.path)
        return
    one = load(pair.unit_id, pair.row)
    said = said_text(text_changes(other, one))
    if said is not None:
        # Of two that nothing proves either may be the blacked out or shortened one: asked from both sides.
        both = pair.one_letter and said_text(text_changes(one, other)) is not None
        rule = CONFLICT
        if pair.verified:
            rule = OF_VERIFIED if both else OTHERWISE
        elif both and pair.one_name:
            rule = DISAGREE
        yield Told(pair.unit_id, pair.row, rule.code, other.path, clip(said.expected), clip(said.actual))
