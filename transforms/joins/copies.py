"""Does a copy say what the verified copy of the same message says? (VERDICT §5.1 altered_copy)

Same From address and same Message-ID, the identifier covered by the verified copy's signature,
exactly one verified content. Only a word replaced, or a few words put inside a sentence, can be
told from what honest software does to mail; everything else is left open:

* text only missing, or blacked out: an incomplete copy;
* text only added at either end, or in a block: a footer, a banner, a gateway's notice;
* a subject that was lost, or shares too few words with the signed one: a placeholder, a translation;
* words that differ in their accents, marks or damaged characters: a change of charset;
* addresses and links: anonymised or rewritten;
* another choice of text parts, or another text altogether: not comparable;
* another second in the Date field, or other recipients: software that gives one Message-ID to all letters of a
  merge, or to all that it ever writes to one customer;
* five contents of one second, or two that their author's domain signed, though the key of one is not at hand: a
  merge that names the same recipients in each of its letters. Where the copy itself bears that second signature,
  somebody may have signed it anew with a key of his own: worth a look.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.difference import (
    HABIT,
    Change,
    differences,
    mostly_alike,
    nature,
    said,
    shown_words,
    subject_words,
    words,
)
from transforms.limits import LIMITS
from transforms.model import Direction, Kind, Rule, Strength, Text
from transforms.shard import ProvenShard
from transforms.tampering import clip, intact_signature, said_subject
from transforms.transmission import CLAIMING, claims_transmission, container

ALTERED = Rule(
    "copy.altered",
    Direction.CONTRADICTS,
    Strength.DECISIVE,
    "copy",
    "This copy says something that the verified copy of the same message does not",
    "A system that rewrites words in passing would have to do it in this message alone.",
    "0 of 4,150 honest mails of 2002; damage of each kind in tests/transforms/joins/test_copies.py",
)
CHANGED = Rule(
    "copy.changed",
    Direction.NEUTRAL,
    Strength.WEAK,
    "copy",
    "This copy differs from the verified copy of the same message; nothing tells who or what changed it",
    "Footers, banners, redaction, charset damage, shortened exports, removed attachments; or a person.",
    "normal for exported and forwarded mail",
)
SIGNED_ANEW = Rule(
    "copy.signed_anew",
    Direction.NEUTRAL,
    Strength.WEAK,
    "copy",
    "It says something that the verified copy of the same message does not, under another signature that no key "
    "confirms",
    "Software that gives one Message-ID to two letters of one second, and signs them with two keys.",
    "0 of 10,264 honest and damaged items of the labelled corpus; not measured on mail of offices, so it only flags",
)
SAME = Rule(
    "copy.same_as_verified",
    Direction.SUPPORTS,
    Strength.STRONG,
    "copy",
    "Its subject, text and attachments equal those of a verified copy of the same message",
    "Header fields other than the subject may still differ.",
    "derived: equal digests of every text part, decoded, and of the attachments",
)

RULES = (ALTERED, CHANGED, SIGNED_ANEW, SAME)

Load = Callable[[str, int], Text]  # (unit_id, row) -> the text of a message
Record = Mapping[str, Any]  # one row


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """One row per message with a Message-ID and one author."""
    shard = proven.shard
    names = ("kind", "message_id", "from_email", "path", "source_path", "subject",
             "content_sha256", "date_utc", "to_emails", *CLAIMING)  # fmt: skip
    column = {name: shard.column(name) for name in names}
    found: list[tuple[Any, ...]] = []
    for row, kind in enumerate(column["kind"]):
        signed = proven.signed.get(row)
        proof = signed.proof if signed is not None else None
        as_signed = proof if proof is not None and proof.basis is not None else None
        message_id, author = column["message_id"][row], column["from_email"][row]
        if as_signed is not None and as_signed.message_id is not None:
            message_id = as_signed.message_id
        if kind != Kind.EMAIL or not message_id or not author:
            continue
        identified = signed is not None and signed.proof.passes_on and "message-id" in signed.covered
        found.append(
            (
                hashlib.sha256(f"{message_id}\0{author.lower()}".encode()).hexdigest()[:32],
                shard.unit.unit_id,
                shard.unit.sequence,
                row,
                column["path"][row],
                container(column["source_path"][row], column["path"][row]),
                (as_signed.subject if as_signed else None) or column["subject"][row] or "",
                column["date_utc"][row],
                column["to_emails"][row],
                (column["content_sha256"][row] or b"")[:16],
                identified,
                proof is not None and proof.basis is not None,
                intact_signature(signed.signatures) if signed is not None else None,
                claims_transmission(column, row),
            )
        )
    return to_table(_ROWS, found)


_ROWS = pa.schema(
    [
        ("key", pa.string()),
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("path", pa.string()),
        ("container", pa.string()),
        ("subject", pa.string()),
        ("date", pa.timestamp("us", tz="UTC")),
        ("to", pa.list_(pa.string())),
        ("content", pa.binary()),  # 128 bits of its digest
        ("verified", pa.bool_()),
        ("proven", pa.bool_()),
        ("signature", pa.string()),  # of the author's domain, over this body
        ("claims", pa.bool_()),
    ]
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A copy, and the verified message that it claims to be."""

    unit_id: str
    row: int
    container: str
    subject: str
    claims: bool
    same: bool
    anew: bool  # it bears a signature of its own, over these words, and is no letter of a merge but for that
    verified_unit: str
    verified_row: int
    verified_path: str
    verified_subject: str


