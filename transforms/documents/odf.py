"""OpenDocument and its forerunner, as LibreOffice and OpenOffice write them (ODF 1.2 part 1 §4, part 3).

Times have no zone in most files: the clock of the writer's computer. Text is the whole of content.xml without tags.
"""

from __future__ import annotations

import re

from transforms.documents import Described, Opened, iso_moment, number, several, shown
from transforms.documents.ooxml import part_named, zip_form
from transforms.limits import LIMITS
from transforms.mail.charset import to_text
from transforms.mail.content import resolved
from transforms.markup import leaves
from transforms.model import DocumentFacts

FORMATS = ("odf",)

_DURATION = re.compile(r"P(?:([0-9]{1,5})D)?T(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:[0-9.,]{1,20}S)?")
_FONT = re.compile(rb'<style:font-face style:name="([^"<>]{1,100})"')
_BLOCK_END = re.compile("</(?:text:(?:p|h)|table:table-cell)>|<text:(?:tab|s|line-break)[ />]")
_TAG = re.compile(r"<[^<>]*+>")
_BODY = "<office:body"


def read(opened: Opened) -> Described:
    directory = opened.directory
    if directory is None:
        return Described(None)
    parts = {member.name: member for member in reversed(directory.members)}
    manifest = part_named(opened.span, parts, b"META-INF/manifest.xml")
    encrypted = b"encryption-data" in manifest
    meta = b"" if encrypted else part_named(opened.span, parts, b"meta.xml")
    found, defects = leaves(meta) if meta else ([], ())
    said = {leaf.name: leaf.text for leaf in reversed(found)}
    created, modified = iso_moment(said.get("creation-date")), iso_moment(said.get("date"))
    generator = shown(said.get("generator"))
    application, _, version = (generator or "").partition("/")
    writer, first, last = zip_form(directory)
    content = part_named(opened.span, parts, b"content.xml", LIMITS.document_text)
    facts = DocumentFacts(
        author=shown(said.get("initial-creator")),
        last_modified_by=shown(said.get("creator")),
        created_utc=created.utc,
        modified_utc=modified.utc,
        created_local=created.local,
        modified_local=modified.local,
        application=application or None,
        application_version=version or None,
        template=shown(said.get("template@href")),
        languages=several([said.get("language")]),
        revision=number(said.get("editing-cycles")),
        edit_minutes=_minutes(said.get("editing-duration")),
        custom=several(f"{leaf.called}={leaf.text}" for leaf in found if leaf.name == "user-defined"),
        fonts=several(one[1].decode("utf-8", "replace") for one in _FONT.finditer(content)),
        zip_writer=writer,
        zip_first=first,
        zip_last=last,
        signatures=int(b"META-INF/documentsignatures.xml" in parts),
        encrypted=encrypted,
        defects=defects,
    )
    return Described(facts, "" if encrypted else _text(content))


def _minutes(text: str | None) -> int | None:
    """Whole minutes of a duration such as PT2H13M5S."""
    found = _DURATION.fullmatch(text) if text else None
    if found is None:
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return (24 * days + hours) * 60 + minutes


def _text(content: bytes) -> str:
    markup = to_text(content, "")
    body = markup[markup.find(_BODY) :] if _BODY in markup else ""
    return resolved(_TAG.sub("", _BLOCK_END.sub(" ", body)))
