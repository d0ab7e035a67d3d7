"""What do the message's own DKIM signatures say? (RFC 6376; VERDICT §1)"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from transforms.auth.coverage import BLOCKING, SELF_ATTESTED
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
HEADER_PROVEN = Rule(
    "dkim.header_proven",
    Direction.SUPPORTS,
    Strength.WEAK,
    "crypto",
    "These header fields are as a mail system signed them; whether the body is could not be tested",
    "Outlook keeps the header section as it came and rewrites the body for itself; the text and the files shown "
    "beside a genuine header section may be others.",
    "0 false passes for the fields named: derived from RSA and SHA-256; says nothing about the body",
)
TESTING = Rule(
    "dkim.key_testing",
    Direction.NEUTRAL,
    Strength.WEAK,
    "crypto",
    "The domain marked the key as one that it was only testing with (t=y)",
    "Many domains never removed the mark; a valid signature is as valid under such a key.",
    "not a contradiction",
)
OVERSIGNED = Rule(
    "dkim.oversigned",
    Direction.SUPPORTS,
    Strength.WEAK,
    "crypto",
    "The signature also says that no further field of these names stood in the message",
    "None is needed.",
    "From was signed so by 17 of 353 signatures of one honest mailbox of 2016 to 2018",
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

HANDLED_BY_GOOGLE = Rule(
    "dkim.handled_by_google",
    Direction.SUPPORTS,
    Strength.WEAK,
    "crypto",
    "Google's mail system sent out exactly this body, under whatever address its user chose",
    "A user may send from any address that he once confirmed, so it says little about the author.",
    "derived from RSA and SHA-256; what it says is little",
)

RULES = (
    VALID,
    VALID_IN_PART,
    HEADER_PROVEN,
    TESTING,
    OVERSIGNED,
    BODY_CHANGED,
    HEADER_CHANGED,
    KEY_UNKNOWN,
    UNUSABLE,
    ABSENT,
    HANDLED_BY_GOOGLE,
)

_GOOGLE_DOMAIN = "1e100.net"


def check(item: ItemView) -> Iterator[Finding]:
    if item.kind is not Kind.EMAIL or item.proof is None:
        return
    if not any(signature.type == "dkim" for signature in item.signatures):
        yield ABSENT()
    for signature, result in zip(item.signatures, item.results, strict=True):
        if result.reason in SELF_ATTESTED:
            continue  # recovered.py says what such a key is worth
        if signature.type == "google":
            if result.result == "pass" and signature.domain == _GOOGLE_DOMAIN:
                yield HANDLED_BY_GOOGLE(_who(signature))
            continue
        if signature.type != "dkim":
            continue
        proves = item.proof.basis is not None and item.proof.seq == signature.seq
        if not (proves and signature.repairs):  # else repairs.py says what was signed
            yield _finding(item, signature, result)
        if result.testing and result.header_ok:
            yield TESTING(_who(signature))
        if signature.oversigned and result.result == "pass":
            yield OVERSIGNED(f"{_who(signature)} {' '.join(signature.oversigned)}")


def _finding(item: ItemView, signature: PreparedSignature, result: SignatureResult) -> Finding:
    assert item.proof is not None
    who = _who(signature)
    objections = list(dict.fromkeys(filter(None, (result.objection, *signature.objections))))
    if result.result == "pass":
        if item.proof.basis is not None and item.proof.seq == signature.seq:
            return VALID(f"{who} h={':'.join(signature.signed_fields)}")
        return _valid_in_part(item, signature, objections)
    if result.header_ok and result.reason == "body_not_hashed":
        if BLOCKING.intersection(objections):
            return VALID_IN_PART(f"{who} ({', '.join(objections)}); {_BODY[None]}")
        return HEADER_PROVEN(f"{who} h={':'.join(signature.signed_fields)}")
    if result.header_ok and result.reason == "body_changed_after_signing":
        start = item.body_start
        length = item.size - start if start is not None and item.size is not None else None
        found = f"bh={_base64(signature.found_hash)}" if signature.found_hash is not None else None
        where = f"; octets {start} to {start + length - 1} are in doubt" if start is not None and length else ""
        return BODY_CHANGED(f"{who}{where}", f"bh={_base64(signature.body_hash)}", found, start, length)
    if result.header_ok is False:
        body = "the body is as the signature says" if signature.body_ok else "the body differs as well"
        return HEADER_CHANGED(f"{who}; {body}")
    if result.key_status == "missing":
        return KEY_UNKNOWN(f"{who}; {_BODY[signature.body_ok]}")
    return UNUSABLE(f"{who} ({result.reason})")


def _who(signature: PreparedSignature) -> str:
    return f"d={signature.domain} s={signature.selector}"


def _valid_in_part(item: ItemView, signature: PreparedSignature, objections: list[str]) -> Finding:
    """With the place of the octets that l= leaves unsigned, which are the message's last ones."""
    detail = f"{_who(signature)} ({', '.join(objections)})"
    tail = signature.open_octets
    if tail is None or item.size is None:
        return VALID_IN_PART(detail)
    detail += f"; l={signature.length} leaves the last {tail} octets unsigned"
    covered, open_part = f"l={signature.length}", f"{tail} octets more"
    return VALID_IN_PART(detail, covered, open_part, item.size - tail, tail)


_BODY = {
    True: "its body hash matches",
    False: "its body hash does not match",
    None: "its body was not hashed",
}


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
