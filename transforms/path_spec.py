"""The path grammar: where an item lies, from the dump's root to the innermost part (DESIGN §5).

    mail/0001.eml!2            IMAP part 2 (RFC 9051 §6.4.5) of a message
    inbox.mbox!@5312!2.1       part 2.1 of the message whose From_ line is at offset 5312
    leak.zip!docs/a.docx       a member, by the name the archive gives it
    inbox.mbox!@0-16777216     a range of a large mailbox or tar that could not be read; of a zip, members by number

Steps are separated by `!`. In each step `%`, `!`, control and bidi characters and octets that
are not UTF-8 are written %XX; a name that is empty or begins with `@` or `#` has that character
escaped; the k-th repeat of a name in one container gets `#k`.
"""

from __future__ import annotations

import hashlib
import re

_RESERVED = re.compile("[%!\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\udc80-\udcff]")


def escape_step(name: bytes) -> str:
    """One step of a path from a name as stored; the empty name is `%`."""
    text = name.decode("utf-8", "surrogateescape")
    step = _RESERVED.sub(_percent, text)
    if not step:
        return "%"
    if step[0] in "@#":
        step = f"%{ord(step[0]):02X}{step[1:]}"
    return step


def unescape_step(step: str) -> bytes:
    """The name as stored, from one step without its `#k` (inverse of escape_step)."""
    if step == "%":
        return b""
    return re.sub(rb"%([0-9A-F]{2})", lambda m: bytes([int(m.group(1), 16)]), step.encode("utf-8"))


def file_path(name: bytes) -> str:
    """Path of a file of the dump from its dump-relative name, `/` kept."""
    return "/".join(escape_step(part) for part in name.split(b"/"))


def offset_step(offset: int) -> str:
    return f"@{offset}"


def join(parent: str, step: str) -> str:
    return f"{parent}!{step}"


def item_id(path: str) -> str:
    """First 32 hex digits of sha256(path)."""
    return hashlib.sha256(path.encode("utf-8")).hexdigest()[:32]


class StepNamer:
    """Unique steps for the names of one container, in directory order."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def step(self, name: bytes) -> str:
        base = escape_step(name)
        step = base
        while step in self._seen:  # a name may itself end like `#2`
            self._seen[base] += 1
            step = f"{base}#{self._seen[base]}"
        self._seen[step] = 1
        return step


def _percent(match: re.Match[str]) -> str:
    char = match.group()
    if 0xDC80 <= ord(char) <= 0xDCFF:
        return f"%{ord(char) - 0xDC00:02X}"
    return "".join(f"%{octet:02X}" for octet in char.encode("utf-8"))
