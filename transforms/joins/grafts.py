"""Does this message carry the signature of another one, which verifies there? (VERDICT §5.1 grafted_signature)

Equal b= under equal d= and s= means one signature. Where one message verifies with it, every other
that shows another From address, day, subject or text under it was changed, or never signed at all.

* To, Cc, Message-ID and MIME fields only: a replay or an export, and nothing is said.
* What still has something of the signed message, under a Message-ID of its own: a reply, a forward, an
  old mail used as a template; mail programs and ticket systems leave the old signature in. Where it is neither
  a reply nor passed on by anybody, an invention that borrowed some words looks the same: worth a look.
* A further signature of the same domain: the message was sent anew and signed anew.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.auth.alignment import align
from transforms.difference import HABIT, differences, share_of, subject_words, words
from transforms.joins.bodies import Load
from transforms.joins.sent import is_protected
from transforms.limits import LIMITS
from transforms.model import Direction, Rule, Strength
from transforms.shard import Content, ProvenShard
from transforms.tampering import (
    Said,
    Tampering,
    clip,
    kind_of,
    munged,
    said_author,
    said_date,
    said_part,
    said_subject,
    said_text,
    signed_as,
    signed_once,
    text_changes,
)
from transforms.transmission import CLAIMING, claims_one_reading, container, was_received

GRAFTED = Rule(
    "dkim.grafted_signature",
    Direction.CONTRADICTS,
    Strength.DECISIVE,
    "crypto",
    "This item carries the signature of another message and shows something else",
    "A mail program that keeps the old signature field when an old mail is used as a template, and a domain that "
    "does not sign what it sends to itself.",
    "derived: one signature covers one message; 0 of the honest neighbours in tests/scenarios",
)
SHARED = Rule(
    "dkim.signature_of_another",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The same signature verifies in another message that differs from this one",
    "Replies, forwards, templates, lists and exporters leave old signature fields in.",
    "normal for mail that was forwarded or sent again",
)
REUSED = Rule(
    "dkim.signature_reused",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "It bears the signature of another message, which it neither answers nor sends on",
    "A mail program that keeps the old signature field when an old mail is used as a template, or sent once more; a "
    "forwarder that leaves no other mark.",
    "derived: one signature covers one message; not measured how often programs leave one in, so it only flags",
)

RULES = (GRAFTED, SHARED, REUSED)

_ROWS = pa.schema(
    [
        ("key", pa.string()),
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("verified", pa.bool_()),
        ("telling", pa.bool_()),  # a difference would be a contradiction
        ("received", pa.bool_()),  # the same, but that it may lie with somebody to whom it is not addressed
        ("domain", pa.string()),
        ("protected", pa.bool_()),
        ("container", pa.string()),
        ("shows", pa.binary()),  # digest of what a reader sees
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """One row per signature that proves its message, and per signature that fails."""
    shard = proven.shard
    column = {name: shard.column(name) for name in (*CLAIMING, "source_path", *_SHOWN)}
    found: list[tuple[Any, ...]] = []
    for row, signed in proven.signed.items():
        for signature, result in zip(signed.signatures, signed.results, strict=True):
            if signature.type != "dkim":
                continue
            proves = signed.proof.passes_on and signed.proof.seq == signature.seq
            verified = proves and result.result == "pass"
            failing = signed.proof.basis is None and result.result == "fail"
            if not verified and not failing:
                continue
            once = failing and column["author_known"][row] is True and signed_once(signed.signatures, signature)
            shows = hashlib.sha256(repr([column[name][row] for name in _SHOWN]).encode()).digest() if failing else None
            found.append(
                (
                    signed_as(signature),
                    shard.unit.unit_id,
                    shard.unit.sequence,
                    row,
                    verified,
                    once and claims_one_reading(column, row),
                    once and was_received(column, row),
                    signature.domain,
                    is_protected(signature.domain, protected) if failing else False,
                    container(column["source_path"][row], column["path"][row]) if failing else None,
                    shows,
                )
            )
    return to_table(_ROWS, found)


_SHOWN = ("from_email", "date_raw", "subject", "content_sha256")


class Pair(NamedTuple):
    """A message, and the one whose signature it carries."""

    unit_id: str
    row: int
    telling: bool
    received: bool
    domain: str
    protected: bool
    container: str
    of: str
    original_unit: str
    original_row: int


def join(table: pa.Table) -> list[Pair]:
    """Failing messages beside the first that their signature proves."""
    counts = table["key"].value_counts()
    shared = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    groups: dict[str, list[dict[str, Any]]] = {}
    for record in table.filter(pc.is_in(table["key"], shared)).to_pylist():
        groups.setdefault(record["key"], []).append(record)
    pairs = []
    for key, group in sorted(groups.items()):
        group.sort(key=lambda r: (r["sequence"], r["row"]))
        original = next((r for r in group if r["verified"]), None)
        failing = [r for r in group if not r["verified"]]
        if original is None:
            continue
        # So many messages under one signature are the doing of software that reuses a header.
        habit = len({r["shows"] for r in failing}) >= HABIT
        for one in failing[: LIMITS.copies]:
            pairs.append(
                Pair(
                    one["unit_id"],
                    one["row"],
                    one["telling"] and not habit,
                    one["received"] and not habit,
                    one["domain"],
                    one["protected"],
                    one["container"],
                    key,
                    original["unit_id"],
                    original["row"],
                )
            )
    return pairs


def compare(pair: Pair, load: Load) -> Tampering | None:
    """What a message shows that the owner of its signature does not; None if nothing counts."""
    signed, shown = load(pair.original_unit, pair.original_row), load(pair.unit_id, pair.row)
    same = signed.message_id is not None and signed.message_id == shown.message_id
    told, code = _altered(signed, shown, pair) if same else _foreign(signed, shown, pair)
    if not told:
        return None
    if not pair.telling:  # where nothing of the signed message is left, a blind copy is as odd as any
        code = REUSED.code if pair.received and not same and code == GRAFTED.code else SHARED.code
    first = told[0]
    shows = "; ".join(f"{one.name} “{clip(one.actual)}” for “{clip(one.expected)}”" for one in told)
    return Tampering(
        pair.unit_id,
        pair.row,
        code,
        SHARED.code,
        kind_of(pair.container, first),
        pair.of,
        f"the signature of {pair.domain} is the one of {signed.path}; this item shows {shows}",
        "; ".join(f"{one.name}: {one.expected}" for one in told),
        "; ".join(f"{one.name}: {one.actual}" for one in told),
        "" if same else hashlib.sha256(shown.text.encode()).hexdigest(),  # five inventions are as many, no habit
        REUSED.code if pair.telling else SHARED.code,
    )


def _altered(signed: Content, shown: Content, pair: Pair) -> tuple[list[Said], str]:
    """Of a message that calls itself the signed one: what it says otherwise, and what that is called."""
    changes = text_changes(signed, shown)
    author, date, subject = _said_by_fields(signed, shown)
    told = [one for one in (author, date, subject, said_text(changes) or said_part(signed, shown)) if one is not None]
    if author is not None and not may_accuse_author(pair.domain, signed, shown, pair.protected):
        return told, SHARED.code
    # Another day and another text altogether: the next issue under a reused Message-ID.
    telling = any(one.telling for one in told) and (date is None or changes is not None)
    return told, GRAFTED.code if telling else SHARED.code


def may_accuse_author(domain: str, signed: Content, shown: Content, protected: bool) -> bool:
    """Whether another From address than the signed one is no relay's doing, nor a stranger's signature.

    Anybody can sign somebody else's words in his own name and put that signature on a copy of the
    honest mail. So the domain must speak for the author shown as well, or for the Message-ID, or be
    one that the user named.
    """
    id_domain = (shown.message_id or "").rpartition("@")[2].lower()
    speaks = protected or any(align(domain, one) == "exact" for one in (shown.author_domain, id_domain))
    # The same name at another domain is what moving a house to a new name does to its mail.
    renamed = signed.author.rpartition("@")[0].casefold() == shown.author.rpartition("@")[0].casefold()
    return speaks and not renamed and not munged(shown.author_named, signed.author)


def _foreign(signed: Content, shown: Content, pair: Pair) -> tuple[list[Said], str]:
    """Of another message that carries this signature: whether anything of the signed one is left in it."""
    author, date, subject = _said_by_fields(signed, shown)
    told = [one for one in (author, date, subject) if one is not None]
    before, after = words(signed.text), words(shown.text)
    passed_on = (
        signed.message_id is None
        or shown.message_id is None
        or signed.message_id in shown.names
        or (author is not None and shown.author.lower() in signed.recipients)
        or munged(shown.author_named, signed.author)
    )
    if passed_on or align(pair.domain, shown.author_domain) != "exact":
        return told, SHARED.code
    if not told:  # the same author, day and subject
        return [Said("text", "", clip(signed.text), clip(shown.text))] if before != after else [], REUSED.code
    subjects = subject_words(signed.subject), subject_words(shown.subject)
    return told, REUSED.code if _shares(*subjects) or _shares(before, after) else GRAFTED.code


def _said_by_fields(signed: Content, shown: Content) -> tuple[Said | None, Said | None, Said | None]:
    """What From, Date and Subject say otherwise."""
    return (
        said_author(signed.author, shown.author, signed.author_name, shown.author_name),
        said_date(signed.date, shown.date, signed.date_raw, shown.date_raw, shown.received, shown.clocks),
        said_subject(signed.subject, shown.subject),
    )


def _shares(signed: list[str], shown: list[str]) -> bool:
    """Whether half of the words of either stand in the other; also where there is nothing to compare."""
    changes = differences(signed, shown)
    if changes is None:
        return False
    return 2 * share_of(shown, changes) >= min(len(signed), len(shown))
