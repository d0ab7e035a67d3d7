"""A key from its signatures: the pair that is chosen, the arithmetic, and what must confirm it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import gmpy2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.auth import recover
from transforms.auth.key import parse_record
from transforms.auth.recover import Specimen

Make = Callable[..., list[Specimen]]


@pytest.fixture(scope="module", autouse=True)
def cheap() -> Iterator[None]:
    """Small exponents only: a pair that gives nothing else costs 16 s of CPU."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recover, "EXPONENTS", (3, 17))
        yield


@pytest.fixture(scope="module")
def keys() -> list[RSAPrivateKey]:
    """Two of 1024 bits with e=3: their divisors are found at once."""
    return [generate_private_key(3, 1024) for _ in range(2)]


def signed(key: RSAPrivateKey, number: int, algorithm: str = "rsa-sha256", **facts: Any) -> Specimen:
    """The signature of a message of that number."""
    name = algorithm.partition("-")[2]
    digest = hashlib.new(name, b"%d" % number).digest()
    used = hashes.SHA256() if name == "sha256" else hashes.SHA1()
    signature = key.sign(digest, PKCS1v15(), Prehashed(used))
    one = Specimen(algorithm, signature, digest, True, "relaxed/relaxed", 1_490_000_000 + number, f"{number:032x}")
    return one._replace(**facts)


def numbers(record: str | None) -> tuple[int, int]:
    assert record is not None
    parsed = parse_record(record)
    assert parsed.status == "ok"
    return parsed.n, parsed.e


def public(key: RSAPrivateKey) -> tuple[int, int]:
    found = key.public_key().public_numbers()
    return found.n, found.e


# ---- the arithmetic ---------------------------------------------------------------------------


def test_the_encoded_message_is_what_a_signature_holds(keys: list[RSAPrivateKey]) -> None:
    for algorithm in ("rsa-sha256", "rsa-sha1"):
        one = signed(keys[0], 1, algorithm)
        n, e = public(keys[0])
        held = pow(int.from_bytes(one.signature, "big"), e, n).to_bytes(128, "big")
        assert recover.encoded_message(algorithm, one.data_hash, 128) == held


def test_two_signatures_and_a_third_give_the_key(keys: list[RSAPrivateKey]) -> None:
    one, two, *others = (signed(keys[0], number) for number in range(4))
    assert numbers(recover.key_record(one, two, others)) == public(keys[0])


@pytest.mark.parametrize(("e", "bits"), [(3, 2048), (3, 4096), (17, 1024)])
def test_other_sizes_and_exponents(e: int, bits: int) -> None:
    key = _private_key(e, bits)
    one, two, third = (_raw_signed(key, number) for number in range(3))
    assert numbers(recover.key_record(one, two, [third])) == (key[0], e)


def test_the_record_is_one_that_a_domain_could_publish(keys: list[RSAPrivateKey]) -> None:
    record = recover.record_of(*public(keys[0]))
    assert record.startswith("v=DKIM1; k=rsa; p=MI")
    assert numbers(record) == public(keys[0])


def test_two_signatures_alone_are_not_enough(keys: list[RSAPrivateKey]) -> None:
    one, two = signed(keys[0], 1), signed(keys[0], 2)
    assert recover.key_record(one, two, []) is None
    assert recover.key_record(one, two, [signed(keys[1], 3)]) is None


def test_a_third_that_does_not_verify_is_passed_over(keys: list[RSAPrivateKey]) -> None:
    one, two, honest = (signed(keys[0], number) for number in range(3))
    damaged = signed(keys[0], 5, data_hash=bytes(32))
    stranger = signed(keys[1], 6)
    assert recover.key_record(one, two, [damaged, stranger]) is None
    assert numbers(recover.key_record(one, two, [damaged, stranger, honest])) == public(keys[0])


def test_a_third_over_sha1_confirms_as_well(keys: list[RSAPrivateKey]) -> None:
    one, two = signed(keys[0], 1), signed(keys[0], 2)
    assert numbers(recover.key_record(one, two, [signed(keys[0], 3, "rsa-sha1")])) == public(keys[0])


def test_a_pair_of_two_keys_or_with_a_damaged_header_gives_nothing(keys: list[RSAPrivateKey]) -> None:
    one, two, *others = (signed(keys[0], number) for number in range(6))
    assert recover.key_record(one, signed(keys[1], 7), others) is None
    assert recover.key_record(one, two._replace(data_hash=bytes(32)), others) is None


