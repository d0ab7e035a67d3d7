"""Rich text files: the information group, generator, code page, language, sessions and fonts (RTF 1.9.1).

Times have no zone: the clock of the writer's computer.
"""

from __future__ import annotations

import re

from transforms.documents import Described, Moment, Opened, language_of, moment, number, several, shown
from transforms.limits import LIMITS
from transforms.mail.rtf import words_of
from transforms.model import DocumentFacts

FORMATS = ("rtf",)

_HEAD = 64 * 1024  # octets in which fonts and information stand
_BODY = 128 * 1024  # octets read for their words
_TEXT = re.compile(rb"\{\\(?:\*\\)?(author|operator|company|template|generator) ([^{}]{1,400})")
_TIME = re.compile(
    rb"\{\\(creatim|revtim)\\yr([0-9]{1,4})\\mo([0-9]{1,2})\\dy([0-9]{1,2})"
    rb"(?:\\hr([0-9]{1,2}))?(?:\\min([0-9]{1,2}))?(?:\\sec([0-9]{1,2}))?"
)
_NUMBER = re.compile(rb"\\(ansicpg|deflang|edmins|version)([0-9]{1,9})")
_RSID = re.compile(rb"\\rsid([0-9]{1,10})")
_SESSIONS = re.compile(rb"\{\\\*\\rsidtbl[^{}]{0,20000}")
_FONT = re.compile(rb"\{\\f[0-9]{1,5}\\f[a-z]{1,10}[^{};]{0,99} ([^{}\\;]{1,99});")


def read(opened: Opened) -> Described:
    octets = opened.span.read(0, _BODY)
    head = octets[:_HEAD]
    numbers = {one[1]: int(one[2]) for one in reversed(list(_NUMBER.finditer(head)))}
    code_page = numbers.get(b"ansicpg")
    said = {one[1]: _shown(one[2], code_page) for one in reversed(list(_TEXT.finditer(head)))}
    times = {one[1]: _moment(one) for one in reversed(list(_TIME.finditer(head)))}
    sessions = _SESSIONS.search(head)
    rsids = (f"{int(one[1]) & 0xFFFFFFFF:08x}" for one in _RSID.finditer(sessions[0] if sessions else b""))
    facts = DocumentFacts(
        author=said.get(b"author"),
        last_modified_by=said.get(b"operator"),
        created_local=times.get(b"creatim", Moment()).local,
        modified_local=times.get(b"revtim", Moment()).local,
        application=said.get(b"generator"),
        template=said.get(b"template"),
        company=said.get(b"company"),
        languages=several([language_of(numbers[b"deflang"])] if b"deflang" in numbers else []),
        code_page=code_page,
        revision=number(str(numbers.get(b"version", ""))),
        edit_minutes=numbers.get(b"edmins"),
        rsids=tuple(dict.fromkeys(rsids))[: LIMITS.rsids],
        fonts=several(one[1].decode("latin-1") for one in _FONT.finditer(head)),
    )
    return Described(facts, words_of(octets)[0])


def _moment(found: re.Match[bytes]) -> Moment:
    return moment([int(part or 0) for part in found.groups()[1:]], None)


def _shown(value: bytes, code_page: int | None) -> str | None:
    r"""A value with its \'XX and \uN resolved, by the reader of rich text itself."""
    text, _ = words_of(b"{\\rtf1\\ansicpg%d %s}" % (code_page or 1252, value.replace(b";}", b"")))
    return shown(text.rstrip("; "))
