"""Tag lists of DKIM signatures and key records (RFC 6376 §3.2)."""

from __future__ import annotations

import re

_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9_]*")


class TagError(ValueError):
    """The tag list cannot be read; code is `syntax` or `duplicate_tag`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def parse_tags(value: bytes) -> dict[str, str]:
    """Values by tag name, in order; names are case-sensitive.

    value is everything after the field's colon, folded or not. White space around names and values
    is dropped; inside a value folding is undone and the rest kept. Octets that are not UTF-8 become
    `\\xNN`. Empty list elements are passed over, as deployed verifiers do.
    TagError where a name is missing or malformed, or stands twice.
    """
    tags: dict[str, str] = {}
    for spec in value.replace(b"\r\n", b"").split(b";"):
        name, equals, text = spec.partition(b"=")
        name = name.strip(b" \t")
        if not name and not equals:
            continue
        if not equals or not _NAME.fullmatch(name):
            raise TagError("syntax")
        key = name.decode("ascii")
        if key in tags:
            raise TagError("duplicate_tag")
        tags[key] = text.strip(b" \t").decode("utf-8", "backslashreplace")
    return tags
