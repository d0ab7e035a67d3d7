"""Which RSA moduli have a known weakness: their private keys can be computed by anybody (VERDICT §1.5).

A weak key signs for whoever took the trouble, so nothing is verified by it. No test here is a
guess: but for ROCA, each one ends with a factor in hand, so that no other key, however chosen by
whoever made an archive, can make a sound one look weak.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files

import gmpy2
from gmpy2 import mpz

from transforms.limits import LIMITS

_SMALL = 65536  # factors below this are looked for
_ROCA_PRIMES = (
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
    109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
)  # fmt: skip


def weaknesses(moduli: Iterable[int]) -> dict[int, str]:
    """The weak ones among the moduli of RSA keys, each with a code of wording.KEY_WEAKNESS.

    small_factor    a factor below 2^16: a damaged record, or a key that was never one
    known_factor    a prime of it is among those published by earlier surveys
    shared_factor   a prime of it is also in another modulus given here (Heninger et al. 2012)
    close_primes    both primes are found from the square root (Fermat)
    roca            the fingerprint of the library of CVE-2017-15361
    Moduli are compared with each other in batches of limits.moduli_batch octets, and no more than
    limits.moduli_compared octets in all, the shortest first; the last two tests are done for each.
    """
    numbers = sorted(set(moduli))
    found: dict[int, str] = {}
    for batch in _batches([mpz(n) for n in numbers]):
        found |= _with_factors(batch)
    for n in numbers:
        if n not in found and _has_close_primes(mpz(n)):
            found[n] = "close_primes"
        elif n not in found and _is_roca(n):
            found[n] = "roca"
    return found


@lru_cache(maxsize=4096)
def is_prime(n: int) -> bool:
    """Whether a modulus is itself a prime, which makes its private key plain arithmetic.

    To be asked only of keys that confirm something: 2 ms a key are too much for an archive of a million.
    """
    return n > 2 and bool(gmpy2.is_strong_prp(n, 2))


def _has_close_primes(n: mpz) -> bool:
    """Fermat: n = a² - b² for an a just above the square root."""
    a = gmpy2.isqrt(n)
    if a * a == n:
        return True
    square = (a + 1) * (a + 1) - n
    step = 2 * a + 3
    for _ in range(LIMITS.fermat_steps):
        if gmpy2.is_square(square):
            return True
        square += step
        step += 2
    return False


@cache
def _roca_residues() -> tuple[tuple[int, frozenset[int]], ...]:
    """By prime, the powers of 65537: primes of that library are such a power modulo each of these."""
    return tuple((p, frozenset(pow(65537, power, p) for power in range(p - 1))) for p in _ROCA_PRIMES)


def _is_roca(n: int) -> bool:
    # Fewer than one in 2^150 of other moduli passes (Nemec et al. 2017, table 1).
    return all(n % p in residues for p, residues in _roca_residues())


# ---- all together -----------------------------------------------------------------------------


def _batches(numbers: Sequence[mpz]) -> Iterator[list[mpz]]:
    batch: list[mpz] = []
    size = total = 0
    for n in numbers:
        octets = (n.bit_length() + 7) // 8
        total += octets
        if total > LIMITS.moduli_compared:
            break
        if size + octets > LIMITS.moduli_batch:
            yield batch
            batch, size = [], 0
        batch.append(n)
        size += octets
    if batch:
        yield batch


def _with_factors(batch: list[mpz]) -> dict[int, str]:
    """Moduli of which a proper factor is small, known, or shared with another one of the batch."""
    suspects = _suspects(batch)
    found: dict[int, str] = {}
    tries = 0
    for n in suspects:
        if _is_proper(gmpy2.gcd(_small_primes(), n), n):
            found[int(n)] = "small_factor"
        elif _is_proper(gmpy2.gcd(_known_primes(), n), n):
            found[int(n)] = "known_factor"
        else:
            # All of n may be common because another modulus is a multiple of it: that alone says
            # nothing about n, so the pair decides. Out of tries only where somebody planted
            # thousands of such moduli: then the doubt counts against all of them.
            for other in suspects:
                tries += 1
                if _is_proper(gmpy2.gcd(n, other), n) or tries > LIMITS.moduli_pairs:
                    found[int(n)] = "shared_factor"
                    break
    return found


def _is_proper(factor: mpz, n: mpz) -> bool:
    return bool(1 < factor < n)


def _suspects(batch: list[mpz]) -> list[mpz]:
    """Moduli with any factor in common with the rest of the batch, the known and the small primes.

    Bernstein's batch gcd, with the sum of the products of all others in the place of squares: it is
    congruent to the product of the others modulo each one of them.
    """
    products, sums = [batch], [mpz(1)] * len(batch)
    while len(products[-1]) > 1:
        level = products[-1]
        pairs = range(0, len(level) - 1, 2)
        sums = [sums[i] * level[i + 1] + sums[i + 1] * level[i] for i in pairs] + sums[2 * len(pairs) :]
        products.append([level[i] * level[i + 1] for i in pairs] + level[2 * len(pairs) :])
    rests = [sums[0] * _known_primes() * _small_primes()]
    for level in reversed(products):
        rests = [rests[place // 2] % node for place, node in enumerate(level)]
    return [n for n, rest in zip(batch, rests, strict=True) if gmpy2.gcd(rest, n) != 1]


@cache
def _small_primes() -> mpz:
    return gmpy2.primorial(_SMALL)


@cache
def _known_primes() -> mpz:
    """The product of the primes in data/known_primes.bin."""
    octets = files("transforms.data").joinpath("known_primes.bin").read_bytes()
    return mpz(int.from_bytes(octets, "little"))
