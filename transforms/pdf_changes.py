"""PDF: what did those who saved it again behind its signature change? (ISO 32000-1 §7.5.6, §12.8)

Two revisions of one file are compared object by object, each by its own cross-reference, so an object that lay in the
signed octets and was only put in another's place counts as well. An object is what leads to it from the catalog: what
a page's content draws on is content, whatever else leads there. What nothing leads to is `other`: it is not taken for
harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from transforms.pdf_objects import Octets, Ref, Revision, Stream, Unreadable

PAGES = "pages"  # added, taken away, in another order
CONTENT = "content"  # what a page draws, and with what: fonts, pictures, its size
FORM = "form"  # fields, their values and what shows them
ANNOTATIONS = "annotations"  # comments, stamps, links: they lie over the page
SIGNATURE = "signature"  # another one, or a time stamp, and what shows it
VALIDATION = "validation"  # certificates and revocation, kept for later checks (DSS)
METADATA = "metadata"
OTHER = "other"  # actions, layers, files inside, structure; objects that nothing leads to
UNREADABLE = "unreadable"

KINDS = (PAGES, CONTENT, FORM, ANNOTATIONS, SIGNATURE, VALIDATION, METADATA, OTHER, UNREADABLE)

_CATALOG = {
    "/AcroForm": FORM, "/DSS": VALIDATION, "/Extensions": VALIDATION, "/Metadata": METADATA, "/Perms": SIGNATURE,
    "/Version": METADATA,
}  # fmt: skip
_FORM = {"/SigFlags": SIGNATURE, "/XFA": OTHER}
_PAGE = {
    "/AA": OTHER, "/B": METADATA, "/LastModified": METADATA, "/Metadata": METADATA, "/PieceInfo": METADATA,
    "/StructParents": METADATA, "/Tabs": METADATA, "/Thumb": METADATA,
}  # fmt: skip
_TREE = frozenset({"/Kids", "/Count", "/Parent", "/Type"})  # which pages there are is compared as a whole
_STRUCTURAL = frozenset({"/ObjStm", "/XRef"})  # streams that hold objects, and are none themselves
_DEPTH = 64  # of the tree of pages
_PARTS = 16  # of a field in each other
_OBJECT = re.compile(rb"(?<=[\s\x000-9])obj(?![A-Za-z0-9])")


class Saves:
    """The revisions of one file. Never raises; what was parsed once is kept for the next comparison."""

    def __init__(self, octets: bytes) -> None:
        self._file = Octets(octets)
        self._last: _Known | None = None

    def changes_behind(self, end: int) -> tuple[str, ...]:
        """Which KINDS of things differ between the revision that ends there and the last one."""
        octets = self._file.octets
        try:
            last = self._last = self._last or _Known(Revision(self._file, len(octets)))
            kinds = set(_changes(_Known(Revision(self._file, end)), last))
            listed = last.revision.keywords()
            if any(one.start() not in listed for one in _OBJECT.finditer(octets, end)):
                kinds.add(OTHER)  # readers that make the cross-reference anew find it
        except Unreadable:
            kinds = {UNREADABLE}
        return tuple(kind for kind in KINDS if kind in kinds)


class _Known:
    """A revision, and of each of its objects what leads to it."""

    def __init__(self, revision: Revision) -> None:
        if "/Encrypt" in revision.trailer:
            raise Unreadable
        self.revision = revision
        self.kinds: dict[int, set[str]] = {}
        self.pages: list[int] = []
        self.tree: set[int] = set()  # dictionaries of the tree of pages
        self.arrays: set[int] = set()  # of fields or annotations
        self.catalog = self.dictionary(revision.trailer.get("/Root"))
        self.form = self.dictionary(self.catalog.get("/AcroForm"))
        self._walk_tree(self.catalog.get("/Pages"), 0)
        roots = (revision.trailer.get("/Root"), self.catalog.get("/AcroForm"))
        self.by_key = self.tree | {one.number for one in roots if isinstance(one, Ref)}
        for number in sorted(self.tree):
            for key, value in self.dictionary(Ref(number)).items():
                if key == "/Annots":
                    self._mark_members(value)
                elif key not in _TREE:
                    self._mark(value, _PAGE.get(key, CONTENT))
        for key, value in self.form.items():
            if key == "/Fields":
                self._mark_members(value)
            else:
                self._mark(value, _FORM.get(key, FORM))
        self._mark(revision.trailer.get("/Info"), METADATA)
        rest = [(_CATALOG.get(key, OTHER), value) for key, value in self.catalog.items() if key not in _WALKED]
        for kind, value in sorted(rest, key=lambda one: one[0] == OTHER):
            self._mark(value, kind)

    def dictionary(self, value: Any) -> dict[str, Any]:
        found = self.revision.get(value)
        return found if isinstance(found, dict) else {}

    def members(self, value: Any) -> tuple[dict[int, str], list[Any]]:
        """Fields or annotations of an array: those it refers to, each with its kind, and those that stand in it."""
        found = self.revision.get(value)
        each = found if isinstance(found, list) else []
        direct = [one for one in each if not isinstance(one, Ref)]
        return {one.number: self._kind(one) for one in each if isinstance(one, Ref)}, direct

    def _walk_tree(self, value: Any, depth: int) -> None:
        node = self.dictionary(value)
        if not isinstance(value, Ref) or value.number in self.tree or not node or depth > _DEPTH:
            return
        self.tree.add(value.number)
        kids = self.revision.get(node.get("/Kids"))
        if not isinstance(kids, list):
            self.pages.append(value.number)
            return
        if isinstance(node["/Kids"], Ref):
            self.kinds.setdefault(node["/Kids"].number, set()).add(PAGES)
        for kid in kids:
            self.revision.file.spend()
            self._walk_tree(kid, depth + 1)

    def _mark_members(self, value: Any) -> None:
        """An array of fields or annotations, and all that these draw on."""
        if isinstance(value, Ref):
            self.arrays.add(value.number)
        members, direct = self.members(value)
        for number, kind in members.items():
            self._mark(Ref(number), kind)
        self._mark(direct, ANNOTATIONS)

    def _kind(self, value: Ref) -> str:
        """Of a field or annotation. The type of a field may be said by the one that it is a part of."""
        found = self.dictionary(value)
        if found.get("/Subtype", "/Widget") != "/Widget":
            return ANNOTATIONS
        for _ in range(_PARTS):
            self.revision.file.spend()
            if "/FT" in found or "/Parent" not in found:
                break
            found = self.dictionary(found["/Parent"])
        return SIGNATURE if found.get("/FT") == "/Sig" else FORM

    def _mark(self, value: Any, kind: str) -> None:
        """Everything that a value leads to, pages aside; `other` is only what nothing else leads to."""
        pending = [value]
        while pending:
            value = pending.pop()
            self.revision.file.spend()
            if isinstance(value, Ref):
                kinds = self.kinds.setdefault(value.number, set())
                if kind in kinds or value.number in self.tree or (kind == OTHER and kinds):
                    continue
                kinds.add(kind)
                value = self.revision.get(value)
            if isinstance(value, Stream):
                value = value.dictionary
            if isinstance(value, dict):
                pending += value.values()
            elif isinstance(value, list):
                pending += value


_WALKED = frozenset({"/Pages", "/AcroForm"})


def _changes(before: _Known, after: _Known) -> Iterator[str]:
    for key in before.catalog.keys() | after.catalog.keys():
        if key not in _WALKED and before.catalog.get(key) != after.catalog.get(key):
            yield _CATALOG.get(key, OTHER)
    yield from _by_key(before, after, before.form, after.form, _FORM, FORM)
    if before.pages != after.pages:
        yield PAGES
    if before.revision.trailer.get("/Info") != after.revision.trailer.get("/Info"):
        yield METADATA
    for number in _changed(before.revision, after.revision):
        one, other = (known.dictionary(Ref(number)) for known in (before, after))
        if number in before.by_key & after.by_key:
            if number in before.tree | after.tree:
                yield from _by_key(before, after, one, other, _PAGE, CONTENT)
        elif number in before.arrays & after.arrays:
            yield from _of_members(before.members(Ref(number)), after.members(Ref(number)))
        else:
            kinds = before.kinds.get(number, set()) | after.kinds.get(number, set())
            kinds |= {PAGES} if number in before.tree | after.tree else set()
            yield from kinds or ({OTHER} if not _is_structural(after.revision.get(Ref(number))) else ())


def _by_key(
    before: _Known, after: _Known, one: dict[str, Any], other: dict[str, Any], kinds: dict[str, str], default: str
) -> Iterator[str]:
    """What differs between two forms of a page, of a node above pages or of the form."""
    for key in one.keys() | other.keys():
        if key in _TREE or one.get(key) == other.get(key):
            continue
        if key in ("/Annots", "/Fields"):
            yield from _of_members(before.members(one.get(key)), after.members(other.get(key)))
        else:
            yield kinds.get(key, default)


def _of_members(one: tuple[dict[int, str], list[Any]], other: tuple[dict[int, str], list[Any]]) -> Iterator[str]:
    """The kinds of those fields or annotations that are in one array only; their order lays one over another."""
    (members, direct), (others, directly) = one, other
    alone = members.keys() ^ others.keys()
    yield from (kind for number, kind in (*members.items(), *others.items()) if number in alone)
    if direct != directly or (not alone and [*members] != [*others]):
        yield ANNOTATIONS


def _changed(before: Revision, after: Revision) -> Iterator[int]:
    """Objects that are not the same in both."""
    for number in before.places.keys() | after.places.keys():
        if before.places.get(number) != after.places.get(number):
            before.file.spend()
            if before.get(Ref(number)) != after.get(Ref(number)):
                yield number


def _is_structural(value: Any) -> bool:
    return isinstance(value, Stream) and value.dictionary.get("/Type") in _STRUCTURAL
