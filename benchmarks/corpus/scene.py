"""What a recipe works with: people, mail systems, and a place for what it makes and what is true of it."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import forms

from corpus import stamps
from corpus.clients import Draft, File, compose
from corpus.transport import Mail, Post, delivered, trace
from corpus.world import END, INSIDERS, OUTSIDERS, START, Person, other_verdict, words

HONEST, DAMAGED, FORGED, IMPERSONATION = "honest", "damaged", "forged", "impersonation"
_STEMS = ("budget", "devis", "minutes", "contract", "programme", "contacts", "invoice", "letter", "plan")
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True)
class Label:
    """What is true of an item, and which verdicts VERDICT.md allows."""

    truth: str  # honest | damaged | forged | impersonation
    recipe: str
    # of a forgery: sibling (a verified version or the signed value lies in the dump, or the signature is
    # another mail's), omission (only something taken away), laundering (a trick to have it verified), other;
    # of an imitated domain: imitation, resemblance (too weak to suspect)
    group: str = ""
    permits: tuple[str, ...] = ("verified", "unverifiable")
    provable: bool = False  # lies as it was signed, and its key is in the archive


@dataclass(frozen=True, slots=True)
class Placed:
    """Octets in a mailbox, or as a loose file of that name."""

    box: Person | None
    name: str
    octets: bytes
    labels: dict[str, Label]  # by what is added to the path: "" is the item itself, "!2" its second part


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to damage or to forge; what it changes stands in the docstring of its function."""

    name: str
    group: str
    says: str
    make: Callable[[Case], None]


