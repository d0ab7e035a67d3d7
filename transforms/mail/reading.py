"""Can a message be read in one way only? (VERDICT §1.3)

A signature fixes octets, not what a mail program makes of them. These are the questions whose
answer does not depend on the signature; prepare.py asks those that do, such as doubled fields.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain

from transforms.limits import LIMITS
from transforms.mail.address import only_author
from transforms.mail.charset import codec_name
from transforms.mail.comments import unfolded
from transforms.mail.content import normalised_text
from transforms.mail.fields import SINGLETONS, split_message
from transforms.mail.mime import boundary_of, delimiters_of, occurrences, parts
from transforms.mail.parameters import MAX_VALUE, Parameter, raw_parameters
from transforms.mail.transfer import IDENTITY, decode_one_way
from transforms.model import HeaderField, Message, Part, Reading
from transforms.span import Span, in_memory


def read_one_way(message: Message, body: bool = True, found: Sequence[Part] | None = None) -> Reading:
    """The author, and why header section or body may be read in a second way, as plain codes.

    body_ambiguous matters only while Content-Type or Content-Transfer-Encoding is unsigned: body says
    whether it does. It reads the whole body once. found are the message's parts where they are known.
    Never raises.
    """
    found = tuple(parts(message)) if found is None else found
    body_ambiguous = _body_ambiguous(message, found) if body else None
    return Reading(
        only_author(message),
        _header_ambiguous(message),
        body_ambiguous,
        _blanks_ambiguous(message, found),
        _parts_ambiguous(found),
    )


# ---- header section ---------------------------------------------------------------------------

_TWO_WAYS = {
    "mail.junk_before_header": "junk_before_fields",  # some readers end the header section there
    "mail.junk_in_header": "junk_between_fields",
    "mail.no_empty_line": "header_runs_into_text",
    "mail.malformed_field": "malformed_field",
    "mail.no_header": "no_header",
    "limit.header": "header_not_read_to_its_end",
}
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\r"))
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
# What some readers take for the end of a line, in any field: a bare CR hides a second From in `X-Foo:`.
_ENDS_LINE = re.compile(rb"[\x00\x0b\x0c\x1c-\x1e]|\r(?!\n)")
_BLANK_FOLDING = re.compile(rb"\n[ \t]+\r\n")  # to some readers the empty line that ends a header section
_NOT_NAME = re.compile(r"[^a-z0-9-]+")


def _header_ambiguous(message: Message) -> str | None:
    for defect in message.defects:
        if defect in _TWO_WAYS:
            return _TWO_WAYS[defect]
    section = b"".join([field.raw for field in message.fields])
    plain = len(section.translate(None, _CONTROLS)) == len(section) and section.count(b"\r") == section.count(b"\r\n")
    if not plain and _ENDS_LINE.search(section):
        return "control_character"
    if (b" \r\n" in section or b"\t\r\n" in section) and _BLANK_FOLDING.search(section):
        return "blank_folding"
    for field in message.fields:
        key = field.key
        if key in SINGLETONS:
            if field.raw[len(key) : len(key) + 1] != b":":  # RFC 5322 §4.5: `From :`
                return "malformed_field"
            if not plain and _CONTROL.search(field.raw):
                return "control_character"
        elif not key.replace("-", "").isalnum() and _NOT_NAME.sub("", key) in SINGLETONS:
            return "malformed_field"  # `>From:`
    return None


# ---- blanks: what the relaxed form of a body leaves open ------------------------------------------


def _blanks_ambiguous(message: Message, found: Sequence[Part]) -> str | None:
    """Whether more or fewer blanks would move a line into or out of a part's header section, or end a part.

    A blank put on the empty line behind `Content-Type: text/plain` makes the text that follows a header
    field; the relaxed form of the body stays the same (RFC 6376 §3.4.4).
    """
    boundaries = set()
    for part in found:
        if part.fields is not message.fields and any(_BLANK_FOLDING.search(field.raw) for field in part.fields):
            return "blank_folding"
        if part.fields is not message.fields and "mail.junk_before_header" in part.defects:
            return "blank_before_fields"
        if _is_delsp(part.parameters) and _joins_words(part):
            return "delsp"
        boundary = part.parameters.get("boundary", "") if part.media_type.startswith("multipart/") else ""
        if " " in boundary or "\t" in boundary:
            boundaries.add(boundary.rstrip(" \t").encode("utf-8", "replace"))
    return "boundary_blanks" if boundaries and _blurred(message.body, boundaries) else None


def _is_delsp(parameters: Mapping[str, str]) -> bool:
    return parameters.get("delsp", "").lower() == "yes"


def _joins_words(part: Part) -> bool:
    """Whether a blank at a line's end, which anybody may have put there, makes one word of two."""
    if part.media_type != "text/plain" or part.encoding not in IDENTITY:
        return False
    return _WORDS_JOINED.search(part.body.read(0, LIMITS.in_memory)) is not None


