"""What a valid signature leaves open: objections, each a plain code (VERDICT §1.2 to §1.6)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from transforms.auth.dated_selector import made_on
from transforms.auth.signature import Signature
from transforms.mail.date import parse_date, received_date
from transforms.mail.fields import SINGLETONS
from transforms.model import HeaderField, Reading

# Most serious first. Those about the key are found by verify.py, all others by objections().
ORDER = (
    "from_not_signed",  # From is not in h=: anybody could have written it
    "doubled_field",  # a field that may stand once stands twice, one instance unsigned
    "from_ambiguous",  # not exactly one author
    "header_ambiguous",  # the header section reads in two ways
    "body_length_limit",  # l= leaves part of the body unsigned
    "body_length_beyond",  # l= claims more octets than the body has (RFC 6376 §3.5: it must not)
    "subject_not_signed",
    "date_not_signed",
    "not_aligned",  # d= does not speak for the From domain
    "mime_reinterpretation_possible",  # the body reads otherwise under other, unsigned MIME fields
    "key_granularity",  # g= restricts the key to other addresses
    "key_weak",  # the modulus is short enough to be factored
    "key_known_weak",  # its private key can be computed by anybody, whatever its length (auth/weakness.py)
    "key_recovered",  # the key comes from signatures of the dump and is anchored nowhere (VERDICT §4)
    "selector_later_than_mail",  # the key was made days after the mail says that it was written and taken
    "expired_at_receipt",  # x= had passed when the last hop took the message
    "proven_except_added_text",  # it matches once text that a reader sees is put back or taken away
    # From here on they only limit the confidence.
    "sha1",  # rsa-sha1 (RFC 8301 §3.1)
    "other_key_at_that_time",  # archives saw another key under that name then, and not this one
    "key_first_seen_later",  # whoever held the domain since could have signed
    "aligned_relaxed",  # d= is a child or sibling of the From domain
    "recipients_not_covered",  # To or Cc is shown and not signed
)
LIMITING = frozenset(
    {"sha1", "other_key_at_that_time", "key_first_seen_later", "aligned_relaxed", "recipients_not_covered"}
)
BLOCKING = frozenset(ORDER) - LIMITING  # no `verified` with any of these
ADDED_TEXT = "proven_except_added_text"  # found by repairs: what they undo changes what is read (VERDICT §2)

# Reasons of a signature that only a recovered, unanchored key confirms: whoever planted it may own that key.
SELF_ATTESTED = frozenset({"key_recovered", "key_two_recovered"})

_DAYS_LATER = timedelta(days=2)
# An unsigned Content-Disposition that says nothing new; any other makes an attachment of the text, or names it.
_PLAIN_PLACING = re.compile(rb"\s*inline\s*;?\s*", re.IGNORECASE)
_MIME_FIELDS = ("content-type", "content-transfer-encoding")


def objections(
    signature: Signature, fields: Sequence[HeaderField], reading: Reading, body_size: int | None, aligned: str
) -> tuple[str, ...]:
    """Objections that no key can lift, most serious first; () = the signature covers everything.

    fields are all of the message, top to bottom; body_size is that of the canonical body in octets,
    None where the body is lost; aligned is the answer of alignment.align.
    """
    present = Counter(field.key for field in fields)
    signed = Counter(signature.signed_fields)
    shown_recipients = [key for key in ("to", "cc") if present[key]]
    found = {
        "from_not_signed": not signed["from"],
        "from_ambiguous": reading.author is None,
        "doubled_field": _doubled(fields, present, signed),
        "header_ambiguous": reading.header_ambiguous is not None,
        "body_length_limit": _leaves_body_open(signature.length, body_size),
        "body_length_beyond": _reaches_beyond(signature.length, body_size),
        "subject_not_signed": not signed["subject"],
        "date_not_signed": not signed["date"],
        "not_aligned": aligned == "none",
        "mime_reinterpretation_possible": body_size is not None and _reads_otherwise(signature, fields, reading),
        "selector_later_than_mail": _made_later(signature, fields),
        "expired_at_receipt": _expired(signature, fields),
        "sha1": signature.algorithm == "rsa-sha1",
        "aligned_relaxed": aligned == "relaxed",
        "recipients_not_covered": any(not signed[key] for key in shown_recipients),
    }
    return in_order(code for code, holds in found.items() if holds)


def _reads_otherwise(signature: Signature, fields: Sequence[HeaderField], reading: Reading) -> bool:
    """Whether the body reads otherwise under other unsigned fields, other blanks or in other mail programs."""
    if reading.body_ambiguous is not None and leaves_mime_open(fields, signature.signed_fields):
        return True
    if reading.parts_ambiguous is not None:
        return True
    if reading.blanks_ambiguous is not None and signature.body_canonicalization == "relaxed":
        return True
    placing = [field for field in fields if field.key == "content-disposition"]
    if len(placing) <= signature.signed_fields.count("content-disposition"):
        return False
    return any(not _PLAIN_PLACING.fullmatch(field.value) for field in placing)


def leaves_mime_open(fields: Iterable[HeaderField], signed_fields: Sequence[str]) -> bool:
    """Whether Content-Type or Content-Transfer-Encoding could be changed or added (VERDICT §1.3)."""
    keys = [field.key for field in fields]
    return any(key not in signed_fields or keys.count(key) > signed_fields.count(key) for key in _MIME_FIELDS)


def in_order(codes: Iterable[str]) -> tuple[str, ...]:
    """Distinct objections, most serious first."""
    return tuple(sorted(set(codes), key=ORDER.index))


def _doubled(fields: Sequence[HeaderField], present: Counter[str], signed: Counter[str]) -> bool:
    """Whether a singleton stands twice and more often than h= names it: readers show the top one,
    signers hash the bottom one (RFC 6376 §8.15)."""
    for key, count in present.items():
        if count < 2 or count <= signed[key] or key not in SINGLETONS:
            continue
        # Honest relays repeat MIME-Version, octet for octet.
        if key != "mime-version" or len({field.raw for field in fields if field.key == key}) > 1:
            return True
    return False


def oversigned(fields: Sequence[HeaderField], signed_fields: Sequence[str]) -> tuple[str, ...]:
    """Singletons that stand in the message and that h= names more often (RFC 6376 §8.15), by name."""
    signed = Counter(signed_fields)
    twice = {key for key, count in signed.items() if count > 1} & SINGLETONS
    if not twice:
        return ()
    present = Counter(field.key for field in fields if field.key in twice)
    return tuple(sorted(key for key, count in present.items() if signed[key] > count))


def _leaves_body_open(length: int | None, body_size: int | None) -> bool:
    if length is None:
        return False
    # l=0 signs no body at all, so an empty one proves nothing either: it may have been cut off.
    return length == 0 or (body_size is not None and length < body_size)


def _reaches_beyond(length: int | None, body_size: int | None) -> bool:
    return length is not None and body_size is not None and length > body_size


def _expired(signature: Signature, fields: Sequence[HeaderField]) -> bool:
    """Whether x= was over when the topmost Received was written; today's clock plays no part."""
    if signature.expires_at is None:
        return False
    taken = _taken(fields)
    return taken is not None and taken.timestamp() > signature.expires_at


def _made_later(signature: Signature, fields: Sequence[HeaderField]) -> bool:
    """Whether a provider's key is, by its name, more than two days younger than all that dates the mail."""
    made = made_on(signature.domain, signature.selector)
    if made is None:
        return False
    written = next((parse_date(field.value).utc for field in reversed(fields) if field.key == "date"), None)
    signed = datetime.fromtimestamp(signature.signed_at, UTC) if signature.signed_at is not None else None
    known = [moment for moment in (written, signed, _taken(fields)) if moment is not None]
    return bool(known) and made - max(known) > _DAYS_LATER


def _taken(fields: Sequence[HeaderField]) -> datetime | None:
    """When the last hop took the message, by the topmost Received."""
    received = next((field for field in fields if field.key == "received"), None)
    return received_date(received) if received is not None else None
