"""Does this message keep the habits that its sender's verified mail shows? (VERDICT §6)

Two of them: the account at Gmail, which begins all its Message-IDs alike for years (characters 0 to 6 and the
upper bits of the next one), and signing itself. Only signed words teach, one signature once, and whoever signs
for an address has no say about others. People have several programs and accounts, so no habit decides.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.joins.bodies import Load
from transforms.joins.correspondents import identity, teacher
from transforms.model import Direction, Kind, Rule, Strength, Told
from transforms.shard import ProvenShard, Signed
from transforms.transmission import CLAIMING, claims_one_reading, container

_ACCOUNTS = (
    "40 of 40 Message-IDs of 4 accounts, 2012 to 2026, kept their beginning: upper bound of the false-alarm rate 7 %, "
    "too wide for more than a remark"
)
SAME_ACCOUNT = Rule(
    "client.same_gmail_account",
    Direction.SUPPORTS,
    Strength.WEAK,
    "client fingerprint",
    "Its Message-ID begins as those that Gmail gave the verified mail of this sender",
    "Whoever has seen one Message-ID of the account can write another.",
    _ACCOUNTS,
)
OTHER_ACCOUNT = Rule(
    "client.other_gmail_account",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "client fingerprint",
    "Its Message-ID is one of another account at Gmail than this sender's verified mail before and after it",
    "An account that was moved, or mail sent from one account in the name of another.",
    _ACCOUNTS,
)
UNSIGNED = Rule(
    "dkim.not_signed_as_usual",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "It has no signature, and nearly all mail of this sender that lies beside it from those weeks has a valid one",
    "Another device, mail inside one house, calendars, the day on which a key was changed, and exporters that drop "
    "fields. A missing signature is no reason to suspect a mail.",
    "0 of 491 honest or damaged unsigned mails of the labelled corpus (upper bound 0.6 %); no rate is known of "
    "offices, and it never accuses",
)

RULES = (SAME_ACCOUNT, OTHER_ACCOUNT, UNSIGNED)

# Message-IDs of Gmail's own programs: base64 with + for I and = for l.
_GMAIL = re.compile(r"CA[A-HJ-Za-km-z0-9+=_-]{48}[AQgw]@mail\.gmail\.com")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

_SEEN = 5  # verified mails that show one account
_DAY = 86_400_000_000  # microseconds
_NEAR = 60 * _DAY
_USUAL = 20  # verified mails of a sender near a day, in one container ...
_UNUSUAL = 50  # ... and of so many at most one without a signature: 98 %

_ROWS = pa.schema(
    [
        ("key", pa.string()),  # the sender
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("date", pa.int64()),  # microseconds
        ("account", pa.string()),  # what begins the Message-ID; of a teacher if it is signed
        ("signature", pa.binary()),  # of a message that teaches
        ("unsigned", pa.bool_()),  # without any signature
        ("claims", pa.bool_()),  # was received as it stands
        ("container", pa.int64()),
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """One row per message with a sender and a date that teaches, has no signature, or has a Message-ID of Gmail."""
    shard = proven.shard
    names = ("kind", "from_email", "date_utc", "message_id", "path", "source_path")
    claiming = {name: shard.column(name) for name in CLAIMING}
    found: list[tuple[Any, ...]] = []
    for row, (kind, sender, date, message_id, path, source) in enumerate(zip(*map(shard.column, names), strict=True)):
        if kind != Kind.EMAIL or not sender or date is None:
            continue
        signed = proven.signed.get(row)
        signature = teacher(signed) if signed is not None else None
        unsigned = signed is None or all(one.type != "dkim" for one in signed.signatures)
        account = account_of(message_id or "") if _may_tell(signed, message_id) else None
        if signature is None and not unsigned and account is None:
            continue
        if signature is not None and "message-id" not in signature.signed_fields:
            account = None
        where = hashlib.blake2b(container(source, path).encode(), digest_size=8).digest()
        found.append(
            (
                sender.lower(),
                shard.unit.unit_id,
                shard.unit.sequence,
                row,
                int(date.timestamp()) * 1_000_000,
                account,
                identity(signature) if signature is not None else None,
                unsigned,
                unsigned and claims_one_reading(claiming, row),
                int.from_bytes(where, "big", signed=True),
            )
        )
    return to_table(_ROWS, found)


def _may_tell(signed: Signed | None, message_id: str | None) -> bool:
    """A repaired message shows another Message-ID than was signed."""
    return message_id is not None and (signed is None or signed.proof.message_id in (None, message_id))


def account_of(message_id: str) -> str | None:
    """What all Message-IDs of one account at Gmail share: 46 bits; None for another program's."""
    if _GMAIL.fullmatch(message_id) is None:
        return None
    last = message_id[7].replace("+", "I").replace("=", "l")
    return f"{message_id[:7]}{_ALPHABET.index(last) >> 2:x}"


