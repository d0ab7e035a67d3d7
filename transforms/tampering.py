"""What does an item show that a valid signature says otherwise, and does honest software explain it? (VERDICT §5.1)

Only five things say something: the From address, the instant of Date, words of the Subject, words
of the text, a part in the place of another. A change that several messages of one container share
is a habit of the system that filled it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from transforms.difference import (
    HABIT,
    Change,
    bare,
    differences,
    legible,
    mostly_alike,
    nature,
    said,
    share_of,
    shown_words,
    subject_words,
    word_set,
    words,
)
from transforms.model import Clock, Kind, PreparedSignature
from transforms.shard import Attached, Content
from transforms.spelling import spells
from transforms.transmission import same_instant

_SHOWN = 300  # characters of a value in a finding


class Said(NamedTuple):
    """One thing that this item says otherwise."""

    name: str  # From | Date | Subject | text | part
    change: str  # what makes it the same kind of change in another message
    expected: str  # as signed
    actual: str  # as shown
    telling: bool = True  # no honest software does that; else it is shown, and accuses nobody


class Tampering(NamedTuple):
    """What a join says about one message, before habits are known."""

    unit_id: str
    row: int
    code: str  # "" for a witness: a part of this kind came through unchanged
    habit: str  # the code if others show the same kind of change
    kind: str  # container and kind of change; "" stands alone
    of: str  # which signed message it is about: copies of one are no habit
    detail: str
    expected: str
    actual: str
    words: str = ""  # what was put for what, where many changes of one kind that differ in it are worth a look
    differing: str = ""  # the code of one of those


def settle(group: Sequence[Tampering]) -> list[Tampering]:
    """The findings of one kind: five about different messages are a habit, and accuse nobody.

    Software that retitles mail puts the same words there; five subjects that were each changed in another way
    remain worth a look. A replaced part counts only where such parts are known to come through unchanged: mail gateways
    rewrite documents to disarm them.
    """
    found = [one for one in group if one.code]
    usual = len({one.of for one in found}) >= HABIT
    if found and found[0].kind.startswith(_PART) and len(found) == len(group):
        usual = True
    if not usual:
        return found
    alike: dict[str, set[str]] = {}
    for one in found:
        alike.setdefault(one.words, set()).add(one.of)
    return [
        one._replace(code=one.differing if one.words and len(alike[one.words]) < HABIT else one.habit) for one in found
    ]


def kind_of(container: str, one: Said) -> str:
    change = hashlib.sha256(repr((container, one.name, one.change)).encode()).hexdigest()
    return _PART + change if one.name == "part" else change


def witness(unit_id: str, container: str, media_type: str) -> Tampering:
    """A part of this type reached this container as it was signed."""
    return Tampering(unit_id, -1, "", "", kind_of(container, Said("part", media_type, "", "")), "", "", "", "")


_PART = "part "


def signed_once(signatures: Sequence[PreparedSignature], one: PreparedSignature) -> bool:
    """Whether no further signature speaks for the author shown: else the message was changed, then signed anew.

    Two signatures of one domain with different algorithms are made at the same time, over one body.
    """
    return all(
        other.type != "dkim"
        or other.aligned == "none"
        or other.signature == one.signature
        or (other.domain == one.domain and other.algorithm != one.algorithm and other.body_ok == one.body_ok)
        for other in signatures
    )


def signed_as(signature: PreparedSignature) -> str:
    """One name for a signature wherever it lies: all copies of a signed message have it."""
    name = b"\0".join((signature.signature, signature.domain.encode(), signature.selector.encode()))
    return hashlib.sha256(name).hexdigest()[:32]  # 128 bits, too many to find a second one for


def intact_signature(signatures: Iterable[PreparedSignature]) -> str | None:
    """The signature of the author's domain over this body, whatever the keys at hand say of its header; None: none.

    A key that denies it may be another one of its name than the one that made it.
    """
    for signature in signatures:
        all_of_it = signature.length is None or signature.open_octets == 0
        if signature.type == "dkim" and signature.aligned != "none" and signature.body_ok and all_of_it:
            return signed_as(signature)
    return None


# ---- values of header fields --------------------------------------------------------------------


def said_author(signed: str, shown: str, signed_name: str, shown_name: str) -> Said | None:
    """Another From address, unless it is blacked out, lost, or the same one inside and outside of a house.

    Telling only under another name: aliases, gateways, ticket systems, pseudonymisers and houses that
    merge give an author another address and leave the name, or have no name at all.
    """
    before, after = signed.casefold(), shown.casefold()
    if not before or not after or before == after or _NO_ADDRESS.search(after):
        return None
    local_part, _, domain = before.rpartition("@")
    other_part, _, other_domain = after.rpartition("@")
    nested = f".{domain}".endswith(f".{other_domain}") or f".{other_domain}".endswith(f".{domain}")
    if nested and local_part == other_part:
        return None
    renamed = bool(word_set(signed_name) and word_set(shown_name)) and not _may_be_one(signed_name, shown_name)
    carried = local_part in other_part and domain in other_part  # alice=campaign.example@relay.example
    return Said("From", "", signed, shown, renamed and not carried and not _OF_NOBODY.search(after))


def _may_be_one(signed: str, shown: str) -> bool:
    """Whether two display names may be of one person: a word of both, spelt in other letters, run together with
    others, or cut to its initial; or the second is what stands in the place of names.

    Directories write names anew: Ivanov Petr for Пётр Иванов, PBROUWER for Piet Brouwer.
    """
    if not said(differences(words(signed), words(shown)), footer=False):
        return True
    before, after = _words_of_name(signed), _words_of_name(shown)
    initials = [sorted(word[0] for word in name) for name in (before, after)]
    if initials[0] == initials[1] and any(len(word) == 1 for word in before + after):
        return True
    return any(_is_in(a, bare(b)) for one, other in ((before, after), (after, before)) for a in one for b in other)


def _is_in(word: str, other: str) -> bool:
    """Whether a word of a name stands in one of another, or is spelt by it."""
    spelt = len(other) >= _SHORT and not word.isascii() and spells(word, other)
    return spelt or (len(bare(word)) > _SHORT and bare(word) in other)


_SHORT = 3  # letters: words of so many stand in many others


def _words_of_name(name: str) -> list[str]:
    return [word for word in re.split(r"[\s.,_()-]+", name) if bare(word)][:_NAME_WORDS]


_NAME_WORDS = 8  # each is compared with each


# Addresses of systems, and those that stand for no one.
_OF_NOBODY = re.compile(
    r"no-?reply|protected|invalid|placeholder|^(?=[a-f]*[0-9])[0-9a-f]{8,64}@|@(?:[^@]*\.)?(?:example|domain|test)\.(?:com|net|org)$"
    r"|^(?:mailer-daemon|postmaster|journal|archive|support|help-?desk|tickets?|lists?|info|admin|service|[0-9]+)@"
)


# What publishers, exporters and directories put in the place of an address.
_NO_ADDRESS = re.compile(
    r"redacted|removed|hidden|anon[iy]m|masked|deleted|withheld|confidential|undisclosed|missing|unknown|nobody"
    r"|[*\u2588]|(?:^|@)[x.]+(?:@|$)|^imceaex-|\.(?:invalid|local|lan|internal|localdomain)$|@localhost$",
    re.IGNORECASE,
)


def said_date(
    signed: datetime | None,
    shown: datetime | None,
    signed_raw: str,
    shown_raw: str,
    received: datetime | None,
    clocks: Iterable[Clock] = (),
) -> Said | None:
    """Another instant; less than a day and a zone apart is a clock or a zone that was lost.

    A day before there was DKIM is a clock that stood still or an exporter that had no date. received
    is the time of the topmost Received: telling only if that was moved as well, or cannot be read, for
    imports and migrations date a message anew and leave its transport alone. Nor where a relay of clocks took it
    when it was signed: what puts an old message into the mail again dates it anew, and Received stands above the old.
    """
    if signed is None or shown is None or same_instant(signed, shown) or shown.year < _FIRST_DKIM:
        return None
    moved = received is None or abs(received - shown) <= min(_TRANSPORT, abs(received - signed))
    relayed = (_EPOCH + timedelta(microseconds=one.micros) for one in clocks if one.source == "received")
    if any(abs(hop - signed) <= min(_TRANSPORT, abs(hop - shown)) for hop in relayed):
        moved = False
    return Said("Date", "", signed_raw, shown_raw, moved)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRANSPORT = timedelta(days=2)
_FIRST_DKIM = 2004  # the first draft, as DomainKeys


def said_subject(signed: str, shown: str) -> Said | None:
    """Other words, unless they stand for a subject that was lost.

    Telling only where more than half of the words are left: a translation shares names and numbers.
    """
    if _is_lost(shown):
        return None
    before, after = subject_words(signed), subject_words(shown)
    changes = differences(before, after)
    if not said(changes, footer=False):
        return None
    return Said("Subject", "", signed, shown, 2 * share_of(after, changes) > max(len(before), len(after)))


def other_subject(signed: str, shown: str) -> Said | None:
    """Words put before or behind those that were signed, or another subject altogether.

    Tags and reply marks apart. Gateways and archives do that as well, so it is never telling.
    """
    before, after = subject_words(signed), subject_words(shown)
    changes = differences(before, after)
    if _is_lost(shown) or not changes:
        return None
    added = all(new and not gone for gone, new, _ in changes)
    replaced = 2 * share_of(after, changes) < len(after) and legible(after)
    return Said("Subject", "", signed, shown, telling=False) if added or replaced else None


def _is_lost(subject: str) -> bool:
    """Whether this is what exporters write where there is no subject."""
    return "".join(char for char in subject.casefold() if char.isalnum()) in _NO_SUBJECT


_NO_SUBJECT = frozenset(
    {"", "nosubject", "none", "untitled", "unknown", "sansobjet", "keinbetreff", "ohnebetreff", "sinasunto",
     "nessunoggetto", "безтемы"}
)  # fmt: skip


def munged(named: str, signed: str) -> bool:
    """Whether a message still tells the signed author beside its From address.

    Lists, forwarders and ticket systems put themselves into From and the author into the display
    name, Reply-To or Sender.
    """
    told = named.casefold()
    local_part, _, domain = signed.casefold().rpartition("@")
    return bool(_VIA.search(told)) or any(f"{local_part}{mark}{domain}" in told for mark in ("@", "=", " at ", "(at)"))


_VIA = re.compile(r"\b(?:via|on behalf of|im auftrag von|au nom de|de la part de|en nombre de|per conto di)\b")


# ---- text and parts -----------------------------------------------------------------------------


def text_changes(signed: Content, shown: Content) -> list[Change] | None:
    """Runs of words that differ; None where the texts cannot be compared."""
    if signed.form != shown.form:
        return None  # other parts were kept
    if signed.html and signed.html == shown.html:
        return None  # only the plain text was made anew
    before, after = words(signed.text), words(shown.text)
    changes = differences(before, after)
    return changes if mostly_alike(before, after, changes) else None


def said_text(changes: Iterable[Change] | None) -> Said | None:
    """Words replaced, or a few slipped in."""
    telling = said(list(changes)) if changes is not None else ()
    if not telling:
        return None
    expected, actual = shown_words(telling)
    return Said("text", nature(telling), expected, actual)


def said_part(signed: Content, shown: Content) -> Said | None:
    """A document with other words in the place of another of the same name and type.

    Anything else is what gateways and exporters do: parts removed, renamed, added, replaced by a
    notice, pictures made smaller or rid of what a camera wrote, documents printed into pictures, and text whose
    line ends, charset or footer changed.
    """
    if len(signed.attached) != len(shown.attached):
        return None
    pairs = [(a, b) for a, b in zip(signed.attached, shown.attached, strict=True) if a.sha256 != b.sha256]
    if not pairs or not all(_replaced(a, b) for a, b in pairs):
        return None
    first = pairs[0][0].media_type
    return Said("part", first, "; ".join(_part(a) for a, _ in pairs), "; ".join(_part(b) for _, b in pairs))


def _replaced(signed: Attached, shown: Attached) -> bool:
    return (
        (signed.file_name, signed.media_type, signed.kind) == (shown.file_name, shown.media_type, shown.kind)
        and signed.kind == Kind.DOCUMENT
        and not signed.media_type.startswith("text/")
        and None not in (signed.sha256, shown.sha256)
        and _says_otherwise(signed.media_type, signed.text, shown.text)
    )


def _says_otherwise(media_type: str, signed: str, shown: str) -> bool:
    """Whether words of a document were replaced, as far as they are kept: one saved anew or disarmed says the same.

    The words of a spreadsheet lie in an order of its program's own.
    """
    before, after = words(signed), words(shown)
    if "sheet" in media_type and set(before) == set(after):
        return False
    changes = differences(before, after)
    return mostly_alike(before, after, changes) and bool(said(changes))


def _part(part: Attached) -> str:
    return f"{part.file_name or part.media_type} sha256:{part.sha256}"


def clip(value: str) -> str:
    return value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
