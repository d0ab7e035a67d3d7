"""Which domains does the dump itself show in correspondence? (VERDICT §6)

Only signed words teach: the From address, the Date, and To and Cc where a signature covers them, of mail that
is verified by its own signature, exactly aligned and in no way limited. One signature counts once, so that
passing a mail on a hundred times teaches nothing. All domains are registered ones.

A sender chooses his Date, and anybody can have newsletters sent to a domain of his own: being learned is
cheap for somebody who prepares a leak. So it accuses nobody alone (a look-alike of such a domain is one
strong finding) and it lets a loose file inherit from one domain only, the one whose mailboxes these are.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.auth.alignment import registered_domain
from transforms.auth.proof import RECIPIENTS
from transforms.limits import LIMITS
from transforms.lookalike import DECISIVE, likeness
from transforms.model import PreparedSignature
from transforms.shard import ProvenShard, Signed

RULES = ()

MAILS = 10  # verified mails of a domain, by different signatures ...
DAYS = 90  # ... from the first to the last
WRITERS = 3  # other domains, no mail providers, whose verified mail is addressed to it

_TEACHING = frozenset({"signature", "repaired_signature", "provider_signature"})

_ROWS = pa.schema(
    [
        ("key", pa.string()),  # a part of the domain that the row is about
        ("domain", pa.string()),
        ("writer", pa.string()),  # who wrote to it; null: it wrote itself, at `date`
        ("signature", pa.binary()),
        ("date", pa.int64()),  # microseconds since 1970; null: none that can be read
    ]
)

COUNTS = pa.schema(
    [
        ("domain", pa.string()),
        ("mails", pa.int64()),
        ("first", pa.int64()),
        ("last", pa.int64()),
        ("writers", pa.int64()),
    ]
)

_PARTS = 64  # of a domain's rows: those of the organisation itself would else all lie in one place


class Learned(NamedTuple):
    """What a dump teaches of the organisation: the domains that it protects by itself, who its documents name."""

    domains: tuple[LearnedDomain, ...] = ()  # by name
    home: str | None = None  # the one whose mailboxes these are; its loose files inherit
    scripts: tuple[str, ...] = ()  # of names in its verified documents, sorted (papers.py)
    knows_names: bool = False  # whether enough of these name somebody,
    knows_languages: bool = False  # or a language, to tell who and what is unusual

    @property
    def names(self) -> frozenset[str]:
        return frozenset(one.domain for one in self.domains)


class LearnedDomain(NamedTuple):
    domain: str
    mails: int
    first: datetime
    last: datetime
    writers: int


# ---- rows ---------------------------------------------------------------------------------------


def teacher(signed: Signed) -> PreparedSignature | None:
    """The signature by which a message may teach; None where it may not."""
    proof = signed.proof
    if proof.basis not in _TEACHING or proof.confidence == "limited" or proof.aligned == "relaxed":
        return None
    return signed.proving


def awaited(signed: Signed) -> bool:
    """Whether it may be that a message only lacks a key to be verified: a signature fits it as it lies here."""
    if signed.proof.basis is not None:
        return False
    own = zip(signed.signatures, signed.results, strict=True)
    fitting = [(one, result) for one, result in own if one.type == "dkim" and one.invalid is None and one.body_ok]
    return any(
        one.aligned in ("exact", "provider") and set(one.objections) <= {RECIPIENTS} and result.header_ok is not False
        for one, result in fitting
    )


def identity(signature: PreparedSignature) -> bytes:
    """What makes two signatures one: the octets of b= under one name."""
    name = b"\0".join((signature.signature, signature.domain.encode(), signature.selector.encode()))
    return hashlib.sha256(name).digest()[:16]


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """A row for each teaching message under its sender's domain, and one under each domain that it is addressed to."""
    return to_table(_ROWS, list(_rows(proven)))


def _rows(proven: ProvenShard) -> Iterator[tuple[Any, ...]]:
    shard = proven.shard
    senders, dates = shard.column("from_domain"), shard.column("date_utc")
    addressed = {"to": shard.column("to_emails"), "cc": shard.column("cc_emails")}
    for row, signed in sorted(proven.signed.items()):
        signature = teacher(signed)
        sender = registered_domain(senders[row] or "")
        if signature is None or sender is None:
            continue
        date = dates[row]
        one = identity(signature)
        yield _part(sender, one), sender, None, one, None if date is None else int(date.timestamp()) * 1_000_000
        if is_provider(sender):
            continue
        covered = (addresses[row] for name, addresses in addressed.items() if name in signature.signed_fields)
        domains = {address.rpartition("@")[2] for some in covered for address in some}
        for recipient in sorted(filter(None, map(registered_domain, domains))):
            if recipient != sender:
                yield _part(recipient, sender.encode()), recipient, sender, one, None


