"""A message split into header fields and body, on octets (RFC 5322 §2.1, §2.2).

Defects that a Message can carry from here:
    mail.byte_order_mark      EF BB BF before the header section; an editor saved the file
    mail.blank_before_header  empty lines before the first field
    mail.from_line            From_ lines, quoted or not, before the first field; a mailbox left them
    mail.junk_before_header   other lines that are no field before the first field (X-VM-v5-Data), or blanks where
                              an empty header section ends
    mail.junk_in_header       such lines between or right after fields
    mail.malformed_field      such a line reads like a field that may stand only once (`\\0From: a@b`), or has a bare
                              CR in it, behind which some readers see a field
    mail.no_empty_line        the header section runs into text; the body begins at that line
    mail.no_header            no field at all; everything is body
    limit.header              fields beyond LIMITS.header_section or header_fields were not read
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from transforms.limits import LIMITS
from transforms.model import HeaderField, Message
from transforms.span import Span

# Fields that may stand only once (RFC 5322 §3.6, RFC 2045 §3).
SINGLETONS = frozenset(
    {
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
    }
)

_WINDOW = 16 * 1024
_SHORT = 256  # octets of a header section that is kept when it was read
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANK_LINES = re.compile(rb"(?:\r?\n)*+")
_FIELD_END = re.compile(rb"\n(?![ \t])")  # the line end that folding does not continue
_FIELD_NAME = re.compile(rb"([!-9;-~]++)[ \t]*+:")  # RFC 5322 §3.6.8, §4.5 for blanks before the colon
_QUOTED_FROM_LINE = re.compile(rb">*From ")
_BARE_CR = re.compile(rb"\r(?!\n|\Z)")
_LIKE_SINGLETON = re.compile(
    rb"[^a-z0-9:]{0,64}(?:%s)[^a-z0-9:]{0,64}:" % "|".join(sorted(SINGLETONS)).encode(), re.IGNORECASE
)


def split_message(span: Span) -> Message:
    """Header fields in wire form and the body as it lies. Never raises for what the octets hold.

    Reads the header section only; a body of any size is not looked at.
    """
    head = span.read(0, _WINDOW)
    marked = head.startswith(_BYTE_ORDER_MARK)
    start = len(_BYTE_ORDER_MARK) if marked else 0
    defects = ["mail.byte_order_mark"] if marked else []
    blank = _BLANK_LINES.match(head, start)
    assert blank is not None  # it may match nothing
    if blank.end() > start:
        message = _split(span, blank.end(), [*defects, "mail.blank_before_header"])
        if message.fields:
            return message
    return _split(span, start, defects)


def blank_length(head: bytes) -> int:
    """Octets of a byte order mark and empty lines that stand before anything else."""
    blank = _BLANK_LINES.match(head, len(_BYTE_ORDER_MARK) if head.startswith(_BYTE_ORDER_MARK) else 0)
    assert blank is not None  # it may match nothing
    return blank.end()


def split_part(span: Span) -> Message:
    """The same for a body part, whose header section may be empty (RFC 2046 §5.1)."""
    return _split(span, 0, [], _fields_of_part)


class _Fields(NamedTuple):
    """What a header section holds."""

    fields: tuple[HeaderField, ...]
    line_ends: str
    defects: tuple[str, ...]
    text_at: int | None = None  # where the body begins, if not behind the empty line


_Read = Callable[[bytes, bool], _Fields]


def _split(span: Span, start: int, defects: list[str], read: _Read | None = None) -> Message:
    section_end, body_start = _section(span, start)
    if section_end == start:
        return Message((), span.sub(body_start, span.size), "none", (*defects, "mail.no_header"))
    section = span.read(start, min(section_end, start + LIMITS.header_section))
    found = (read or _fields)(section, section_end - start > LIMITS.header_section)
    if found.text_at is not None:
        body_start = start + found.text_at
    return Message(
        found.fields, span.sub(body_start, span.size), found.line_ends, tuple(dict.fromkeys((*defects, *found.defects)))
    )


def _fields(section: bytes, cut: bool) -> _Fields:
    """The fields of a header section, which does not end with a field if it is cut."""
    defects: list[str] = []
    lines = _FIELD_END.split(section)
    if cut or not lines[-1]:
        lines.pop()  # a field cut in two, or nothing after the last line end
    if len(lines) > LIMITS.header_fields:
        cut = True
        del lines[LIMITS.header_fields :]
    crlf = section.count(b"\r\n")
    line_feeds = section.count(b"\n")
    fields: list[HeaderField] = []
    junk: list[int] = []  # places of lines that are no field, since the last field
    for place, line in enumerate(lines):
        name = _FIELD_NAME.match(line)
        if name is None:
            junk.append(place)
            continue
        if junk:
            defects += _junk_defects([lines[j] for j in junk], "in" if fields else "before")
            junk.clear()
        if crlf != line_feeds:
            line = line.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        raw = line + b"\n" if line[-1:] == b"\r" else line + b"\r\n"
        fields.append(HeaderField(name[1].decode("ascii"), raw))
    if cut:
        defects.append("limit.header")
    elif not fields:
        blank = ("mail.junk_before_header",) if section.startswith((b" ", b"\t")) else ()
        return _Fields((), "none", (*defects, *blank, "mail.no_header"), 0)
    text_at = None
    if junk and not cut:
        trailing = [lines[j] for j in junk]
        defects += _junk_defects(trailing, "in")
        if not all(_QUOTED_FROM_LINE.match(line) for line in trailing):
            defects[-1] = "mail.no_empty_line"
            text_at = sum(len(line) + 1 for line in lines[: junk[0]])
    ends = "none" if not line_feeds else "crlf" if crlf == line_feeds else "mixed" if crlf else "lf"
    return _Fields(tuple(fields), ends, tuple(defects), text_at)


_short = lru_cache(maxsize=1024)(_fields)


def _fields_of_part(section: bytes, cut: bool) -> _Fields:
    """The same; parts begin as those of other mail do, messages never."""
    return _short(section, cut) if len(section) <= _SHORT else _fields(section, cut)


def _section(span: Span, start: int) -> tuple[int, int]:
    """End of the header section, and the body's start behind the empty line; both size without one."""
    low, size = start, _WINDOW
    while low < span.size:
        window = span.read(low, low + size)
        if low == start and window.startswith((b"\n", b"\r\n")):
            return start, start + window.index(b"\n") + 1
        crlf = window.find(b"\n\r\n")
        lf = window.find(b"\n\n", 0, crlf + 1 if crlf >= 0 else size)
        if lf >= 0:
            return low + lf + 1, low + lf + 2
        if crlf >= 0:
            return low + crlf + 1, low + crlf + 3
        low += size - 2  # an empty line may be cut by the window's end
        size = min(4 * size, LIMITS.chunk)
    return span.size, span.size


