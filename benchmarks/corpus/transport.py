"""How mail travels: the sender's system signs it, two relays stamp it, some receivers seal it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import forms
from signing import FIELDS, sign

from corpus import stamps
from corpus.clients import Draft, compose, zone_of
from corpus.keys import signer_of
from corpus.world import PROTECTED, SEALER, SIGNERS, Person, System
from sealing import prefix_of, seal

_HELD = {held.name: held for held in SIGNERS}
_TYPE_FIELDS = ("content-type", "content-transfer-encoding")


@dataclass(frozen=True, slots=True)
class Mail:
    """A message that was really sent."""

    draft: Draft
    composed: bytes  # CRLF, as the sender's program wrote it
    signature: bytes  # DKIM-Signature fields of the sender's system, or nothing
    at: float  # the clock of the sender's system
    signer: str | None  # name of the key

    @property
    def octets(self) -> bytes:
        return self.signature + self.composed


class Post:
    """All mail systems of the world, with their private keys."""

    def __init__(self, private_keys: Path) -> None:
        self._keys = private_keys

    def sign(
        self,
        octets: bytes,
        held: str,
        at: float,
        fields: tuple[str, ...] | None = None,
        canonicalization: str = "relaxed/relaxed",
        with_length: bool = False,
        domain: str | None = None,
    ) -> bytes:
        """octets with a signature of the key on top; domain if d= is another one than the key's own."""
        signer = signer_of(_HELD[held], self._keys)
        if domain is not None:
            signer = type(signer)(domain, signer.selector, signer.key_file)
        return sign(octets, signer, canonicalization, fields, with_length=with_length, at=int(at))

    def send(
        self,
        draft: Draft,
        at: float | None = None,
        canonicalization: str | None = None,
        fields: tuple[str, ...] | None = None,
        with_length: bool = False,
    ) -> Mail:
        """The draft as the author's system sends it; at: its clock, where the program's own is wrong."""
        system = draft.author.system
        sent_at = at if at is not None else draft.when + 2
        composed = compose(draft)
        held = system.signer(sent_at)
        if held is None:
            return Mail(draft, composed, b"", sent_at, None)
        how = canonicalization or system.canonicalization
        if fields is None and not system.signs_type:
            fields = self.fields_without_type(composed)
        signed = self.sign(composed, held, sent_at, fields, how, with_length)
        return Mail(draft, composed, signed.removesuffix(composed), sent_at, held)

    @staticmethod
    def fields_without_type(octets: bytes) -> tuple[str, ...]:
        head = octets.partition(b"\r\n\r\n")[0].lower()
        present = [name for name in FIELDS if b"\r\n" + name.encode() + b":" in b"\r\n" + head]
        return tuple(name for name in present if name not in _TYPE_FIELDS)

    def sealed(self, octets: bytes, results: str, at: float, held: str = "sealer") -> bytes:
        """octets with an ARC set of the receiver; {b} in results stands for header.b."""
        shown = results.replace("{b}", prefix_of(octets))
        return seal(octets, signer_of(_HELD[held], self._keys), shown, at=int(at))


def delivered(mail: Mail, box: Person, after: float = 3) -> bytes:
    """The message as it lies in a mailbox; after: seconds that it took."""
    return trace(mail.draft, box, mail.at, mail.at + after) + mail.octets


def trace(draft: Draft, box: Person, sent: float, arrived: float) -> bytes:
    """The fields that relays put on top; sent and arrived are their clocks."""
    rng = random.Random(f"{draft.seed} {box.address} trace")
    sender = draft.author.system
    origin = f"from [192.168.{rng.randrange(4)}.{rng.randrange(2, 250)}] (unknown)"
    first = _hop(sender, origin, box, sent, rng)
    last = _hop(box.system, f"from {sender.host} ({sender.host} [{sender.address}])", box, arrived, rng)
    fields = [("Return-Path", f"<{draft.author.address}>"), *last, *first]
    return forms.header([("Delivered-To", box.address), *fields])


def _hop(system: System, origin: str, box: Person, when: float, rng: random.Random) -> list[tuple[str, str]]:
    at = stamps.date(when, zone_of(when))
    if system.relay == "postfix":
        ident = stamps.postfix_id(when, rng)
        text = f"{origin}\r\n\tby {system.host} (Postfix) with ESMTPS id {ident}\r\n\tfor <{box.address}>; {at}"
        return [("Received", text)]
    if system.relay == "exim":
        ident = stamps.exim_id(when, rng)
        text = f"{origin}\r\n\tby {system.host} with esmtps (Exim 4.88)\r\n\tid {ident}\r\n\tfor {box.address}; {at}"
        return [("Received", text)]
    if system.relay == "sendmail":
        ident = stamps.sendmail_id(when, rng)
        by = f"by {system.host} (8.14.4/8.14.4)"
        return [("Received", f"{origin}\r\n\t{by} with ESMTP id {ident}\r\n\tfor <{box.address}>; {at}")]
    if system.relay == "exchange":
        ident = f"id 15.1.669.{rng.randrange(32)}"
        text = f"{origin}\r\n\tby {system.host} with Microsoft SMTP Server (TLS)\r\n\t{ident}; {at}"
        guid = stamps.exchange_guid(when, rng)
        return [("Received", text), ("X-MS-Exchange-Organization-Network-Message-Id", guid)]
    ident = stamps.gmail_queue_id(when, rng)
    by = f"by 10.28.{rng.randrange(200)}.{rng.randrange(200)} with SMTP id {ident}"
    return [("Received", f"{by};\r\n\t{at}")]


def resigned_by_sealer(post: Post, mail: Mail, box: Person) -> bytes:
    """The message as a trusted receiver handed it on: checked, and sealed."""
    domain = mail.draft.author.system.domain
    results = f"{SEALER}; dkim=pass header.d={domain} header.b={{b}}"
    top = trace(mail.draft, box, mail.at, mail.at + 3)
    return top + post.sealed(mail.octets, results, mail.at + 2)


def is_protected(person: Person) -> bool:
    return person.system.domain in PROTECTED