def _blurred(body: Span, boundaries: set[bytes]) -> bool:
    """Whether a line is a delimiter of one of these boundaries but for its blanks."""
    exact = {b"--" + boundary for boundary in boundaries}
    reduced = {b" ".join(delimiter.split()) for delimiter in exact}
    starts = chain([body.read(0, _MAX_OPENING)], (w[at + 1 :] for _, w, at in occurrences(body, b"\n--", _MAX_OPENING)))
    for count, text in enumerate(starts):
        line, line_feed, _ = text[:_MAX_OPENING].partition(b"\n")
        if line.startswith(b"--") and not line_feed and len(line) == _MAX_OPENING:  # its blanks may go on
            return True
        line = line.rstrip(b" \t\r")
        shape = b" ".join(line.split())
        alike = shape in reduced or shape.removesuffix(b"--") in reduced
        if count == _MAX_DASHES or (alike and line not in exact and line.removesuffix(b"--") not in exact):
            return True
    return False


# ---- parts: what their own fields leave open ------------------------------------------------------

_UNREAD = {
    "mail.mime_field_cut": "field_cut",
    "mail.media_type_invalid": "media_type",
    "mail.no_boundary": "boundary",
    "mail.boundary_invalid": "boundary",
    "limit.header": "header_not_read_to_its_end",
}


def _parts_ambiguous(found: Sequence[Part]) -> str | None:
    """Whether fields that say what a part is could not be read: each reader makes of it what it likes."""
    return next((_UNREAD[defect] for part in found for defect in part.defects if defect in _UNREAD), None)


# ---- body -------------------------------------------------------------------------------------

# Content-Type as RFC 2045 §5.1 derives it: no comment, nothing that two readers split differently.
_TOKEN = rb"[A-Za-z0-9!#$%&'*+.^_`{|}~-]+"
_STRICT_TYPE = re.compile(
    rb"%s/%s(?:[ \t]*;[ \t]*%s=(?:%s|\"[^\"\\\x00-\x1f\x7f-\xff]*\"))*+[ \t]*;?[ \t]*"
    % (_TOKEN, _TOKEN, _TOKEN, rb"[A-Za-z0-9!#$%&'*+.^_`{|}~/:?=-]+")
)
_STRICT_ENCODING = frozenset({"7bit", "8bit", "binary", "quoted-printable", "base64"})
_DECIDING = ("boundary", "charset")


def _body_ambiguous(message: Message, found: Sequence[Part]) -> str | None:
    described = [field for field in message.fields if field.name[:8].lower() == "content-"]
    content_types = [field for field in described if field.key == "content-type"]
    encodings = [field for field in described if field.key == "content-transfer-encoding"]
    if len(content_types) > 1 or len(encodings) > 1:
        return "repeated_field"
    media_type, parameters = strict_type(content_types[0]) if content_types else ("text/plain", ())
    encoding = unfolded(encodings[0].value).decode("latin-1").lower() if encodings else ""
    if not media_type:
        return "content_type_malformed"
    if encoding and encoding not in _STRICT_ENCODING:
        return "transfer_encoding"
    if media_type.startswith("multipart/"):
        if encoding not in IDENTITY:
            return "transfer_encoding"
        boundary = boundary_of(parameters)
        if boundary is None:
            return "boundary"
        if any(_is_text(part, media_type) for part in _children(found)):
            return _multipart(message, boundary) or "part_header"
        return _multipart(message, boundary) or (
            None if _shows_the_same(media_type, parameters, found) else "media_type"
        )
    if media_type not in ("text/plain", "text/html"):
        return "media_type"
    named = {parameter.name: parameter.text for parameter in parameters}
    if "name" in named:  # makes an attachment of it
        return "name"
    if _is_delsp(named) and _JOINED.search(message.body.read(0, LIMITS.in_memory)):
        return "delsp"
    return _text(message.body, media_type, named.get("charset", ""), encoding)


