"""OpenPGP: is a signed text as it was signed? (RFC 9580 §5.2, §7; RFC 4880; RFC 3156 §5)

Who signed cannot be told without the signer's key, which no mail brings along. But each signature holds the first 16
bits of the hash that it was made of, so that an altered text shows: all but one in 65,536 do.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from transforms.auth.enclosed import Alive, unreadable
from transforms.auth.signed_part import SignedPart
from transforms.limits import LIMITS
from transforms.mail.transfer import decode
from transforms.model import DocumentSignature

PGP = "pgp"  # type of a row
DETACHED = "application/pgp-signature"
BEGIN_SIGNED = b"-----BEGIN PGP SIGNED MESSAGE-----"

_LABEL = b"SIGNATURE"
_BEGIN = b"-----BEGIN PGP %s-----" % _LABEL
_END = b"-----END PGP %s-----" % _LABEL
_BLANKS_AT_END = re.compile(rb"(?<![ \t])[ \t]++(?=\r\n)")
_BLANK_LINE = re.compile(rb"\n[ \t\r]*+\n")
_BINARY, _TEXT = 0, 1  # types of signatures over documents (RFC 9580 §5.2.1)
_SIGNATURE = 2  # type of a packet
_CREATED, _ISSUER, _ISSUER_FINGERPRINT = 2, 16, 33  # types of subpackets
_KEYS = {1: "rsa", 3: "rsa", 17: "dsa", 19: "ecdsa", 22: "ed25519", 27: "ed25519", 28: "ed448"}
_HASHES = {1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224", 12: "sha3_256", 14: "sha3_512"}
_SALTS = {8: 16, 9: 24, 10: 32, 11: 16, 12: 16, 14: 32}  # octets, by hash (RFC 9580 §9.5)


class MalformedPacket(ValueError):
    """No packet."""


class _Packet(NamedTuple):
    """One signature packet, as far as it says what was hashed."""

    kind: int
    key: int  # algorithm
    hash: int
    first: bytes  # 16 bits of the hash
    salt: bytes  # hashed before the document
    trailer: bytes  # hashed behind it
    created: int | None  # seconds since 1970
    value: bytes  # the signature itself
    issuer: str  # key ID or fingerprint, hex; "" if it is not told


def detached(pair: SignedPart, quoted: bool, alive: Alive) -> tuple[DocumentSignature, ...]:
    """The signatures over the first part of a multipart/signed whose second is DETACHED. Never raises."""
    held = pair.signature
    octets = b"".join(decode(held.body, held.encoding)) if held.body.size <= LIMITS.signature_der else b""
    packets = _packets(armored(octets))
    if not packets:
        return (unreadable(PGP, pair.covers),)
    found: tuple[DocumentSignature, ...] = ()
    # Blanks at the ends of lines are not signed by old programs where they sign a text (RFC 3156 §5).
    for as_signed in (iter, _without_blanks) if any(packet.kind == _TEXT for packet in packets) else (iter,):
        for form, chunks in pair.forms(quoted, alive):
            tried = _judged(packets, pair.covers, as_signed(chunks))
            if not found or any(one.body_ok for one in tried):
                found = tuple(one._replace(repairs=form) for one in tried)
            if any(one.body_ok is not False for one in found):
                return found
    return found


def _without_blanks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Without the spaces and tabs before each CRLF and at the end; no CRLF is split over two chunks."""
    held: list[bytes] = []
    for chunk in chunks:
        text = chunk.rstrip(b" \t")
        if text:
            yield _BLANKS_AT_END.sub(b"", b"".join((*held, text)))
            held.clear()
        held.append(chunk[len(text) :])


def cleartext(octets: bytes, where: str) -> Iterator[DocumentSignature]:
    """The signatures of every cleartext-signed block of a text (RFC 9580 §7). Never raises."""
    for text, armor in islice(_blocks(octets), LIMITS.signatures):
        packets = _packets(armored(armor))
        yield from _judged(packets, where, (text,)) or (unreadable(PGP, where),)


