"""The private keys of a corpus, computed from its seed, and what an archive saw of them.

They are written beside the dump, since sample_dump/signing.py reads keys from files. Worthless: whoever
knows the seed has them.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import gmpy2
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from signing import Signer

from corpus.world import SIGNERS, Held

_E = 65537


def write_private_keys(folder: Path, seed: int) -> None:
    """A PEM file for each signer of the world."""
    folder.mkdir(parents=True)
    for held in SIGNERS:
        rng = random.Random(f"{seed} {held.name}")
        p, q = (_prime(rng, held.bits // 2) for _ in range(2))
        d = int(gmpy2.invert(_E, (p - 1) * (q - 1)))
        numbers = RSAPrivateNumbers(
            p, q, d, rsa_crt_dmp1(d, p), rsa_crt_dmq1(d, q), rsa_crt_iqmp(p, q), RSAPublicNumbers(_E, p * q)
        )
        pem = numbers.private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{held.name}.pem").write_bytes(pem)


def _prime(rng: random.Random, bits: int) -> int:
    while True:
        prime = int(gmpy2.next_prime(rng.getrandbits(bits) | 3 << (bits - 2)))
        if prime % _E != 1:
            return prime


def signer_of(held: Held, folder: Path) -> Signer:
    return Signer(held.domain, held.selector, str(folder.resolve() / held.name))


def write_archive(path: Path, folder: Path, imitating: Iterable[str]) -> None:
    """The keys that an archive saw, as `--keys` reads them; the imitating domains publish the phisher's."""
    phisher = next(held for held in SIGNERS if held.name == "mallory")
    seen = [*SIGNERS, *(replace(phisher, domain=domain) for domain in imitating)]
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("domain", "selector", "record", "first_seen", "last_seen"))
        for one in seen:
            if one.seen:
                table.writerow((one.domain, one.selector, signer_of(one, folder).record(), *one.seen))