def join(table: pa.Table) -> list[Told]:
    """What verified mail of a sender says about his other mail."""
    teaches = pc.is_valid(table["signature"])
    asked = pc.and_(pc.invert(teaches), pc.or_(pc.is_valid(table["account"]), table["claims"]))
    counts = table.filter(teaches)["key"].value_counts()
    known = counts.field("values").filter(pc.greater_equal(counts.field("counts"), _SEEN))
    both = pc.and_(pc.is_in(table["key"], known), pc.is_in(table["key"], table.filter(asked)["key"]))
    groups: dict[str, list[dict[str, Any]]] = {}
    for record in table.filter(both).to_pylist():
        groups.setdefault(record["key"], []).append(record)
    return sorted(told for group in groups.values() for told in _told(group))


def _told(group: list[dict[str, Any]]) -> Iterator[Told]:
    taught: dict[bytes, dict[str, Any]] = {}  # one signature teaches once
    for record in sorted(group, key=lambda r: (r["date"], r["sequence"], r["row"])):
        if record["signature"] is not None:
            taught.setdefault(record["signature"], record)
    others = [record for record in group if record["signature"] is None]
    yield from _accounts(list(taught.values()), others)
    yield from _signing(list(taught.values()), others)


def _accounts(taught: list[dict[str, Any]], others: list[dict[str, Any]]) -> Iterator[Told]:
    seen = [(one["date"], one["account"]) for one in taught if one["account"] is not None]
    accounts = sorted({account for _, account in seen})
    if len(seen) < _SEEN or len(accounts) != 1:
        return
    detail = f"{len(seen)} of them"
    for one in others:
        if one["account"] == accounts[0]:
            yield Told(one["unit_id"], one["row"], SAME_ACCOUNT.code, detail)
        elif one["account"] is not None and seen[0][0] < one["date"] < seen[-1][0]:
            yield Told(one["unit_id"], one["row"], OTHER_ACCOUNT.code, detail, accounts[0], one["account"])


def _signing(taught: list[dict[str, Any]], others: list[dict[str, Any]]) -> Iterator[Told]:
    signed: dict[int, list[int]] = {}
    unsigned: dict[int, list[int]] = {}
    for one in taught:
        signed.setdefault(one["container"], []).append(one["date"])
    for one in others:
        if one["unsigned"]:
            unsigned.setdefault(one["container"], []).append(one["date"])
    for one in others:
        if one["claims"]:
            usual = _near(signed.get(one["container"], []), one["date"])
            besides = _near(unsigned[one["container"]], one["date"]) - 1
            if usual >= _USUAL and besides * _UNUSUAL <= usual + besides:
                detail = f"{usual} of {usual + besides} other mails within 60 days"
                yield Told(one["unit_id"], one["row"], UNSIGNED.code, detail)


def _near(dates: list[int], date: int) -> int:
    """How many of these, in order, lie within 60 days."""
    return bisect_right(dates, date + _NEAR) - bisect_left(dates, date - _NEAR)


def compare(found: Told, load: Load) -> Iterator[Told]:
    """Nothing more is to be read: what the rows say is all."""
    yield found
