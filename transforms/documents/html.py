"""Web pages saved as files: what their head says of program and author, and their words (HTML 4.01 §7.4.4).

Word and LibreOffice write their document properties there.
"""

from __future__ import annotations

import re

from transforms.documents import Described, Opened, iso_moment, several, shown
from transforms.limits import LIMITS
from transforms.mail.charset import to_text
from transforms.mail.content import html_to_text, resolved
from transforms.model import DocumentFacts

FORMATS = ("html",)

_HEAD = 64 * 1024  # characters
_META = re.compile(r"<meta\s([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"\b(name|content|charset)\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE
)
_OF_WORD = re.compile(r"<o:(Author|LastAuthor|Template|Revision|Created|LastSaved|Company|Version)>([^<]{1,400})</o:")
_LANGUAGE = re.compile(r"<(?:html|body)\s[^<>]{0,400}?\blang\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9-]{2,35})", re.IGNORECASE)
_CHARSET = re.compile(rb"<meta\s[^<>]{0,400}?charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)


def read(opened: Opened) -> Described:
    octets = opened.span.read(0, LIMITS.document_text)
    text = to_text(octets, _charset(octets))
    head = text[:_HEAD]
    said: dict[str, str] = {}
    for meta in _META.finditer(head):
        parts = {one[1].lower(): one[2] or one[3] or one[4] or "" for one in _ATTRIBUTE.finditer(meta[1])}
        said.setdefault(parts.get("name", "").lower(), resolved(parts.get("content", "")))
    word = {one[1]: resolved(one[2]) for one in _OF_WORD.finditer(head)}
    created, modified = (
        iso_moment(said.get(ours) or word.get(theirs))
        for ours, theirs in (("created", "Created"), ("changed", "LastSaved"))
    )
    facts = DocumentFacts(
        author=shown(said.get("author") or word.get("Author")),
        last_modified_by=shown(said.get("changedby") or word.get("LastAuthor")),
        created_utc=created.utc,
        modified_utc=modified.utc,
        created_local=created.local,
        modified_local=modified.local,
        application=shown(said.get("generator")),
        application_version=shown(word.get("Version")),
        template=shown(word.get("Template")),
        company=shown(word.get("Company")),
        languages=several(one[1] for one in _LANGUAGE.finditer(head)),
    )
    return Described(facts, html_to_text(text))


def _charset(octets: bytes) -> str:
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    found = _CHARSET.search(octets[:4096])
    return found[1].decode("ascii").lower() if found else ""
