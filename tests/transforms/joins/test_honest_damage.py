"""Honest mail, damaged in up to three ways at a time, beside what was signed: none is suspected (VERDICT §8)."""

from __future__ import annotations

import quopri
import random
from collections.abc import Callable
from typing import Any

import pytest
from signing import Signer

CAMPAIGN = Signer("campaign.example", "s1", "campaign")
AGAIN = Signer("campaign.example", "s2", "newspaper")
STRANGER = Signer("outsider.example", "s1", "impostor")
STRANGER_ED25519 = Signer("outsider.example", "s2", "law_office_ed25519")
# As in conftest.py: the names that `signed` knows them by.
SIGNERS = {"campaign": CAMPAIGN, "campaign_again": AGAIN, "stranger": STRANGER, "stranger_ed25519": STRANGER_ED25519}

TEXT = (
    "le trésorier a réservé la salle pour vendredi à huit heures et la facture de quatre cents euros reste due ; "
    "voir https://x.example/a?b=c ou écrire à marie@campaign.example avant midi merci"
)
WORDS = TEXT.split()
HEAD = (
    "Received: from mx.campaign.example by mx.newsroom.example; Mon, 24 Apr 2017 10:00:05 +0000\n"
    "From: Claire Aubry <claire@campaign.example>\n"
    "To: desk@newsroom.example\n"
    "Subject: La salle de vendredi {n}\n"
    "Date: Mon, 24 Apr 2017 10:00:00 +0000\n"
    "Message-ID: <m{n}@campaign.example>\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=utf-8\n"
    "Content-Transfer-Encoding: 8bit\n\n"
)
FOOTER = "--\r\nListe de diffusion du bureau\r\nPour la quitter, écrire au gardien\r\n".encode()
BANNER = "ATTENTION : ce message vient de l'extérieur de la maison, soyez prudents.\r\n\r\n".encode()

Damage = Callable[[random.Random, bytes], bytes]


def lines(body: bytes, width: int) -> bytes:
    """Cut at a column, through words and characters."""
    text = body.replace(b"\r\n", b" ")
    return b"\r\n".join(text[at : at + width] for at in range(0, len(text), width))


