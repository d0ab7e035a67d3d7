"""What the pipeline should say of each thing of the sample, by where it lies and what carries it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import forms


@dataclass(frozen=True, slots=True)
class Says:
    """A verdict, with its basis if verified, else its reason."""

    verdict: str
    because: str
    subtype: str = ""

    def __str__(self) -> str:
        return f"{self.verdict}, {self.subtype or self.because}"


SIGNED = Says("verified", "signature")
REPAIRED = Says("verified", "repaired_signature")
INHERITED = Says("verified", "inherited")
ALTERED_COPY = Says("suspected_fake", "copy.altered", "altered_copy")


def unverifiable(reason: str) -> Says:
    return Says("unverifiable", reason)


NO_SIGNATURE = unverifiable("no_signature")
KEY_UNKNOWN = unverifiable("key_unknown")
BODY_CHANGED = unverifiable("body_changed_after_signing")
HEADER_CHANGED = unverifiable("header_changed_after_signing")
ADDED_TEXT = unverifiable("proven_except_added_text")
SAME_AS_VERIFIED = unverifiable("copy.same_as_verified")
PARENT_NOT_VERIFIED = unverifiable("parent_not_verified")
SENT_BY_OUTSIDER = unverifiable("sent_by_outsider")
CONTAINER, GAP, UNREAD = unverifiable("container"), unverifiable("gap"), unverifiable("unread")

_SMALLEST_SENT = 64  # octets: shorter contents are equal by chance


@dataclass(frozen=True, slots=True)
class Thing:
    """Something with a row: a file, or anything found in one."""

    octets: bytes
    form: str  # mail | container | document | other
    says: Says | None = None  # None: a document, whose verdict depends on where it lies
    inside: tuple[tuple[str, Thing], ...] = ()  # (step of its path, or IMAP number of a part)
    passes_on: bool = False  # a message whose covered attachments inherit

    def holds_mail(self) -> bool:
        return self.form == "mail" or any(thing.holds_mail() for _, thing in self.inside)


def rows(path: str, thing: Thing, carrier: str, sent: frozenset[bytes], base: str = "") -> Iterator[tuple[str, Says]]:
    """(path, verdict) of a thing and all in it. carrier: none | proven | unproven.

    base: path of the outermost message, if the thing is a nested message: its parts' IMAP numbers
    continue its own.
    """
    if thing.says is not None:
        yield path, thing.says
    elif carrier == "proven":
        yield path, INHERITED
    elif carrier == "unproven":
        yield path, PARENT_NOT_VERIFIED
    else:
        yield path, SENT_BY_OUTSIDER if thing.octets in sent else NO_SIGNATURE
    below = carrier
    if thing.form == "mail":
        below = "proven" if thing.passes_on else "unproven"
    elif thing.holds_mail() and carrier == "proven":
        below = "unproven"  # proof stops at anything that holds messages
    for step, inner in thing.inside:
        number = step[0].isdigit() and thing.form == "mail"
        inner_path = f"{path}.{step}" if number and base else f"{path}!{step}"
        yield from rows(inner_path, inner, below, sent, base or path if number and inner.form == "mail" else "")


def sent_documents(thing: Thing, carrier: str = "none") -> Iterator[bytes]:
    """Octets of the documents that verified messages of the dump carry."""
    if thing.form == "document" and carrier == "proven" and len(thing.octets) >= _SMALLEST_SENT:
        yield thing.octets
    below = carrier
    if thing.form == "mail":
        below = "proven" if thing.passes_on else "unproven"
    elif thing.holds_mail() and carrier == "proven":
        below = "unproven"
    for _, inner in thing.inside:
        yield from sent_documents(inner, below)


def step(name: str) -> str:
    """A name as a step of a path (the names used here need no more)."""
    return name.replace("%", "%25").replace("!", "%21")


def document(octets: bytes) -> Thing:
    return Thing(octets, "document")


def text_part(octets: bytes) -> Thing:
    """A text that is an item of a message whose signature leaves blanks and line ends open."""
    return Thing(octets, "other", unverifiable("blanks_not_signed"))


def container(octets: bytes, inside: Sequence[tuple[str, Thing]]) -> Thing:
    return Thing(octets, "container", CONTAINER, tuple(inside))


def gap(octets: bytes) -> Thing:
    return Thing(octets, "other", GAP)


UNREADABLE = Thing(b"", "other", UNREAD)


def zip_thing(members: Sequence[tuple[str, Thing]], deflate: bool = True) -> Thing:
    octets = forms.zip_of([(name, thing.octets) for name, thing in members], deflate)
    return container(octets, [(step(name), thing) for name, thing in members])


@dataclass(frozen=True, slots=True)
class Recipe:
    path: str  # in leak/
    what: str  # what it is, for README.md
    thing: Thing
