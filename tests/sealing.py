"""A receiver that seals mail with ARC (RFC 8617 §5.1), sane or not. Canonical forms are dkimpy's."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import dkim
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dkim.canonicalization import CanonicalizationPolicy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "sample_dump"))
from signing import FIELDS, Signer, private_key, sign  # noqa: F401

T = 1493028030  # t= of a set: 2017-04-24T10:00:30Z
COVERED = (*FIELDS, "dkim-signature")


def prefix_of(mail: bytes) -> str:
    """header.b of a mail's first DKIM-Signature, as receivers record it (RFC 6008); "" without one."""
    field = mail.partition(b"\r\n\r\n")[0].replace(b"\r\n\t", b"").replace(b"\r\n ", b" ")
    found = re.search(rb"DKIM-Signature:[^\r]*\bb=([^;\r]+)", field)
    return b"".join(found[1].split())[:8].decode() if found else ""


def seal(
    mail: bytes,
    sealer: Signer,
    results: str,
    instance: int = 1,
    cv: str | None = None,
    fields: Sequence[str] | None = None,
    seal_by: Signer | None = None,
    canonicalization: str = "relaxed/relaxed",
    with_length: bool = False,
    at: int = T,
) -> bytes:
    """The mail (CRLF) with one more ARC set on top, which records results (authserv-id and all).

    fields are h= of the message signature, by default each of COVERED once for every instance that
    stands there. seal_by makes the seal in another name.
    """
    header, body = dkim.rfc822_parse(mail)
    names = [name.decode().lower() for name, _ in header]
    signed = list(fields) if fields is not None else [name for name in COVERED for _ in range(names.count(name))]
    policy = CanonicalizationPolicy.from_c_value(canonicalization.encode())
    canonical_body = policy.canonicalize_body(body)
    message_tags = [
        f"i={instance}", f"a={_kind(sealer)}", f"c={canonicalization}", f"d={sealer.domain}", f"s={sealer.selector}",
        f"t={at}", *([f"l={len(canonical_body)}"] if with_length else []), f"h={':'.join(signed)}",
        f"bh={base64.b64encode(hashlib.sha256(canonical_body).digest()).decode()}", "b=",
    ]  # fmt: skip
    selected = policy.canonicalize_headers(dkim.select_headers(header, [name.encode() for name in signed]))
    aar = (
        b"ARC-Authentication-Results",
        f" i={instance}; {results}\r\n".replace("\n", "\r\n").replace("\r\r", "\r").encode(),
    )
    ams = _signed((b"ARC-Message-Signature", _folded(message_tags)), selected, sealer, policy)
    by = seal_by or sealer
    validation = cv or ("none" if instance == 1 else "pass")
    seal_list = [
        f"i={instance}", f"a={_kind(by)}", f"cv={validation}", f"d={by.domain}", f"s={by.selector}", f"t={at}",
        "b=",
    ]  # fmt: skip
    relaxed = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
    covered = [*_earlier(header, instance), aar, ams]
    top = _signed((b"ARC-Seal", _folded(seal_list)), relaxed.canonicalize_headers(covered), by, relaxed)
    return b"".join(name + b":" + value for name, value in (top, ams, aar)) + mail


def sign_as_google(mail: bytes, signer: Signer) -> bytes:
    """The mail with an X-Google-DKIM-Signature on top."""
    header, body = dkim.rfc822_parse(mail)
    policy = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
    digest = base64.b64encode(hashlib.sha256(policy.canonicalize_body(body)).digest()).decode()
    tags = ["v=1", f"a={_kind(signer)}", "c=relaxed/relaxed", f"d={signer.domain}", f"s={signer.selector}",
            "h=from:subject:date", f"bh={digest}", "b="]  # fmt: skip
    selected = policy.canonicalize_headers(dkim.select_headers(header, [b"from", b"subject", b"date"]))
    name, value = _signed((b"X-Google-DKIM-Signature", _folded(tags)), selected, signer, policy)
    return name + b":" + value + mail


Field = tuple[bytes, bytes]


def _earlier(header: Sequence[Field], instance: int) -> list[Field]:
    """The fields of all sets below, in the order in which a seal covers them."""
    order = (b"arc-authentication-results", b"arc-message-signature", b"arc-seal")
    found = []
    for name, value in header:
        match = re.search(rb"(?:^|;)\s*i\s*=\s*(\d+)", value)
        if name.lower() in order and match and int(match[1]) < instance:
            found.append((int(match[1]), order.index(name.lower()), (name, value)))
    return [field for _, _, field in sorted(found)]


def _kind(signer: Signer) -> str:
    return "ed25519-sha256" if isinstance(private_key(signer.key_file), Ed25519PrivateKey) else "rsa-sha256"


def _folded(tags: Sequence[str]) -> bytes:
    lines = textwrap.wrap("; ".join(tags), 76, break_long_words=False, break_on_hyphens=False)
    return b" " + "\r\n\t".join(lines).encode() + b"\r\n"


def _signed(field: Field, covered: Sequence[Field], signer: Signer, policy: CanonicalizationPolicy) -> Field:
    """The field with its b= filled in, over the canonical fields given and itself."""
    own = policy.canonicalize_headers([list(field)])[0]
    data = b"".join(name + b":" + value for name, value in [*covered, (own[0], own[1].rstrip())])
    key = private_key(signer.key_file)
    if isinstance(key, Ed25519PrivateKey):
        signature = key.sign(hashlib.sha256(data).digest())
    else:
        signature = key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    value = "\r\n\t".join(textwrap.wrap(base64.b64encode(signature).decode(), 72))
    return field[0], field[1].removesuffix(b"\r\n") + value.encode() + b"\r\n"
