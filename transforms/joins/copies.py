"""Does a copy say what the verified copy of the same message says? (VERDICT §5.1 altered_copy)

Same From address and same Message-ID, the identifier covered by the verified copy's signature,
exactly one verified content. Only a word replaced, or a few words put inside a sentence, can be
told from what honest software does to mail; everything else is left open:

* text only missing, or blacked out: an incomplete copy;
* text only added at either end, or in a block: a footer, a banner, a gateway's notice;
* words that differ in their accents, marks or damaged characters: a change of charset;
* addresses and links: anonymised or rewritten;
* another choice of text parts, or another text altogether: not comparable;
* another day in the Date field: software that reuses its Message-IDs.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from transforms.limits import LIMITS
from transforms.model import Direction, Kind, Rule, Strength
from transforms.shard import ProvenShard

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
    "This copy differs from the verified copy of the same message in a way that honest software causes",
    "Footers, banners, redaction, charset damage, shortened exports and removed attachments.",
    "normal for exported and forwarded mail",
)
SAME = Rule(
    "copy.same_as_verified",
    Direction.SUPPORTS,
    Strength.STRONG,
    "copy",
    "Its subject, text and attachments equal those of a verified copy of the same message",
    "Header fields other than the subject may still differ.",
    "derived: equal digests of the normalised text and the attachments",
)

RULES = (ALTERED, CHANGED, SAME)

_HABIT = 5  # the same change in so many messages is a system's doing, not a forger's (VERDICT §5.1)
_ZONES = timedelta(hours=26)  # a time of day that lost its zone on the way (VERDICT §5.1)
_INSERTED = 4  # words: a longer inserted run may be a notice or a signature block
_UNSENT = re.compile(r"(?i)(?:^|[/!. ])(?:sent|drafts?|outbox|envoy|brouillon|gesendet|entw|posteingang\.sent)")

Load = Callable[[str, int], tuple[str, str]]  # (unit_id, row) -> form and text of a message


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """One row per message with a Message-ID and one author."""
    shard = proven.shard
    names = ("kind", "message_id", "from_email", "item_id", "path", "source_path", "subject",
             "content_sha256", "date_utc", "received_count", "intermediaries", "status")  # fmt: skip
    column = {name: shard.column(name) for name in names}
    found = []
    for row, kind in enumerate(column["kind"]):
        signed = proven.signed.get(row)
        proof = signed.proof if signed is not None else None
        as_signed = proof if proof is not None and proof.basis is not None else None
        message_id, author = column["message_id"][row], column["from_email"][row]
        if as_signed is not None and as_signed.message_id is not None:
            message_id = as_signed.message_id
        if kind != Kind.EMAIL or not message_id or not author:
            continue
        identified = False
        if signed is not None and proof is not None and proof.passes_on:
            covering = next(s for s in signed.signatures if s.seq == proof.seq)
            identified = "message-id" in covering.signed_fields
        found.append(
            {
                "key": hashlib.sha256(f"{message_id}\0{author.lower()}".encode()).hexdigest(),
                "unit_id": shard.unit.unit_id,
                "sequence": shard.unit.sequence,
                "row": row,
                "item_id": column["item_id"][row],
                "path": column["path"][row],
                "container": column["source_path"][row].rpartition("/")[0]
                if column["source_path"][row] == column["path"][row]
                else column["source_path"][row],
                "subject": (as_signed.subject if as_signed else None) or column["subject"][row] or "",
                "date": column["date_utc"][row],
                "content": column["content_sha256"][row],
                "verified": identified,
                "proven": proof is not None and proof.basis is not None,
                "claims": _claims_transmission(column, row),
            }
        )
    return pa.Table.from_pylist(found, _ROWS)


def _same_day(one: datetime | None, other: datetime | None) -> bool:
    """Whether two Date fields may be the same moment: some software reuses one Message-ID for years."""
    return one is not None and other is not None and abs(one - other) <= _ZONES


def _claims_transmission(column: Mapping[str, Sequence[Any]], row: int) -> bool:
    """Whether a difference would be a contradiction: received, by no list, forwarder or resender."""
    return (
        column["received_count"][row] > 0
        and not column["intermediaries"][row]
        and column["status"][row] == "ok"
        and not _UNSENT.search(column["path"][row])
    )


_ROWS = pa.schema(
    [
        ("key", pa.string()),
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("item_id", pa.string()),
        ("path", pa.string()),
        ("container", pa.string()),
        ("subject", pa.string()),
        ("date", pa.timestamp("us", tz="UTC")),
        ("content", pa.binary()),
        ("verified", pa.bool_()),
        ("proven", pa.bool_()),
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
        if len({(r["content"], r["subject"]) for r in verified}) != 1:
            continue
        original = verified[0]
        copies = [r for r in group if not r["proven"]]
        for copy in copies[: LIMITS.copies]:
            same = (copy["content"], copy["subject"]) == (original["content"], original["subject"])
            pairs.append(
                Pair(
                    copy["unit_id"],
                    copy["row"],
                    copy["container"],
                    copy["subject"],
                    copy["claims"] and _same_day(copy["date"], original["date"]),
                    same,
                    original["unit_id"],
                    original["row"],
                    original["path"],
                    original["subject"],
                )
            )
    return pairs


@dataclass(frozen=True, slots=True)
class Compared:
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
    form, text = load(pair.unit_id, pair.row)
    verified_form, verified_text = load(pair.verified_unit, pair.verified_row)
    verified_words, copy_words = words(verified_text), words(text)
    in_text = differences(verified_words, copy_words)
    if form != verified_form or not _mostly_alike(verified_words, copy_words, in_text):
        return _compared(pair, CHANGED.code, ())  # other parts were kept, or another text altogether
    in_subject = differences(subject_words(pair.verified_subject), subject_words(pair.subject))
    changes = _said(in_subject) + _said(in_text)
    return _compared(pair, ALTERED.code if changes and pair.claims else CHANGED.code, changes)


def _mostly_alike(verified: list[str], copy: list[str], changes: list[Change] | None) -> bool:
    """Whether half of the words are shared: a placeholder for a lost body is not an altered one."""
    if changes is None:
        return False
    shared = len(copy) - sum(len(new) for _, new, _ in changes)
    return 2 * shared >= max(len(verified), len(copy))


def settle(compared: Sequence[Compared]) -> list[Compared]:
    """The comparisons of one container that found the same change: common ones are a habit."""
    if len(compared) < _HABIT:
        return list(compared)
    return [Compared(c.unit_id, c.row, CHANGED.code, c.kind, c.expected, c.actual, c.verified_path) for c in compared]


Change = tuple[tuple[str, ...], tuple[str, ...], bool]  # words gone, words new, at either end


def words(text: str) -> list[str]:
    """Words as compared: links and addresses are left out, they are rewritten in passing."""
    return [w for w in text.split() if "@" not in w and "://" not in w and not w.startswith("www.")]


def differences(verified: list[str], copy: list[str]) -> list[Change] | None:
    """Runs of words that differ, each with whether it stands at the start or end of the text.

    None: too many to be the same message with words changed.
    """
    start = 0
    while start < min(len(verified), len(copy)) and _alike(verified[start], copy[start]):
        start += 1
    end = 0
    shorter = min(len(verified), len(copy)) - start
    while end < shorter and _alike(verified[-1 - end], copy[-1 - end]):
        end += 1
    gone = [_bare(w) for w in verified[start : len(verified) - end]]
    new = [_bare(w) for w in copy[start : len(copy) - end]]
    if max(len(gone), len(new)) > LIMITS.compared_words:
        return None
    changes: list[Change] = []
    matcher = difflib.SequenceMatcher(None, gone, new, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        at_start = start == 0 and i1 == 0 and j1 == 0
        at_end = end == 0 and i2 == len(gone) and j2 == len(new)
        before = verified[start + i1 : start + i2]
        after = copy[start + j1 : start + j2]
        if len(before) == len(after) and all(map(_alike, before, after)):
            continue
        changes.append((tuple(before), tuple(after), at_start or at_end))
    return changes


def subject_words(subject: str) -> list[str]:
    """Words of a subject without what relays and lists put before it: reply marks and tags."""
    while True:
        shorter = _PREFIX.sub("", subject, count=1)
        if shorter == subject:
            return words(subject)
        subject = shorter


_PREFIX = re.compile(
    r"^\s*(?:(?:re|fw|fwd|aw|wg|tr|rv|sv|vs|antw|ref)(?:\[\d+\])?\s*:|\[[^\]]{1,60}\]|\{[^}]{1,60}\}|"
    r"\*{2,5}[^*]{1,40}\*{2,5}|(?:external|spam|ext)\s*:)",
    re.IGNORECASE,
)


def _said(changes: list[Change] | None) -> tuple[Change, ...]:
    """Those changes that no honest transformation explains: words replaced, or a few slipped in."""
    return tuple(change for change in changes or () if _says(*change))


def _says(gone: tuple[str, ...], new: tuple[str, ...], at_edge: bool) -> bool:
    if any(map(_damaged, new)) or not any(_bare(w) and not _redaction(w) for w in new):
        return False
    if not gone:
        return len(new) <= _INSERTED and not at_edge
    if not any(map(_bare, gone)):
        return False
    if at_edge and _bare(gone[min(len(new), len(gone)) - 1]).startswith(_bare(new[-1])):
        return False  # cut off within a word
    return len(new) <= 2 * len(gone) + _INSERTED and len(gone) <= 2 * len(new) + _INSERTED


def _compared(pair: Pair, code: str, changes: tuple[Change, ...]) -> Compared:
    kind = hashlib.sha256(repr((pair.container, changes)).encode()).hexdigest() if changes else ""
    expected = " … ".join(" ".join(gone) for gone, _, _ in changes)
    actual = " … ".join(" ".join(new) for _, new, _ in changes)
    return Compared(pair.unit_id, pair.row, code, kind, expected, actual, pair.verified_path)


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    if _damaged(one) or _damaged(other):
        return _skeleton(one) == _skeleton(other)
    return _bare(one) == _bare(other)


def _bare(word: str) -> str:
    """A word without marks, accents, case and punctuation."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in decomposed if c.isalnum())


_MOJIBAKE = re.compile(
    "[?\ufffd\u0080-\u009f]|[\u00c2\u00c3\u00d0\u00d1][\u0080-\u00bf\u0152-\u2122]|=[0-9A-F]{2}|\\\\x"
)


def _damaged(word: str) -> bool:
    """Whether a change of charset or encoding may have made this word."""
    return _MOJIBAKE.search(word) is not None


def _skeleton(word: str) -> str:
    """What a change of charset leaves of a word: its ASCII letters and digits."""
    word = re.sub("=[0-9A-Fa-f]{2}|\\\\x[0-9a-f]{2}", "", word)
    return "".join(c for c in word.casefold() if c.isascii() and c.isalnum())


def _redaction(word: str) -> bool:
    """Blacked out: xxx, ***, [redacted]."""
    letters = set(_bare(word))
    return not letters or letters <= {"x"} or _bare(word) in {"redacted", "removed", "deleted", "masque"}
