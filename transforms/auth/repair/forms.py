"""Other ways to write one header field: what relays and exporters rewrite on the way.

Each function answers raw fields in wire form that may be the one that was signed, the likeliest
first. Whether they say the same is asked afterwards (header.py), not promised here.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from transforms.auth.repair.shipped import subject_tags
from transforms.limits import LIMITS
from transforms.mail.address import mailboxes
from transforms.mail.comments import unfolded
from transforms.mail.date import parse_date
from transforms.mail.reading import strict_type
from transforms.mail.transfer import IDENTITY
from transforms.mail.words import decode_words
from transforms.model import HeaderField, Mailbox

_WHITE_SPACE = re.compile(rb"[ \t\r\n]+")
_FOLD = re.compile(rb"\r\n[ \t]+")
_MOST = 4 * 1024  # octets of a field looked at


def raw(field: HeaderField, value: bytes) -> bytes:
    """The field with another value, as most software writes it."""
    return f"{field.name}: ".encode("latin-1") + value + b"\r\n"


# ---- folding ----------------------------------------------------------------------------------


def folding(field: HeaderField) -> Iterator[bytes]:
    """Folding lost or made in another way; only simple canonicalization sees it."""
    if len(field.raw) > _MOST:
        return
    name, _, value = field.raw.partition(b":")
    for blank in (b"\r\n\t", b"\r\n "):
        yield name + b":" + _FOLD.sub(blank, value)
    line = _FOLD.sub(b" ", value).strip(b" \t\r\n")
    yield name + b": " + line + b"\r\n"
    for width in (78, 76, 72):
        for blank in (b"\r\n ", b"\r\n\t"):
            yield _folded(name + b": " + line, width, blank) + b"\r\n"


def _folded(line: bytes, width: int, blank: bytes) -> bytes:
    lines, now = [], b""
    for word in line.split(b" "):
        if now and len(now) + 1 + len(word) > width:
            lines.append(now)
            now = word
        else:
            now = now + b" " + word if now else word
    return blank.join([*lines, now])


# ---- unstructured text and encoded words ----------------------------------------------------------

_TAG = re.compile(
    r"((?:(?:re|fw|fwd|aw|wg|tr|rv|sv|vs|antw|ref)(?:\[\d+\])?\s*:\s*){0,4})"
    r"(\[[^\]]{1,60}\]|\*{2,5}[^*]{1,40}\*{2,5}|\{[^}]{1,60}\})\s*",
    re.IGNORECASE,
)
_WAS = re.compile(r"(?<!\s)\s*\((?:was|war|était)\b[^()]{0,200}\)\s*\Z", re.IGNORECASE)


def subject_tags_of(field: HeaderField) -> Iterator[bytes]:
    """The subject without a tag that a gateway or list put before it, or with it at another place."""
    subject = decode_words(field.value, LIMITS.display)
    for shorter in dict.fromkeys(_untagged(subject)):
        yield from _words(field, shorter)


def _untagged(subject: str) -> Iterator[str]:
    for tag in subject_tags():
        if subject.startswith(tag):
            yield subject.removeprefix(tag).strip()
    match = _TAG.match(subject)
    if match is not None:
        rest = subject[match.end() :]
        yield match[1] + rest
        yield rest
        yield f"{match[2]} {match[1]}{rest}" if match[1] else rest
    reply = re.match(r"(\[[^\]]{1,60}\]\s*)((?:re|fwd?|aw|tr)\s*:\s*)", subject, re.IGNORECASE)
    if reply is not None:
        yield reply[2] + reply[1] + subject[reply.end() :]
    was = _WAS.search(subject)
    if was is not None:
        yield subject[: was.start()]


def encoded_words(field: HeaderField) -> Iterator[bytes]:
    """The same text under other encoded words (RFC 2047): raw, B or Q, other charsets, other splits."""
    if b"=?" not in field.value and field.value.isascii():
        return
    yield from _words(field, decode_words(field.value, LIMITS.display))


def _words(field: HeaderField, text: str) -> Iterator[bytes]:
    for value in spellings(text, field.value):
        yield raw(field, value)


def spellings(text: str, beside: bytes) -> Iterator[bytes]:
    """A text as octets of a header field, under the charset of a value beside it, too; ASCII has one spelling."""
    if text.isascii():
        yield text.encode()
        return
    yield text.encode("utf-8", "replace")
    used = re.search(rb"=\?([^?*\s]{1,40})", beside)
    charsets = ["utf-8", "UTF-8", *([used[1].decode("latin-1")] if used else []), "iso-8859-1", "windows-1252"]
    for charset in dict.fromkeys(charsets):
        try:
            text.encode(charset)
        except (UnicodeError, LookupError):
            continue
        for letter in "BQ":
            yield from dict.fromkeys(_encoded(text, charset, letter, width) for width in (75, 63, 1_000))
            yield _encoded_where_needed(text, charset, letter)


def _encoded(text: str, charset: str, letter: str, width: int) -> bytes:
    """Encoded words of at most width characters, a space between them."""
    start, room = f"=?{charset}?{letter}?".encode(), width - len(charset) - 7
    words, piece = [], ""
    for char in text:
        if piece and len(_letters(piece + char, charset, letter)) > room:
            words.append(piece)
            piece = ""
        piece += char
    return b"\r\n ".join(start + _letters(one, charset, letter) + b"?=" for one in [*words, piece])


def _encoded_where_needed(text: str, charset: str, letter: str) -> bytes:
    """The words from the first to the last that is not ASCII encoded, those around them as they are."""
    words = text.split(" ")
    places = [at for at, word in enumerate(words) if not word.isascii()]
    first, last = places[0], places[-1] + 1
    middle = _encoded(" ".join(words[first:last]), charset, letter, 75)
    return b" ".join([*(word.encode() for word in words[:first]), middle, *(word.encode() for word in words[last:])])


def _letters(text: str, charset: str, letter: str) -> bytes:
    octets = text.encode(charset)
    if letter == "B":
        return base64.b64encode(octets)
    return b"".join(_Q.get(octet, b"=%02X" % octet) for octet in octets)


_Q = {ord(char): char.encode() for char in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/"}
_Q[ord(" ")] = b"_"


# ---- Content-Type -----------------------------------------------------------------------------

_TOKEN = re.compile(rb"[!#$%&'*+.0-9A-Z^_`a-z{|}~-]+")


def parameters(field: HeaderField) -> Iterator[bytes]:
    """Content-Type with its parameters quoted or not, in either order (Outlook.com adds quotes)."""
    value = unfolded(field.value)
    media_type, found = strict_type(field)
    written = value.partition(b";")[0].strip()
    if not found or len(found) > 4 or written.lower().decode("latin-1") != media_type:
        return
    names = _parameter_names(value)
    if len(names) != len(found):
        return
    plain = [b"%s=%s" % (names[p.name], p.octets) for p in found if p.name in names]
    quoted = [b'%s="%s"' % (names[p.name], p.octets) for p in found if p.name in names]
    if len(plain) != len(found):
        return
    pairs = list(zip(plain, quoted, strict=True))
    needed = [p if _TOKEN.fullmatch(one.octets) else q for (p, q), one in zip(pairs, found, strict=True)]
    mixed = [[q if at == which else p for at, (p, q) in enumerate(pairs)] for which in range(len(found))]
    for choice in [quoted, needed, *mixed]:
        for order in (choice, choice[::-1]):
            for separator in (b"; ", b";", b";\r\n\t", b";\r\n "):
                yield raw(field, separator.join([written, *order]))


def _parameter_names(value: bytes) -> dict[str, bytes]:
    """Names as written, by their lower-case form."""
    found = re.findall(rb";\s*([A-Za-z0-9_-]{1,40})\s*=", value)
    return {name.decode().lower(): name for name in found}


def identity_encodings(field: HeaderField) -> Iterator[bytes]:
    """Content-Transfer-Encoding under another name for octets as they are."""
    if unfolded(field.value).decode("latin-1").lower() in IDENTITY:
        for name in (b"8bit", b"7bit", b"8BIT", b"7BIT", b"binary"):
            yield raw(field, name)


# ---- addresses --------------------------------------------------------------------------------

_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


def addresses(field: HeaderField) -> Iterator[bytes]:
    """The same mailboxes in the forms that mail programs give them."""
    found = mailboxes(field.value)
    if not found or len(found) > 50 or not all(one.address for one in found) or len(field.raw) > _MOST:
        return
    written = _addresses_as_written(field.value)
    pairs = [(one, written.get(one.address.lower(), one.address.encode())) for one in found]
    for form in _FORMS:
        values = [form(*pair) for pair in pairs]
        if all(value is not None for value in values):
            for separator in (b", ", b",", b",\r\n\t", b",\r\n ") if len(values) > 1 else (b", ",):
                yield raw(field, separator.join(value for value in values if value is not None))
    if len(found) == 1 and found[0].name and not found[0].name.isascii():
        for name in spellings(found[0].name, field.value):
            for quoted in (name, b'"' + name + b'"') if b"=?" not in name else (name,):
                yield raw(field, quoted + b" <" + pairs[0][1] + b">")


def _addresses_as_written(value: bytes) -> dict[str, bytes]:
    """Addresses with the case that the field gives them."""
    found = re.findall(rb"[^\s<>,;:\"()\[\]]{1,64}@[A-Za-z0-9.-]{1,255}", value)
    return {one.decode("utf-8", "replace").lower(): one for one in found}


def _quoted_name(one: Mailbox, address: bytes) -> bytes | None:
    if not one.name or not one.name.isascii():
        return None
    name = one.name.replace("\\", "\\\\").replace('"', '\\"')
    return b'"' + name.encode() + b'" <' + address + b">"


def _bare_name(one: Mailbox, address: bytes) -> bytes | None:
    return one.name.encode() + b" <" + address + b">" if _ATOMS.fullmatch(one.name) else None


def _mixed(one: Mailbox, address: bytes) -> bytes | None:
    """As most write it: quotes where the name needs them, brackets where there is a name."""
    if not one.name:
        return address
    return _bare_name(one, address) or _quoted_name(one, address)


def _mixed_angle(one: Mailbox, address: bytes) -> bytes | None:
    return _mixed(one, address) if one.name else b"<" + address + b">"


_FORMS = (
    _mixed,
    _mixed_angle,
    lambda one, address: _quoted_name(one, address) if one.name else address,
    lambda one, address: _quoted_name(one, address) if one.name else b"<" + address + b">",
    lambda one, address: address,
    lambda one, address: b"<" + address + b">",
    lambda one, address: b'"' + address + b'" <' + address + b">",
)


def list_from(field: HeaderField, fields: Sequence[HeaderField]) -> Iterator[bytes]:
    """From as it was before a list put itself there: X-Original-From, or the name with Reply-To's address."""
    for other in fields:
        if other.key in ("x-original-from", "x-google-original-from"):
            yield raw(field, unfolded(other.value))
    replies = [mailboxes(other.value) for other in fields if other.key == "reply-to"]
    shown = mailboxes(field.value)
    if len(replies) != 1 or len(shown) != 1:
        return
    name = re.sub(r"(?<!\s)\s+(?:via|par|über|for)\s+.*\Z", "", shown[0].name, flags=re.IGNORECASE).strip("'\" ")
    for reply in replies[0][:4]:
        for label in dict.fromkeys((name, reply.name, "")):
            made = HeaderField(field.name, raw(field, b"x"))
            one = Mailbox(label, reply.address, reply.domain)
            for value in (_mixed(one, reply.address.encode()), _quoted_name(one, reply.address.encode())):
                if value is not None:
                    yield raw(made, value)


