"""Known weak moduli: each weakness is found, no sound key is called weak, whatever stands beside it."""

from __future__ import annotations

import random
from itertools import permutations
from typing import Any

import gmpy2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.auth import weakness
from transforms.auth.weakness import is_prime, weaknesses
from transforms.limits import LIMITS


def prime(bits: int, seed: int) -> int:
    return int(gmpy2.next_prime(random.Random(seed).getrandbits(bits) | 3 << (bits - 2)))


P = [prime(512, seed) for seed in range(8)]
SOUND = P[0] * P[1]


def test_a_sound_modulus_has_no_weakness(numbers: Any) -> None:
    assert weaknesses([SOUND, P[2] * P[3], numbers.sound()]) == {}


def test_moduli_that_share_a_prime_are_both_found_among_others(numbers: Any) -> None:
    weak = {P[2] * P[3]: "shared_factor", P[3] * P[4]: "shared_factor"}
    for order in permutations([SOUND, *weak, P[5] * P[6]]):
        assert weaknesses(order) == weak


def test_a_modulus_given_twice_is_one(numbers: Any) -> None:
    assert weaknesses([SOUND, SOUND]) == {}


def test_all_primes_of_a_modulus_may_be_shared_with_different_ones() -> None:
    ring = [P[0] * P[1], P[1] * P[2], P[2] * P[0]]
    assert weaknesses(ring) == dict.fromkeys(ring, "shared_factor")


@pytest.mark.parametrize("factor", [3, 65521, P[5]])
def test_a_planted_multiple_of_a_sound_modulus_is_weak_and_the_sound_one_is_not(factor: int) -> None:
    assert set(weaknesses([SOUND, SOUND * factor])) == {SOUND * factor}
    assert set(weaknesses([SOUND, SOUND * factor, SOUND * 7, P[2] * P[3]])) == {SOUND * factor, SOUND * 7}


@pytest.mark.parametrize("gap", [2, 1000, 10**70])
def test_close_primes_are_found(gap: int) -> None:
    p = P[0]
    assert weaknesses([p * int(gmpy2.next_prime(p + gap))]) == {p * int(gmpy2.next_prime(p + gap)): "close_primes"}
    assert weaknesses([p * p]) == {p * p: "close_primes"}


def test_a_small_factor_is_found() -> None:
    assert weaknesses([3 * SOUND, 65521 * SOUND]) == {3 * SOUND: "small_factor", 65521 * SOUND: "small_factor"}


def test_a_published_prime_is_found() -> None:
    found = 12543701  # of one of the 768-bit moduli in data/known_primes.bin
    assert weaknesses([found * P[5], SOUND]) == {found * P[5]: "known_factor"}


def test_the_published_primes_are_whole() -> None:
    known = weakness._known_primes()
    assert (known.bit_length(), gmpy2.gcd(known, gmpy2.primorial(65536))) == (2_775_442, 1)


def test_a_modulus_with_the_fingerprint_of_cve_2017_15361_is_found() -> None:
    m = int(gmpy2.primorial(167))
    choose = random.Random(1)

    def made() -> int:
        while True:
            candidate = choose.getrandbits(300) * m + pow(65537, choose.getrandbits(64), m)
            if gmpy2.is_prime(candidate):
                return candidate

    n = made() * made()
    assert weaknesses([n, SOUND]) == {n: "roca"}


@settings(max_examples=30)
@given(st.integers(2**1023, 2**1024 - 1).map(lambda n: n | 1))
def test_no_number_stops_the_search_and_the_answer_is_reproducible(n: int) -> None:
    assert weaknesses([n, SOUND, 15, 1, 3]) == weaknesses([3, 1, 15, SOUND, n])


def test_a_prime_is_told_from_a_modulus() -> None:
    assert is_prime(P[0]) and not is_prime(SOUND) and not is_prime(0)


def test_comparisons_are_bounded_by_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = [P[2] * P[3], P[3] * P[4]]
    size = len(shared) * 128
    assert set(weaknesses(shared)) == set(shared)
    for limit in ("moduli_batch", "moduli_compared"):
        with monkeypatch.context() as patch:
            patch.setattr(weakness, "LIMITS", _Limits(**{limit: size - 1}))
            assert weaknesses(shared) == {}


def test_thousands_of_planted_multiples_cost_a_bounded_number_of_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weakness, "LIMITS", _Limits(moduli_pairs=10))
    planted = [SOUND * p for p in P[2:]]
    found = weaknesses([SOUND, *planted])
    assert set(planted) <= set(found)  # the doubt may count against a sound one, never for a weak one


class _Limits:
    def __init__(self, **changed: int) -> None:
        self.changed = changed

    def __getattr__(self, name: str) -> int:
        return self.changed[name] if name in self.changed else getattr(LIMITS, name)