def _junk_defects(lines: list[bytes], where: str) -> list[str]:
    """Codes for lines that are no field; the last one says where they stand."""
    like = any(_LIKE_SINGLETON.match(line) or _BARE_CR.search(line) for line in lines)
    of_mailbox = where == "before" and all(_QUOTED_FROM_LINE.match(line) and b"\n" not in line for line in lines)
    code = "mail.from_line" if of_mailbox else f"mail.junk_{where}_header"
    return [*(["mail.malformed_field"] if like else []), code]


# ---- is this a message? -----------------------------------------------------------------------

# A From_ line: who, or nothing, a date with its weekday and time of day, and little behind that.
_MOST_FROM_LINE = 1000  # octets with its line end
_MOST_ENVELOPE = 500  # octets before the date
_MOST_TO_TIME = 40  # octets between weekday and time of day
_MOST_BEHIND_TIME = 200  # octets
_WEEKDAY = re.compile(rb"(?<=[ \t])(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?[ \t]++")
_TIME_OF_DAY = re.compile(rb"[0-9](?=:[0-9])")
_BARE_FROM_LINE = re.compile(
    rb">?From [^\s@]{1,200}@[^\s@]{1,255}"
    rb"(?:[ \t](?=[^\r\n]{0,80}?[0-9]:[0-9])(?=[^\r\n]{0,80}?(?:19|20)[0-9]{2})[^\r\n]{0,120}+)?"  # mar. mars 14, 2017-
    rb"[ \t]*+\r?\n[!-9;-~]{1,80}+:"
)