# ---- Date and Message-ID ------------------------------------------------------------------------

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_HOURS = (0, 1, 2, -5, -4, -8, -7, -6, 3, 8, 9, 10, 4, 5, 7, 6, 11, -3, 12, -2, -1, 13, -9, -10, -11, -12, 14)
_HALVES = (330, 570, 345, 210, 270, 390, 630, -210, -150, 525, 765, 825, -570, 690)  # minutes; all zones in use
_COMMENTS = {
    0: ("GMT", "UTC"), 60: ("CET", "BST"), 120: ("CEST", "EET"), 180: ("MSK", "EEST"), -300: ("EST", "CDT"),
    -240: ("EDT",), -480: ("PST",), -420: ("PDT", "MST"), -360: ("CST", "MDT"), 540: ("JST",),
}  # fmt: skip


def date_zones(field: HeaderField) -> Iterator[bytes]:
    """The same instant in every zone in use, hours first; Exchange writes all dates in +0000."""
    moment = parse_date(field.value).utc
    if moment is None or not is_plain_date(field):
        return
    offsets = [hours * 60 for hours in _HOURS]
    for padded in (False, True):
        for minutes in offsets:
            yield raw(field, _date(moment, minutes, padded))
    for minutes in offsets:
        for comment in _COMMENTS.get(minutes, ()):
            yield raw(field, _date(moment, minutes) + f" ({comment})".encode())
    for padded in (False, True):
        yield raw(field, _date(moment, 0, padded).replace(b"+0000", b"GMT"))
    for minutes in _HALVES:
        yield raw(field, _date(moment, minutes))