def _part(domain: str, counted: bytes) -> str:
    """Equal things lie in one part, so that the parts' counts of different ones add up."""
    return f"{domain} {zlib.crc32(counted) % _PARTS}"


def is_provider(domain: str) -> bool:
    """Whether anybody can have an address at this registered domain (data/mail_providers.txt)."""
    return domain in _providers() or f"{domain.partition('.')[0]}.*" in _providers()


@cache
def _providers() -> frozenset[str]:
    text = files("transforms.data").joinpath("mail_providers.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


# ---- what they come to --------------------------------------------------------------------------


def join(table: pa.Table) -> pa.Table:
    """For each part of a domain in this bucket: its own mails, when, and how many domains wrote to it (COUNTS)."""
    by = ["key", "domain"]
    own = table.filter(pc.is_null(table["writer"])).group_by(by)
    sent = own.aggregate([("signature", "count_distinct"), ("date", "min"), ("date", "max")])
    received = table.filter(pc.is_valid(table["writer"])).group_by(by).aggregate([("writer", "count_distinct")])
    found = sent.join(received, by, join_type="full outer")
    columns = {
        "domain": found["domain"],
        "mails": pc.fill_null(found["signature_count_distinct"], 0),
        "first": found["date_min"],
        "last": found["date_max"],
        "writers": pc.fill_null(found["writer_count_distinct"], 0),
    }
    return _added(pa.table(columns).cast(COUNTS))


def _added(counts: pa.Table) -> pa.Table:
    """One row for each domain, in their order."""
    sums = counts.group_by("domain").aggregate(
        [("mails", "sum"), ("first", "min"), ("last", "max"), ("writers", "sum")]
    )
    columns = (sums["domain"], sums["mails_sum"], sums["first_min"], sums["last_max"], sums["writers_sum"])
    return pa.table(dict(zip(COUNTS.names, columns, strict=True))).cast(COUNTS).sort_by("domain")


def learn(counts: Iterable[pa.Table], protected: frozenset[str]) -> Learned:
    """What the counts of all domains teach, in whatever order they come; protected are the domains that were named."""
    table = _added(pa.concat_tables([COUNTS.empty_table(), *counts]))
    named = frozenset(filter(None, map(registered_domain, protected)))
    enough = [
        LearnedDomain(one["domain"], one["mails"], _moment(one["first"]), _moment(one["last"]), one["writers"])
        for one in table.to_pylist()
        if one["mails"] >= MAILS
        and one["writers"] >= WRITERS
        and one["first"] is not None
        and one["last"] - one["first"] >= DAYS * 86_400_000_000
    ]
    found = [
        one
        for one in enough
        if one.domain not in named and not is_provider(one.domain) and not imitates(one.domain, protected)
    ]
    kept = sorted(found, key=lambda one: (-one.writers, -one.mails, one.domain))[: LIMITS.learned]
    learned = tuple(sorted(kept))
    return Learned(learned, _home(table, frozenset(one.domain for one in learned), protected))


def imitates(domain: str, protected: Iterable[str]) -> bool:
    """Whether a domain is made to look like one of these."""
    alike = likeness(domain, protected)
    return alike is not None and alike.form in DECISIVE


def _home(table: pa.Table, learned: frozenset[str], protected: frozenset[str]) -> str | None:
    """The learned domain that more than half of all others wrote to, and more than to any other.

    To take its place, somebody would have to plant verified mail of as many domains as ever wrote to the
    organisation. A name that resembles another protected one is never trusted that far.
    """
    columns = (table[name].to_pylist() for name in ("writers", "domain"))
    written: list[tuple[int, str]] = sorted(zip(*columns, strict=True), reverse=True)[:2]
    if not written or (len(written) > 1 and written[0][0] == written[1][0]):
        return None
    writers, home = written[0]
    domains = table.filter(pc.greater(table["mails"], 0))["domain"].to_pylist()
    others = len([one for one in domains if one != home and not is_provider(one)])
    if home not in learned or 2 * writers <= others or likeness(home, protected | learned - {home}) is not None:
        return None
    return home


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros // 1_000_000, UTC)
