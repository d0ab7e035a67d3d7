"""An RSA key from the signatures that it made (RFC 8017 §5.2.2, §9.2; VERDICT §4).

A signature s of a message whose encoded form is EM satisfies s^e = EM mod n, so the unknown n divides
s^e - EM of each, and the greatest common divisor of two is n but for a small factor. The numbers have
e times as many bits as n: with e = 65537 one divisor takes most of a minute, and nothing can tell
beforehand whether a pair was damaged on its way.

Whoever plants two mails signed with a key of his own has that key found: what is found here says that
the signatures have one maker, never who that is.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

import gmpy2
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from transforms.auth.key import KeyRecord, parse_record
from transforms.auth.verify import DIGEST_INFO, verify_hash

VERSION = 1  # of what a pair is asked; what older code found out is asked again
EXPONENTS = (3, 17, 65537)  # that mail systems use, the cheap ones first

_SMALL = 100_000  # primes below it are stripped from a divisor

Pair = tuple[str, str]


class Specimen(NamedTuple):
    """One signature of a (domain, selector), however many mails carry it."""

    algorithm: str  # a=
    signature: bytes  # b= decoded
    data_hash: bytes  # of the signed header fields, under a='s hash
    intact: bool  # the body is the one that was signed: header fields are likely to be, too
    canonicalization: str  # c= as header/body
    moment: int  # t=, else Date, seconds since 1970; 0 if neither is known
    item_id: str  # a message that carries it

    @property
    def id(self) -> str:
        """SHA-256 of the signature, hex."""
        return hashlib.sha256(self.signature).hexdigest()


# ---- which pair -------------------------------------------------------------------------------


def merged(specimens: Iterable[Specimen], most: int) -> tuple[Specimen, ...]:
    """Distinct signatures, the most promising first, at most so many; the order given does not matter.

    Nor does it whether parts of them were merged before.
    """
    by_signature: dict[bytes, Specimen] = {}
    for one in specimens:
        known = by_signature.get(one.signature)
        by_signature[one.signature] = one if known is None else min(known, one, key=_carrier)
    return tuple(sorted(by_signature.values(), key=_place)[:most])


def next_pair(specimens: Sequence[Specimen], tried: Sequence[Pair]) -> tuple[Specimen, Specimen] | None:
    """The pair to try after those tried, None if there is none.

    specimens are distinct signatures that no key found so far explains. Alike in algorithm and length,
    and with a third of their kind to confirm the answer; those that were in no pair yet first, then
    intact bodies, one header canonicalization, close dates.
    """
    uses = Counter(member for pair in tried for member in pair)
    kinds: dict[tuple[str, int], list[Specimen]] = {}
    for one in sorted(specimens, key=lambda one: (uses[one.id], _place(one))):
        kinds.setdefault((one.algorithm, len(one.signature)), []).append(one)
    best = None
    for kind, members in kinds.items():
        if len(members) < 3:
            continue
        ids = [one.id for one in members]
        worn = sum(uses[name] for name in ids)  # so that one kind does not take every try
        rank = worn, -sum(one.intact for one in members), -len(members), kind
        for a, b in _neighbours(len(members)):
            one, two, pair = members[a], members[b], pair_id(members[a], members[b])
            if pair in tried or one.data_hash == two.data_hash:
                continue
            used = uses[ids[a]] + uses[ids[b]]
            place = rank, used, _distance(one, two), pair
            if best is None or place < best[0]:
                best = place, (one, two)
    return best[1] if best is not None else None


def pair_id(one: Specimen, two: Specimen) -> Pair:
    """The names of both signatures, in a fixed order."""
    first, second = sorted((one.id, two.id))
    return first, second


def _neighbours(count: int) -> Iterator[tuple[int, int]]:
    """Places that are next to each other, or next but one: all pairs would be too many."""
    for place in range(count - 1):
        yield place, place + 1
        if place + 2 < count:
            yield place, place + 2


def _distance(one: Specimen, two: Specimen) -> tuple[int, bool, int]:
    damaged = (not one.intact) + (not two.intact)
    return damaged, _header_form(one) != _header_form(two), abs(one.moment - two.moment)


def _place(one: Specimen) -> tuple[bool, str, int, str]:
    return not one.intact, _header_form(one), one.moment, one.id


def _carrier(one: Specimen) -> tuple[tuple[bool, str, int, str], bytes, str]:
    """Which of the mails that carry one signature speaks for it: the one that gives it its place among others."""
    return _place(one), one.data_hash, one.item_id


def _header_form(one: Specimen) -> str:
    return one.canonicalization.partition("/")[0]


# ---- the arithmetic ---------------------------------------------------------------------------


def key_record(one: Specimen, two: Specimen, others: Sequence[Specimen]) -> str | None:
    """The TXT record of the key that made both signatures and one of the others, None if there is none.

    All are distinct and alike in length; the greatest common divisor is the cost, others cost next to
    nothing.
    """
    size = len(one.signature)
    with gmpy2.context(gmpy2.get_context(), allow_release_gil=True):  # a worker must notice that its parent is gone
        for e in EXPONENTS:
            found = _divisor(_multiple(one, e), _multiple(two, e), size)
            if found is None:
                continue
            for third in others:
                n = _stripped(gmpy2.gcd(found, _residue(third, e, found)))
                if _is_modulus(n, size):
                    record = record_of(int(n), e)
                    if all(explains(record, specimen) for specimen in (one, two, third)):
                        return record
    return None


def explains(record: str, specimen: Specimen) -> bool:
    """Whether the signature is one of this key's."""
    return verify_hash(_parsed(record), specimen.algorithm, specimen.data_hash, specimen.signature)


