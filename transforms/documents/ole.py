"""Word, Excel and PowerPoint until 2003: property sets in a compound file (MS-OLEPS, MS-DOC §2.5.1).

An own reader: olefile's loops for hours over counts that a single wrong octet makes (its issues 162, 168, 170).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from transforms.containers.compound import Storage
from transforms.documents import Described, Moment, Opened, language_of, moment, number, several, shown
from transforms.limits import LIMITS
from transforms.mail.charset import to_text
from transforms.model import ContainerError, DocumentFacts

FORMATS = ("ole",)

_SUMMARY, _DOCUMENT_SUMMARY = "\x05SummaryInformation", "\x05DocumentSummaryInformation"
_CODE_PAGE, _AUTHOR, _TEMPLATE, _LAST_AUTHOR, _REVISION, _EDIT_TIME, _CREATED, _SAVED, _APPLICATION = (
    1, 4, 7, 8, 9, 10, 12, 13, 18,
)  # fmt: skip
_COMPANY, _VERSION = 15, 23
_I2, _I4, _STRING, _WIDE_STRING, _FILETIME = 2, 3, 30, 31, 64
_CODE_PAGES = {65001: "utf-8", 1200: "utf-16-le", 10000: "mac-roman"}
_SETS = struct.Struct("<H22xL16xL")  # mark, how many, offset of the first
_MOST = 256  # properties of one set
_MINUTE = 600_000_000  # ticks of a FILETIME
_1601 = datetime(1601, 1, 1, tzinfo=UTC)
_FIB = struct.Struct("<6xH2xH")  # of Word: language, flags
_FIB_ENCRYPTED = 0x100


def read(opened: Opened) -> Described:
    root = opened.storage
    if not isinstance(root, Storage):
        return Described(DocumentFacts(defects=(root.code,))) if root is not None else Described(None)
    defects: list[str] = []
    summary = property_set(_stream(root, _SUMMARY, defects))
    more = property_set(_stream(root, _DOCUMENT_SUMMARY, defects))
    created, saved = _moment(summary.get(_CREATED)), _moment(summary.get(_SAVED))
    language, encrypted = _word(root)
    code_page, version, edited = summary.get(_CODE_PAGE), more.get(_VERSION), summary.get(_EDIT_TIME)
    facts = DocumentFacts(
        author=_text(summary, _AUTHOR),
        last_modified_by=_text(summary, _LAST_AUTHOR),
        created_utc=created.utc,
        modified_utc=saved.utc,
        application=_text(summary, _APPLICATION),
        application_version=f"{version >> 16}.{version & 0xFFFF:04}" if isinstance(version, int) else None,
        template=_text(summary, _TEMPLATE),
        company=_text(more, _COMPANY),
        languages=several([language]),
        code_page=code_page & 0xFFFF if isinstance(code_page, int) else None,
        revision=number(_text(summary, _REVISION)),
        edit_minutes=edited // _MINUTE if isinstance(edited, int) and edited < _MINUTE * 10**9 else None,
        signatures=int("_signatures" in root or "_xmlsignatures" in root),
        encrypted=encrypted or "EncryptedPackage" in root,
        defects=tuple(dict.fromkeys(defects)),
    )
    return Described(facts)


def property_set(octets: bytes) -> dict[int, int | str]:
    """The numbers, times (ticks since 1601) and strings of the first set of a stream, by their identifiers."""
    if len(octets) < _SETS.size:
        return {}
    mark, _, start = _SETS.unpack_from(octets)
    if mark != 0xFFFE or start + 8 > len(octets):
        return {}
    _, count = struct.unpack_from("<LL", octets, start)
    places: dict[int, int] = {}
    for at in range(start + 8, start + 8 + 8 * min(count, _MOST), 8):
        if at + 8 > len(octets):
            break
        identifier, offset = struct.unpack_from("<LL", octets, at)
        places.setdefault(identifier, start + offset)
    code_page = _value(octets, places[_CODE_PAGE], "") if _CODE_PAGE in places else None
    page = code_page & 0xFFFF if isinstance(code_page, int) else 1252
    charset = _CODE_PAGES.get(page, f"cp{page}")
    known: dict[int, int | str] = {}
    for identifier, at in places.items():
        value = _value(octets, at, charset)
        if value is not None:
            known[identifier] = value
    return known


def _value(octets: bytes, at: int, charset: str) -> int | str | None:
    """One property (MS-OLEPS §2.15); None for types that are not wanted, and for what is cut."""
    if at + 8 > len(octets):
        return None
    kind, size = struct.unpack_from("<LL", octets, at)  # of a string; of a number the value itself
    if kind == _I2:
        return int.from_bytes(octets[at + 4 : at + 6], "little", signed=True)
    if kind == _I4:
        return int(size)
    if kind == _FILETIME:
        return int.from_bytes(octets[at + 4 : at + 12], "little")
    size = min(size, LIMITS.document_value * 4)
    if kind == _WIDE_STRING:
        return octets[at + 8 : at + 8 + 2 * size].decode("utf-16-le", "replace").partition("\0")[0]
    if kind == _STRING:
        return to_text(octets[at + 8 : at + 8 + size], charset).partition("\0")[0]
    return None


def _stream(root: Storage, name: str, defects: list[str]) -> bytes:
    try:
        return root.beginning(name, LIMITS.document_part) or b""
    except ContainerError as error:
        defects.append(error.code)
        return b""


def _word(root: Storage) -> tuple[str | None, bool]:
    """The language of Word's own interface, and whether the document is encrypted (MS-DOC §2.5.2)."""
    head = _stream(root, "WordDocument", [])[: _FIB.size]
    if len(head) < _FIB.size:
        return None, False
    language, flags = _FIB.unpack(head)
    return language_of(language), bool(flags & _FIB_ENCRYPTED)


def _text(known: Mapping[int, int | str], identifier: int) -> str | None:
    value = known.get(identifier)
    return shown(value) if isinstance(value, str) else None


def _moment(ticks: int | str | None) -> Moment:
    if not isinstance(ticks, int):
        return Moment()
    try:
        utc = _1601 + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return Moment()
    return moment([utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second], 0)