class Scene:
    """Draws people, moments, words and files. The same seed draws the same."""

    def __init__(self, seed: int, post: Post) -> None:
        self.rng = random.Random(seed)
        self.post = post
        self._drafts = 0
        self._documents = 0

    def when(self) -> int:
        """A second of a working day."""
        day = START + 86_400 * self.rng.randrange((END - START) // 86_400)
        return day + self.rng.randrange(7 * 3600, 18 * 3600)

    def insider(self, *but: Person) -> Person:
        return self.rng.choice([person for person in INSIDERS if person not in but])

    def outsider(self) -> Person:
        return self.rng.choice(OUTSIDERS)

    def seed(self) -> str:
        self._drafts += 1
        return f"{self.rng.getrandbits(64):016x} {self._drafts}"

    def draft(
        self,
        author: Person | None = None,
        to: tuple[Person, ...] | None = None,
        when: float | None = None,
        files: tuple[File, ...] = (),
    ) -> Draft:
        """A new message of an insider, unless somebody is named, to one insider."""
        author = author or self.insider()
        said = words(self.rng)
        return Draft(
            author, to or (self.insider(author),), when if when is not None else self.when(), said.subject, said.text,
            self.seed(), files,
        )  # fmt: skip

    def file(self, author: Person, when: float, ending: str | None = None) -> File:
        """A document made some hours before."""
        self._documents += 1
        said = words(self.rng)
        lines = said.text.replace("\n\n", " ").split(". ")
        stem = f"{self.rng.choice(_STEMS)}-{self._documents}"
        match ending or self.rng.choice(("pdf", "docx", "csv", "png")):
            case "pdf":
                return File(f"{stem}.pdf", "application/pdf", dated(forms.pdf(said.subject, lines), when - 7_000))
            case "docx":
                return File(f"{stem}.docx", DOCX, dated(forms.docx(author.name, [said.subject, *lines]), when - 7_000))
            case "csv":
                rows = [("item", "amount"), *((f"{said.subject} {n}", str(self.rng.randrange(9000))) for n in range(9))]
                return File(f"{stem}.csv", "text/csv", forms.csv_table(rows))
        colour = self.rng.randrange(256), self.rng.randrange(256), self.rng.randrange(256)
        return File(f"{stem}.png", "image/png", forms.png(24, 24, colour))


class Case:
    """One use of a recipe: it draws from the scene, and says of all that it makes what is true."""

    def __init__(self, scene: Scene, recipe: Recipe) -> None:
        self.scene, self.rng, self.post = scene, scene.rng, scene.post
        self.recipe = recipe
        self.placed: list[Placed] = []

    def send(self, draft: Draft | None = None, **changes: object) -> Mail:
        """An honest mail; by default of an insider whose system signs with a key of the archive."""
        return self.post.send(replace(draft or self.scene.draft(), **changes))

    def read_by(self, readers: int = 2) -> Draft:
        """A mail of an insider to others."""
        author = self.scene.insider()
        to = self.rng.sample([person for person in INSIDERS if person != author], readers)
        return self.scene.draft(author, tuple(to))

    def two_readers(self) -> tuple[Mail, Person, Person]:
        """A mail to two insiders: one keeps the copy that came, the other's was tampered with."""
        draft = self.read_by()
        return self.send(draft), *draft.to

    def honest(self, box: Person | None, octets: bytes, provable: bool = False, name: str = "") -> None:
        label = Label(HONEST, f"beside {self.recipe.name}", provable=provable)
        self.placed.append(Placed(box, name, octets, {"": label}))

    def kept(self, mail: Mail, box: Person) -> None:
        """The copy as it came."""
        self.honest(box, delivered(mail, box), provable=True)

    def damaged(self, box: Person | None, octets: bytes, name: str = "", parts: tuple[str, ...] = ()) -> None:
        label = Label(DAMAGED, self.recipe.name)
        self.placed.append(Placed(box, name, octets, {"": label, **dict.fromkeys(parts, label)}))

    def fake(
        self,
        box: Person | None,
        octets: bytes,
        permits: tuple[str, ...] = ("suspected_fake", "unverifiable"),
        name: str = "",
        at: str = "",
    ) -> None:
        """A forged item; at: where in it the forgery lies, if the message around it is honest."""
        labels = {at: Label(FORGED, self.recipe.name, self.recipe.group, permits)}
        if at:
            labels[""] = Label(HONEST, f"carrier of {self.recipe.name}")
        self.placed.append(Placed(box, name, octets, labels))

    def imitation(self, box: Person, octets: bytes) -> None:
        found = self.recipe.group == "imitation"
        permits = ("suspected_fake",) if found else ("verified", "unverifiable")
        label = Label(IMPERSONATION, self.recipe.name, self.recipe.group, permits)
        self.placed.append(Placed(box, "", octets, {"": label}))


# ---- a forger's hands -------------------------------------------------------------------------


def retouched(mail: Mail, box: Person, **changes: object) -> bytes:
    """The delivered message with something else in it, and all else as it was: the signature, the ids."""
    composed = compose(replace(mail.draft, **changes))
    return trace(mail.draft, box, mail.at, mail.at + 3) + mail.signature + composed


_DECISION = re.compile(r"has ([a-z]+) the payment of ([0-9]+),([0-9]+) euro")


def other_decision(text: str) -> str:
    """The text with its one decision turned into another."""
    return _DECISION.sub(lambda found: found[0].replace(found[1], other_verdict(found[1])), text, count=1)


def other_amount(text: str) -> str:
    """The text with its one amount of money changed by one digit."""
    return _DECISION.sub(lambda f: f[0].replace(f"{f[2]},", f"{(int(f[2]) + 50) % 90 + 10},"), text, count=1)


def other_subject(subject: str) -> str:
    """The subject with its last word replaced."""
    head, _, last = subject.rpartition(" ")
    return f"{head} {'Geneva' if last[-1:].isalpha() else '7781'}"


def dated(document: bytes, when: float) -> bytes:
    """A document of the sample's kind, made at another moment."""
    moment = datetime.fromtimestamp(when, UTC)
    if document.startswith(b"%PDF"):
        return document.replace(b"D:20170420101500+02'00'", f"D:{moment:%Y%m%d%H%M%S}+00'00'".encode())
    return members_edited(document, b"2017-04-20T08:15:00Z", stamps.w3c(when).encode())


def edited_by(document: bytes, editor: str, moment: str) -> bytes:
    """A Word document of the sample's kind, saved again by somebody."""
    stamp = f'<dcterms:modified xsi:type="dcterms:W3CDTF">{moment}</dcterms:modified></cp:coreProperties>'
    made = members_edited(document, b"</cp:coreProperties>", stamp.encode())
    start = b"<cp:lastModifiedBy>"
    at = made.index(start) + len(start)
    return members_edited(made, made[at : made.index(b"<", at)], editor.encode())


def members_edited(document: bytes, old: bytes, new: bytes) -> bytes:
    """A zip of the sample's kind with octets replaced in its members."""
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        members = [(info.filename, archive.read(info).replace(old, new)) for info in archive.infolist()]
    return forms.zip_of(members)


# ---- octets of a message ----------------------------------------------------------------------


def halves(octets: bytes) -> tuple[bytes, bytes]:
    """Header section with its last line end, and body."""
    head, _, body = octets.partition(b"\r\n\r\n")
    return head + b"\r\n", body


def with_body(octets: bytes, change: Callable[[bytes], bytes]) -> bytes:
    head, body = halves(octets)
    return head + b"\r\n" + change(body)


def fields_of(octets: bytes) -> list[bytes]:
    """Field by field, with folding and line ends."""
    return re.findall(rb"[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*", halves(octets)[0])


def with_fields(octets: bytes, change: Callable[[bytes, bytes], bytes]) -> bytes:
    """Each field replaced by change(name in lower case, field); empty takes it out."""
    made = b"".join(change(field.partition(b":")[0].lower(), field) for field in fields_of(octets))
    return made + b"\r\n" + halves(octets)[1]


def with_field(octets: bytes, name: str, value: str) -> bytes:
    """The field with another value; it must be there."""
    line = f"{name}: {value}\r\n".encode()
    found = [field for field in fields_of(octets) if field.partition(b":")[0].lower() == name.lower().encode()]
    assert found, name
    return with_fields(octets, lambda key, field: line if key == name.lower().encode() else field)


def without_fields(octets: bytes, *names: str) -> bytes:
    gone = {name.lower().encode() for name in names}
    return with_fields(octets, lambda key, field: b"" if key in gone else field)


def value_of(octets: bytes, name: str) -> str:
    """The first value of a field, unfolded."""
    for field in fields_of(octets):
        key, _, value = field.partition(b":")
        if key.lower() == name.lower().encode():
            return " ".join(value.decode("utf-8").split())
    raise AssertionError(name)
