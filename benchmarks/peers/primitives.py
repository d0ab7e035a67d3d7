"""The limit: what no examination of the same octets can do without, and nothing else. One process.

    python benchmarks/peers/primitives.py FOLDER

Of each .eml file: read it, SHA-256 of the file; if it carries a DKIM-Signature, SHA-256 of its body
as it lies and one RSA-2048 operation with a public key; of each part in base64, decode it and take
SHA-256. Nothing is parsed but where such a part begins and ends, no canonical form is built, nothing
is kept. Prints one JSON object: messages, octets, parts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pybase64
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

BASE64 = b"Content-Transfer-Encoding: base64"
# A modulus of 2,048 bits: whether the signature holds does not change what the operation costs.
KEY = rsa.RSAPublicNumbers(65537, (1 << 2047) + 12345).public_key()
SIGNATURE = bytes([1]) * 256


def encoded_parts(message: bytes, empty_line: bytes) -> Iterator[bytes]:
    """The base64 text of each part: from the empty line after its field to the next delimiter line."""
    end = 0
    while (at := message.find(BASE64, end)) >= 0 and (start := message.find(empty_line, at)) >= 0:
        end = message.find(b"\n--", start)
        yield message[start : end if end >= 0 else len(message)]
        if end < 0:
            return


def loop(folder: Path) -> dict[str, int]:
    counts = {"messages": 0, "octets": 0, "parts": 0}
    for path in sorted(folder.rglob("*.eml")):
        message = path.read_bytes()
        counts["messages"] += 1
        counts["octets"] += len(message)
        hashlib.sha256(message).digest()
        empty_line = b"\r\n\r\n" if b"\r\n" in message[:998] else b"\n\n"
        header, _, body = message.partition(empty_line)
        if b"DKIM-Signature:" in header:
            digest = hashlib.sha256(body).digest()
            try:
                KEY.verify(SIGNATURE, digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
            except InvalidSignature:
                pass
        for part in encoded_parts(message, empty_line):
            hashlib.sha256(pybase64.b64decode(part)).digest()
            counts["parts"] += 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    print(json.dumps(loop(parser.parse_args().folder)))


if __name__ == "__main__":
    main()
