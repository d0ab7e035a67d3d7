"""White space that exporters strip or add: line ends, blank lines at the start, blanks at line ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.auth.repair.leaf import Edit, edited, leaves
from transforms.model import Message
from transforms.span import in_memory

_DOUBLED_CR = re.compile(rb"(?<!\r)\r++\n")
_BARE_CR = re.compile(rb"\r(?!\n)")
_MARK = re.compile(rb"(?:(?<=\n)|\A)--(?=\r\n|\Z)")
_SOFT_BREAK = re.compile(rb"(?:(?<=\n)|\A)([^\r\n]{59,77}[^\r\n ])(?=\r\n[^\r\n>-])")


def line_ends(message: Message) -> Iterator[Message]:
    """CR CR LF, as a transfer in text mode leaves it, and a bare CR as the ends of lines that they were."""
    body = message.body.read()
    if b"\r\r\n" in body:
        yield message._replace(body=in_memory(_DOUBLED_CR.sub(b"\r\n", body)))
    if _BARE_CR.search(body):
        yield message._replace(body=in_memory(_BARE_CR.sub(b"\r\n", body)))


def blank_lines(message: Message) -> Iterator[Message]:
    """Put back one or two empty lines that stood above the text. Those below are never hashed."""
    for count in (1, 2):
        yield message._replace(body=in_memory(b"\r\n" * count + message.body.read()))


def signature_mark(message: Message) -> Iterator[Message]:
    """Put back the blank of `-- ` above a signature block (RFC 3676 §4.3)."""
    body = message.body.read()
    if body.startswith(b"--\r\n") or b"\n--\r\n" in body or body.endswith(b"\n--"):
        yield message._replace(body=in_memory(_MARK.sub(b"-- ", body)))


def flowed_space(message: Message) -> Iterator[Message]:
    """Put back the blanks that end soft-wrapped lines of format=flowed (RFC 3676 §4.1), and of `-- `."""
    edits: list[Edit] = []
    for leaf in leaves(message):
        if leaf.is_text and leaf.is_identity and leaf.part.parameters.get("format", "").lower() == "flowed":
            text = message.body.read(leaf.start, leaf.stop)
            flowed = _MARK.sub(b"-- ", _SOFT_BREAK.sub(rb"\1 ", text))
            if flowed != text:
                edits.append((leaf.start, leaf.stop, flowed))
    if edits:
        yield edited(message, edits)


def trailing_space(message: Message) -> Iterator[Message]:
    """Take away blanks at line ends, those of `-- ` last."""
    body = message.body.read()
    if not any(blank + b"\r\n" in body or body.endswith(blank) for blank in (b" ", b"\t")):
        return
    stripped = b"\r\n".join([line.rstrip(b" \t") for line in body.split(b"\r\n")])
    marked = _MARK.sub(b"-- ", stripped)
    for one in dict.fromkeys((marked, stripped)):
        if one != body:
            yield message._replace(body=in_memory(one))