def strict_type(field: HeaderField) -> tuple[str, tuple[Parameter, ...]]:
    """Media type and parameters; ("", ()) if two readers could see them differently."""
    value = unfolded(field.value)
    if len(value) > MAX_VALUE or not _STRICT_TYPE.fullmatch(value):
        return "", ()
    media_type, parameters = raw_parameters(value)
    names = [parameter.name for parameter in parameters]
    if any(names.count(name) > 1 for name in _DECIDING):
        return "", ()
    if re.search(rb"(?:boundary|charset)\*", value, re.IGNORECASE):  # RFC 2231; not read by all
        return "", ()
    return media_type, parameters


# ---- multipart: what an unsigned subtype may hide --------------------------------------------------

# One blank at a line's end, which two lines become one word by, where the text goes on; not that of `-- `.
_WORDS_JOINED = re.compile(rb"(?<![ \t\n])(?<!\n--) \r?\n(?=[^\r\n])")
_JOINED = re.compile(rb" \r?\n")  # what format=flowed with DelSp=yes joins without a blank (RFC 3676 §4.2)
_MAX_ALTERNATIVES = 8
_ALIKE = 0.5  # of the words of the shorter of two alternatives that must stand in the other


def _shows_the_same(media_type: str, parameters: tuple[Parameter, ...], found: Sequence[Part]) -> bool:
    """Whether nothing is hidden that another subtype would show.

    mixed shows all parts. alternative shows one of them, so its texts must say the same; related and
    signed show the first, so there must be one text only. Of any other the subtype decides what is seen.
    """
    subtype = media_type.partition("/")[2]
    if subtype == "mixed":
        return True
    if subtype not in ("alternative", "related", "signed") or any(one.name == "start" for one in parameters):
        return False
    shown = [part for part in _children(found) if _says_something(part)]
    if len(shown) <= 1:
        return True
    return subtype == "alternative" and len(shown) <= _MAX_ALTERNATIVES and _say_the_same(shown, found)


def _children(found: Sequence[Part]) -> list[Part]:
    """The parts right below the message's own multipart, which is the first of found."""
    root = found[0].number
    level = root.count(".") + 1 if root else 0
    return [part for part in found[1:] if part.number.count(".") == level]


# What the header section of a part is made of, and what one that is not empty has at the least.
_OF_PARTS = re.compile(r"content-|x-|mime-version$")
_DESCRIBES = frozenset({"content-type", "content-transfer-encoding", "content-disposition", "content-id"})


def _is_text(part: Part, media_type: str) -> bool:
    """Whether a part may be a text between two rules, and its header section the first lines: `Note: we refuse`.

    media_type is the one of the multipart; without fields, a part of mixed is shown like any text.
    """
    keys = {field.key for field in part.fields}
    if not keys and media_type == "multipart/mixed":
        return False
    return keys.isdisjoint(_DESCRIBES) or not all(map(_OF_PARTS.match, keys))


def _says_something(part: Part) -> bool:
    return not part.is_item and part.disposition != "attachment"


def _say_the_same(shown: Sequence[Part], found: Sequence[Part]) -> bool:
    """Whether the last of some alternatives has the words of each other one, or they its."""
    texts = [_words_in(part, found) for part in shown]
    last = texts[-1]
    return all(_share(text, last) >= _ALIKE for text in texts[:-1])


def _words_in(part: Part, found: Sequence[Part]) -> Counter[str]:
    """The words of a part and of those below it: of its HTML where it has some."""
    below = [one for one in found if one is part or one.number.startswith(f"{part.number}.")]
    texts = [one for one in below if one.media_type in ("text/plain", "text/html") and _says_something(one)]
    html = [one for one in texts if one.media_type == "text/html"]
    text = normalised_text(html or texts)
    return Counter(re.findall(r"[^\W_]+", text.casefold()))


def _share(one: Counter[str], other: Counter[str]) -> float:
    """How much of the shorter of two texts stands in the longer one."""
    shorter = min(one.total(), other.total())
    return (one & other).total() / shorter if shorter else 0.0


# ---- multipart: the body itself must say which boundary it has ----------------------------------