def join(table: pa.Table) -> list[Pair]:
    """Copies beside the one verified content of their Message-ID."""
    groups: dict[str, list[dict[str, Any]]] = {}
    counts = table["key"].value_counts()
    shared = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    for record in table.filter(pc.is_in(table["key"], shared)).to_pylist():
        groups.setdefault(record["key"], []).append(record)
    pairs = []
    for key in sorted(groups):
        group = sorted(groups[key], key=lambda r: (r["sequence"], r["row"]))
        verified = [r for r in group if r["verified"]]
        if len({_content(r) for r in verified}) != 1:
            continue
        original = verified[0]
        copies = [r for r in group if not r["proven"]]
        signed = _signed_otherwise(group, original)
        by_software = _written_by_software(group, original)
        for copy in copies[: LIMITS.copies]:
            claims = copy["claims"] and _same_letter(copy, original) and not by_software
            same = _content(copy) == _content(original)
            pairs.append(
                Pair(
                    copy["unit_id"],
                    copy["row"],
                    copy["container"],
                    copy["subject"],
                    claims and not signed,
                    same,
                    claims and copy in signed and {_content(r) for r in signed} == {_content(copy)},
                    original["unit_id"],
                    original["row"],
                    original["path"],
                    original["subject"],
                )
            )
    return pairs


def _signed_otherwise(group: Sequence[Record], original: Record) -> list[Record]:
    """Those with another content that the author's domain signed as well, as far as the keys at hand can tell.

    Then one Message-ID stands for several letters, and nobody knows which of them an unsigned copy was.
    """
    known = {r["signature"] for r in group if r["verified"]}
    signed = (r for r in group if not r["verified"] and r["signature"] is not None and r["signature"] not in known)
    return [r for r in signed if _content(r) != _content(original)]


def _written_by_software(group: Sequence[Record], original: Record) -> bool:
    """Whether there are as many contents of that second as only a merge writes."""
    written = (r for r in group if r["verified"] or (r["claims"] and _same_letter(r, original)))
    return len({_content(r) for r in written}) >= HABIT


def _content(one: Record) -> tuple[bytes, str]:
    return one["content"], one["subject"]


def _same_letter(copy: Record, original: Record) -> bool:
    """Whether both were written in the same second, to somebody whom both name."""
    return _same_second(copy, original) and not set(copy["to"]).isdisjoint(original["to"])


def _same_second(copy: Record, original: Record) -> bool:
    written = original["date"]
    return written is not None and copy["date"] in (written, written.replace(second=0))  # some exports drop them


class Compared(NamedTuple):
    """What the comparison of one pair says; kind names the change, to tell habits from forgeries."""

    unit_id: str
    row: int
    code: str
    kind: str
    expected: str
    actual: str
    verified_path: str


def compare(pair: Pair, load: Load) -> Compared:
    """Compare a copy's words with the verified message's."""
    if pair.same:
        return _compared(pair, SAME.code, ())
    copy, verified = load(pair.unit_id, pair.row), load(pair.verified_unit, pair.verified_row)
    verified_words, copy_words = words(verified.text), words(copy.text)
    in_text = differences(verified_words, copy_words)
    if copy.form != verified.form or not mostly_alike(verified_words, copy_words, in_text):
        return _compared(pair, CHANGED.code, ())  # other parts were kept, or another text altogether
    if copy.html and copy.html == verified.html:
        in_text = []  # only the plain text was made anew
    subject = said_subject(pair.verified_subject, pair.subject)
    in_subject = differences(subject_words(pair.verified_subject), subject_words(pair.subject)) if subject else None
    replaced = said(in_text)
    telling = bool(replaced) or (subject is not None and subject.telling)
    changes = said(in_subject, footer=False) + replaced
    code = ALTERED.code if pair.claims else SIGNED_ANEW.code if pair.anew else CHANGED.code
    return _compared(pair, code if telling else CHANGED.code, changes)


def described(one: Compared) -> str:
    """Where the verified copy lies; of an altered one also what both say."""
    if one.code != ALTERED.code:
        return one.verified_path
    return f"the verified copy in {one.verified_path} says “{clip(one.expected)}”; this copy shows “{clip(one.actual)}”"


def settle(compared: Sequence[Compared]) -> list[Compared]:
    """The comparisons of one container that found the same change: common ones are a habit."""
    if len(compared) < HABIT:
        return list(compared)
    return [one._replace(code=CHANGED.code) for one in compared]


def _compared(pair: Pair, code: str, changes: tuple[Change, ...]) -> Compared:
    kind = hashlib.sha256(repr((pair.container, nature(changes))).encode()).hexdigest() if changes else ""
    expected, actual = shown_words(changes)
    return Compared(pair.unit_id, pair.row, code, kind, expected, actual, pair.verified_path)