def is_plain_date(field: HeaderField) -> bool:
    """Whether a Date says one instant and nothing else: no other weekday, no words around it."""
    value = _WHITE_SPACE.sub(b" ", unfolded(field.value))
    read = parse_date(value)
    if read.utc is None or read.offset_min is None:
        return False
    bare = _ZONE_NAME.sub(b"", value)
    for padded in (False, True):
        full = _date(read.utc, read.offset_min, padded)
        if bare in (full, full.partition(b", ")[2], full.replace(b"+0000", b"-0000"), full.replace(b"+0000", b"GMT")):
            return True
    return False


# Names of zones that mail programs write behind the offset; any other word is one that somebody added.
_ZONES = (
    b"UTC GMT Z CET CEST MET MEST BST IST WET WEST EET EEST EST EDT CST CDT MST MDT PST PDT AST ADT NST NDT AKST AKDT "
    b"HST MSK MSD JST KST HKT SGT PKT AEST AEDT ACST ACDT AWST NZST NZDT SAST EAT WAT CAT TRT BRT BRST ART CLT CLST"
)
_ZONE_NAME = re.compile(rb" \((?:" + b"|".join(_ZONES.split()) + rb")\)\Z")


def _date(moment: datetime, minutes: int, padded: bool = False) -> bytes:
    local = moment + timedelta(minutes=minutes)
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
    day = f"{local.day:02d}" if padded else str(local.day)
    month = _MONTHS[local.month - 1]
    time = f"{local.hour:02d}:{local.minute:02d}:{local.second:02d}"
    return f"{_DAYS[local.weekday()]}, {day} {month} {local.year} {time} {zone}".encode()


_ORIGINAL_IDS = (
    "x-gmail-original-message-id",
    "x-google-original-message-id",
    "x-ms-exchange-original-message-id",
    "x-original-message-id",
    "original-message-id",
)


def message_ids(field: HeaderField, fields: Sequence[HeaderField]) -> Iterator[bytes]:
    """The identifier that a relay moved to a field of its own."""
    for other in fields:
        if other.key in _ORIGINAL_IDS:
            yield raw(field, unfolded(other.value))


# Fields that repairs draw on, beside those that are signed.
DRAWN_ON = frozenset({"list-id", "list-post", "x-original-from", "x-google-original-from", *_ORIGINAL_IDS})
