"""Mailboxes of address fields (RFC 5322 §3.4): one tolerant reader, one strict one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from transforms.limits import LIMITS
from transforms.mail.charset import to_text
from transforms.mail.comments import compact, unfolded, without_comments
from transforms.mail.words import decode_words
from transforms.model import Mailbox, Message

# ---- tolerant: what a field most likely means -------------------------------------------------

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|\\.|[^"\\()<>,:;]++|.', re.DOTALL)
_IN_COMMENT = re.compile(rb"[^()\\]++|\\.|.", re.DOTALL)
_IN_ANGLE = re.compile(rb'"(?:[^"\\]|\\.)*+"|\\.|[^"\\<>()]++|.', re.DOTALL)
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*+)"|\\.', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_ROUTE = re.compile(rb"\s*(?:@[^:]*+:)?")


def mailboxes(value: bytes) -> tuple[Mailbox, ...]:
    """The mailboxes of a From, To, Cc ... value, at most LIMITS.addresses of them.

    Groups are opened, comments and routes dropped; a comment gives the display name if nothing else
    does. What has no address is given with address and domain "". Never raises, linear time.
    """
    value = compact(value, 512)
    return _cached(value) if len(value) <= 512 else _mailboxes(value)


class _Collected:
    """The pieces of the mailbox that is being read."""

    def __init__(self) -> None:
        self.phrase: list[bytes] = []
        self.comment: list[bytes] = []
        self.angle: bytes | None = None

    def mailbox(self) -> Mailbox | None:
        phrase = b"".join(self.phrase).strip()
        comment = b"".join(self.comment)
        if self.angle is not None:
            return _mailbox(phrase or comment, _without_route(self.angle))
        if b"@" in phrase:
            return _mailbox(comment, phrase)
        return _mailbox(phrase, b"") if phrase else None


def _mailboxes(value: bytes) -> tuple[Mailbox, ...]:
    found: list[Mailbox] = []
    now = _Collected()
    at, depth, size = 0, 0, len(value)
    while at < size and len(found) < LIMITS.addresses:
        match = (_IN_COMMENT if depth else _TOKEN).match(value, at)
        assert match is not None  # each pattern ends in "any octet"
        token = match.group()
        at = match.end()
        if token == b"(":
            depth += 1
        elif depth:
            depth -= token == b")"
            now.comment.append(token if depth else b"")
        elif token == b"<" and now.angle is None:
            now.angle, at = _angle(value, at)
        elif token == b":":  # what stood before it was the name of a group
            now = _Collected()
        elif token in b",;":
            _keep(found, now)
            now = _Collected()
        elif now.angle is None:
            now.phrase.append(token)
    if len(found) < LIMITS.addresses:
        _keep(found, now)
    return tuple(found)


_cached = lru_cache(maxsize=4096)(_mailboxes)


def _keep(found: list[Mailbox], collected: _Collected) -> None:
    mailbox = collected.mailbox()
    if mailbox is not None:
        found.append(mailbox)


def _angle(value: bytes, at: int) -> tuple[bytes, int]:
    """Content of an angle-addr and the octet behind it; without `>` it reaches to the next comma."""
    pieces: list[bytes] = []
    start, size = at, len(value)
    while at < size:
        match = _IN_ANGLE.match(value, at)
        assert match is not None
        token = match.group()
        at = match.end()
        if token == b">":
            return b"".join(pieces), at
        if token == b"<":
            break
        pieces.append(token)
    comma = value.find(b",", start)
    stop = comma if comma >= 0 else size
    return value[start:stop].rstrip(b"< \t"), stop


def _without_route(angle: bytes) -> bytes:
    """addr-spec of an angle-addr without comments; `@relay.example,@other.example:` before it says nothing (§4.4)."""
    angle = without_comments(angle)
    match = _ROUTE.match(angle)
    assert match is not None
    return angle[match.end() :]


def _mailbox(name: bytes, addr_spec: bytes) -> Mailbox:
    shown = decode_words(_unquoted(name), LIMITS.display)
    local_part, at, domain = addr_spec[: LIMITS.display].rpartition(b"@")
    local_part, domain = local_part.strip(), b"".join(domain.split())
    if not at or not local_part or not domain:
        return Mailbox(shown or decode_words(addr_spec, LIMITS.display), "", "")
    return _addressed(shown, to_text(local_part, ""), to_text(domain, ""))


def _addressed(name: str, local_part: str, domain: str) -> Mailbox:
    label = a_label(domain)
    return Mailbox(name, f"{local_part}@{label}", label)


def _unquoted(phrase: bytes) -> bytes:
    """A phrase with its quoted strings opened, comments long gone."""
    if b'"' not in phrase:
        return phrase
    return _QUOTED.sub(lambda found: found.group() if found[1] is None else _ESCAPED.sub(rb"\1", found[1]), phrase)


# ---- domains ----------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def a_label(domain: str) -> str:
    """A domain in lower case, its labels as A-labels (RFC 5891 §4), without a final dot.

    What IDNA 2008 does not allow stays as it is; nothing is mapped but case (UTS 46 would).
    """
    domain = domain.removesuffix(".").lower()
    if domain.isascii() or len(domain) > 253:
        return domain
    import idna  # 16 ms to load, and most mail needs none of it

    try:
        return idna.encode(unicodedata.normalize("NFC", domain)).decode("ascii")
    except UnicodeError:
        return domain


# ---- strict: who wrote a message --------------------------------------------------------------

_MAX_FROM = 8 * 1024
_COMMENT = rb"\([^()\\<>@\x00-\x08\x0a-\x1f\x7f]*+\)"  # without anything that reads as an address
_CFWS = rb"(?:[ \t]++|" + _COMMENT + rb")*+"
_ATEXT = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff-]"
_QUOTED_STRING = rb'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t -~])*+"'
_WORD = rb"(?:(?:" + _ATEXT + rb"|\.)++|" + _QUOTED_STRING + rb")"  # with the dots of obs-phrase
_LOCAL_PART = rb"(?:" + _ATEXT + rb"++(?:\." + _ATEXT + rb"++)*+|" + _QUOTED_STRING + rb")"
_DOMAIN = rb"[A-Za-z0-9\x80-\xff-]++(?:\.[A-Za-z0-9\x80-\xff-]++)*+"
_ADDR_SPEC = rb"(?P<local>" + _LOCAL_PART + rb")@(?P<domain>" + _DOMAIN + rb")"
_NAME_ADDR = re.compile(_CFWS + rb"(?P<name>(?:" + _WORD + _CFWS + rb")*+)<" + _ADDR_SPEC + rb">" + _CFWS)
_BARE_ADDR = re.compile(_CFWS + _ADDR_SPEC + _CFWS)
_MAX_LOCAL_PART = 64  # octets (RFC 5321 §4.5.3.1.1)
_OTHER_DOTS = re.compile("[\u3002\uff0e\uff61]")  # IDNA 2003 read these as label separators


def only_author(message: Message) -> Mailbox | None:
    """The one mailbox of the one From field, None unless there is exactly one reading (VERDICT §1.3).

    None for a group, a list, no address, two angle parts, a route, a domain literal, control
    characters, an encoded word in the address, a comment with an address in it, and anything else
    that RFC 5322 without its obsolete forms (dots in a phrase excepted) does not derive.
    """
    fields = message.named("from")
    if len(fields) != 1 or len(fields[0].raw) > _MAX_FROM:
        return None
    value = unfolded(fields[0].value)
    match = _NAME_ADDR.fullmatch(value) or _BARE_ADDR.fullmatch(value)
    if match is None:
        return None
    try:
        local_part, domain = match["local"].decode("utf-8"), match["domain"].decode("utf-8")
    except UnicodeDecodeError:
        return None
    # Of an ASCII dot-atom the grammar leaves nothing to ask, unless it looks like an encoded word.
    plain = local_part.isascii() and not local_part.startswith('"') and "=?" not in local_part
    if not _is_address("a" if plain else local_part, domain) or len(local_part) > _MAX_LOCAL_PART:
        return None
    name = match.groupdict().get("name", b"").strip()
    return _addressed(decode_words(_unquoted(name), LIMITS.display), local_part, domain)


_PIECE = re.compile(rb'((?:"(?:[^"\\]|\\.)*+"|[^",])++)(?:,|\Z)', re.DOTALL)
_QUOTED_PIECE = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def plain_mailboxes(value: bytes) -> tuple[Mailbox, ...] | None:
    """The mailboxes of a value that says nothing else: None with a comment, a group, a route, or words besides.

    None as well where a name is not shown as it is: cut, or with escapes (clean_text). A name that repeats
    its address says nothing and is given as "".
    """
    value = unfolded(value)
    found: list[Mailbox] = []
    at = 0
    while at < len(value):
        piece = _PIECE.match(value, at)
        if piece is None or len(found) == LIMITS.addresses or len(piece[1]) > _MAX_FROM:
            return None
        at = piece.end()
        if b"(" in _QUOTED_PIECE.sub(b"", piece[1]):
            return None
        match = _NAME_ADDR.fullmatch(piece[1]) or _BARE_ADDR.fullmatch(piece[1])
        if match is None:
            return None
        name = decode_words(_unquoted(match.groupdict().get("name", b"").strip()), LIMITS.display)
        if len(name) >= LIMITS.display or "\\" in name:
            return None
        one = _addressed(name, to_text(match["local"], ""), to_text(match["domain"], ""))
        found.append(one._replace(name="") if one.name == one.address else one)
    return tuple(found)


def is_address(address: str) -> bool:
    """Whether an address is one that mail can be sent to, by its form alone."""
    local_part, _, domain = address.rpartition("@")
    return len(local_part) <= _MAX_LOCAL_PART and _is_address(local_part, domain)


@lru_cache(maxsize=8192)
def _is_address(local_part: str, domain: str) -> bool:
    """Whether a second, independent reader takes it for an address too.

    It also refuses names that no DNS answers for (localhost, .invalid, .onion): no key of theirs can
    be known, so nothing is lost. It is never let near the network.
    """
    if "=?" in local_part or _OTHER_DOTS.search(domain):
        return False
    from email_validator import EmailNotValidError, validate_email  # 50 ms to load

    try:
        checked = validate_email(
            f"{local_part}@{domain}",
            check_deliverability=False,
            allow_smtputf8=True,
            allow_quoted_local=True,
            globally_deliverable=False,
            test_environment=True,
        )
    except EmailNotValidError:
        return False
    return checked.ascii_domain == a_label(domain)
