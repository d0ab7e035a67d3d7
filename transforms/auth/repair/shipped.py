"""Texts that list software and gateways are known to add: the only additions that change nothing (VERDICT §2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import quote

from transforms.mail.comments import unfolded, without_comments
from transforms.model import HeaderField

_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_LIST_ID = re.compile(rf"<({_LABEL}(?:\.{_LABEL}){{2,10}})>\s*\Z", re.IGNORECASE)
_LIST_POST = re.compile(rf"<mailto:([a-z0-9][a-z0-9._-]{{0,63}})@({_LABEL}(?:\.{_LABEL}){{1,10}})[?>]", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"\s*<([^<>\s]{1,300})>\s*")
_SLOT = re.compile(r"\{(name|domain|web|id)\}")
_HOSTS = "(?:(?:www|mail|lists?|mailman|listserv)\\.)?"
_MOST = 4_000  # characters of an added text looked at


class List(NamedTuple):
    """A mailing list by the fields of a message that came through it."""

    name: str
    domain: str


def is_footer(text: str, fields: Iterable[HeaderField]) -> bool:
    """Whether a text is, letter for letter, the footer that list software adds to this very message.

    Blank lines around it and blanks at line ends do not count. fields are those of the message.
    """
    wanted = _lines(text)
    if not wanted or len(text) > _MOST:
        return False
    fields = tuple(fields)
    message_id = _only(fields, "message-id")
    match = _MESSAGE_ID.fullmatch(message_id) if message_id else None
    return any(_footers(one, match[1] if match else "").fullmatch(wanted) for one in lists_of(fields))


def is_notice(text: str) -> bool:
    """Whether a text is a shipped notice about mail from outside; its lines may be wrapped anywhere."""
    return len(text) <= _MOST and " ".join(text.split()) in _tags("text")


def subject_tags() -> tuple[str, ...]:
    """Tags that mark mail from outside, longest first."""
    return _tags("subject")


def lists_of(fields: Iterable[HeaderField]) -> tuple[List, ...]:
    """The list that a message came through, by its one List-Id and its one List-Post."""
    fields = tuple(fields)
    found = []
    post = _LIST_POST.search(_only(fields, "list-post"))
    if post:
        found.append(List(post[1].lower(), post[2].lower()))
    ident = _LIST_ID.search(_only(fields, "list-id"))
    if ident:
        name, _, domain = ident[1].lower().partition(".")
        found.append(List(name, domain))
    return tuple(dict.fromkeys(found))


def _only(fields: tuple[HeaderField, ...], key: str) -> str:
    values = [field.value for field in fields if field.key == key]
    return without_comments(unfolded(values[0])).decode("latin-1")[:1_000] if len(values) == 1 else ""


@lru_cache(maxsize=256)
def _footers(of: List, message_id: str) -> re.Pattern[str]:
    """All shipped footers, filled for one list and message."""
    parent = of.domain.partition(".")[2]
    hosts = [of.domain, *([parent] if "." in parent else [])]
    slots = {
        "name": f"(?i:{re.escape(of.name)})",
        "domain": f"(?i:{re.escape(of.domain)})",
        "web": f"(?i:{_HOSTS}(?:{'|'.join(map(re.escape, hosts))}))",
        "id": re.escape(quote(message_id, safe="")) if message_id else "(?!)",
    }
    pieces = []
    for template in _templates():
        literal = _SLOT.split(template)
        pieces.append("".join(slots[piece] if at % 2 else re.escape(piece) for at, piece in enumerate(literal)))
    return re.compile("|".join(f"(?:{piece})" for piece in pieces))


@cache
def _templates() -> tuple[str, ...]:
    lines = files("transforms.data").joinpath("list_footers.txt").read_text("utf-8").split("\n")
    while lines[0].startswith("# "):
        lines.pop(0)
    return tuple(_lines(one) for one in "\n".join(lines).split("\n%%\n"))


@cache
def _tags(kind: str) -> tuple[str, ...]:
    lines = files("transforms.data").joinpath("external_tags.txt").read_text("utf-8").splitlines()
    found = [line.removeprefix(f"{kind} ").strip() for line in lines if line.startswith(f"{kind} ")]
    return tuple(sorted(found, key=len, reverse=True))


def _lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\r\n \t").splitlines())
