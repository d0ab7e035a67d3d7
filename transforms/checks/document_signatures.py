"""What do the signatures inside a mail or document say, which bring their own keys? (RFC 8551, RFC 9580; VERDICT §1)"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from transforms.auth.openpgp import PGP
from transforms.case import ItemView
from transforms.model import Direction, DocumentSignature, Finding, Rule, Strength
from transforms.pdf_changes import CONTENT, PAGES, UNREADABLE

INTACT = Rule(
    "document.signature_intact",
    Direction.SUPPORTS,
    Strength.WEAK,
    "document",
    "What this signature covers is exactly as it was when somebody signed it; the key comes with the signature, "
    "and anybody can make one in any name",
    "None is needed. Who signed is for a person to find out: compare the certificate's fingerprint with one known "
    "to be the signer's.",
    "0 false passes: derived from RSA, elliptic curves and the hash; says nothing about who signed",
)
GIVEN_KEY = Rule(
    "document.signed_with_given_key",
    Direction.SUPPORTS,
    Strength.WEAK,
    "document",
    "The holder of an OpenPGP key that you gave signed exactly this text",
    "The text may have been signed for another mail and another day: From, Date, Subject and recipients are not "
    "signed. Expiry and revocation of the key are not looked at.",
    "0 false passes: derived from RSA, DSA, elliptic curves and the hash; rests on whose the key given is",
)
ALTERED = Rule(
    "document.signature_altered",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "document",
    "What this signature covers is not exactly what was signed",
    "Mailing lists and gateways add footers and encode texts anew; programs save documents again.",
    "5 of 142 honest mails of 2002 signed with OpenPGP or S/MIME, sent through lists; of documents not measured",
)
ANOTHER_ADDRESS = Rule(
    "document.signer_has_another_address",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "document",
    "The signer's certificate names other mail addresses than the author's",
    "Aliases, married names, shared and moved mailboxes, and secretaries who sign for others.",
    "not measured",
)
KEY_UNKNOWN = Rule(
    "document.signature_key_unknown",
    Direction.NEUTRAL,
    Strength.WEAK,
    "document",
    "The signed text agrees with the 16 bits of its hash that the signature shows; the signer's key, which would "
    "decide, is not at hand",
    "None is needed. Ask whoever has the signer's OpenPGP key: the text and the signature can be checked with it.",
    "agrees by chance once in 65,536; says nothing about who signed",
)
NOT_VALID_THEN = Rule(
    "document.certificate_not_valid_then",
    Direction.NEUTRAL,
    Strength.WEAK,
    "document",
    "The signer's certificate was not valid at the time named",
    "People go on signing with a certificate that has run out; clocks are wrong.",
    "not measured",
)
PAGES_CHANGED = Rule(
    "document.pages_changed_after_signing",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "document",
    "Later saves changed what the pages show of what this signature covers",
    "Programs that add page numbers, watermarks, layers or marks of a second signer draw them into the pages. The "
    "words that differ, where they are compared, say whether it matters.",
    "not measured; weak whatever the count",
)
ADDED = Rule(
    "document.added_after_signing",
    Direction.NEUTRAL,
    Strength.WEAK,
    "document",
    "Later saves added to what this signature covers",
    "A form filled in, a comment, a second signature, a time stamp: all of them are written behind the first "
    "signature. What lies over a page may hide words of it.",
    "says nothing",
)
UNUSABLE = Rule(
    "document.signature_unusable",
    Direction.NEUTRAL,
    Strength.WEAK,
    "document",
    "A signature inside the item cannot be checked",
    "Damaged files, rare algorithms and signatures without their certificate look like this.",
    "says nothing",
)

RULES = (INTACT, GIVEN_KEY, ALTERED, KEY_UNKNOWN, ANOTHER_ADDRESS, NOT_VALID_THEN, PAGES_CHANGED, ADDED, UNUSABLE)


def check(item: ItemView) -> Iterator[Finding]:
    for one in item.document_signatures:
        if one.result == "neutral":
            yield KEY_UNKNOWN(_who(one))
            continue
        if one.result == "permerror":
            yield UNUSABLE(f"{one.type}, {one.covers} ({one.reason})")
            continue
        yield from _later(one)
        if one.result == "fail":
            yield ALTERED(f"{_who(one)} ({one.reason})")
            continue
        if one.type == PGP:
            yield GIVEN_KEY(f"{one.subject or 'no name'}, {_who(one)}")
            continue
        yield INTACT(_who(one))
        author = (item.carried_by or "").lower() if one.type == "smime" else ""
        if author and one.addresses and author not in one.addresses:
            yield ANOTHER_ADDRESS(one.covers, author, ", ".join(one.addresses))
        yield from _times(item, one)


def _times(item: ItemView, one: DocumentSignature) -> Iterator[Finding]:
    """Whether the certificate was valid when it signed, and when the mail says that it was written."""
    written = int(item.date_utc.timestamp()) if item.date_utc is not None else None
    for what, seconds in (("signed", one.signed_at), ("Date", written)):
        too_early = seconds is not None and one.not_before is not None and seconds < one.not_before
        too_late = seconds is not None and one.not_after is not None and seconds > one.not_after
        if too_early or too_late:
            yield NOT_VALID_THEN(
                one.covers, f"{_day(one.not_before)} to {_day(one.not_after)}", f"{what} {_day(seconds)}"
            )
            return


def _later(one: DocumentSignature) -> Iterator[Finding]:
    """What the saves behind a signature changed, by kinds, and words of the pages."""
    if not one.changes or UNREADABLE in one.changes:
        return
    rule = PAGES_CHANGED if {PAGES, CONTENT} & {*one.changes} or one.words_signed or one.words_shown else ADDED
    if one.words_signed is None:
        yield rule(f"{one.covers}: {', '.join(one.changes)}; the pages' words are not compared")
    elif one.words_signed or one.words_shown:
        yield rule(f"{one.covers}: {', '.join(one.changes)}", expected=one.words_signed, actual=one.words_shown)
    else:
        yield rule(f"{one.covers}: {', '.join(one.changes)}; the same words on the pages")


def _who(one: DocumentSignature) -> str:
    """The signature in a line: what it covers, whom the certificate names, who issued it, when it says it was made."""
    at = f", signed {_day(one.signed_at)} by the signer's clock" if one.signed_at is not None else ""
    if one.type == PGP:
        return f"{one.type}, {one.covers}, {one.algorithm}, key {one.fingerprint or 'not named'}{at}"
    addresses = f" <{', '.join(one.addresses[:3])}>" if one.addresses else ""
    issuer = "itself" if one.issuer == one.subject else one.issuer or "nobody"
    behind = f", not the {one.unsigned_octets} octets behind them" if one.unsigned_octets else ""
    return (
        f"{one.type}, {one.covers}{behind}, {one.algorithm}, certificate of {one.subject or 'nobody'}{addresses} "
        f"issued by {issuer}, sha256 {one.fingerprint}{at}"
    )


def _day(seconds: int | None) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}" if seconds is not None else "?"
