"""Documents: what office files, PDFs, pictures, calendars and contacts say of themselves, and their words.

One form a file; a folder scan finds them. A reader declares FORMATS, the names of sniff.py and containers/zip.py that
it reads, and `read(opened) -> Described`. Readers are bounded, and never raise for what a document holds.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from locale import windows_locale
from types import ModuleType
from typing import NamedTuple

from transforms.containers.compound import Storage
from transforms.containers.zip import ZipDirectory
from transforms.limits import LIMITS
from transforms.model import ContainerError, DocumentFacts
from transforms.span import Span
from transforms.text import clean_text

_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]{1,9})?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Opened(NamedTuple):
    """A document, its container opened where it is one."""

    format: str
    media_type: str  # as found
    span: Span
    directory: ZipDirectory | None = None  # of an office file in a zip
    storage: Storage | ContainerError | None = None  # of a compound file: its root, or why it cannot be opened


class Described(NamedTuple):
    facts: DocumentFacts | None  # None: its form says nothing of itself
    text: str = ""  # as written; mail/content.py normalises


class Moment(NamedTuple):
    """A time as a document has it: of a known instant, or of a clock on some wall."""

    utc: datetime | None = None
    local: str | None = None  # ISO 8601


def describe(opened: Opened) -> Described:
    """What a document says of itself, and its words; nothing for a form that no reader knows."""
    reader = readers().get(opened.format)
    if reader is None:
        return Described(None)
    if opened.span.size > LIMITS.document:
        return Described(DocumentFacts(defects=("limit.document",)))
    described: Described = reader.read(opened)
    return described


@cache
def readers() -> dict[str, ModuleType]:
    """The reader of each format."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return {form: module for module in modules for form in module.FORMATS}


def shown(value: str | None) -> str | None:
    """A value as it is kept: clean and bounded, None for an empty one."""
    return clean_text(value.strip(" \0\t\r\n"), LIMITS.document_value) or None if value else None


def several(values: Iterable[str | None]) -> tuple[str, ...]:
    """Values as they are kept, each once, in order."""
    kept: dict[str, None] = {}
    for value in values:
        clean = shown(value)
        if clean is not None:
            kept[clean] = None
        if len(kept) == LIMITS.document_values:
            break
    return tuple(kept)


def language_of(number: int) -> str | None:
    """The language that Windows gives this number (MS-LCID), as fr-FR; the number itself if it is not known."""
    known = windows_locale.get(number)
    return known.replace("_", "-") if known else (str(number) if number not in (0, 0x400) else None)


def number(text: str | None) -> int | None:
    """A count as written in decimal digits; None for anything else, or too large a number."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def iso_moment(text: str | None) -> Moment:
    """A W3CDTF or ISO 8601 date-time; a day alone is a wall clock's midnight."""
    found = _MOMENT.fullmatch(text.strip()) if text and len(text) < 64 else None
    if found is None:
        return Moment()
    return moment([int(part or 0) for part in found.groups()[:6]], zone_minutes(found[7]))


def zone_minutes(zone: str | None) -> int | None:
    """Minutes east of UTC of Z, +02:00 or +0200; None without a zone."""
    if not zone:
        return None
    if zone == "Z":
        return 0
    minutes = 60 * int(zone[1:3]) + int(zone[-2:])
    return -minutes if zone[0] == "-" else minutes


def moment(parts: list[int], zone: int | None) -> Moment:
    """Year, month, day, hour, minute, second; zone in minutes east of UTC, None if unknown. Nothing if impossible."""
    try:
        wall = datetime(*parts)  # type: ignore[arg-type]
    except ValueError:
        return Moment()
    if zone is None:
        return Moment(None, wall.isoformat()) if _FIRST.year <= wall.year < _LAST.year else Moment()
    try:
        utc = wall.replace(tzinfo=UTC) - timedelta(minutes=zone)
    except OverflowError:
        return Moment()
    return Moment(utc) if _FIRST <= utc < _LAST else Moment()
