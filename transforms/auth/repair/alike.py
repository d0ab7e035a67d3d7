"""Does a reader see the same in a message before and after a repair? (VERDICT §2)

Decided for each repair that matches, never assumed from its name: the text of every part and the
hashes of all others must be equal, and so must everything that tells how to read them. Invisible in
mail, and therefore left out: blanks at line ends, empty lines around a text, line ends themselves.
"""

from __future__ import annotations

import hashlib
import re

from transforms.auth.repair.leaf import in_wire_form
from transforms.mail.charset import to_text
from transforms.mail.mime import boundary_of, delimiters_of, parts
from transforms.mail.parameters import raw_parameters
from transforms.mail.transfer import decode_one_way
from transforms.model import HeaderField, Message, Part

_LINE_END = re.compile(r"\r++\n")  # a bare CR is none: it can hide the text before it
_TELLS_ENCODING = "content-transfer-encoding"


def reads_alike(shown: Message, restored: Message) -> bool:
    """Whether two messages with the same header fields, but for MIME, say the same to a reader."""
    one, other = list(parts(in_wire_form(shown))), list(parts(in_wire_form(restored)))
    return (
        len(one) == len(other)
        and _plain_fields(shown.fields) == _plain_fields(restored.fields)
        and all(_alike(*pair) for pair in zip(one, other, strict=True))
    )


def same_files(shown: Message, restored: Message) -> bool:
    """Whether two messages carry the same attachments: what they hold, whatever stands around them."""
    return _files(shown) == _files(restored)


def _files(message: Message) -> list[str | None]:
    contents = (decode_one_way(part.body, part.encoding) for part in parts(in_wire_form(message)) if part.is_item)
    return [hashlib.sha256(content).hexdigest() if content is not None else None for content in contents]


def same_leaves(shown: Message, restored: Message, more: int) -> bool:
    """Whether the first leaves say the same wherever they stand, and shown has so many more behind them."""
    one, other = _leaves(shown), _leaves(restored)
    return None not in other and one[: len(other)] == other and len(one) == len(other) + more


def _leaves(message: Message) -> list[tuple[object, ...] | None]:
    """All that tells what each leaf says; None for one that can be read in two ways."""
    found: list[tuple[object, ...] | None] = []
    for part in parts(in_wire_form(message)):
        if part.media_type.startswith("multipart/") and not part.is_item:
            continue
        content = decode_one_way(part.body, part.encoding)
        text = content is not None and not part.is_item
        says = visible(to_text(content or b"", part.parameters.get("charset", ""))) if text else content
        kind = part.media_type, part.parameters, part.disposition, part.raw_file_name, part.is_item
        found.append((*kind, says) if content is not None else None)
    return found


def _plain_fields(fields: tuple[HeaderField, ...]) -> list[bytes]:
    """All fields but the one that the parts are compared by."""
    return [field.raw for field in fields if field.key != _TELLS_ENCODING]


def _alike(shown: Part, restored: Part) -> bool:
    if _described(shown) != _described(restored):
        return False
    if shown.encoding == restored.encoding and shown.body.read() == restored.body.read():
        return True
    if shown.media_type.startswith("multipart/") and not shown.is_item:
        return _around(shown) == _around(restored)
    one, other = decode_one_way(shown.body, shown.encoding), decode_one_way(restored.body, restored.encoding)
    if one is None or other is None:
        return False
    if shown.is_item:
        return hashlib.sha256(one).digest() == hashlib.sha256(other).digest()
    charset = shown.parameters.get("charset", "")
    return visible(to_text(one, charset)) == visible(to_text(other, charset))


def _described(part: Part) -> tuple[object, ...]:
    """All that tells how a part is read, but its transfer encoding."""
    kind = part.number, part.media_type, part.parameters, part.disposition, part.raw_file_name, part.is_item
    return *kind, _plain_fields(part.fields)


def _around(part: Part) -> list[bytes]:
    """The words of a multipart outside its parts, which few programs show."""
    for field in part.fields:
        if field.key == "content-type":
            boundary = boundary_of(raw_parameters(field.value)[1])
            break
    else:
        boundary = None
    if boundary is None:
        return part.body.read().split()
    delimiters = list(delimiters_of(part.body, boundary))
    before = part.body.read(0, delimiters[0].start) if delimiters else part.body.read()
    closed = bool(delimiters) and delimiters[-1].closing
    after = part.body.read(delimiters[-1].stop) if closed else b""
    return [*before.split(), b"", *after.split(), *([b"--"] if closed else [])]


def visible(text: str) -> list[str]:
    """Lines as a reader sees them."""
    lines = [line.rstrip(" \t") for line in _LINE_END.sub("\n", text).split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    start = next((at for at, line in enumerate(lines) if line), len(lines))
    return lines[start:]
