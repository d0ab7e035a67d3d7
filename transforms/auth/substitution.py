"""Does a signature become valid when one value is replaced by one found elsewhere? (VERDICT §5.1 altered)

Only From, Date and Subject are tried, one at a time, with values that the message itself or other
messages of the dump still hold. The candidates prove nothing; the signature says which one it covers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from transforms.auth.canonical import canonical_field, hash_of
from transforms.auth.repair.forms import spellings
from transforms.auth.signature import Signature, data_hash, own_field, parse_signature, signed_instances
from transforms.limits import LIMITS
from transforms.mail.address import mailboxes
from transforms.mail.comments import unfolded
from transforms.mail.date import parse_date, received_date
from transforms.mail.words import decode_words
from transforms.model import HeaderField, PreparedSignature
from transforms.transmission import same_instant


class Offer(NamedTuple):
    """What another message of the dump holds: fields as found, or made from what is known of them."""

    path: str
    is_reply: bool  # to the message in question; else another copy of it
    fields: tuple[HeaderField, ...]
    exact: bool = False  # its values as they are: no marks of replies before its subject

    def value(self, key: str) -> bytes | None:
        """The value of the lowest field of this name, unfolded."""
        return next((unfolded(field.value).strip() for field in reversed(self.fields) if field.key == key), None)


class Substitution(NamedTuple):
    """One field, and the value with which the signature is valid."""

    shown: HeaderField
    signed: HeaderField
    source: str  # where that value was found
    digest: bytes  # the header hash that was signed
    doubled: bool  # both stand in the message: a second field of that name was added


def substitute(
    fields: Sequence[HeaderField],
    prepared: PreparedSignature,
    offers: Sequence[Offer],
    confirmed: Callable[[bytes], bool],
    keys: Sequence[str] = ("subject", "from", "date"),
) -> Substitution | None:
    """The replacement that makes this signature valid, None if there is none among those tried.

    fields are those kept of the message, top to bottom; confirmed says whether a header hash is the
    one that was signed; keys are the fields to be replaced. LIMITS.candidates values of each are tried;
    of one that stands more than once, the other instances.
    """
    found = _own(fields, prepared)
    if found is None:
        return None
    own, signature = found
    hashed = signed_instances(fields, own, signature)
    form = signature.header_canonicalization
    pieces = [canonical_field(field.raw, form) for field in hashed]
    ends = own_field(own, signature)
    lowest = {field.key: field for field in fields}
    for key in keys:
        candidates = _CANDIDATES[key]
        places = [at for at, field in enumerate(hashed) if field.key == key]
        if len(places) != 1:
            continue
        place = places[0]
        shown = hashed[place]
        others = [field for field in fields if field.key == key and field is not shown]
        before, behind = hash_of(signature.algorithm), b"".join(pieces[place + 1 :]) + ends
        before.update(b"".join(pieces[:place]))
        tried = {pieces[place]}
        values = candidates(shown, lowest, prepared, offers)
        for raw, source in _instances(others) if others else _as_field(shown, values):
            piece = canonical_field(raw, form)
            if piece in tried:
                continue
            if len(tried) > LIMITS.candidates:
                break
            tried.add(piece)
            digest = before.copy()
            digest.update(piece + behind)
            if confirmed(digest.digest()):
                return Substitution(shown, HeaderField(shown.name, raw), source, digest.digest(), bool(others))
    return None


def _instances(others: Sequence[HeaderField]) -> Iterator[tuple[bytes, str]]:
    return ((field.raw, f"the other {field.name} of this message") for field in reversed(others))


def _as_field(shown: HeaderField, values: Iterator[tuple[bytes, str]]) -> Iterator[tuple[bytes, str]]:
    name = shown.raw.partition(b":")[0]
    return ((b"%s: %s\r\n" % (name, value), source) for value, source in values if 0 < len(value) <= LIMITS.display)


def _own(fields: Sequence[HeaderField], prepared: PreparedSignature) -> tuple[HeaderField, Signature] | None:
    """The field of this signature, if all that it covers was kept: its hash must come out the same."""
    for field in fields:
        if field.key != "dkim-signature":
            continue
        signature = parse_signature(field)
        if (
            signature.invalid is None
            and signature.signature == prepared.signature
            and data_hash(fields, field, signature) == prepared.data_hash
        ):
            return field, signature
    return None


# ---- candidates: a value, and where it was found ------------------------------------------------

_Fields = dict[str, HeaderField]
_Values = Iterator[tuple[bytes, str]]


_REPLY_MARK = re.compile(rb"\s*(?:re|fwd?|aw|wg|tr|rv|sv|vs|antw|ref)(?:\[[0-9]+\])?\s*:\s*", re.IGNORECASE)
_MARKS = (b"", b"Re: ", b"RE: ", b"Fwd: ", b"FW: ", b"Fw: ", b"TR: ", b"TR : ", b"RE : ", b"AW: ", b"WG: ")


def _subjects(shown: HeaderField, lowest: _Fields, prepared: PreparedSignature, offers: Sequence[Offer]) -> _Values:
    """Those of copies as they are, of replies and of the thread without and with reply marks."""
    bare: dict[bytes, str] = {}
    for offer in offers:
        value = offer.value("subject")
        if value is None:
            continue
        if not offer.is_reply:
            yield from ((form, offer.path) for form in _encoded(value))
        if offer.exact:
            continue
        for marked in (value, decode_words(value, LIMITS.display).encode()):  # encoded words may hide the mark
            for form in _encoded(_without_marks(marked)):
                bare.setdefault(form, offer.path)
    if "thread-topic" in lowest:
        topic = unfolded(lowest["thread-topic"].value).strip()
        yield topic, "Thread-Topic"
        bare.setdefault(_without_marks(topic), "Thread-Topic")
    for value, source in bare.items():
        yield from ((mark + value, source) for mark in _MARKS)


def _without_marks(subject: bytes) -> bytes:
    while (mark := _REPLY_MARK.match(subject)) is not None:
        subject = subject[mark.end() :]
    return subject


def _encoded(value: bytes) -> Iterator[bytes]:
    """A value, and if it says more than ASCII can, as software writes that (RFC 2047)."""
    yield value
    text = decode_words(value, LIMITS.display)
    if not text.isascii():
        yield from spellings(text, value)


_ADDRESS = re.compile(rb"[^\s<>,;:\"()@]{1,64}@[^\s<>,;:\"()@]{1,255}")


def _authors(shown: HeaderField, lowest: _Fields, prepared: PreparedSignature, offers: Sequence[Offer]) -> _Values:
    """From of copies, To of replies; and the addresses of the envelope and of i= in the form shown."""
    told: list[tuple[bytes, str]] = []
    for offer in offers:
        value = offer.value("to" if offer.is_reply else "from")
        found = mailboxes(value) if value is not None else ()
        if value is not None and len(found) == 1 and found[0].address:
            yield value, offer.path
            name, address = found[0].name.encode("utf-8", "replace"), found[0].address.encode("utf-8", "replace")
            for form in (*_encoded(name), b'"%s"' % name):
                yield form + b" <%s>" % address, offer.path
            told.append((address, offer.path))
    if "return-path" in lowest:
        told.append((lowest["return-path"].value, "Return-Path"))
    if prepared.auid is not None and not prepared.auid.startswith("@"):
        told.append((prepared.auid.encode(), "i= of the signature"))
    as_shown = unfolded(shown.value).strip()
    *_, place = (None, *_ADDRESS.finditer(as_shown))
    for text, source in told:
        match = _ADDRESS.search(text)
        if match is None:
            continue
        if place is not None:
            yield as_shown[: place.start()] + match.group() + as_shown[place.end() :], source
        yield match.group(), source
        yield b"<%s>" % match.group(), source


_CLOCK = re.compile(
    rb"(?P<weekday>[A-Za-z]{3},[ ]+)?(?P<day>[0-9]{1,2}) (?P<month>[A-Za-z]{3}) (?P<year>[0-9]{4}) "
    rb"[0-9]{2}:[0-9]{2}(?P<seconds>:[0-9]{2})? (?P<zone>[+-][0-9]{4}|GMT|UTC)(?P<comment> \([A-Za-z ]{1,40}\))?"
)
_WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_HOUR = 60  # minutes
_ZONE_LAST = 14 * _HOUR  # east of Greenwich; fewer to the west
_LAST_CLOCK = 4_102_444_800  # 2100-01-01, in seconds since 1970: no mail is later


def _dates(shown: HeaderField, lowest: _Fields, prepared: PreparedSignature, offers: Sequence[Offer]) -> _Values:
    """Date of copies as it is; and the seconds before each other clock, in likely zones.

    Clocks that agree with the Date shown are left alone, and a Date that cannot be read: only another
    day is worth the search.
    """
    written = parse_date(shown.value)
    if written.utc is None:
        return
    zones = [written.offset_min]
    for offer in offers:
        value = offer.value("date")
        if value is not None:
            date = parse_date(value)
            zones.append(date.offset_min)
            if not offer.is_reply and not same_instant(date.utc, written.utc):
                yield value, offer.path
    form = _CLOCK.fullmatch(unfolded(shown.value).strip())
    clocks: dict[datetime, str] = {}
    if prepared.signed_at is not None:
        signed = datetime.fromtimestamp(min(prepared.signed_at, _LAST_CLOCK), UTC)
        clocks[signed] = "t= of the signature"
    for key in ("received", "x-received"):
        if key in lowest:
            stamp = received_date(lowest[key])
            zones.append(parse_date(lowest[key].value.rpartition(b";")[2]).offset_min)
            if stamp is not None:
                clocks.setdefault(stamp, lowest[key].name)
    clocks = {clock: source for clock, source in clocks.items() if not same_instant(clock, written.utc)}
    known = [zone for zone in zones if zone is not None and abs(zone) <= _ZONE_LAST]
    likely = dict.fromkeys([*known, 0, *(zone + dst for zone in known for dst in (_HOUR, -_HOUR))])
    for late in range(LIMITS.candidates if clocks else 0):  # seconds that the first hop came after the sender
        for clock, source in clocks.items():
            for zone in likely:
                for text in _clock_forms(form, clock - timedelta(seconds=late), zone):
                    yield text, source


def _clock_forms(form: re.Match[bytes] | None, moment: datetime, zone: int) -> Iterator[bytes]:
    """An instant as this writer writes it, and in the most common form; the day with and without a leading zero."""
    local = moment + timedelta(minutes=zone)
    date = f"{_MONTHS[local.month - 1]} {local.year:04d} {local.hour:02d}:{local.minute:02d}"
    offset = f"{'-' if zone < 0 else '+'}{abs(zone) // _HOUR:02d}{abs(zone) % _HOUR:02d}"
    weekday, seconds = f"{_WEEKDAYS[local.weekday()]}, ", f":{local.second:02d}"
    for day in dict.fromkeys((f"{local.day}", f"{local.day:02d}")):
        yield f"{weekday}{day} {date}{seconds} {offset}".encode()
        if form is not None:
            named = form["zone"].decode() if form["zone"][:1] not in b"+-" and not zone else offset
            comment = form["comment"] or b"" if form["zone"].decode() == named else b""
            shown = f"{weekday if form['weekday'] else ''}{day} {date}{seconds if form['seconds'] else ''} {named}"
            yield shown.encode() + comment


_CANDIDATES = {"subject": _subjects, "from": _authors, "date": _dates}
