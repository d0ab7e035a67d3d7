"""How mail programs of the time write a message: identifiers, boundaries, field order, quoting."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import escape
from zoneinfo import ZoneInfo

import forms

from corpus import stamps
from corpus.world import Person

Fields = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class File:
    name: str
    media_type: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before its program writes it. The same draft gives the same octets."""

    author: Person
    to: tuple[Person, ...]
    when: float  # the clock of the program
    subject: str
    text: str
    seed: str  # of identifiers and boundaries
    files: tuple[File, ...] = ()
    parent: Draft | None = None
    date: str | None = None  # of the Date field, if it is not the clock's
    shown_from: str | None = None
    shown_to: str | None = None
    message_id: str | None = None
    html: str | None = None  # if it says something else than the text
    more: tuple[tuple[str, str], ...] = field(default=())  # fields below all others
    client: str | None = None  # if it is not the author's own

    @property
    def program(self) -> str:
        return self.client or self.author.client

    @property
    def ident(self) -> str:
        """Message-ID without brackets."""
        return self.message_id or _ident(self)


def carrying(draft: Draft, message: bytes, description: str = "Forwarded message.eml") -> Draft:
    """The draft with a message attached (RFC 2046 §5.2.1)."""
    return replace(draft, files=(*draft.files, File(description, "message/rfc822", message)))


def zone_of(when: float) -> int:
    """Minutes east of UTC, in Paris."""
    offset = datetime.fromtimestamp(when, UTC).astimezone(ZoneInfo("Europe/Paris")).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) // 60


def named(person: Person) -> str:
    """A mailbox with its display name (RFC 5322 §3.4)."""
    name = f'"{person.name}"' if person.name.isascii() else forms.encoded(person.name)
    return f"{name} <{person.address}>"


def reply(parent: Draft, author: Person, when: float, text: str, seed: str) -> Draft:
    """An answer to all, quoting as the author's program does."""
    to = tuple(dict.fromkeys(p for p in (parent.author, *parent.to) if p != author)) or (parent.author,)
    subject = parent.subject if parent.subject.startswith("Re: ") else f"Re: {parent.subject}"
    return Draft(author, to, when, subject, f"{text}\n\n{quoted(parent, author.client)}", seed, parent=parent)


def quoted(parent: Draft, client: str, text: str | None = None) -> str:
    """The parent's text as the program quotes it; text if it is made to say something else."""
    said = text if text is not None else parent.text
    local = datetime.fromtimestamp(parent.when, ZoneInfo("Europe/Paris"))
    if client == "outlook":
        return (
            "-----Original Message-----\n"
            f"From: {parent.author.name} [mailto:{parent.author.address}]\n"
            f"Sent: {local:%A, %B} {local.day}, {local:%Y} {local:%I:%M %p}\n"
            f"To: {'; '.join(p.name for p in parent.to)}\nSubject: {parent.subject}\n\n{said}"
        )
    lines = forms.wrapped(said).rstrip("\n").split("\n")
    quote = "\n".join(f"> {line}".rstrip() if client != "gmail" else f"> {line}" for line in lines)
    at = {
        "gmail": f"{local:%a, %b} {local.day}, {local:%Y at %I:%M %p}, {parent.author.name} <{parent.author.address}>",
        "apple": f"{local.day} {local:%b %Y, at %H:%M}, {parent.author.name} <{parent.author.address}>",
        "mutt": f"{local:%a, %b %d, %Y at %I:%M:%S%p} {local:%z}, {parent.author.name}",
    }.get(client, f"{local:%d/%m/%Y %H:%M}, {parent.author.name}")
    return f"On {at} wrote:\n{quote}"


def compose(draft: Draft) -> bytes:
    """The message as its program hands it over: CRLF, no signature, no trace."""
    rng = random.Random(draft.seed)
    return {
        "outlook": _outlook, "thunderbird": _thunderbird, "apple": _apple, "gmail": _gmail, "mutt": _mutt,
        "bulk": _bulk,
    }[draft.program](draft, rng)  # fmt: skip


def _ident(draft: Draft) -> str:
    rng = random.Random(f"{draft.seed} id")
    domain = draft.author.system.domain
    when = datetime.fromtimestamp(draft.when, UTC)
    match draft.program:
        case "outlook":
            return stamps.outlook_id(draft.when - 1, rng, domain)
        case "apple":
            return f"{stamps.uuid4(rng).upper()}@{domain}"
        case "gmail":
            return stamps.gmail_id(draft.author.prefix or stamps.gmail_prefix(rng), rng).strip("<>")
        case "mutt":
            return f"{when:%Y%m%d%H%M%S}.GA{rng.randrange(1000, 30_000)}@{domain}"
        case "bulk":
            return f"{when:%Y%m%d%H%M%S}.{rng.randrange(1000, 30_000)}.{rng.getrandbits(48):012x}@mail.{domain}"
    return f"{stamps.uuid4(rng)}@{domain}"


def _common(draft: Draft) -> dict[str, tuple[str, str]]:
    shown_to = draft.shown_to or ", ".join(named(p) for p in draft.to)
    return {
        "from": ("From", draft.shown_from or named(draft.author)),
        "to": ("To", shown_to.replace(", ", ",\r\n\t")),
        "subject": ("Subject", forms.encoded(draft.subject)),
        "date": ("Date", draft.date or stamps.date(draft.when, zone_of(draft.when))),
        "id": ("Message-ID", f"<{draft.ident}>"),
        "version": ("MIME-Version", "1.0"),
    }