def test_signatures_that_are_numbers_of_no_key_give_nothing() -> None:
    ends = (bytes(128), bytes(127) + b"\1", bytes(127) + b"\2", b"\xff" * 128, b"\x80" + bytes(127))
    made = [
        Specimen("rsa-sha256", octets, bytes([at] * 32), True, "simple/simple", 0, "") for at, octets in enumerate(ends)
    ]
    for one in made:
        for two in made:
            if one is not two:
                assert recover._divisor(recover._multiple(one, 3), recover._multiple(two, 3), 128) is None


def test_small_factors_are_stripped_and_large_ones_left_to_the_third(
    keys: list[RSAPrivateKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    n, _ = public(keys[0])
    for cofactor in (1, 2**7, 3 * 5 * 5, 99_991, 2 * 1_000_003, 1_000_003 * 1_000_033):
        found = recover._divisor(gmpy2.mpz(n) * cofactor * 7, gmpy2.mpz(n) * cofactor * 11, 128)
        assert found is not None and found % n == 0 and found % 2 == 1
        monkeypatch.setattr(recover, "_divisor", lambda *_, found=found: found)
        one, two, third = (signed(keys[0], number) for number in range(3))
        assert numbers(recover.key_record(one, two, [third])) == (n, 3)
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("bits", "fits"), [(1016, False), (1017, True), (1023, True), (1024, True), (1025, False), (2048, False)]
)
def test_the_size_of_a_modulus_is_that_of_its_signatures(bits: int, fits: bool) -> None:
    assert recover._is_modulus((1 << (bits - 1)) | 1, 128) is fits
    assert not recover._is_modulus(1 << (bits - 1), 128)  # even


@settings(max_examples=30, deadline=None)
@given(st.integers(min_value=0, max_value=2**32), st.integers(min_value=0, max_value=7))
def test_whatever_octets_a_pair_holds_no_key_appears_that_does_not_verify(seed: int, damaged: int) -> None:
    chance = random.Random(seed)
    key = _RAW
    made = [_raw_signed(key, chance.randrange(2**30)) for _ in range(4)]
    for at in range(3):
        if damaged >> at & 1:
            octets = bytearray(made[at].signature)
            octets[chance.randrange(128)] ^= chance.randrange(1, 256)
            made[at] = made[at]._replace(signature=bytes(octets))
    record = recover.key_record(made[0], made[1], made[2:])
    if damaged & 3:
        assert record is None
    else:
        assert numbers(record) == (key[0], 3)


# ---- which pair -------------------------------------------------------------------------------


def plain(number: int, **facts: Any) -> Specimen:
    """A signature for choosing: nothing computes with it."""
    digest = hashlib.sha256(b"%d" % number).digest()
    one = Specimen("rsa-sha256", digest * 4, digest, True, "relaxed/relaxed", number, f"{number:032x}")
    return one._replace(**facts)


def moments(pair: tuple[Specimen, Specimen] | None) -> list[int]:
    assert pair is not None
    return sorted(one.moment for one in pair)


def test_a_signature_counts_once_however_many_mails_carry_it() -> None:
    replayed = [plain(1, item_id=name) for name in ("c", "a", "b")]
    found = recover.merged([*replayed, plain(2)], 10)
    assert [one.item_id for one in found] == ["a", f"{2:032x}"]
    assert recover.next_pair(recover.merged([*replayed, plain(2)], 10), []) is None


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 3)), max_size=14), st.integers(0, 14))
def test_parts_that_were_merged_before_give_the_same(carriers: list[tuple[int, bool, int]], at: int) -> None:
    """Carriers of one signature may differ in all that nobody signed."""
    many = [plain(n, intact=intact, moment=moment) for n, intact, moment in carriers]
    parts = (recover.merged(part, 3) for part in (many[:at], many[at:]))
    assert recover.merged(chain.from_iterable(parts), 3) == recover.merged(many, 3)


def test_the_intact_carrier_of_a_signature_speaks_for_it() -> None:
    damaged = plain(1, intact=False, data_hash=bytes(32), item_id="a")
    (found,) = recover.merged([damaged, plain(1)], 10)
    assert found.intact and found.data_hash != bytes(32)