_EDGE = 4 * 1024  # octets at either end of the body that must hold the outer delimiters
# What mail programs write above the first part, and no reader shows.
_PREAMBLE = re.compile(
    rb"(?:[ \t]*+\r?\n)*+(?:This is (?:a multi-?part message in MIME format|an S/MIME signed message"
    rb"|a cryptographically signed message in MIME format|an OpenPGP/MIME signed message \(RFC 4880 and 3156\))"
    rb"\.?[ \t]*+\r?\n(?:[ \t]*+\r?\n)*+)?"
)
# A line that opens a part whose header section names its content.
_OPENING = re.compile(
    rb"--([^\r\n]*+)\r?\n(?:(?!content-)[!-9;-~]++:[^\n]*+\n(?:[ \t][^\n]*+\n)*+){0,8}+content-[a-z-]+[ \t]*:",
    re.IGNORECASE,
)
_MAX_OPENING = 4 * 1024
_PADDING = b" " * 256
_MAX_DASHES = 10 * LIMITS.mime_parts  # lines that begin with `--` looked at


def _multipart(message: Message, boundary: bytes) -> str | None:
    """The first line is `--boundary`, the last one closes it, no other line claims to be a delimiter."""
    body = message.body
    named, last_line = _enclosing(body)
    if named != boundary:
        return "boundary_not_enclosing"
    for count, delimiter in enumerate(delimiters_of(body, boundary)):
        if count > LIMITS.mime_parts:
            return "too_many_parts"
        if delimiter.closing and delimiter.line != last_line:
            return "closed_before_last_line"
    return _stray_delimiter(message, {boundary})


def _enclosing(body: Span) -> tuple[bytes | None, int]:
    """The boundary that a body names by its own first and last line, and where the last line begins.

    Blank lines around it and the customary preamble do not count; (None, 0) if it names none.
    """
    head = body.read(0, _EDGE)
    preamble = _PREAMBLE.match(head)
    assert preamble is not None  # it may match nothing
    line, line_feed, _ = head[preamble.end() :].partition(b"\n")
    boundary = line.removesuffix(b"\r")[2:]
    before = max(body.size - _EDGE, 0)
    tail = body.read(before, body.size).rstrip()
    closing = b"\n--" + boundary + b"--"
    if not boundary or not line.startswith(b"--") or not line_feed or not tail.endswith(closing):
        return None, 0
    return boundary, before + len(tail) - len(closing) + 1


def _stray_delimiter(message: Message, known: set[bytes]) -> str | None:
    """Whether a line that opens a part belongs to no boundary that was declared."""
    body = message.body
    head = body.read(0, _MAX_OPENING)
    at_start = _OPENING.match(head)
    if at_start[1].rstrip(b" \t") not in known if at_start else head.startswith(b"--") and _is_padded(head):
        return "stray_delimiter"
    nested: set[bytes] | None = None
    for count, (_, window, at) in enumerate(occurrences(body, b"\n--", _MAX_OPENING)):
        if count == _MAX_DASHES:
            return "too_many_parts"
        opening = _OPENING.match(window, at + 1)
        if opening is None:
            if _is_padded(window[at : at + _MAX_OPENING]):
                return "stray_delimiter"
            continue
        if opening[1].rstrip(b" \t") in known:
            continue
        if nested is None:
            nested = _nested_boundaries(message) if known else set()
        if opening[1].rstrip(b" \t") not in nested:
            return "stray_delimiter"
    return None


def _is_padded(octets: bytes) -> bool:
    """Whether blanks may push out of sight what a line opens: honest mail has no hundreds of them there."""
    return _PADDING in octets.replace(b"\t", b" ")


def _nested_boundaries(message: Message) -> set[bytes]:
    """Boundaries that the parts declare, those of attached messages included."""
    found: set[bytes] = set()
    waiting = [(message, 0)]
    seen = 0
    while waiting and seen < LIMITS.mime_parts:
        holder, depth = waiting.pop()
        for part in parts(holder):
            seen += 1
            if part.media_type.startswith("multipart/"):
                found.add(part.parameters.get("boundary", "").rstrip(" \t").encode("utf-8", "replace"))
            elif part.media_type == "message/rfc822" and part.encoding in IDENTITY and depth < LIMITS.depth:
                waiting.append((split_message(part.body), depth + 1))
    return found


# ---- one text: it must not read otherwise as another type, charset or transfer encoding -----------