def from_line_length(head: bytes) -> int:
    """Octets of a leading mbox separator with its line end, 0 if the first line is none (RFC 4155).

    `From ` or `>From `, an address or none, and a date with its weekday and time of day; or, where a field
    follows, an address alone or with a year and a time of day in whatever language. Of a line longer than any
    writer's nothing is looked at.
    """
    if not head.startswith((b"From ", b">From ")):
        return 0
    end = head.find(b"\n", 0, _MOST_FROM_LINE) + 1
    if end and (_is_dated(head[: end - 1].removesuffix(b"\r")) or _BARE_FROM_LINE.match(head)):
        return end
    return 0


def _is_dated(line: bytes) -> bool:
    """Whether a From_ line holds its date. Each weekday is tried on one time of day: linear in the line."""
    if b"\r" in line:
        return False
    start = line.index(b" ") + 1
    times = [time.start() for time in _TIME_OF_DAY.finditer(line, max(0, len(line) - _MOST_BEHIND_TIME - 3))]
    for weekday in _WEEKDAY.finditer(line, start):
        if weekday.start() > start + _MOST_ENVELOPE + 1:
            break
        within_reach = bisect_right(times, weekday.end() + _MOST_TO_TIME)
        if within_reach and times[within_reach - 1] >= weekday.end():
            return True
    return False


# A message has these; little else has one of them beside another field of mail.
_TELLING = frozenset(
    {
        "received",
        "message-id",
        "return-path",
        "delivered-to",
        "mime-version",
        "content-transfer-encoding",
        "in-reply-to",
        "dkim-signature",
        "domainkey-signature",
        "arc-seal",
        "authentication-results",
        "received-spf",
        "x-received",
        "x-mailer",
        "x-original-to",
        "thread-index",
    }
)
_PLAIN = frozenset({"from", "sender", "to", "cc", "bcc", "subject", "date", "reply-to", "references", "content-type"})
_OTHER_PROTOCOL = re.compile(
    rb"HTTP/|SIP/|RTSP/|WARC/|ICY |BEGIN:|(?:GET|POST|PUT|HEAD|OPTIONS|INVITE|REGISTER) [^\n]{0,500} (?:HTTP|SIP)/"
)
_WITH_TIME = re.compile(rb"[0-9]{1,2}[ -][A-Z][a-z]{2}[ -][0-9]{2,4} +[0-9]{1,2}:[0-9]{2}")


def header_goes_on(head: bytes) -> bool:
    """Whether octets begin as a header section does and do not reach its end: more must be looked at."""
    top = head[blank_length(head) :]
    top = top[from_line_length(top) :]
    return _FIELD_NAME.match(top) is not None and re.search(rb"\n\r?\n", top) is None


def names_fields_of_mail(head: bytes) -> bool:
    """Whether octets begin with a header field and name one that mail has: enough for what is called mail."""
    top = head[blank_length(head) :]
    top = top[from_line_length(top) :]
    names = {one[1].lower().decode("ascii") for one in map(_FIELD_NAME.match, _FIELD_END.split(top)) if one}
    return _FIELD_NAME.match(top) is not None and bool(names & (_PLAIN | _TELLING))


def looks_like_message(head: bytes) -> bool:
    """Whether the first octets of a file are the head of a message, by content alone.

    Two fields of mail in the first header section, one of them telling (Received, Message-ID ...);
    or, without a line of junk, From with a time-stamped Date or addresses on both ends.
    """
    head = head.removeprefix(_BYTE_ORDER_MARK).lstrip(b"\r\n")
    head = head[from_line_length(head) :]
    if _OTHER_PROTOCOL.match(head):
        return False
    stop = re.search(rb"\n\r?\n", head)
    found: dict[str, bytes] = {}
    fields, junk = 0, 0
    for line in _FIELD_END.split(head[: stop.start()] if stop else head):
        name = _FIELD_NAME.match(line)
        if name:
            fields += 1
            found.setdefault(name[1].decode("ascii"), line[name.end() :])
        elif not fields and b"\0" in line:  # the header of a container that holds a message
            return False
        else:
            junk += not _QUOTED_FROM_LINE.match(line)
    values = {name.lower(): value for name, value in found.items()}
    telling, plain = len(_TELLING & values.keys()), len(_PLAIN & values.keys())
    if telling:
        return telling + plain >= 2 and junk <= fields
    if junk or ("From" not in found and "FROM" not in found):
        return False
    author, recipient = values["from"], values.get("to", b"")
    dated = _WITH_TIME.search(values.get("date", b"")) is not None
    if dated:
        return plain >= 3 or b"@" in author
    return b"@" in author and b"@" in recipient and "subject" in values
