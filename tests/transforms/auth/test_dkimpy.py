"""dkimpy as an independent signer and verifier: what it signs verifies here."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable
from typing import Any

import dkim
import pytest
from dkim.canonicalization import Relaxed, Simple
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.auth.canonical import LineEnds, body_digests, wire_chunks
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


# ---- any h= --------------------------------------------------------------------------------------

_NAMES = ["To", "Cc", "Subject", "X-Test", "X-Other", "Message-ID", "List-Id", "Reply-To"]
_SIGNED = st.lists(st.sampled_from([*_NAMES, "Absent"]), max_size=8)
_WORD = st.text("abcxyzABCXYZ", min_size=1, max_size=6)


@settings(max_examples=120, deadline=None)
@given(
    fields=st.lists(st.tuples(st.sampled_from(_NAMES), _WORD), max_size=8),
    h=_SIGNED,
    words=st.lists(_WORD, min_size=1, max_size=5),
    algorithm=st.sampled_from(_ALGORITHMS),
    forms=st.tuples(st.sampled_from(_FORMS), st.sampled_from(_FORMS)),
    pick=st.floats(0, 1, exclude_max=True),
)
def test_every_letter_that_is_covered_counts_and_no_other(
    signer: Any,
    examined: Examined,
    fields: list[tuple[str, str]],
    h: list[str],
    words: list[str],
    algorithm: str,
    forms: tuple[str, str],
    pick: float,
) -> None:
    fields = [("From", "joe@football.example"), *fields]
    h = ["from", *(name.lower() for name in h)]
    lines = [f"{name}: {value}\r\n" for name, value in fields]
    mail = "".join(lines).encode() + b"\r\n" + " \r\n".join(words).encode() + b"\r\n"
    field = dkim.sign(
        mail,
        b"brisbane",
        b"football.example",
        signer.seed if algorithm.startswith("ed25519") else signer.pem,
        canonicalize=tuple(form.encode() for form in forms),
        signature_algorithm=algorithm.encode(),
        include_headers=[name.encode() for name in h],
    )
    keys = [signer.key(algorithm)]
    (sound,) = examined(bytes(field) + mail)
    assert prove(sound, keys, None).result == "pass"
    # A letter of a value or of the body becomes another one, and never another's case.
    letters = [at for at, octet in enumerate(mail) if chr(octet).isalpha() and not _in_a_name(mail, at)]
    at = letters[int(pick * len(letters))]
    changed = mail[:at] + (b"q" if mail[at : at + 1] != b"q" else b"w") + mail[at + 1 :]
    (one,) = examined(bytes(field) + changed)
    result = prove(one, keys, None)
    if _covered(fields, lines, h, at):
        assert result.result == "fail"
    else:
        assert result.result == "pass"
        assert set(one.objections) - {"from_ambiguous", "not_aligned"} == set(sound.objections)


def _in_a_name(mail: bytes, at: int) -> bool:
    line = mail[mail.rfind(b"\n", 0, at) + 1 :].partition(b"\r\n")[0]
    return b":" in line and at - (mail.rfind(b"\n", 0, at) + 1) < line.index(b":")


def _covered(fields: list[tuple[str, str]], lines: list[str], h: list[str], at: int) -> bool:
    """Whether h= covers this octet: of each name as many instances as it says, from the bottom up."""
    end = 0
    for number, line in enumerate(lines):
        end += len(line)
        if at < end:
            name = fields[number][0].lower()
            below = sum(other.lower() == name for other, _ in fields[number + 1 :])
            return below < h.count(name)
    return True


@given(name=st.sampled_from(["Subject", "Date", "To", "Reply-To", "Message-ID", "Content-Type", "X-Any"]), value=_WORD)
@settings(max_examples=30, deadline=None)
def test_a_field_that_is_added_is_named_or_harmless(signer: Any, examined: Examined, name: str, value: str) -> None:
    mail = _mail([("Subject", "x"), ("To", "a@b.example")], b"text\r\n")
    octets = _signed(signer, mail, "rsa-sha256", ("relaxed", "relaxed"))
    (one,) = examined(f"{name}: {value}\r\n".encode() + octets)
    result = prove(one, [signer.key()], None)
    # h= of this signature names Subject twice: none can be added.
    assert result.result == ("fail" if name == "Subject" else "pass")
    if name in ("Date", "To"):
        assert result.objection in BLOCKING


# ---- bodies ----------------------------------------------------------------------------------------

_PIECES = (
    b" ",
    b"\t",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b"a",
    b"Bc",
    b".",
    b"  ",
    b" \r\n",
    b"\0",
    b"\xff",
    b"\xc3\xa9",
)


def test_random_bodies_hash_as_dkimpy_hashes_them() -> None:
    """RANDOM_BODIES=100000 for many of them."""
    chance = random.Random(6376)
    for _ in range(int(os.environ.get("RANDOM_BODIES", "3000"))):
        body = b"".join(chance.choices(_PIECES, k=chance.randrange(40)))
        if chance.random() < 0.1:
            body += chance.randbytes(chance.randrange(200))
        wire = b"".join(wire_chunks([body], LineEnds()))
        # White space that ends a body without a line end ends a line (test_canonical.py).
        ended = wire if wire.endswith(b"\r\n") or not wire else wire + b"\r\n"
        found = body_digests([body])
        for form, canonical in (
            ("simple", Simple.canonicalize_body(wire)),
            ("relaxed", Relaxed.canonicalize_body(ended)),
        ):
            for name in ("sha1", "sha256"):
                assert getattr(found, f"{form}_{name}") == hashlib.new(name, canonical).digest(), body
            assert getattr(found, f"{form}_size") == len(canonical)


# ---- changed mail ------------------------------------------------------------------------------------


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
