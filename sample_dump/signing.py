"""Signs the sample's mail as its mail systems would have (RFC 6376, RFC 8463). Deterministic.

Canonical forms are dkimpy's, so that the sample does not rest on the code that it exercises.
"""

from __future__ import annotations

import base64
import hashlib
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from dkim.canonicalization import CanonicalizationPolicy

PRIVATE_KEYS = Path(__file__).parent / "private_keys"

# Signed where present, in this order; like many mail systems of the time.
FIELDS = (
    "from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references",
    "mime-version", "content-type", "content-transfer-encoding",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signer:
    """A domain's mail system: what stands in d= and s=, and the private key behind it."""

    domain: str
    selector: str
    key_file: str  # in private_keys/

    def record(self) -> str:
        """The TXT record that the domain published (RFC 6376 §3.6.1)."""
        key = private_key(self.key_file)
        if isinstance(key, Ed25519PrivateKey):  # RFC 8463 §4: the bare 32 octets
            raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            return f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"
        spki = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return f"v=DKIM1; k=rsa; p={base64.b64encode(spki).decode()}"


@cache  # loading checks the key: 50 ms
def private_key(name: str) -> RSAPrivateKey | Ed25519PrivateKey:
    pem = (PRIVATE_KEYS / f"{name}.pem").read_bytes()
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, RSAPrivateKey | Ed25519PrivateKey)
    return key


def sign(
    mail: bytes,
    signer: Signer,
    canonicalization: str = "relaxed/relaxed",
    fields: Sequence[str] | None = None,
    algorithm: str = "sha256",
    with_length: bool = False,
    at: int | None = None,
) -> bytes:
    """The mail (CRLF) with a DKIM-Signature on top; t= is at, else its Date; l= its body if with_length."""
    header, body = dkim.rfc822_parse(mail)
    key = private_key(signer.key_file)
    present = {name.decode().lower() for name, _ in header}
    signed = list(fields) if fields is not None else [name for name in FIELDS if name in present]
    policy = CanonicalizationPolicy.from_c_value(canonicalization.encode())
    canonical_body = policy.canonicalize_body(body)
    body_hash = base64.b64encode(hashlib.new(algorithm, canonical_body).digest()).decode()
    if at is None:
        date = next(value for name, value in header if name.lower() == b"date")
        at = int(parsedate_to_datetime(date.decode().strip()).timestamp())
    kind = "rsa" if isinstance(key, RSAPrivateKey) else "ed25519"
    tags = [
        "v=1", f"a={kind}-{algorithm}", f"c={canonicalization}", f"d={signer.domain}", f"s={signer.selector}",
        f"t={at}",
        *([f"l={len(canonical_body)}"] if with_length else []),
        f"h={':'.join(signed)}", f"bh={body_hash}", "b=",
    ]  # fmt: skip
    lines = textwrap.wrap("; ".join(tags), 76, break_long_words=False, break_on_hyphens=False)
    field = [b"DKIM-Signature", b" " + "\r\n\t".join(lines).encode() + b"\r\n"]
    own = policy.canonicalize_headers([field])[0]
    selected = policy.canonicalize_headers(dkim.select_headers(header, [name.encode() for name in signed]))
    data = b"".join(name + b":" + value for name, value in [*selected, (own[0], own[1].rstrip())])
    if isinstance(key, Ed25519PrivateKey):  # RFC 8463 §3: the SHA-256 of the input is signed
        signature = key.sign(hashlib.sha256(data).digest())
    else:
        used = hashes.SHA256() if algorithm == "sha256" else hashes.SHA1()
        signature = key.sign(data, padding.PKCS1v15(), used)
    value = "\r\n\t".join(textwrap.wrap(base64.b64encode(signature).decode(), 72))
    return b"DKIM-Signature:" + field[1].removesuffix(b"\r\n") + value.encode() + b"\r\n" + mail
