"""With which value of the dump is the signature valid, if not with the one shown? (VERDICT §5.1 altered)

The body is the signed one and the key made this signature, but over another header. One of From, Date
and Subject is replaced by what the message itself, its copies and the replies to it still hold. If the
signature is then valid, it has named the value that was signed, and that this one was changed.

An author who is left in Return-Path or i= is also tried under the names that he signs other mail with. That
search goes through all mail of his domain, and directories that rename people look the same: it accuses nobody.
So is a subject without some of its words, which nothing in the dump needs to hold: gateways add words to subjects too.
Of a field that stands twice the other one is tried; which of the two a reader shows depends on the program, so it is
worth a look and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.auth.alignment import align
from transforms.auth.proof import RECIPIENTS
from transforms.auth.substitution import Offer, Substitution, substitute
from transforms.auth.verify import confirmer, prove
from transforms.difference import differences, nature, subject_words
from transforms.joins.bodies import ALTERED
from transforms.joins.grafts import may_accuse_author
from transforms.joins.sent import is_protected
from transforms.limits import LIMITS
from transforms.mail.address import mailboxes
from transforms.mail.comments import unfolded
from transforms.mail.date import parse_date
from transforms.mail.words import decode_words
from transforms.model import (
    Direction,
    HeaderField,
    Kind,
    PreparedSignature,
    PublicKey,
    Rule,
    SignatureResult,
    Strength,
)
from transforms.shard import ProvenShard, Shard, clocks_of, content_of, fields_of, signatures_of
from transforms.tampering import (
    Said,
    Tampering,
    clip,
    kind_of,
    other_subject,
    said_author,
    said_date,
    said_subject,
    signed_as,
    signed_once,
)
from transforms.text import clean_text
from transforms.transmission import CLAIMING, claims_one_reading, container

SIGNED_VALUE_FOUND = Rule(
    "dkim.signed_value_found",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The signature is valid with another value than this item shows",
    "Lists, forwarders, ticket systems and migrations rewrite From, Date and Subject.",
    "normal for mail that went through them",
)
OTHER_VALUE = Rule(
    "dkim.signed_with_another_value",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The author's own domain signed it with another value than it shows, and nothing says that it was passed on",
    "Imports and dead clocks date mail anew, gateways put words before subjects, archives translate them, directories "
    "rename people; each may leave no other trace.",
    "0 false proofs of the signed value: derived from RSA and SHA-256; what changed it since, nobody knows, so it "
    "only flags",
)

RULES = (SIGNED_VALUE_FOUND, OTHER_VALUE)

Keys = Callable[[str, str], Sequence[PublicKey]]  # (domain, selector) -> all keys of that name

_COPY, _REPLY, _TARGET, _AUTHOR, _SEEKS = range(5)
_ITSELF = "this subject without some of its words"  # where such a value was found
_PARENTS = 4  # messages that a reply may be an answer to: In-Reply-To, and the last of References

_ROWS = pa.schema(
    [
        ("key", pa.string()),  # a Message-ID; of authors and of units that seek them a signing domain
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("role", pa.int8()),
        ("telling", pa.bool_()),  # a difference would be a contradiction
        ("protected", pa.list_(pa.string())),  # signing domains that the user named
        ("container", pa.string()),
        ("author", pa.string()),  # of verified mail: From as it reads
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """All messages by their own Message-ID and those that they answer; messages whose header was changed.

    And of each signing domain the authors of verified mail, and whether such a message seeks them.
    """
    shard = proven.shard
    unit_id, sequence = shard.unit.unit_id, shard.unit.sequence
    own, parents, references = (shard.column(name) for name in ("message_id", "in_reply_to", "references"))
    found: list[tuple[Any, ...]] = []
    for row, kind in enumerate(shard.column("kind")):
        if kind != Kind.EMAIL:
            continue
        if own[row]:
            found.append((own[row], unit_id, sequence, row, _COPY, False, None, None, None))
        for parent in dict.fromkeys([parents[row], *references[row][1 - _PARENTS :]]):
            if parent and parent != own[row]:
                found.append((parent, unit_id, sequence, row, _REPLY, False, None, None, None))
    column = {name: shard.column(name) for name in (*CLAIMING, "source_path", "from_email", "from_name")}
    authors: dict[tuple[str, str], int] = {}  # the first row of each
    seeking: dict[str, int] = {}
    for row, signed in proven.signed.items():
        if signed.proof.passes_on and column["from_name"][row]:
            author = f'"{column["from_name"][row].replace(chr(34), "")}" <{column["from_email"][row]}>'
            authors.setdefault((signed.proof.domain, author), row)
        changed = [
            one for one, result in zip(signed.signatures, signed.results, strict=True) if _header_changed(one, result)
        ]
        if signed.proof.basis is not None or not changed:
            continue
        for one in changed:
            seeking.setdefault(one.domain, row)
        telling = claims_one_reading(column, row)
        guarded = [signature.domain for signature in signed.signatures if is_protected(signature.domain, protected)]
        where = container(column["source_path"][row], column["path"][row])
        key = own[row] or f"{unit_id} {row}"
        found.append((key, unit_id, sequence, row, _TARGET, telling, guarded, where, None))
    for (domain, author), row in authors.items():
        found.append((domain, unit_id, sequence, row, _AUTHOR, False, None, None, author))
    for domain, row in seeking.items():
        found.append((domain, unit_id, sequence, row, _SEEKS, False, None, None, None))
    return to_table(_ROWS, found)


def _header_changed(signature: PreparedSignature, result: SignatureResult) -> bool:
    """Whether all but the header is as it was signed, and a key at hand denies the header."""
    return result.header_ok is False and _body_kept(signature)


def _body_kept(signature: PreparedSignature) -> bool:
    return signature.type == "dkim" and signature.body_ok is True and signature.length is None


class Target(NamedTuple):
    """A message whose header was changed."""

    row: int
    telling: bool
    protected: tuple[str, ...]
    container: str


class Wanted(NamedTuple):
    """A message whose fields may hold what was signed in another one."""

    row: int
    is_reply: bool
    target_unit: str
    target_row: int


class Authors(NamedTuple):
    """Those whose mail a domain signs, as From names them."""

    domain: str
    names: tuple[str, ...]


def join(table: pa.Table) -> Iterator[tuple[str, Target | Wanted | Authors]]:
    """Targets and the authors of their domains by their unit, and the messages to ask by theirs."""
    yield from _sought(table)
    targets = table.filter(pc.equal(table["role"], _TARGET))
    if len(targets) == 0:
        return
    known = table.filter(pc.and_(pc.less(table["role"], _TARGET), pc.is_in(table["key"], targets["key"])))
    asked: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for record in sorted(known.to_pylist(), key=lambda r: (r["sequence"], r["row"])):
        asked.setdefault((record["key"], record["role"]), []).append(record)
    for one in sorted(targets.to_pylist(), key=lambda r: (r["sequence"], r["row"])):
        yield one["unit_id"], Target(one["row"], one["telling"], tuple(one["protected"]), one["container"])
        for role in (_COPY, _REPLY):
            others = asked.get((one["key"], role), [])[: LIMITS.offers + 1]
            itself = one["unit_id"], one["row"]
            for other in [r for r in others if (r["unit_id"], r["row"]) != itself][: LIMITS.offers]:
                yield other["unit_id"], Wanted(other["row"], role == _REPLY, one["unit_id"], one["row"])


def _sought(table: pa.Table) -> Iterator[tuple[str, Authors]]:
    """The authors of the domains that a unit seeks, the first LIMITS.candidates of each in order."""
    seeking = table.filter(pc.equal(table["role"], _SEEKS)).select(["key", "unit_id"])
    authors = table.filter(pc.and_(pc.equal(table["role"], _AUTHOR), pc.is_in(table["key"], seeking["key"])))
    known: dict[str, set[str]] = {}
    for domain, author in zip(authors["key"].to_pylist(), authors["author"].to_pylist(), strict=True):
        known.setdefault(domain, set()).add(author)
    first = {domain: tuple(sorted(names)[: LIMITS.candidates]) for domain, names in known.items()}
    for unit_id, domain in sorted({(one["unit_id"], one["key"]) for one in seeking.to_pylist()}):
        if domain in first:
            yield unit_id, Authors(domain, first[domain])


def offered(shard: Shard, wanted: Iterable[Wanted]) -> Iterator[tuple[str, tuple[int, Offer]]]:
    """What messages of one unit hold, for the unit of the message that it is for; shard up to its fields."""
    for one in wanted:
        offer = Offer(shard.column("path")[one.row], one.is_reply, _values(shard, one.row))
        yield one.target_unit, (one.target_row, offer)


def _values(shard: Shard, row: int) -> tuple[HeaderField, ...]:
    """The fields kept; of an unsigned message, what its columns say of them."""
    kept = fields_of(shard, row)
    if kept:
        return kept
    one = {name: shard.column(name)[row] for name in ("from_name", "from_email", "to_emails", "date_raw", "subject")}
    author = f"{one['from_name']} <{one['from_email']}>" if one["from_name"] else one["from_email"]
    to = one["to_emails"][0] if len(one["to_emails"]) == 1 else None
    known = (("From", author), ("To", to), ("Date", one["date_raw"]), ("Subject", one["subject"]))
    return tuple(_field(name, value) for name, value in known if value)


def _field(name: str, value: str) -> HeaderField:
    return HeaderField(name, f"{name}: {value}\r\n".encode())


def try_unit(shard: Shard, found: Iterable[Target | Authors | tuple[int, Offer]], keys: Keys) -> Iterator[Tampering]:
    """Try the replacements for the targets of one unit; shard up to its fields."""
    targets: list[Target] = []
    authors: dict[str, Sequence[str]] = {}  # by domain
    offers: dict[int, list[Offer]] = {}
    for one in found:
        if isinstance(one, Target):
            targets.append(one)
        elif isinstance(one, Authors):
            authors[one.domain] = one.names
        else:
            offers.setdefault(one[0], []).append(one[1])
    for target in sorted(set(targets)):
        for_it = sorted(offers.get(target.row, ()), key=lambda o: (o.is_reply, o.path))
        signatures = signatures_of(shard, target.row)
        for signature in signatures:
            answer = _tried(shard, target, signature, signatures, for_it, keys, authors)
            if answer is not None:
                yield answer
                break


@lru_cache(maxsize=8192)
def _address_in(text: bytes) -> str:
    found = mailboxes(text)
    return found[0].address.lower() if len(found) == 1 else ""


def _named(
    fields: Sequence[HeaderField], signature: PreparedSignature, authors: Mapping[str, Sequence[str]]
) -> list[Offer]:
    """Under which names whoever Return-Path or i= still holds signs other mail."""
    held = [field.value for field in fields if field.key == "return-path"]
    held += [signature.auid.encode()] if signature.auid is not None else []
    addresses = {_address_in(value) for value in held} - {""}
    named = authors.get(signature.domain, ()) if addresses else ()
    names = sorted(name for name in named if _address_in(name.encode()) in addresses)
    return [Offer("other mail of this author", False, (_field("From", name),)) for name in names[: LIMITS.offers]]


_WORDS = 40  # of a subject
_ADDED = 6  # words put inside one; before or behind it, any number


def _shortened(fields: Sequence[HeaderField]) -> list[Offer]:
    """The subject shown without some of its words, one run of them: who adds words to it leaves no other trace."""
    shown = [field for field in fields if field.key == "subject"]
    words = unfolded(shown[0].value).strip().split(b" ") if len(shown) == 1 else []
    runs = [
        (start, end)
        for start in range(len(words) if len(words) <= _WORDS else 0)
        for end in range(start + 1, len(words) + 1)
        if (start == 0) != (end == len(words)) or (start and end - start <= _ADDED)
    ]
    texts = (b" ".join(words[:start] + words[end:]) for start, end in runs)
    return [Offer(_ITSELF, False, (HeaderField("Subject", b"Subject: %s\r\n" % text),), exact=True) for text in texts]


def _tried(
    shard: Shard,
    target: Target,
    signature: PreparedSignature,
    all_signatures: Sequence[PreparedSignature],
    offers: Sequence[Offer],
    keys: Keys,
    authors: Mapping[str, Sequence[str]],
) -> Tampering | None:
    if signature.type != "dkim" or signature.invalid is not None or not _body_kept(signature):
        return None
    known = keys(signature.domain, signature.selector)
    confirmed = confirmer(known, signature)
    if confirmed is None:
        return None
    fields = fields_of(shard, target.row)
    near = substitute(fields, signature, offers, confirmed)
    replaced = (
        near
        or substitute(fields, signature, _named(fields, signature, authors), confirmed, ("from",))
        or substitute(fields, signature, _shortened(fields), confirmed, ("subject",))
    )
    told = _said(replaced, shard, target.row) if replaced is not None else None
    if replaced is None or told is None:
        return None
    sound = (
        (target.telling or replaced.doubled)
        and "message-id" in signature.signed_fields  # else a message sent anew could bear another one
        and signed_once(all_signatures, signature)
        and _proves(shard, target, signature, replaced, known)
        and (told.name != "From" or _may_accuse(shard, target, signature, told))
    )
    code = SIGNED_VALUE_FOUND.code
    if sound and told.telling and near is not None and not replaced.doubled:
        code = ALTERED.code
    elif sound and (told.telling or told.name != "From"):  # one name at two addresses is an alias
        code = OTHER_VALUE.code
    return Tampering(
        shard.unit.unit_id,
        target.row,
        code,
        SIGNED_VALUE_FOUND.code,
        kind_of(target.container, told._replace(change="doubled") if replaced.doubled else told),
        signed_as(signature),
        f"the signature of {signature.domain} is valid only with {told.name} = “{clip(told.expected)}” "
        f"(found in {replaced.source}); this copy shows “{clip(told.actual)}”",
        told.expected,
        told.actual,
        _put_for(told) if sound and told.name == "Subject" else "",
        OTHER_VALUE.code,
    )


def _put_for(told: Said) -> str:
    """Which words of a subject stand for which; the same of all that one gateway retitles."""
    return nature(differences(subject_words(told.expected), subject_words(told.actual)) or ())


def _said(replaced: Substitution, shard: Shard, row: int) -> Said | None:
    """What the change of a message says; None if both values mean the same: then it was damage."""
    signed, shown = replaced.signed.value, replaced.shown.value
    if replaced.shown.key == "subject":
        subjects = decode_words(signed, LIMITS.display), decode_words(shown, LIMITS.display)
        return said_subject(*subjects) or other_subject(*subjects)
    if replaced.shown.key == "date":
        before, after = parse_date(signed), parse_date(shown)
        received = shard.column("received_utc")[row]
        return said_date(before.utc, after.utc, before.raw, after.raw, received, clocks_of(shard, row))
    (author, name), (other, other_name) = _author(signed), _author(shown)
    return said_author(author, other, name, other_name)


def _author(value: bytes) -> tuple[str, str]:
    """Address and display name."""
    found = mailboxes(value)
    return (clean_text(found[0].address, LIMITS.display), found[0].name) if found else ("", "")


# What the reading of the body leaves open says nothing about a header field.
_BESIDE = frozenset({"mime_reinterpretation_possible"})
_OF_THE_AUTHOR = frozenset({"not_aligned", "aligned_relaxed"})  # asked again of the signed one
_OF_THE_SECOND = frozenset({"doubled_field", "from_ambiguous"})  # without it, nothing is doubled


def _proves(
    shard: Shard, target: Target, signature: PreparedSignature, replaced: Substitution, keys: Sequence[PublicKey]
) -> bool:
    """Whether the message with its signed value would be proven, and by a domain that speaks for its author."""
    written, domain, beside = shard.column("date_utc")[target.row], shard.column("from_domain")[target.row], _BESIDE
    if replaced.shown.key == "date":
        written = parse_date(replaced.signed.value).utc
    if replaced.shown.key == "from":
        domain, beside = mailboxes(replaced.signed.value)[0].domain, _BESIDE | _OF_THE_AUTHOR
    if replaced.doubled:
        beside |= _OF_THE_SECOND
    objections = tuple(code for code in signature.objections if code not in beside)
    result = prove(signature._replace(data_hash=replaced.digest, objections=objections), keys, written)
    return (
        result.result == "pass"
        and result.key_status == "ok"
        and result.objection in (None, RECIPIENTS)
        and align(signature.domain, domain or "") == "exact"
    )


def _may_accuse(shard: Shard, target: Target, signature: PreparedSignature, told: Said) -> bool:
    """Whether the other From address is no relay's doing."""
    content = content_of(shard, target.row)
    signed, named = content._replace(author=told.expected), signature.domain in target.protected
    return may_accuse_author(signature.domain, signed, content, named)
