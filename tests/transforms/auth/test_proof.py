"""What signatures prove together; a recovered key that nothing anchors proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from transforms.auth.proof import Proof, best_proof
from transforms.auth.verify import prove
from transforms.model import PreparedSignature, PublicKey

ProofOf = Callable[..., Proof]


@pytest.fixture
def proof(examined: Callable[[bytes], tuple[PreparedSignature, ...]]) -> ProofOf:
    """The proof of a message under some keys of football.example."""

    def of(octets: bytes, *keys: PublicKey) -> Proof:
        signatures = examined(octets)
        ours = [[key for key in keys if key.domain == one.domain] for one in signatures]
        return best_proof(signatures, [prove(*pair, None) for pair in zip(signatures, ours, strict=True)])

    return of


def test_a_recovered_key_is_no_basis_and_passes_nothing_on(signer: Any, proof: ProofOf, mail: bytes) -> None:
    recovered = signer.key(source="recovered")
    other = replace(signer, rsa=generate_private_key(65537, 2048)).key(source="recovered")
    for keys, reason in (((recovered,), "key_recovered"), ((recovered, other), "key_two_recovered")):
        found = proof(signer.sign(mail), *keys)
        assert (found.basis, found.confidence, found.reason, found.passes_on) == (None, None, reason, False)


@pytest.mark.parametrize("h", ["from:to:subject:date", "from:date", "date"])
def test_whatever_a_signature_covers_the_recovered_key_is_the_reason(
    signer: Any, proof: ProofOf, mail: bytes, h: str
) -> None:
    assert proof(signer.sign(mail, h=h), signer.key(source="recovered")).reason == "key_recovered"


def test_an_anchored_key_is_a_basis_of_its_own_and_never_strong(signer: Any, proof: ProofOf, mail: bytes) -> None:
    anchored = signer.key(source="recovered", anchored_by="seal")
    found = proof(signer.sign(mail), anchored)
    assert (found.basis, found.confidence, found.reason) == ("anchored_recovered_key", "moderate", "")
    assert found.passes_on
    assert proof(signer.sign(mail), anchored, signer.key()).basis == "signature"
    assert proof(signer.sign(mail, h="from:subject"), anchored).reason == "date_not_signed"


def test_a_body_that_a_known_key_shows_changed_is_not_hidden_by_a_recovered_one(
    signer: Any, proof: ProofOf, mail: bytes
) -> None:
    changed = signer.sign(mail).replace(b"We lost", b"We won")
    twice = signer.sign(changed, d="list.example")
    keys = signer.key(), replace(signer.key(source="recovered"), domain="list.example")
    assert proof(twice, *keys).reason == "body_changed_after_signing"
    assert proof(twice, keys[1]).reason == "key_recovered"
