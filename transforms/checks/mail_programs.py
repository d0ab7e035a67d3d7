"""Could the mail program that the mail names have written it, and are its identifier and boundaries of that program?

All that dates the mail must be older than the program: one wrong clock is not enough. Identifiers that servers
give say nothing about the program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from transforms.case import ItemView
from transforms.model import Direction, Finding, Kind, Rule, Strength
from transforms.releases import mail_program_from

NOT_YET_RELEASED = Rule(
    "client.program_not_yet_released",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "client fingerprint",
    "It names a version of a mail program that nobody had more than a month after all that dates this mail",
    "An exporter or a resend that put its own program's name into an old mail; a preview handed out early.",
    "derived: each day in data/mail_program_releases.txt lies before the first public preview; 0 of 2,291 honest mails "
    "of 2002 that name a program",
)
OTHER_MARKS = Rule(
    "client.marks_of_another_program",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "client fingerprint",
    "Its identifier or a boundary has the form of another mail program than the one that it names",
    "Programs that send through another one's library, add-ins, gateways that write mail anew.",
    "0 of 846 honest mails of 2002 that name one of these programs; it only flags, as few programs were seen",
)

RULES = (NOT_YET_RELEASED, OTHER_MARKS)

_EARLY = timedelta(days=30)
_NAMED = (
    ("outlook", re.compile(r"\bMicrosoft (?:Office )?Outlook\b")),
    ("mozilla", re.compile(r"\b(?:Thunderbird|Mozilla)/")),
    ("evolution", re.compile(r"\bEvolution\b")),
    ("apple", re.compile(r"\b(?:Apple Mail|iPhone Mail|iPad Mail) \(")),
)
_MARKS = frozenset({"message_id", "boundary"})
_OF_PROGRAMS = frozenset({"outlook", "mozilla", "evolution"})  # generators of clocks that are programs of a person
_UUID = re.compile(r"[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}@")  # in capitals: Apple's, 107 of 107 honest ones


def check(item: ItemView) -> Iterator[Finding]:
    if item.kind is not Kind.EMAIL or item.mail_program is None:
        return
    latest, program = item.dated_until, mail_program_from(item.mail_program)
    if program is not None and latest is not None and program[1] - latest > _EARLY:
        yield NOT_YET_RELEASED(
            expected=f"{program[0]} after {program[1]:%Y-%m-%d}", actual=f"{latest:%Y-%m-%d %H:%M:%S} by all clocks"
        )
    family = next((name for name, form in _NAMED if form.search(item.mail_program)), None)
    if family is not None:
        others = sorted(_shapes(item) - {family})
        if others:
            yield OTHER_MARKS(expected=item.mail_program, actual=f"marks of {', '.join(others)}")


def made(item: ItemView) -> Iterator[str]:
    """Codes of the strong contradictions that are looked for in an item: it names a program whose day is known."""
    if item.kind is not Kind.EMAIL or item.mail_program is None or item.dated_until is None:
        return
    if mail_program_from(item.mail_program) is not None:
        yield NOT_YET_RELEASED.code


def _shapes(item: ItemView) -> set[str]:
    """The programs that identifier and boundaries look like."""
    found = {clock.generator for clock in item.clocks if clock.source in _MARKS} & _OF_PROGRAMS
    return found | ({"apple"} if _UUID.match(item.message_id or "") else set())
