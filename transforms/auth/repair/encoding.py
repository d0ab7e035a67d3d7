"""The transfer encoding of parts: base64 wrapped at another width, or another encoding altogether."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product

import numpy as np
import pybase64

from transforms.auth.repair.leaf import Leaf, edited, encoded_as, leaves, wire
from transforms.limits import MIB
from transforms.mail.transfer import LETTERS
from transforms.model import Message

WIDTHS = (76, 72, 64, 60)  # letters in a line; the first is by far the most common
_KEPT = MIB  # octets of parts that are kept in every width meanwhile; larger ones are wrapped again each time
_APART = 2  # parts of which each may have been wrapped in its own way

# Repairs that name another transfer encoding in the header, and what that is.
AS_ENCODING = {"as_8bit": "8bit", "as_base64": "base64", "as_quoted_printable": "quoted-printable"}


def base64_lines(message: Message) -> Iterator[Message]:
    """Wrap base64 parts as common senders do, with and without a final line end (RFC 2045 §6.8)."""
    found = list(_contents(message, lambda leaf: leaf.part.encoding == "base64"))
    if not found:
        return
    ends = (b"\r\n", b"") if found[0][0].header is not None else (b"\r\n",)
    forms = [(width, end) for end in ends for width in WIDTHS]
    choices = [(form,) * len(found) for form in forms]
    if 1 < len(found) <= _APART:
        choices += [choice for choice in product(forms, repeat=len(found)) if len(set(choice)) > 1]
    small = sum(len(content) for _, content in found) <= _KEPT
    wrap = lru_cache(maxsize=None)(wrapped) if small else wrapped
    for choice in choices:
        yield edited(
            message,
            [
                (leaf.start, leaf.stop, wrap(content, width) + end)
                for (leaf, content), (width, end) in zip(found, choice, strict=True)
            ],
        )


def as_8bit(message: Message) -> Iterator[Message]:
    """Text as it was before a relay encoded it: quoted-printable alone, then base64 as well."""
    encoded = list(_contents(message, lambda leaf: leaf.is_text and not leaf.is_identity))
    quoted = [pair for pair in encoded if pair[0].part.encoding == "quoted-printable"]
    for some in (quoted, encoded if len(encoded) > len(quoted) else []):
        if not some:
            continue
        names = ("8bit", "7bit") if any(leaf.header is not None for leaf, _ in some) else ("8bit",)
        for name in names:
            yield from _written(message, [(leaf, wire([content])) for leaf, content in some], name)


def as_base64(message: Message) -> Iterator[Message]:
    """Text as it was before a relay or exporter decoded its base64, under CRLF or LF line ends."""
    plain = list(_contents(message, lambda leaf: leaf.is_text and leaf.part.encoding != "base64"))
    if not plain:
        return
    ends = (b"\r\n", b"") if plain[0][0].header is not None else (b"\r\n",)
    for width, end in product(WIDTHS[:2], ends):
        for line_end in (b"\r\n", b"\n"):
            octets = [(leaf, wrapped(content.replace(b"\r\n", line_end), width) + end) for leaf, content in plain]
            yield from _written(message, octets, "base64")


def as_quoted_printable(message: Message) -> Iterator[Message]:
    """Text as it was before its quoted-printable was decoded, by the encoder that most share."""
    plain = list(_contents(message, lambda leaf: leaf.is_text and leaf.part.encoding != "quoted-printable"))
    if plain:
        yield from _written(
            message, [(leaf, wire([binascii.b2a_qp(content)])) for leaf, content in plain], "quoted-printable"
        )


def _contents(message: Message, wanted: Callable[[Leaf], bool]) -> Iterator[tuple[Leaf, bytes]]:
    for leaf in filter(wanted, leaves(message)):
        content = leaf.content()
        if content is not None:
            yield leaf, content


def is_base64(line: bytes) -> bool:
    """Whether a line holds nothing but letters of the alphabet."""
    return not line.translate(None, LETTERS)


def wrapped(content: bytes, width: int) -> bytes:
    """The base64 of content in lines of width letters, none of them ended but by the next."""
    letters = np.frombuffer(pybase64.b64encode(content), np.uint8)
    whole = len(letters) // width
    lines = np.empty((whole, width + 2), np.uint8)
    lines[:, :width] = letters[: whole * width].reshape(whole, width)
    lines[:, width:] = (13, 10)
    rest = letters[whole * width :].tobytes()
    return lines.tobytes() + rest if rest else lines.tobytes()[:-2]


def _written(message: Message, changes: list[tuple[Leaf, bytes]], encoding: str) -> Iterator[Message]:
    one = encoded_as(message, [(leaf, octets, encoding) for leaf, octets in changes])
    if one is not None:
        yield one
