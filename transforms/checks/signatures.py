"""What do the message's own DKIM signatures say? (RFC 6376; VERDICT §1)"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from transforms.case import ItemView
from transforms.model import Direction, Finding, Kind, PreparedSignature, Rule, SignatureResult, Strength

VALID = Rule(
    "dkim.valid",
    Direction.SUPPORTS,
    Strength.DECISIVE,
    "crypto",
    "A mail system signed exactly these From, Date, Subject and body octets",
    "The account may have been taken over, and what it says may still be untrue.",
    "0 false passes: derived from RSA and SHA-256; the key's origin is the weakest link",
)
VALID_IN_PART = Rule(
    "dkim.valid_in_part",
    Direction.SUPPORTS,
    Strength.WEAK,
    "crypto",
    "A signature is valid, but something that a reader sees could be changed without breaking it",
    "Many honest senders sign fewer fields than they could.",
    "not a contradiction",
)
BODY_CHANGED = Rule(
    "dkim.body_changed",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The signed header fields are genuine; the body is not the one that was signed",
    "Mailing lists, virus scanners, exporters and archive software change bodies: 5 to 15 % of honest "
    "signatures fail somewhere on the way.",
    "5.33 % of 14.2 million messages (OpenDKIM study); never evidence of forgery alone",
)
HEADER_CHANGED = Rule(
    "dkim.header_changed",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The key does not confirm the signed header fields as they stand here",
    "Relays and exporters rewrite addresses, subjects and folding; the key may be a later one of that name.",
    "normal for forwarded and exported mail; never evidence of forgery alone",
)
KEY_UNKNOWN = Rule(
    "dkim.key_unknown",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The public key that would decide this signature is not among the keys given",
    "Keys are rotated and withdrawn; most keys of past years are no longer published.",
    "says nothing",
)
UNUSABLE = Rule(
    "dkim.unusable",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "A signature cannot be checked",
    "Old drafts, damaged fields and withdrawn keys look like this.",
    "says nothing",
)
ABSENT = Rule(
    "dkim.absent",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The message carries no DKIM signature",
    "Sent copies, drafts, internal mail and much mail before 2012 never had one.",
    "27 % of one honest mailbox of 2016 to 2018; never counts against an item",
)

RULES = (VALID, VALID_IN_PART, BODY_CHANGED, HEADER_CHANGED, KEY_UNKNOWN, UNUSABLE, ABSENT)


def check(item: ItemView) -> Iterator[Finding]:
    if item.kind is not Kind.EMAIL or item.proof is None:
        return
    if not item.signatures:
        yield ABSENT()
    for signature, result in zip(item.signatures, item.results, strict=True):
        yield _finding(item, signature, result)


def _finding(item: ItemView, signature: PreparedSignature, result: SignatureResult) -> Finding:
    assert item.proof is not None
    who = f"d={signature.domain} s={signature.selector}"
    if result.result == "pass":
        if item.proof.basis is not None and item.proof.seq == signature.seq:
            return VALID(f"{who} h={':'.join(signature.signed_fields)}")
        objections = ", ".join(dict.fromkeys(filter(None, (result.objection, *signature.objections))))
        start, length = _unproven(item, signature) if signature.length_end is not None else (None, None)
        end = f"; the proof ends at octet {start}" if start is not None else ""
        return VALID_IN_PART(f"{who} ({objections}){end}", byte_start=start, byte_len=length)
    if result.header_ok and result.reason == "body_changed_after_signing":
        start, length = _unproven(item, signature)
        found = f"bh={_base64(signature.found_hash)}" if signature.found_hash is not None else None
        where = "" if start is None or length is None else f"; octets {start} to {start + length} are in doubt"
        return BODY_CHANGED(f"{who}{where}", f"bh={_base64(signature.body_hash)}", found, start, length)
    if result.header_ok is False:
        body = "the body is as the signature says" if signature.body_ok else "the body differs as well"
        return HEADER_CHANGED(f"{who}; {body}")
    if result.key_status == "missing":
        return KEY_UNKNOWN(f"{who}; {_BODY[signature.body_ok]}")
    return UNUSABLE(f"{who} ({result.reason})")


def _unproven(item: ItemView, signature: PreparedSignature) -> tuple[int | None, int | None]:
    """First octet and number of octets, in the item, of the part of the body that a signature leaves open."""
    if item.body_start is None or item.size is None:
        return None, None
    start = item.body_start + (signature.length_end or 0)
    return start, item.size - start


_BODY = {
    True: "its body hash matches",
    False: "its body hash does not match",
    None: "its body was not hashed",
}


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
