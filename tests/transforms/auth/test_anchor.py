"""A receiver's sealed answer anchors a recovered key only where it is about this very signature."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from transforms.auth.anchor import SealedMessage, anchors
from transforms.model import PreparedSignature

Examined = Callable[[bytes], tuple[PreparedSignature, ...]]
H = ("from", "to", "date", "subject", "dkim-signature")


@pytest.fixture
def key(signer: Any) -> Any:
    return signer.key(source="recovered")


@pytest.fixture
def signature(signer: Any, examined: Examined, mail: bytes) -> PreparedSignature:
    return examined(signer.sign(mail))[0]


def b(signature: PreparedSignature, characters: int = 8) -> str:
    return base64.b64encode(signature.signature).decode()[:characters]


def sealed(*signatures: PreparedSignature, result: str = "", **facts: Any) -> SealedMessage:
    """A message sealed by a receiver whose answer names the first signature in full."""
    first = signatures[0]
    full = f"dkim=pass header.d=football.example header.s=brisbane header.b={b(first)}"
    known = {
        "signed_fields": (*H, *["dkim-signature"] * (len(signatures) - 1)),
        "key_sources": ("archive", "file"),
        "results": ("spf=pass smtp.mailfrom=football.example", result or full),
        "signatures": signatures,
        "signature_fields": len(signatures),
    }
    return SealedMessage(**{**known, **facts})


def two(first: PreparedSignature, **facts: Any) -> tuple[PreparedSignature, ...]:
    """The signature and another one of the message."""
    other = {"seq": 1, "signature": bytes(256), "domain": "list.example", "selector": "l1", **facts}
    return first, first._replace(**other)


def test_a_result_about_this_very_signature_anchors_its_key(signature: PreparedSignature, key: Any) -> None:
    assert anchors(sealed(signature), key)
    assert anchors(sealed(*two(signature)), key)


@pytest.mark.parametrize(
    "result",
    [
        "dkim=pass header.d=football.example header.s=brisbane",
        "dkim=pass header.d=football.example",
        "dkim=pass header.i=@football.example",
        "DKIM/1=PASS Header.D=Football.Example",
    ],
)
def test_a_result_without_header_b_counts_only_where_no_signature_can_have_been_taken_away(
    signature: PreparedSignature, key: Any, result: str
) -> None:
    """A second signature may have stood above, passed, and been stripped since."""
    assert not anchors(sealed(signature, result=result), key)
    held = (*H, "dkim-signature")
    assert anchors(sealed(signature, result=result, signed_fields=held), key)
    assert not anchors(sealed(*two(signature), result=result, signed_fields=(*held, "dkim-signature")), key)
    assert not anchors(sealed(signature, result=result, signed_fields=held, signature_fields=2), key)


@pytest.mark.parametrize(
    "result",
    [
        "dkim=fail header.d=football.example header.s=brisbane header.b={b}",
        "dkim=none header.d=football.example header.s=brisbane header.b={b}",
        "dkim=pass",
        "dkim=pass header.s=brisbane header.b={b}",
        "dkim=pass header.d=shopping.example header.s=brisbane header.b={b}",
        "dkim=pass header.d=football.example header.s=sydney header.b={b}",
        "dkim=pass header.d=football.example header.i=@other.example header.s=brisbane header.b={b}",
        "dkim=pass header.i=joe@football.example header.s=brisbane header.b={b}",
        "dkim=pass header.d=football.example header.s=brisbane header.b={b7}",
        "dkim=pass header.d=football.example header.s=brisbane header.b=",
        "dkim=pass header.d=football.example header.s=brisbane header.b=AAAAAAAA",
        "dkim=pass header.d=a.example header.d=football.example header.s=brisbane header.b={b}",
        "dmarc=pass header.d=football.example header.s=brisbane header.b={b}",
        "spf=pass smtp.mailfrom=football.example",
        "",
        "=",
    ],
)
def test_any_other_result_anchors_nothing(signature: PreparedSignature, key: Any, result: str) -> None:
    filled = result.format(b=b(signature), b7=b(signature, 7)) or " "
    assert not anchors(sealed(signature, result=filled), key)
    assert not anchors(sealed(*two(signature), result=filled), key)


def test_the_identity_is_compared_where_the_signature_has_one(
    signer: Any, examined: Examined, mail: bytes, key: Any
) -> None:
    (signature,) = examined(signer.sign(mail, extra=" i=joe@football.example;"))
    name = f"header.s=brisbane header.b={b(signature)}"
    assert anchors(sealed(signature, result=f"dkim=pass header.i=joe@football.example {name}"), key)
    assert not anchors(sealed(signature, result=f"dkim=pass header.i=@football.example {name}"), key)
    assert not anchors(sealed(signature, result=f"dkim=pass header.i=ann@football.example {name}"), key)


@pytest.mark.parametrize(
    "contradiction",
    [
        "dkim=fail header.d=football.example header.s=brisbane header.b={b}",
        "dkim=fail header.d=football.example",
        "dkim=neutral",
    ],
)
def test_two_answers_about_one_signature_anchor_nothing(
    signature: PreparedSignature, key: Any, contradiction: str
) -> None:
    whole = sealed(*two(signature))
    other = contradiction.format(b=b(signature))
    assert not anchors(whole._replace(results=(*whole.results, other)), key)


def test_a_failure_of_another_signature_changes_nothing(signature: PreparedSignature, key: Any) -> None:
    whole = sealed(*two(signature))
    other = "dkim=fail header.d=list.example header.s=l1"
    assert anchors(whole._replace(results=(other, *whole.results)), key)


def test_a_name_that_fits_two_signatures_anchors_nothing(signature: PreparedSignature, key: Any) -> None:
    twin = {"domain": signature.domain, "selector": signature.selector}
    alike = signature.signature[:6] + bytes(250)  # eight characters of base64 are six octets
    assert not anchors(sealed(*two(signature, signature=alike, **twin)), key)
    assert anchors(sealed(*two(signature, signature=bytes(256), **twin)), key)


@pytest.mark.parametrize("missing", ["from", "date", "subject", "dkim-signature"])
def test_the_message_signature_covers_what_it_speaks_for(signature: PreparedSignature, key: Any, missing: str) -> None:
    fields = tuple(name for name in H if name != missing)
    assert not anchors(sealed(signature, signed_fields=fields), key)


def test_every_signature_field_is_covered(signature: PreparedSignature, key: Any) -> None:
    assert not anchors(sealed(*two(signature), signed_fields=H), key)
    assert not anchors(sealed(signature, signature_fields=2), key)
    assert anchors(sealed(signature, signed_fields=(*H, "dkim-signature", "dkim-signature")), key)


@pytest.mark.parametrize("sources", [(), ("recovered",), ("archive", "recovered"), ("recovered", "archive", "dns")])
def test_a_recovered_key_of_the_sealer_anchors_nothing(
    signature: PreparedSignature, key: Any, sources: tuple[str, ...]
) -> None:
    # The forger who plants signed mail and seals it himself has both keys recovered (VERDICT §8).
    assert not anchors(sealed(signature, key_sources=sources), key)


def test_another_key_is_not_anchored(signature: PreparedSignature, key: Any, signer: Any) -> None:
    forger = replace(signer, rsa=generate_private_key(65537, 2048))
    assert not anchors(sealed(signature), forger.key(source="recovered"))
    assert not anchors(sealed(signature), replace(key, selector="sydney"))
    assert not anchors(sealed(signature), replace(key, domain="shopping.example"))


@pytest.mark.parametrize(
    "facts",
    [
        {"body_ok": False},
        {"body_ok": None},
        {"length": 10},
        {"aligned": "relaxed"},
        {"aligned": "none"},
        {"invalid": "signature_syntax"},
        {"data_hash": bytes(32)},
    ],
    ids=str,
)
def test_a_signature_that_is_not_full_aligned_and_valid_anchors_nothing(
    signature: PreparedSignature, key: Any, facts: dict[str, Any]
) -> None:
    assert not anchors(sealed(signature._replace(**facts)), key)
