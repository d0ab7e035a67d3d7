"""dkimpy as an independent signer and verifier: what it signs verifies here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dkim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.auth.coverage import BLOCKING
from transforms.auth.verify import prove
from transforms.model import PreparedSignature

Examined = Callable[[bytes], tuple[PreparedSignature, ...]]

_ALGORITHMS = ("rsa-sha1", "rsa-sha256", "ed25519-sha256")
_FORMS = ("simple", "relaxed")

_WORDS = st.sampled_from(["a", "Über", "=?utf-8?q?x?=", "game", ";", "b=", "\t", "  ", " ", "\r\n ", "\r\n\t"])
_VALUES = st.lists(_WORDS, min_size=1, max_size=8).map(lambda words: "x" + "".join(words) + "y")
_EXTRA = st.lists(st.tuples(st.sampled_from(["Subject", "X-Test", "Received", "List-Id", "To"]), _VALUES), max_size=5)
_LINES = st.lists(st.sampled_from([b" ", b"\t", b"a", b".", b"\xff", b"\0", b"longer words"]), max_size=8).map(b"".join)
_BODIES = st.lists(_LINES, max_size=8).map(lambda lines: b"".join(line + b"\r\n" for line in lines))


def _mail(extra: list[tuple[str, str]], body: bytes) -> bytes:
    fields = [("From", "Joe <joe@football.example>"), ("Date", "Fri, 11 Jul 2003 21:00:37 -0700"), *extra]
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode() + b"\r\n" + body


def _signed(signer: Any, octets: bytes, algorithm: str, forms: tuple[str, str], length: bool = False) -> bytes:
    field = dkim.sign(
        octets,
        b"brisbane",
        b"football.example",
        signer.seed if algorithm.startswith("ed25519") else signer.pem,
        canonicalize=tuple(form.encode() for form in forms),
        signature_algorithm=algorithm.encode(),
        include_headers=[b"from", b"date", b"subject", b"subject", b"x-test", b"to", b"cc"],
        length=length,
    )
    return bytes(field) + octets


@pytest.mark.parametrize("length", [False, True])
@pytest.mark.parametrize("header_form", _FORMS)
@pytest.mark.parametrize("body_form", _FORMS)
@pytest.mark.parametrize("algorithm", _ALGORITHMS)
@settings(max_examples=8)
@given(extra=_EXTRA, body=_BODIES, lf=st.booleans())
def test_what_dkimpy_signs_passes(
    signer: Any,
    examined: Examined,
    algorithm: str,
    body_form: str,
    header_form: str,
    length: bool,
    extra: list[tuple[str, str]],
    body: bytes,
    lf: bool,
) -> None:
    octets = _signed(signer, _mail(extra, body), algorithm, (header_form, body_form), length)
    if lf:  # an exporter's line ends
        octets = octets.replace(b"\r\n", b"\n")
    (signature,) = examined(octets)
    result = prove(signature, [signer.key(algorithm)], None)
    assert (result.result, result.reason) == ("pass", "pass")
    assert signature.repairs == ""


@settings(max_examples=150)
@given(
    extra=_EXTRA,
    body=_BODIES,
    algorithm=st.sampled_from(_ALGORITHMS),
    forms=st.tuples(st.sampled_from(_FORMS), st.sampled_from(_FORMS)),
    place=st.floats(0, 1, exclude_max=True),
    change=st.sampled_from(["flip", "drop", "space", "double"]),
)
def test_a_changed_mail_passes_here_where_it_passes_there(
    signer: Any,
    examined: Examined,
    extra: list[tuple[str, str]],
    body: bytes,
    algorithm: str,
    forms: tuple[str, str],
    place: float,
    change: str,
) -> None:
    mail = _mail(extra, body)
    octets = _signed(signer, mail, algorithm, forms)
    at = len(octets) - len(mail) + int(place * len(mail))
    new = {"flip": bytes([octets[at] ^ 1]), "drop": b"", "space": octets[at : at + 1] + b" "}
    changed = octets[:at] + new.get(change, octets[at : at + 1] * 2) + octets[at + 1 :]
    results = [prove(one, [signer.key(algorithm)], None) for one in examined(changed)]
    passes = any(result.result == "pass" for result in results)
    try:
        accepted = bool(dkim.verify(changed, dnsfunc=lambda name, timeout=5: signer.record(algorithm).encode()))
    except (dkim.DKIMException, IndexError, ValueError):
        return  # it refuses a whole message for one line that is no field, signed or not
    head, _, body = changed.replace(b"\r\n", b"\n").partition(b"\n\n")
    if passes and not accepted:
        # `From :` has another name there, and is an objection here. And white space that ends a body without a
        # line end ends a line (test_canonical.py).
        cut = not body.endswith(b"\n") and body[-1:] in (b" ", b"\t")
        assert cut or all(result.objection in BLOCKING for result in results)
    if accepted and not passes:
        # It strips CR, VT and FF from both ends of a field; white space is SP and HTAB (RFC 6376 §2.8).
        assert any(octet in head for octet in (b"\r", b"\v", b"\f"))