def _thread(draft: Draft) -> Fields:
    if draft.parent is None:
        return []
    chain, above = [], draft.parent
    while above is not None:
        chain.insert(0, f"<{above.ident}>")
        above = above.parent
    return [("References", "\r\n ".join(chain)), ("In-Reply-To", f"<{draft.parent.ident}>")]


def _html(draft: Draft) -> str:
    if draft.html is not None:
        return draft.html
    paragraphs = "\n".join(f"<p>{escape(p)}</p>".replace("\n", "<br>\n") for p in draft.text.split("\n\n"))
    return f"<html><body>\n{paragraphs}\n</body></html>\n"


def _plain(draft: Draft, encoding: str) -> forms.Body:
    return forms.text_body(forms.wrapped(draft.text), encoding=encoding)


def _assembled(fields: Fields, draft: Draft, text: forms.Body, boundary: str) -> bytes:
    """The message; its files in a multipart/mixed around the text."""
    top = text
    if draft.files:
        parts = [_attached(file) for file in draft.files]
        top = forms.multipart(boundary, [text, *parts])
    return forms.entity([*fields, *top[0], *draft.more], top[1])


def _attached(file: File) -> forms.Body:
    if file.media_type == "message/rfc822":  # must not be encoded (RFC 2046 §5.2.1)
        return forms.forwarded(file.octets)
    return forms.attachment(file.name, file.media_type, file.octets)


def _alternative(draft: Draft, boundary: str, encoding: str) -> forms.Body:
    plain = _plain(draft, encoding)
    return forms.multipart(boundary, [plain, forms.text_body(_html(draft), "html", encoding)], "alternative")


def thread_index(draft: Draft) -> bytes:
    rng = random.Random(f"{draft.seed} thread")
    if draft.parent is None or draft.parent.program != "outlook":
        return stamps.thread_index(draft.when - 60, rng)
    first = draft.parent
    while first.parent is not None and first.parent.program == "outlook":
        first = first.parent
    # One block only: what a second one counts from differs between versions.
    begun = thread_index(first)
    return stamps.thread_index(draft.when - 30, rng, begun, first.when - 60)


def _outlook(draft: Draft, rng: random.Random) -> bytes:
    common = _common(draft)
    zone = zone_of(draft.when)
    outer, inner = (stamps.outlook_boundary(draft.when, zone, rng, level) for level in (0, 1))
    fields = [
        common["from"], common["to"], *_thread(draft), common["subject"], common["date"], common["id"],
        common["version"], ("X-Mailer", "Microsoft Outlook 15.0"),
        ("Thread-Index", stamps.encoded(thread_index(draft))), ("Content-Language", "fr"),
    ]  # fmt: skip
    return _assembled(fields, draft, _alternative(draft, inner, "quoted-printable"), outer)


def _thunderbird(draft: Draft, rng: random.Random) -> bytes:
    common = _common(draft)
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:45.0) Gecko/20100101 Thunderbird/45.4.0"
    fields = [common["to"], *_thread(draft), common["from"], common["subject"], common["id"], common["date"]]
    fields += [("User-Agent", agent), common["version"]]
    boundary = "------------" + "".join(rng.choices("0123456789ABCDEF", k=24))
    return _assembled(fields, draft, _plain(draft, "8bit"), boundary)


def _apple(draft: Draft, rng: random.Random) -> bytes:
    common = _common(draft)
    fields = [common["from"], ("Content-Language", "fr"), ("Mime-Version", "1.0 (Mac OS X Mail 10.2 \\(3259\\))")]
    fields += [common["subject"], common["id"], common["date"], *_thread(draft), common["to"]]
    fields += [("X-Mailer", "Apple Mail (2.3259)")]
    boundary = f"Apple-Mail=_{stamps.uuid4(rng).upper()}"
    return _assembled(fields, draft, _plain(draft, "quoted-printable"), boundary)


def _gmail(draft: Draft, rng: random.Random) -> bytes:
    common = _common(draft)
    outer, inner = (stamps.gmail_boundary(draft.when + at, rng) for at in (0.4, 0.3))
    fields = [common["version"], *reversed(_thread(draft)), common["from"], common["date"], common["id"]]
    fields += [common["subject"], common["to"]]
    return _assembled(fields, draft, _alternative(draft, inner, "quoted-printable"), outer)


def _mutt(draft: Draft, rng: random.Random) -> bytes:
    common = _common(draft)
    fields = [common["date"], common["from"], common["to"], common["subject"], common["id"], *_thread(draft)]
    fields += [common["version"], ("User-Agent", "Mutt/1.5.23 (2014-03-12)")]
    boundary = "".join(rng.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/", k=16))
    return _assembled(fields, draft, _plain(draft, "8bit"), boundary)


def _bulk(draft: Draft, rng: random.Random) -> bytes:
    """A newsletter sent by a service for mass mail."""
    common = _common(draft)
    unsubscribe = f"https://lettre-envoi.example/u/{rng.getrandbits(40):010x}"
    fields = [common["date"], common["to"], common["from"], common["subject"], common["id"]]
    fields += [("List-Unsubscribe", f"<{unsubscribe}>"), ("Precedence", "bulk"), common["version"]]
    boundary = f"b1_{hashlib.md5(draft.seed.encode(), usedforsecurity=False).hexdigest()}"
    return _assembled(fields, draft, _alternative(draft, boundary, "quoted-printable"), f"{boundary}m")