def _blocks(octets: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The signed octets, and the armored signature, of each block."""
    at = octets.find(BEGIN_SIGNED)
    while at >= 0:
        blank = _BLANK_LINE.search(octets, at)
        begin = octets.find(b"\n" + _BEGIN, blank.end() - 1) if blank is not None else -1
        if blank is None or begin < 0:
            return
        end = octets.find(_END, begin)
        lines = octets[blank.end() : max(begin, blank.end())].split(b"\n")
        # Blanks at the ends of lines are not signed, nor is the last line end; dashes were escaped (§7.1, §7.2).
        text = b"\r\n".join(line.removeprefix(b"- ").rstrip(b" \t\r") for line in lines)
        yield text, octets[begin + 1 : end if end >= 0 else len(octets)]
        at = octets.find(BEGIN_SIGNED, begin)


def armored(octets: bytes, label: bytes = _LABEL) -> bytes:
    """What the first armored block of this kind holds (RFC 9580 §6.2), b"" without one; its check sum is not needed."""
    begin = octets.find(b"-----BEGIN PGP %s-----" % label)
    blank = _BLANK_LINE.search(octets, begin) if begin >= 0 else None
    if blank is None:
        return b""
    end = octets.find(b"-----END PGP %s-----" % label, blank.end())
    lines = octets[blank.end() : end if end >= 0 else len(octets)].split(b"\n")
    letters = b"".join(line.strip() for line in lines if not line.startswith((b"=", b"-")))
    try:
        return base64.b64decode(letters)
    except binascii.Error:
        return b""


def _packets(octets: bytes) -> tuple[_Packet, ...]:
    """The signature packets; those before a damaged one."""
    found = []
    try:
        for kind, body in islice(bodies(octets), LIMITS.signatures):
            if kind == _SIGNATURE:
                found.append(_packet(body))
    except (MalformedPacket, IndexError):
        pass
    return tuple(found)


def bodies(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Types and bodies of packets, old format and new (RFC 9580 §4.2)."""
    at = 0
    while at < len(octets):
        first = octets[at]
        if not first & 0x80:
            raise MalformedPacket
        if first & 0x40:
            kind = first & 0x3F
            length, start = _length(octets, at + 1)
        else:
            kind, width = first >> 2 & 0xF, 1 << (first & 3)
            if width == 8:
                raise MalformedPacket
            length, start = int.from_bytes(octets[at + 1 : at + 1 + width], "big"), at + 1 + width
        at = start + length
        if at > len(octets):
            raise MalformedPacket
        yield kind, octets[start:at]


def _length(octets: bytes, at: int) -> tuple[int, int]:
    """A length of the new format, and where it ends; of subpackets as well, of which none is long."""
    first = octets[at]
    if first < 192:
        return first, at + 1
    if first < 224:
        return (first - 192 << 8) + octets[at + 1] + 192, at + 2
    if first < 255:
        raise MalformedPacket  # a part of a body: no signature is so long
    return int.from_bytes(octets[at + 1 : at + 5], "big"), at + 5


def _packet(body: bytes) -> _Packet:
    version = body[0]
    if version == 3:
        if body[1] != 5 or len(body) < 19:
            raise MalformedPacket
        at = int.from_bytes(body[3:7], "big")
        return _Packet(body[2], body[15], body[16], body[17:19], b"", body[2:7], at, body[19:], body[7:15].hex())
    if version not in (4, 6):
        raise MalformedPacket
    width = 2 if version == 4 else 4
    hashed = 4 + width + int.from_bytes(body[4 : 4 + width], "big")
    unhashed = hashed + width + int.from_bytes(body[hashed : hashed + width], "big")
    first = body[unhashed : unhashed + 2]
    if len(first) != 2:
        raise MalformedPacket
    signed = dict(_subpackets(body[4 + width : hashed]))
    told = dict(_subpackets(body[hashed + width : unhashed])) | signed
    fingerprint = told.get(_ISSUER_FINGERPRINT, b"")[1:]
    stamp = signed.get(_CREATED, b"")
    salt = body[unhashed + 3 : unhashed + 3 + _SALTS.get(body[3], 0)] if version == 6 else b""
    trailer = body[:hashed] + bytes([version, 0xFF]) + hashed.to_bytes(4, "big")
    issuer = (fingerprint or told.get(_ISSUER, b"")).hex()
    created = int.from_bytes(stamp, "big") if len(stamp) == 4 else None
    value = body[unhashed + 2 + bool(salt) + len(salt) :]
    return _Packet(body[1], body[2], body[3], first, salt, trailer, created, value, issuer[:64])


def _subpackets(octets: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(octets):
        length, start = _length(octets, at)
        at = start + length
        if not length or at > len(octets):
            raise MalformedPacket
        yield octets[start] & 0x7F, octets[start + 1 : at]


def _judged(packets: Iterable[_Packet], where: str, chunks: Iterable[bytes]) -> tuple[DocumentSignature, ...]:
    """What the first bits of the hash say of a document; the key would have to say the rest."""
    tried = [(packet, _digest(packet)) for packet in packets]
    for chunk in chunks:
        for _, digest in tried:
            if digest is not None:
                digest.update(chunk)
    return tuple(_row(packet, where, digest) for packet, digest in tried)


def _digest(packet: _Packet) -> hashlib._Hash | None:
    """A hash that has seen what stands before the document; None for a signature that is not over a document."""
    if packet.kind not in (_BINARY, _TEXT) or packet.hash not in _HASHES:
        return None
    return hashlib.new(_HASHES[packet.hash], packet.salt, usedforsecurity=False)


def _row(packet: _Packet, where: str, digest: hashlib._Hash | None) -> DocumentSignature:
    name = _KEYS.get(packet.key, "")
    algorithm = f"{name}-{_HASHES[packet.hash].replace('_', '-')}" if name and packet.hash in _HASHES else ""
    row = DocumentSignature(0, PGP, where, algorithm, None, "permerror", "", packet.created, fingerprint=packet.issuer)
    if digest is None:
        known = packet.kind in (_BINARY, _TEXT)
        return row._replace(reason="signature_algorithm" if known else "signature_form")
    digest.update(packet.trailer)
    made = digest.digest()
    if made[:2] == packet.first:
        kept = row._replace(digest=made, signature=packet.value[: LIMITS.key_bits_max // 4])
        return kept._replace(body_ok=True, result="neutral", reason="key_unknown")
    return row._replace(body_ok=False, result="fail", reason="content_changed_after_signing")
