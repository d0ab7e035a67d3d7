"""Date-times of header fields (RFC 5322 §3.3, §4.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from transforms.limits import LIMITS
from transforms.mail.comments import compact, without_comments
from transforms.model import HeaderField
from transforms.text import clean_text

_MONTHS = {name: number for number, name in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
# RFC 5322 §4.3; other letters and names have no known meaning.
_ZONES = {
    b"ut": 0, b"utc": 0, b"gmt": 0, b"z": 0,
    b"est": -300, b"edt": -240, b"cst": -360, b"cdt": -300,
    b"mst": -420, b"mdt": -360, b"pst": -480, b"pdt": -420,
}  # fmt: skip
_ZONE = rb"(?: ?(?P<zone>[+-][0-9]{4}|[A-Za-z]{1,32})\b)?"
_TIME = rb"(?P<hour>[0-9]{1,2}) ?: ?(?P<minute>[0-9]{2})(?: ?: ?(?P<second>[0-9]{2})(?:\.[0-9]{1,9})?)?"
_DATE_TIME = re.compile(
    rb"(?:[A-Za-z]{3,9} ?[,.]? ?)?(?P<day>[0-9]{1,2})[ -](?P<month>[A-Za-z]{3})[a-z]{0,6}[ ,-]{1,2}"
    rb"(?P<year>[0-9]{2,4}),? " + _TIME + _ZONE
)
# asctime(3), which some old agents write: Thu Nov 24 18:22:48 1986 +0100
_ASCTIME = re.compile(
    rb"(?:[A-Za-z]{3},? )?(?P<month>[A-Za-z]{3}) (?P<day>[0-9]{1,2}) "
    + _TIME
    + rb" (?:(?P<named>[A-Za-z]{1,5}) )?(?P<year>[0-9]{4})"
    + _ZONE
)
_DAY = 24 * 60  # minutes
_1970 = date(1970, 1, 1).toordinal()
_2101 = (date(2101, 1, 1).toordinal() - _1970) * _DAY * 60  # seconds


@dataclass(frozen=True, slots=True)
class ParsedDate:
    utc: datetime | None  # aware, UTC; None if unreadable, out of 1970..2100 or without a known zone
    offset_min: int | None  # minutes east of UTC as written; None without a known zone
    raw: str  # as written, unfolded and clean; where it is long, runs of blanks as one
    # mail.date_unreadable | mail.date_out_of_range | mail.date_no_zone | mail.date_zone_unknown
    # | mail.date_zone_unstated (-0000: UTC, place not told) | mail.date_offset_impossible
    defects: tuple[str, ...] = ()


def parse_date(value: bytes) -> ParsedDate:
    """A date-time of any quality; never raises."""
    value = compact(value, LIMITS.display)
    raw = clean_text(value, LIMITS.display)
    text = b" ".join(without_comments(value[: LIMITS.display]).split())
    match = _DATE_TIME.match(text) or _ASCTIME.match(text)
    local = _local(match) if match else None
    if match is None or local is None:
        return ParsedDate(None, None, raw, ("mail.date_unreadable",))
    offset, defect = _offset(match["zone"] or match.groupdict().get("named"))
    utc = None
    if offset is not None and abs(offset) < _DAY:
        try:
            utc = (local - timedelta(minutes=offset)).replace(tzinfo=UTC)
        except OverflowError:
            pass
        if utc is None or not 1970 <= utc.year <= 2100:
            utc, defect = None, "mail.date_out_of_range"
    return ParsedDate(utc, offset, raw, (defect,) if defect else ())


# What nearly every program of today writes; anything else goes the long way.
_EAST = 15 * 60  # minutes; no place on earth is as far from UTC
_GAP = rb"[ \t\r\n]{1,9}"
_PLAIN = re.compile(
    rb"[ \t\r\n]*(?:[A-Z][a-z]{2},%b)?([0-9]{1,2})%b([A-Z][a-z]{2})%b([0-9]{4})%b" % ((_GAP,) * 4)
    + rb"([0-9]{2}):([0-9]{2}):([0-9]{2})%b(?:([+-])([0-9]{2})([0-5][0-9])|GMT)(?:[ \t\r\n]|\Z)" % _GAP
)


def seconds_of(value: bytes) -> int | None:
    """The moment of a date-time in seconds since 1970, as parse_date reads it, in a tenth of its time."""
    plain = _PLAIN.match(value)
    if plain is None or (month := _MONTHS.get(plain[2].lower())) is None:
        return _seconds(value)
    hour, minute, second = int(plain[4]), int(plain[5]), int(plain[6])
    east = 60 * int(plain[8] or 0) + int(plain[9] or 0)  # minutes; GMT has none
    if hour > 23 or minute > 59 or second > 59 or east >= _EAST:
        return _seconds(value)
    try:
        day = date(int(plain[3]), month, int(plain[1])).toordinal() - _1970
    except ValueError:
        return None
    seconds = ((day * 24 + hour) * 60 + minute + (east if plain[7] == b"-" else -east)) * 60 + second
    return seconds if 0 <= seconds < _2101 else None


def _seconds(value: bytes) -> int | None:
    moment = parse_date(value).utc
    return int(moment.timestamp()) if moment is not None else None


def received_date(field: HeaderField) -> datetime | None:
    """When a hop says it took the message: the date-time after the last semicolon (RFC 5322 §3.6.7)."""
    seconds = seconds_of(field.value.rpartition(b";")[2])
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None


def _local(match: re.Match[bytes]) -> datetime | None:
    """The wall clock as written; None for a day or hour that does not exist."""
    month = _MONTHS.get(match["month"].lower())
    if month is None:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:
        year += 2000 if year < 50 else 1900  # RFC 5322 §4.3
    elif len(match["year"]) == 3:
        year += 1900
    second = int(match["second"] or 0)
    leap = second == 60  # RFC 5322 §3.3 allows a leap second
    try:
        local = datetime(year, month, int(match["day"]), int(match["hour"]), int(match["minute"]), second - leap)
        return local + timedelta(seconds=leap)
    except (ValueError, OverflowError):
        return None


def _offset(zone: bytes | None) -> tuple[int | None, str | None]:
    """Minutes east of UTC, and what is wrong with them."""
    if not zone:
        return None, "mail.date_no_zone"
    if zone[:1] not in b"+-":
        minutes = _ZONES.get(zone.lower())
        return minutes, None if minutes is not None else "mail.date_zone_unknown"
    minutes = int(zone[1:3]) * 60 + int(zone[3:5])
    if zone == b"-0000":
        return 0, "mail.date_zone_unstated"
    impossible = minutes >= _DAY or int(zone[3:5]) > 59
    return (-minutes if zone[:1] == b"-" else minutes), "mail.date_offset_impossible" if impossible else None
