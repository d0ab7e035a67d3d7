"""The columns of a message that a reader looks for first, from the fields that a signature hashes.

Signers hash the instances of a field from the bottom up (RFC 6376 §5.4.2), so of a field that
stands twice the lowest is shown.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from transforms.limits import Limits
from transforms.mail.address import mailboxes
from transforms.mail.comments import unfolded
from transforms.mail.date import parse_date, received_date
from transforms.mail.words import decode_words
from transforms.model import HeaderField, Mailbox, Message, Reading
from transforms.text import clean_text

_MESSAGE_ID = re.compile(rb"<([^<>\s]{1,990})>")

# Fields that lists, forwarders and resenders add (VERDICT §5.1): what they carry may differ honestly.
_INTERMEDIARY = re.compile(
    r"(?:list-|mailing-list$|resent-|x-forwarded-|arc-|x-original-from$|x-mailman-|x-loop$|"
    r"x-ms-exchange-inbox-rules-loop$|x-sieve-redirected-from$)"
)
_DELIVERIES = frozenset({"delivered-to", "x-original-to", "envelope-to", "x-envelope-to"})
_FOR = re.compile(rb"\sfor\s+<?([^<>\s;@]{1,64}@[^<>\s;]{1,255})")  # of Received (RFC 5321 §4.4)
_RECEIVED = 2_000  # octets of a Received field looked at
_PASSES_ON = re.compile(rb"(?:list|bulk)$", re.IGNORECASE)  # of Precedence; programs that send for others


# The hop by which a program hands its user's mail to a server; Exchange and Gmail leave it in the sender's own copy.
_HANDED_IN = re.compile(rb"\swith\s+(?:mapi|https?)\b", re.IGNORECASE)


def summarise(message: Message, reading: Reading, limits: Limits) -> dict[str, Any]:
    """Message columns of model.Item. Never raises; what cannot be read is absent."""
    lowest = {field.key: field for field in message.fields}  # a later field replaces an earlier one
    author = reading.author or _first(lowest.get("from"))
    date = parse_date(lowest["date"].value) if "date" in lowest else None
    message_id = _ids(lowest.get("message-id"))
    parents = _ids(lowest.get("in-reply-to"))
    received = [field for field in message.fields if field.key == "received"]
    subject = lowest.get("subject")
    to, cc = _addresses(lowest.get("to"), limits), _addresses(lowest.get("cc"), limits)
    display = limits.display
    return {
        "edrm_mih": edrm_mih(message_id[0]) if message_id else None,
        "message_id": message_id[0] if message_id else None,
        "in_reply_to": parents[0] if parents else None,
        "references": tuple(_ids(lowest.get("references"))[-limits.references :]),
        "conversation": _conversation(lowest["thread-index"]) if "thread-index" in lowest else None,
        "from_email": clean_text(author.address, display) if author and author.address else None,
        "from_name": clean_text(author.name, display) if author and author.name else None,
        "from_domain": clean_text(author.domain, display) if author and author.domain else None,
        "to_emails": to,
        "cc_emails": cc,
        "reply_to": next(iter(_addresses(lowest["reply-to"], limits)), None) if "reply-to" in lowest else None,
        "mail_program": _program(lowest.get("x-mailer") or lowest.get("user-agent"), display),
        "subject": decode_words(subject.value, display) if subject else None,
        "date_utc": date.utc if date else None,
        "date_raw": clean_text(date.raw, display) if date else None,
        "date_offset_min": date.offset_min if date else None,
        "received_utc": received_date(received[0]) if received else None,
        "received_count": sum(_HANDED_IN.search(field.value) is None for field in received),
        "delivered_elsewhere": _delivered_elsewhere(message, received, (*to, *cc), limits),
        "intermediaries": _intermediaries(lowest, limits),
    }


def _program(field: HeaderField | None, limit: int) -> str | None:
    return clean_text(unfolded(field.value).strip(), limit) or None if field is not None else None


def _delivered_elsewhere(
    message: Message, received: Sequence[HeaderField], shown: Sequence[str], limits: Limits
) -> bool:
    """Whether it was taken for somebody that To and Cc do not show: a forwarder, an alias, a blind copy."""
    named = [field for field in message.fields if field.key in _DELIVERIES]
    delivered = {address.lower() for field in named for address in _addresses(field, limits)}
    for field in received[: limits.hops]:
        found = _FOR.search(unfolded(field.value[:_RECEIVED]))
        if found:
            delivered.add(clean_text(found[1], limits.display).lower())
    return not delivered <= {address.lower() for address in shown}


def _intermediaries(lowest: Mapping[str, HeaderField], limits: Limits) -> tuple[str, ...]:
    """Names of the fields by which lists, forwarders and resenders give themselves away.

    Of a list without fields of its own: Precedence, where the Sender takes what comes back (RFC 2076 §3.9).
    """
    names = {key for key in lowest if _INTERMEDIARY.match(key)}
    precedence = lowest.get("precedence")
    if precedence is not None and _PASSES_ON.match(unfolded(precedence.value)):
        senders = _addresses(lowest.get("sender"), limits)
        if any(sender.partition("@")[0].lower().endswith("-bounces") for sender in senders):
            names.add("precedence")
    return tuple(sorted(names))


def edrm_mih(message_id: str) -> str:
    """The value by which other platforms know a message: MD5 of its Message-ID with the brackets."""
    return hashlib.md5(f"<{message_id}>".encode(), usedforsecurity=False).hexdigest()


def _conversation(field: HeaderField) -> bytes | None:
    """The octets of a Thread-Index that all messages of a conversation share (MS-OXOMSG 2.2.1.3)."""
    digits = b"".join(field.value[:_THREAD_INDEX].split())[:_DIGITS]
    try:
        octets = base64.b64decode(digits + b"=" * (-len(digits) % 4), validate=True)
    except binascii.Error:
        return None
    return octets[:_SHARED] if len(octets) >= _SHARED and octets[0] == 1 else None


_SHARED = 22  # octets: 1, a time, a GUID
_DIGITS = 32  # of base64 that hold them
_THREAD_INDEX = 200  # octets of the field looked at, folding among them


def _first(field: HeaderField | None) -> Mailbox | None:
    found = mailboxes(field.value) if field else ()
    return found[0] if found else None


def _addresses(field: HeaderField | None, limits: Limits) -> tuple[str, ...]:
    if field is None:
        return ()
    found = (clean_text(mailbox.address, limits.display) for mailbox in mailboxes(field.value))
    return tuple(address for address in found if address)[: limits.addresses]


def _ids(field: HeaderField | None) -> list[str]:
    """Message identifiers of a field, without brackets (RFC 5322 §3.6.4)."""
    if field is None:
        return []
    found = [clean_text(one) for one in _MESSAGE_ID.findall(field.value)]
    if found:
        return found
    bare = clean_text(field.value.strip(), 998)  # some agents leave the brackets out
    return [bare] if bare else []
