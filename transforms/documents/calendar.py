"""Calendars and contacts: the program, who organises, and when the entry was made and changed (RFC 5545, RFC 6350)."""

from __future__ import annotations

import re

from transforms.documents import Described, Moment, Opened, moment, shown
from transforms.mail.charset import to_text
from transforms.model import DocumentFacts

FORMATS = ("calendar", "contact")

_HEAD = 64 * 1024  # octets looked at
_LINES = 2_000
_WANTED = frozenset({"PRODID", "ORGANIZER", "CREATED", "LAST-MODIFIED", "DTSTAMP", "REV"})
_WORD = re.compile(r"[A-Za-z-]{1,20}")
_NAME = re.compile(r";CN=(?:\"([^\"]*)\"|([^;:\"]*))", re.IGNORECASE)
_TIME = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})T([0-9]{2}):?([0-9]{2}):?([0-9]{2})(?:\.[0-9]{1,9})?(Z)?")
_FOLDED = re.compile(r"\r?\n[ \t]")


def read(opened: Opened) -> Described:
    text = _FOLDED.sub("", to_text(opened.span.read(0, _HEAD), ""))
    said: dict[str, tuple[str, str]] = {}
    for line in text.splitlines()[:_LINES]:
        word = _WORD.match(line)
        if word is not None and word[0].upper() in _WANTED:
            said.setdefault(word[0].upper(), _line(line[word.end() :]))  # of the first entry
    created = _moment(said, "CREATED") or _moment(said, "DTSTAMP") or Moment()
    changed = _moment(said, "LAST-MODIFIED") or _moment(said, "REV") or Moment()
    parameters, organizer = said.get("ORGANIZER", ("", ""))
    named = _NAME.search(parameters)
    facts = DocumentFacts(
        author=shown((named[1] or named[2]) if named else organizer.removeprefix("mailto:").removeprefix("MAILTO:")),
        created_utc=created.utc,
        modified_utc=changed.utc,
        created_local=created.local,
        modified_local=changed.local,
        producer=shown(said.get("PRODID", ("", ""))[1]),
    )
    return Described(facts)


def _line(rest: str) -> tuple[str, str]:
    """Parameters and value: parted by the first colon outside of quotes (RFC 5545 §3.1)."""
    at = 0
    for place, piece in enumerate(rest.split('"')):
        if place % 2 == 0 and ":" in piece:
            at += piece.index(":")
            return rest[:at], rest[at + 1 :].strip()
        at += len(piece) + 1
    return rest, ""


def _moment(said: dict[str, tuple[str, str]], name: str) -> Moment | None:
    """A time in UTC, or of a clock on a wall; None without one."""
    found = _TIME.match(said[name][1]) if name in said else None
    return moment([int(part) for part in found.groups()[:6]], 0 if found[7] else None) if found else None
