"""Is the sender who the name suggests? (VERDICT §5.2; UTS 39)"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.auth.alignment import registered_domain
from transforms.case import ItemView
from transforms.lookalike import DECISIVE, Likeness, code_points, foreign_letters, mixed_word, shown_form
from transforms.mail.address import is_address
from transforms.model import Direction, Finding, Kind, Rule, Strength
from transforms.tampering import munged
from transforms.text import clean_text

IMPERSONATION = Rule(
    "identity.impersonation",
    Direction.CONTRADICTS,
    Strength.DECISIVE,
    "identity",
    "The sender's domain is made to look like one that you named with --protect, and is not it",
    "A second domain of the same organisation, or of its printer or ticket office: name it with --protect too. "
    "Phishing that the organisation received is genuine mail of the phishers, not a forged file.",
    "0 of 4,157 honest mails of 2002, each of their 598 sender domains protected in turn (2026-11-26)",
)
RESEMBLES = Rule(
    "identity.resembles",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "identity",
    "The sender's domain resembles one that you named with --protect",
    "Another ending, a hyphen or a letter more: many honest neighbours look like this.",
    "14 of the 598 sender domains of those mails resemble another one; weak whatever the count",
)
NAME_IS_ADDRESS = Rule(
    "identity.name_shows_other_address",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "identity",
    "The display name of the sender shows another address than the one the mail claims to come from",
    "Mailing lists and ticket systems write the address of the person there.",
    "0 of 467 honest mails of one mailbox, 12 of 4,150 of 2002 (lists), 218 of 4,130 phishing mails",
)

IMITATES_LEARNED = Rule(
    "identity.imitates_learned",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "identity",
    "The sender's domain is made to look like one with a long correspondence in this dump, and is not it",
    "A second domain of the same organisation, or an honest sender of a similar name. Name the genuine one with "
    "--protect: that decides.",
    "as the one above: 0 of 4,157 honest mails of 2002, each of their 598 sender domains protected in turn",
)
ALIKE = Rule(
    "identity.alike_correspondents",
    Direction.CONTRADICTS,
    Strength.STRONG,
    "identity",
    "Two domains with a long correspondence in this dump look alike, and the sender's is one of them",
    "One of the two is genuine, or both are. Name the genuine one with --protect: that decides.",
    "as the one above; it flags both and is added to nothing",
)

MIXED_SCRIPTS = Rule(
    "identity.mixed_scripts",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "identity",
    "A word of the sender's domain or name mixes letters of scripts that look alike",
    "Keyboards switched within a word, damaged charsets, brand names and mathematics.",
    "0 of 4,157 honest and 0 of 1,896 spam mails of 2002 (2026-11-26), almost all of them in one script",
)
REPLY_TO = Rule(
    "identity.reply_to_elsewhere",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "identity",
    "Answers go to another domain than the one the mail claims to come from",
    "Newsletters, ticket systems, assistants and people with two addresses do this all the time.",
    "12 of 4,157 honest mails of 2002, lists left out, 125 of 1,896 spam mails (2026-11-26)",
)
IMPOSSIBLE = Rule(
    "identity.impossible_address",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "identity",
    "The address in the From field is none that mail can be sent to",
    "Exports shorten or rewrite addresses, internal systems use names of their own, and old mail has old forms.",
    "0 of 4,157 honest mails of 2002, 7 of 1,896 spam mails (2026-11-26)",
)

RULES = (IMPERSONATION, IMITATES_LEARNED, ALIKE, RESEMBLES, NAME_IS_ADDRESS, MIXED_SCRIPTS, REPLY_TO, IMPOSSIBLE)

_ADDRESS = re.compile(r"[^\s@<>\"'(),;:]{1,64}@([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})", re.IGNORECASE)

_HOW = {
    "look": "looks the same as",
    "service_word": "adds the name of a service to",
    "subdomain": "puts another domain behind",
    "spelling": "is spelled nearly as",
    "suffix": "has another ending than",
}


def check(item: ItemView) -> Iterator[Finding]:
    if item.kind is not Kind.EMAIL:
        return
    if item.from_email and not item.author_known and not is_address(item.from_email):
        yield IMPOSSIBLE(actual=item.from_email)
    if not item.from_domain:
        return
    if item.likeness is not None:
        yield _alike(IMPERSONATION if item.likeness.form in DECISIVE else RESEMBLES, item.from_domain, item.likeness)
    elif item.resembles is not None:
        yield _alike(ALIKE if item.is_learned else IMITATES_LEARNED, item.from_domain, item.resembles)
    named = _ADDRESS.search(item.from_name or "")
    address = (item.from_email or "").lower()
    # Exchange writes an address of another system as IMCEANOTES-...@its.own.domain: 26 of 71 in a public PST.
    if named is not None and named[0].lower() != address and not address.startswith("imcea"):
        yield NAME_IS_ADDRESS(expected=item.from_email, actual=named[0])
    told = item.likeness or item.resembles  # with every letter beyond ASCII
    mixed = mixed_word(item.from_name or "") or (None if told else mixed_word(shown_form(item.from_domain)))
    if mixed is not None:
        yield MIXED_SCRIPTS(clean_text(f"{mixed}: {code_points(mixed)}"))
    if item.reply_to is not None and not item.intermediaries and not munged(item.from_name or "", item.reply_to):
        answered = item.reply_to.rpartition("@")[2]
        if registered_domain(answered) != registered_domain(item.from_domain):
            yield REPLY_TO(expected=item.from_email, actual=item.reply_to)


def made(item: ItemView) -> Iterator[str]:
    """Codes of the strong contradictions that are looked for in an item."""
    if item.kind is Kind.EMAIL and item.from_domain:
        yield from (IMITATES_LEARNED.code, ALIKE.code)


def _alike(rule: Rule, domain: str, likeness: Likeness) -> Finding:
    form, imitated = likeness
    shown, letters = shown_form(domain), foreign_letters(domain)
    actual = domain if shown == domain else f"{shown} ({domain}): {letters}"
    return rule(f"{domain} {_HOW[form]} {imitated}", expected=imitated, actual=clean_text(actual))