def test_no_more_are_looked_at_than_allowed_and_intact_ones_first() -> None:
    many = [plain(number, intact=number % 2 == 1) for number in range(20)]
    kept = recover.merged(many, 7)
    assert len(kept) == 7 and all(one.intact for one in kept)


@given(st.permutations(range(8)))
def test_the_order_of_the_dump_does_not_matter(order: list[int]) -> None:
    many = [
        plain(n, moment=n % 3, intact=n % 2 == 0, canonicalization=("simple/simple", "relaxed/simple")[n % 2])
        for n in range(8)
    ]
    shuffled = [many[at] for at in order]
    assert recover.merged(shuffled, 6) == recover.merged(many, 6)
    assert recover.next_pair(shuffled, []) == recover.next_pair(many, [])


def test_intact_bodies_come_first_then_one_canonicalization_then_close_dates() -> None:
    many = [
        plain(1, moment=0),
        plain(2, moment=1, intact=False),
        plain(3, moment=500, canonicalization="simple/simple"),
        plain(4, moment=510, canonicalization="relaxed/simple"),
        plain(5, moment=3000),
        plain(6, moment=3200),
    ]
    assert moments(recover.next_pair(many, [])) == [3000, 3200]


def test_signatures_of_no_pair_yet_come_before_used_ones() -> None:
    many = [plain(number) for number in range(6)]
    tried: list[recover.Pair] = []
    used: list[int] = []
    while len(tried) < 3:
        pair = recover.next_pair(many, tried)
        assert pair is not None
        used += moments(pair)
        tried.append(recover.pair_id(*pair))
    assert sorted(used) == list(range(6))


def test_three_signatures_give_three_pairs_and_no_more() -> None:
    many = [plain(number) for number in range(3)]
    tried: list[recover.Pair] = []
    while (pair := recover.next_pair(many, tried)) is not None:
        tried.append(recover.pair_id(*pair))
    assert len(tried) == len(set(tried)) == 3


def test_a_pair_is_alike_in_algorithm_and_length_and_has_a_third_of_its_kind() -> None:
    unlike = [plain(1), plain(2, algorithm="rsa-sha1"), plain(3, signature=b"x" * 256), plain(4, algorithm="rsa-sha1")]
    assert recover.next_pair(unlike, []) is None
    assert recover.next_pair([*unlike, plain(5)], []) is None
    assert moments(recover.next_pair([*unlike, plain(5), plain(7)], [])) == [5, 7]


def test_one_message_signed_twice_is_no_pair() -> None:
    same = [plain(number, data_hash=bytes(32)) for number in range(3)]
    assert recover.next_pair(same, []) is None


def test_one_kind_does_not_take_every_try() -> None:
    """Somebody plants many signatures of another length to use the tries up."""
    planted = [plain(number, signature=hashlib.sha256(b"%d" % number).digest() * 16) for number in range(50)]
    honest = [plain(number) for number in range(100, 103)]
    first = recover.next_pair([*planted, *honest], [])
    assert first is not None
    second = recover.next_pair([*planted, *honest], [recover.pair_id(*first)])
    assert second is not None and {len(first[0].signature), len(second[0].signature)} == {128, 512}


# ---- raw RSA: the library makes no key with e=17 -----------------------------------------------


def _private_key(e: int, bits: int) -> tuple[int, int, int]:
    chance = random.Random(bits + e)
    while True:
        p, q = (int(gmpy2.next_prime(chance.getrandbits(bits // 2) | 3 << (bits // 2 - 2))) for _ in range(2))
        totient = (p - 1) * (q - 1)
        if gmpy2.gcd(e, totient) == 1 and (p * q).bit_length() == bits:
            return p * q, int(gmpy2.invert(e, totient)), bits // 8


_RAW = _private_key(3, 1024)


def _raw_signed(key: tuple[int, int, int], number: int) -> Specimen:
    n, d, size = key
    digest = hashlib.sha256(b"%d" % number).digest()
    message = int.from_bytes(recover.encoded_message("rsa-sha256", digest, size), "big")
    signature = int(gmpy2.powmod(message, d, n)).to_bytes(size, "big")
    return Specimen("rsa-sha256", signature, digest, True, "relaxed/relaxed", number, "")