BODY: tuple[Damage, ...] = (
    lambda _, body: body.replace(b"\r\n", b"\n"),
    lambda _, body: body + FOOTER,
    lambda _, body: BANNER + body,
    lambda _, body: body.decode("utf-8", "replace").encode("latin-1", "replace"),
    lambda _, body: body.decode("utf-8", "replace").encode("ascii", "replace"),
    lambda _, body: body.decode("latin-1").encode("utf-8"),
    lambda chance, body: body[: chance.randint(0, len(body))],
    lambda _, body: quopri.encodestring(body.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n"),
    lambda _, body: b" ".join(body.split()) + b"\r\n",
    lambda _, body: lines(body, 60),
    lambda _, body: b"\r\n".join(b"> " + line for line in body.split(b"\r\n")),
    lambda _, body: body.replace(b"https://x.example/a?b=c", b"https://urldefense.example/v2/url?u=https-3A__x.example"),
    lambda _, body: body.replace(b"marie@campaign.example", b"[email protected]"),
    lambda chance, body: body.replace(chance.choice(body.split() or [b"x"]), b"XXXXX"),
    lambda _, body: body.replace("trésorier".encode(), b"[redacted]"),
    lambda _, body: b"",
    lambda _, body: b"\r\n\r\n" + body,
)  # fmt: skip
HEADER: tuple[tuple[bytes, tuple[bytes, ...]], ...] = (
    (b"Subject: ", (b"Subject: [EXT] ", b"Subject: Re: ", b"Subject: ***SPAM*** ", b"Subject: [bureau] Re: ")),
    (b"Mon, 24 Apr 2017 10:00:00 +0000", (b"Mon, 24 Apr 2017 12:00:00 +0200", b"Thu, 01 Jan 1970 00:00:00 +0000", b"")),
    (b"desk@newsroom", (b"board@newsroom",)),
    (b"Claire Aubry <claire@campaign.example>",
     (b"claire@campaign.example", b'"AUBRY, Claire" <claire@campaign.example>', b"xxxx@campaign.example",
      b"Claire via Liste <liste@newsroom.example>", b"Claire Aubry <claire@campaign.local>")),
    (b"Message-ID: <m", (b"Message-ID: <exp-m",)),
    (b"8bit", (b"quoted-printable", b"7bit", b"base64")),
    (b"charset=utf-8", (b"charset=iso-8859-1", b"charset=windows-1251", b'charset="utf-8"; format=flowed')),
    (b"text/plain", (b"text/html",)),
)  # fmt: skip


def damaged(chance: random.Random, octets: bytes) -> bytes:
    for _ in range(chance.randint(1, 3)):
        header, _, body = octets.partition(b"\r\n\r\n")
        kind = chance.randrange(len(BODY) + len(HEADER))
        if kind < len(BODY):
            body = BODY[kind](chance, body)
        else:
            old, choices = HEADER[kind - len(BODY)]
            header = header.replace(old, chance.choice(choices))
        octets = header + b"\r\n\r\n" + body
    return octets


def letter(chance: random.Random, number: int) -> bytes:
    spoken = (chance.choice(WORDS) for _ in range(chance.randint(30, 120)))
    text = lines(" ".join(spoken).encode(), 10_000) + "\n\nBien à vous,\nClaire\n".encode()
    return HEAD.replace("{n}", str(number)).encode() + text


@pytest.mark.parametrize("seed", range(6))
def test_honest_mail_is_not_suspected(told: Callable[..., Any], signed: Callable[..., bytes], seed: int) -> None:
    chance = random.Random(seed)
    files = {}
    for number in range(12):
        mail = letter(chance, number)
        files[f"{number}.eml"] = signed(mail)
        files[f"sent/{number}.eml"] = mail.partition(b"\n")[2].replace(b"\n", b"\r\n")
        for box in range(3):
            files[f"box{box}/{number}.eml"] = damaged(chance, files[f"{number}.eml"])
    found = told(files)
    assert [path for path, one in found.items() if one["verdict"] == "suspected_fake"] == []
    assert any("dkim.signed_body_found" in one for one in found.values())


SUBSETS = [
    tuple(signer for at, signer in enumerate(SIGNERS.values()) if chosen >> at & 1)
    for chosen in range(2 ** len(SIGNERS))
]


@pytest.mark.parametrize("keys", SUBSETS, ids=lambda keys: " ".join(f"{k.selector}.{k.domain}" for k in keys) or "none")
def test_honest_mail_is_not_suspected_under_any_subset_of_the_keys(
    told: Callable[..., Any], signed: Callable[..., bytes], keys: tuple[Signer, ...]
) -> None:
    """The loss of keys accuses nobody, whichever are lost; and nothing is verified by a key that is not there."""
    chance = random.Random(7)
    files = {}
    for number in range(8):
        by = chance.choice(tuple(SIGNERS))
        mail = letter(chance, number)
        octets = signed(mail, by=by)
        if number % 4 == 3:  # signed once more on the way
            octets = signed(octets.replace(b"\r\n", b"\n"), by=chance.choice(tuple(SIGNERS)))
        files[f"{number}.eml"] = octets
        files[f"sent/{number}.eml"] = mail.partition(b"\n")[2].replace(b"\n", b"\r\n")
        for box in range(2):
            files[f"box{box}/{number}.eml"] = damaged(chance, octets)
    found = told(files, signers=keys)
    assert [path for path, one in found.items() if one["verdict"] == "suspected_fake"] == []
    of_the_author = any(signer.domain == "campaign.example" for signer in keys)
    assert any(one["verdict"] == "verified" for one in found.values()) == of_the_author