def encoded_message(algorithm: str, digest: bytes, size: int) -> bytes:
    """EMSA-PKCS1-v1_5 of a digest in size octets (RFC 8017 §9.2); algorithm is a=."""
    info = DIGEST_INFO[algorithm.partition("-")[2]] + digest
    return b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info


def record_of(n: int, e: int) -> str:
    """The TXT record that publishes a key (RFC 6376 §3.6.1)."""
    spki = RSAPublicNumbers(e, n).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(spki).decode()}"


def _multiple(one: Specimen, e: int) -> Any:
    """s^e - EM: a multiple of the modulus, if the signature is valid."""
    return gmpy2.mpz(_integer(one.signature)) ** e - _message(one)


def _residue(one: Specimen, e: int, modulus: Any) -> Any:
    return gmpy2.powmod(_integer(one.signature), e, modulus) - _message(one)


def _divisor(one: Any, two: Any, size: int) -> Any:
    """What two multiples share, without small factors; None if that cannot hold a modulus."""
    shared = _stripped(gmpy2.gcd(one, two)) if one and two else 0
    # Random numbers share hardly more than small primes; twice the size is nobody's honest signature.
    return shared if 8 * (size - 1) < shared.bit_length() <= 16 * size else None


def _stripped(number: Any) -> Any:
    """A number without its prime factors below _SMALL."""
    shared = gmpy2.gcd(number, _small_primes()) if number else 1
    while shared > 1:
        number //= shared
        shared = gmpy2.gcd(number, shared)
    return number


def _is_modulus(n: Any, size: int) -> bool:
    """Whether signatures under n have this many octets (RFC 8017 §8.1.1)."""
    return bool(8 * (size - 1) < n.bit_length() <= 8 * size and n % 2 == 1)


def _message(one: Specimen) -> int:
    return _integer(encoded_message(one.algorithm, one.data_hash, len(one.signature)))


def _integer(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


@cache
def _small_primes() -> Any:
    """The product of all primes below _SMALL."""
    return gmpy2.primorial(_SMALL)


@lru_cache(maxsize=64)
def _parsed(record: str) -> KeyRecord:
    return parse_record(record)