_SHIFTING = ("utf-7", "utf-16", "utf-32", "iso2022", "hz")
_CONTROL_IN_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
_TAG_LIKE = re.compile(rb"<[A-Za-z/!?]")
# An address or URL between angle brackets. No element of HTML has a name with `@` or `:` in it, so a
# text in which nothing else follows `<` was never written as HTML, and can be read as text only.
_AUTOLINK = re.compile(
    rb"<(?:mailto:)?[A-Za-z0-9.!#$%&'*+=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}>|<(?:https?|ftp)://[^\s<>\"']{1,2000}>",
    re.IGNORECASE,
)
# How a document or a mail program's HTML begins. Not with a comment, a style or a script: a plain text that
# does so would lose words as HTML.
_BEGINS_AS_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+<(?:!doctype html"
    rb"|(?:html|head|body|meta|div|p|span|table|font|center|section|br|b|a|h[1-6])(?=[\s/>]))",
    re.IGNORECASE,
)
# Escapes that an encoder has no reason to write: a printable octet other than `=`, except blanks at a
# line's end and `.`, `-` and `F` (of `From `) at its beginning.
_NEEDLESS_ESCAPE = re.compile(
    rb"=(?:20|09)(?!(?:=(?:20|09)){0,8}=?(?:\r?\n|\Z))"
    rb"|(?<!\n)(?<!\A)=(?:2E|2D|46)"
    rb"|=(?!20|09|2E|2D|46|3D|0[AD]|[89A-F]|\r?\n)",
    re.IGNORECASE,
)
_QUOTED_PRINTABLE_LINE = 76 + len(b"\r")  # RFC 2045 §6.7 rule 5


def _text(body: Span, media_type: str, charset: str, encoding: str) -> str | None:
    """text/plain or text/html as the only part.

    Declared as identity, the octets must not pass as a whole for quoted-printable or for base64 of
    text; declared as one of these, they must be what an encoder writes. The content is ASCII, or
    UTF-8 and called so: octets of any other charset could be read under many.
    """
    if body.size > LIMITS.in_memory:
        return "too_large_to_tell"
    raw = body.read()
    octets = raw if encoding in IDENTITY else decode_one_way(body, encoding)
    if octets is None or (encoding == "quoted-printable" and _NEEDLESS_ESCAPE.search(raw)):
        return "transfer_encoding"
    if encoding in IDENTITY and _passes_for_quoted_printable(raw):
        return "transfer_encoding"
    if encoding != "base64" and _passes_for_base64(raw):
        return "transfer_encoding"
    if _CONTROL_IN_TEXT.search(octets):
        return "control_character"
    if not _one_charset(octets, charset):
        return "charset"
    if _enclosing(body)[0] is not None or _stray_delimiter(Message((), body, "none"), set()):
        return "stray_delimiter"
    if media_type == "text/html":
        return None if _BEGINS_AS_HTML.match(octets) or not octets.strip() else "html_without_markup"
    if b"<" in octets and _TAG_LIKE.search(octets) and _TAG_LIKE.search(_AUTOLINK.sub(b" ", octets)):
        return "text_with_markup"
    return None


def _passes_for_quoted_printable(raw: bytes) -> bool:
    """Whether decoding would change it and all of it is what an encoder may have written.

    Lines may be too long for RFC 2045 §6.7 if each escape in them is a needed one: not all encoders
    count. A long URL with `=20` in it is a URL.
    """
    if b"=" not in raw or not raw.isascii():
        return False
    if max(map(len, raw.split(b"\n"))) > _QUOTED_PRINTABLE_LINE and _NEEDLESS_ESCAPE.search(raw):
        return False
    content = decode_one_way(in_memory(raw), "quoted-printable")
    return content is not None and content != raw


def _passes_for_base64(raw: bytes) -> bool:
    """Whether all of it is base64 of a text; a word such as "Okay" decodes, but to no text."""
    if b" " in raw[:1024]:
        return False
    content = decode_one_way(in_memory(raw), "base64")
    if not content:
        return False
    return not _CONTROL_IN_TEXT.search(content) and _is_utf8(content)


def _one_charset(octets: bytes, charset: str) -> bool:
    name = codec_name(charset) if charset else "ascii"
    if name is None or name.startswith(_SHIFTING):
        return False
    if octets.isascii():  # the same letters in all but EBCDIC and its like
        return octets.decode(name, "replace") == octets.decode("ascii")
    return name == "utf-8" and _is_utf8(octets)


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
