from __future__ import annotations

import base64
import hashlib
import re
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from types import FrameType
from unittest.mock import patch

import pytest
from dkim.canonicalization import Relaxed, Simple
from hypothesis import example, given
from hypothesis import strategies as st

from transforms.auth import canonical
from transforms.auth.canonical import (
    BodyDigests,
    KnownBody,
    LineEnds,
    body_digests,
    body_hash,
    canonical_body,
    canonical_field,
    covered_octets,
    wire_chunks,
)

# Octets that canonicalization looks at, and two that it does not.
_BODIES = st.lists(st.sampled_from([b" ", b"\t", b"\r", b"\n", b"\r\n", b"a", b"\xff"]), max_size=40).map(b"".join)


def _canonical(body: bytes, canonicalization: str) -> bytes:
    return b"".join(canonical_body(wire_chunks([body], LineEnds()), canonicalization))


def _split(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


# ---- RFC 6376 §3.4.5 --------------------------------------------------------------------------

_EXAMPLE = b" C \r\nD \t E\r\n\r\n\r\n"


def test_example_of_rfc_6376_relaxed() -> None:
    assert _canonical(_EXAMPLE, "relaxed") == b" C\r\nD E\r\n"
    assert canonical_field(b"A: X\r\n", "relaxed") == b"a:X\r\n"
    assert canonical_field(b"B : Y\t\r\n\tZ  \r\n", "relaxed") == b"b:Y Z\r\n"


def test_example_of_rfc_6376_simple() -> None:
    assert _canonical(_EXAMPLE, "simple") == b" C \r\nD \t E\r\n"
    assert canonical_field(b"B : Y\t\r\n\tZ  \r\n", "simple") == b"B : Y\t\r\n\tZ  \r\n"


def test_empty_body_has_the_hashes_that_rfc_6376_prints() -> None:
    digests = body_digests([])
    assert base64.b64encode(digests.simple_sha1) == b"uoq1oCgLlTqpdDX/iUbLy7J1Wic="  # §3.4.3
    assert base64.b64encode(digests.simple_sha256) == b"frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="
    assert base64.b64encode(digests.relaxed_sha1) == b"2jmj7l5rSw0yVb/vlWAYkK/YBwk="  # §3.4.4
    assert base64.b64encode(digests.relaxed_sha256) == b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert (digests.simple_size, digests.relaxed_size, digests.line_ends) == (2, 0, "none")


# ---- line ends --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "wire", "form"),
    [
        (b"", b"", "none"),
        (b"a", b"a", "none"),
        (b"a\r", b"a\r", "none"),
        (b"a\r\nb\r\n", b"a\r\nb\r\n", "crlf"),
        (b"a\nb\n", b"a\r\nb\r\n", "lf"),
        (b"a\r\nb\n", b"a\r\nb\r\n", "mixed"),
        (b"a\rb\nc", b"a\rb\r\nc", "lf"),
        (b"a\r\r\n\n", b"a\r\r\n\r\n", "mixed"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_wire_form(found: bytes, wire: bytes, form: str, size: int) -> None:
    seen = LineEnds()
    assert b"".join(wire_chunks(_split(found, size), seen)) == wire
    assert seen.form == form


def test_line_ends_are_counted() -> None:
    seen = LineEnds()
    list(wire_chunks([b"a\r\nb\nc\n\r", b"\n", b"\r"], seen))
    assert (seen.crlf, seen.lf) == (2, 2)


@given(_BODIES, st.integers(1, 7))
def test_no_crlf_is_split_over_two_wire_chunks(body: bytes, size: int) -> None:
    chunks = list(wire_chunks(_split(body, size), LineEnds()))
    assert not any(one.endswith(b"\r") and other.startswith(b"\n") for one, other in pairwise(chunks))


# ---- against another implementation -----------------------------------------------------------


@pytest.mark.parametrize("small", [0, canonical._SMALL])  # white space is reduced in two ways, by how much there is
@given(body=_BODIES)
@example(body=b"a \r\n")
@example(body=b" \t")
@example(body=b"\r\r\n")
@example(body=b"a\r \r\n\r\n")
def test_canonical_bodies_are_those_of_dkimpy(small: int, body: bytes) -> None:
    with patch.object(canonical, "_SMALL", small):
        _same_as_dkimpy(body)


def _same_as_dkimpy(body: bytes) -> None:
    wire = b"".join(wire_chunks([body], LineEnds()))
    assert _canonical(body, "simple") == Simple.canonicalize_body(wire)
    # dkimpy keeps white space at the very end of a body without a final CRLF, although that is the
    # end of a line (RFC 6376 §3.4.4). A signer saw that line end; an exporter dropped it.
    ended = wire if wire.endswith(b"\r\n") or not wire else wire + b"\r\n"
    assert _canonical(body, "relaxed") == Relaxed.canonicalize_body(ended)


@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n ", b"\r\n\t", b"a", b":", b"\xe9"]), max_size=30).map(b"".join))
def test_canonical_fields_are_those_of_dkimpy(value: bytes) -> None:
    ((name, relaxed),) = Relaxed.canonicalize_headers([(b"X-Test ", value + b"\r\n")])
    assert canonical_field(b"X-Test :" + value + b"\r\n", "relaxed") == name + b":" + relaxed


# ---- streams ----------------------------------------------------------------------------------


def _expected(body: bytes) -> BodyDigests:
    simple, relaxed = _canonical(body, "simple"), _canonical(body, "relaxed")
    seen = LineEnds()
    list(wire_chunks([body], seen))
    return BodyDigests(
        hashlib.sha1(simple).digest(),
        hashlib.sha256(simple).digest(),
        hashlib.sha1(relaxed).digest(),
        hashlib.sha256(relaxed).digest(),
        len(simple),
        len(relaxed),
        seen.form,
    )


@given(_BODIES, st.integers(1, 9))
def test_digests_do_not_depend_on_the_chunks(body: bytes, size: int) -> None:
    assert body_digests(_split(body, size)) == _expected(body)


@given(
    st.lists(st.tuples(st.sampled_from([b" ", b"\t", b"\r\n", b"\n", b"\r", b"x"]), st.integers(1, 20_000)), max_size=5)
)
def test_digests_of_long_runs_do_not_depend_on_the_chunks(runs: list[tuple[bytes, int]]) -> None:
    body = b"".join(octet * times for octet, times in runs)
    assert body_digests(_split(body, 16_384 + 1)) == body_digests([body]) == _expected(body)


@given(_BODIES, st.integers(0, 40), st.sampled_from(["simple", "relaxed"]), st.sampled_from(["sha1", "sha256"]))
def test_body_hash_covers_as_much_as_l_says(body: bytes, length: int, form: str, algorithm: str) -> None:
    covered = _canonical(body, form)
    for limit in (length, None):
        expected = hashlib.new(algorithm, covered[:limit]).digest()
        assert body_hash(_split(body, 3), form, f"rsa-{algorithm}", limit) == expected


# ---- attacks ----------------------------------------------------------------------------------


def _work(function: Callable[..., object], *arguments: object) -> int:
    """Calls that function makes, and octets that it hands to them; each primitive is linear in its octets."""
    total = 0

    def profile(frame: FrameType, event: str, _: object) -> None:
        nonlocal total
        if event == "call":
            total += sum(len(value) for value in frame.f_locals.values() if isinstance(value, bytes))
        if event in ("call", "c_call"):
            total += 1

    sys.setprofile(profile)
    try:
        function(*arguments)
    finally:
        sys.setprofile(None)
    return total


_HOSTILE = [b" ", b"\t", b" \r\n", b"\r\n", b"\n", b"\r", b"a  ", b"\t a", b" \t\r", b"\r\n \r", b"\r\r\n", b"a \r\n\t"]


@pytest.mark.parametrize("unit", _HOSTILE, ids=repr)
def test_twice_the_hostile_white_space_takes_twice_the_work(unit: bytes) -> None:
    """What it costs in seconds, benchmarks/regexes.py measures."""
    body = unit * (300_000 // len(unit))
    once, twice = _split(body, 20_000), _split(body * 2, 20_000)
    folded = body.replace(b"\n", b"\n ")
    for function, less, more in (
        (body_digests, (once,), (twice,)),
        (body_hash, (once, "relaxed", "sha256", None), (twice, "relaxed", "sha256", None)),
        (covered_octets, (once, "relaxed", len(body)), (twice, "relaxed", 2 * len(body))),
        (canonical_field, (b"X: a" + folded + b"x\r\n", "relaxed"), (b"X: a" + folded * 2 + b"x\r\n", "relaxed")),
    ):
        assert _work(function, *more) <= 2.6 * _work(function, *less), function.__name__


# ---- where l= ends ----------------------------------------------------------------------------


@given(_BODIES, st.integers(0, 60), st.sampled_from(["simple", "relaxed"]), st.integers(1, 9))
@example(b" \r", 1, "relaxed", 1)
def test_covered_octets_are_the_longest_beginning_with_no_longer_a_form(
    body: bytes, length: int, form: str, size: int
) -> None:
    def made(end: int) -> int:
        wire = b"".join(wire_chunks([body[:end]], LineEnds()))
        if form == "simple":
            return len(wire)
        text = wire.rstrip(b" \t")  # whether more than one blank comes of these, what follows decides
        return len(re.sub(rb"[ \t]+", b" ", re.sub(rb"[ \t]+\r\n", b"\r\n", text)))

    covered = covered_octets(_split(body, size), form, length)
    assert made(covered) <= length
    assert covered == len(body) or made(covered + 1) > length or body[covered : covered + 2] == b"\r\n"


def test_proof_ends_between_two_octets_as_found() -> None:
    body = b"Yes \t  we  can.\n\nNo.\n"
    assert covered_octets([body], "relaxed", len(b"Yes we can.\r\n")) == len(b"Yes \t  we  can.\n")
    assert covered_octets([body], "simple", 3) == 3
    assert covered_octets([body], "relaxed", 0) == 0
    assert covered_octets([body], "simple", 1000) == len(body)


# ---- memory -----------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [b"\r\n", b" ", b"\r"], ids=repr)
def test_endless_runs_are_not_held_in_memory(unit: bytes) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(16):
            yield unit * (1 << 20)
        yield b"x"

    def drain(pieces: Iterable[bytes]) -> int:
        return sum(map(len, pieces))

    tracemalloc.start()
    relaxed = drain(canonical_body(wire_chunks(chunks(), LineEnds()), "relaxed"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert relaxed == (4 if unit == b" " else len(unit) * (16 << 20) + 3)
    assert peak < 8 << 20


def _edited(body: bytes, start: int, stop: int, new: bytes) -> bytes:
    """Another body in wire form: octets start..stop replaced, modulo its length."""
    low, high = sorted((start % (len(body) + 1), stop % (len(body) + 1)))
    return b"".join(wire_chunks((body[:low] + new + body[high:],), LineEnds()))


@given(
    body=st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"\r", b"text " * 9000 + b"\r\n"]), max_size=30),
    start=st.integers(0, 400_000),
    stop=st.integers(0, 400_000),
    new=st.lists(st.sampled_from([b"b", b" ", b"\t", b"\r\n", b"\r"]), max_size=6).map(b"".join),
)
@pytest.mark.parametrize("form", ["simple", "relaxed"])
def test_known_body_hashes_others_as_if_it_knew_nothing(
    form: str, body: list[bytes], start: int, stop: int, new: bytes
):
    known = _edited(b"".join(body), 0, 0, b"")
    other = _edited(known, start, stop, new)
    canonical = _canonical(other, form)
    assert KnownBody(known, form, "sha256").hash_of(other) == (len(canonical), hashlib.sha256(canonical).digest())
