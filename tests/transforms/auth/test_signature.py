from __future__ import annotations

import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.auth.signature import Signature, data_hash, parse_signature
from transforms.model import HeaderField
from transforms.text import clean_text

_TAGS = {
    "v": "1",
    "a": "rsa-sha256",
    "c": "relaxed/simple",
    "d": "football.example",
    "s": "brisbane",
    "h": "from : to:Subject",
    "bh": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "b": "AAEC",
}


def _parse(text: str) -> Signature:
    return parse_signature(HeaderField("DKIM-Signature", b"DKIM-Signature: " + text.encode() + b"\r\n"))


def _with(**tags: str | None) -> Signature:
    """A sound signature with some tags changed; None leaves one out."""
    chosen = {name: value for name, value in {**_TAGS, **tags}.items() if value is not None}
    return _parse("; ".join(f"{name}={value}" for name, value in chosen.items()))


# ---- what a sound field says ------------------------------------------------------------------


def test_signature_with_all_tags() -> None:
    signature = _with(i="joe@news.football.example", l="42", q="dns/txt", t="1117574938", x="1118006938", z="From:x")
    assert signature == Signature(
        invalid=None,
        algorithm="rsa-sha256",
        header_canonicalization="relaxed",
        body_canonicalization="simple",
        domain="football.example",
        selector="brisbane",
        auid="joe@news.football.example",
        signed_fields=("from", "to", "subject"),
        body_hash=hashlib.sha256(b"").digest(),
        signature=b"\x00\x01\x02",
        length=42,
        signed_at=1117574938,
        expires_at=1118006938,
    )
    assert signature.canonicalization == "relaxed/simple"


@pytest.mark.parametrize(
    ("c", "canonicalization"),
    [
        (None, "simple/simple"),
        ("relaxed", "relaxed/simple"),
        ("simple", "simple/simple"),
        ("simple/relaxed", "simple/relaxed"),
        ("Relaxed/RELAXED", "relaxed/relaxed"),
    ],
)
def test_canonicalization_defaults_to_simple(c: str | None, canonicalization: str) -> None:
    signature = _with(c=c)
    assert (signature.invalid, signature.canonicalization) == (None, canonicalization)


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        ({"v": None}, {}),  # drafts of 2006
        ({"v": "0.5"}, {}),  # and of 2007
        ({"q": "dns"}, {}),
        ({"q": "foo/bar:DNS/txt"}, {}),
        ({"d": "Football.EXAMPLE"}, {"domain": "football.example"}),
        ({"d": "fußball.example"}, {"domain": "xn--fuball-cta.example"}),
        ({"s": "Sel._x.2017"}, {"selector": "sel._x.2017"}),
        ({"i": "=6Aoe=40football.example"}, {"auid": "joe@football.example"}),
        ({"i": "@football.example"}, {"auid": "@football.example"}),
        ({"b": "A\r\n\tAE\r\n  C"}, {"signature": b"\x00\x01\x02"}),
        ({"h": "from::to:"}, {"signed_fields": ("from", "to")}),
        ({"foo": "bar"}, {}),
    ],
)
def test_tolerated(tags: dict[str, str | None], read: dict[str, object]) -> None:
    signature = _with(**tags)
    assert signature.invalid is None
    assert {name: getattr(signature, name) for name in read} == read


# ---- what cannot be tried ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "invalid"),
    [
        *(({name: None}, "signature_missing_tag") for name in ("a", "b", "bh", "d", "h", "s")),
        ({"v": "2"}, "signature_version"),
        ({"v": ""}, "signature_version"),
        ({"a": "rsa-md5"}, "signature_algorithm"),
        ({"a": "ed25519-sha1"}, "signature_algorithm"),
        ({"c": "nowsp"}, "signature_canonicalization"),
        ({"c": "relaxed/"}, "signature_canonicalization"),
        ({"d": ""}, "signature_domain"),
        ({"d": "foot ball.example"}, "signature_domain"),
        ({"d": "football..example"}, "signature_domain"),
        ({"d": "football.example."}, "signature_domain"),
        ({"d": "a" * 5000}, "signature_domain"),
        ({"s": "a/b"}, "signature_selector"),
        ({"q": "http"}, "signature_query"),
        ({"i": "joe@other.example"}, "signature_auid"),
        ({"i": "joe@notfootball.example"}, "signature_auid"),
        ({"i": "football.example"}, "signature_auid"),
        ({"h": ""}, "signature_fields"),
        ({"h": ":"}, "signature_fields"),
        ({"h": "from:fröm"}, "signature_fields"),
        ({"h": ":".join(["from"] * 1001)}, "signature_fields"),
        ({"h": "from:" + "x" * 20_000}, "signature_fields"),
        ({"b": ""}, "signature_syntax"),
        ({"b": "A"}, "signature_syntax"),
        ({"b": "AAE*C"}, "signature_syntax"),
        ({"b": "AA=C"}, "signature_syntax"),
        ({"bh": "ÄÄÄÄ"}, "signature_syntax"),
        ({"l": ""}, "signature_syntax"),
        ({"l": "-1"}, "signature_syntax"),
        ({"l": "1e3"}, "signature_syntax"),
        ({"l": "9" * 5000}, "signature_syntax"),
        ({"l": "٣"}, "signature_syntax"),
    ],
)
def test_refused(tags: dict[str, str | None], invalid: str) -> None:
    assert _with(**tags).invalid == invalid


def test_duplicate_tag_is_refused() -> None:
    sound = "; ".join(f"{name}={value}" for name, value in _TAGS.items())
    assert _parse(sound + "; d=other.example").invalid == "signature_duplicate_tag"


def test_refused_signature_still_names_its_domain() -> None:
    signature = _with(a="rsa-md5")
    assert (signature.domain, signature.selector, signature.algorithm) == ("football.example", "brisbane", "rsa-md5")


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 12 + "9", "999999999999", "0", "-5", "soon", "٣", ""])
@pytest.mark.parametrize("tag", ["t", "x"])
def test_implausible_time_is_absent(tag: str, number: str) -> None:
    signature = _with(**{tag: number})
    assert signature.invalid is None
    assert (signature.signed_at, signature.expires_at) == (None, None)


def test_length_beyond_any_body_fits_a_column() -> None:
    assert _with(l="9" * 76).length == 2**63 - 1


@given(st.binary(max_size=300))
def test_any_octets_give_a_signature(value: bytes) -> None:
    signature = parse_signature(HeaderField("DKIM-Signature", b"DKIM-Signature:" + value))
    assert signature.invalid is not None
    for text in (signature.algorithm, signature.domain, signature.selector):
        assert clean_text(text) == text


@given(st.dictionaries(st.sampled_from([*sorted(_TAGS), "i", "l", "q", "t", "x"]), st.text(max_size=30)))
def test_any_values_give_a_signature_fit_for_a_table(tags: dict[str, str]) -> None:
    signature = _with(**tags)
    for text in (signature.algorithm, signature.domain, signature.selector, signature.auid or ""):
        assert clean_text(text) == text


# ---- the data hash ----------------------------------------------------------------------------


def _field(name: str, value: str) -> HeaderField:
    return HeaderField(name, f"{name}: {value}\r\n".encode())


def _hash(fields: list[HeaderField], raw: bytes) -> bytes:
    own = HeaderField("DKIM-Signature", raw)
    signature = parse_signature(own)
    assert signature.invalid is None
    return data_hash([own, *fields], own, signature)


_RAW = b"DKIM-Signature: a=rsa-sha256; c=%s; d=football.example; s=x; bh=AA==;\r\n h=%s; b=%s\r\n"


def test_instances_are_taken_from_the_bottom_up_and_missing_ones_are_empty() -> None:
    fields = [_field("Subject", "top"), _field("From", "joe"), _field("subject", "bottom")]
    raw = _RAW % (b"relaxed", b"subject:from:subject:subject:cc", b"AAAA")
    own = b"dkim-signature:a=rsa-sha256; c=relaxed; d=football.example; s=x; bh=AA==; "
    own += b"h=subject:from:subject:subject:cc; b="
    expected = b"subject:bottom\r\nfrom:joe\r\nsubject:top\r\n" + own
    assert _hash(fields, raw) == hashlib.sha256(expected).digest()


def test_the_signature_itself_is_no_instance_of_dkim_signature() -> None:
    other = HeaderField("DKIM-Signature", b"DKIM-Signature: other\r\n")
    raw = _RAW % (b"simple", b"dkim-signature:dkim-signature", b"AAAA")
    expected = other.raw + raw.replace(b"b=AAAA\r\n", b"b=")
    assert _hash([other], raw) == hashlib.sha256(expected).digest()


@pytest.mark.parametrize(
    ("tail", "emptied"),
    [
        (b"; b=AA\r\n\t AA ; t=1\r\n", b"; b=; t=1"),
        (b"; b =\r\n AAAA\r\n", b"; b ="),
        (b";\r\n b=AAAA;\r\n", b";\r\n b=;"),
        (b"; z=Subject:b=c|b=d; b=AAAA\r\n", b"; z=Subject:b=c|b=d; b="),
        (b"; b=AAAA; x=b\r\n", b"; b=; x=b"),
    ],
)
def test_exactly_the_value_of_b_is_emptied(tail: bytes, emptied: bytes) -> None:
    head = b"DKIM-Signature: a=rsa-sha1; c=simple; d=football.example; s=x; bh=AA==; h=from"
    assert _hash([], head + tail) == hashlib.sha1(head + emptied).digest()


@pytest.mark.parametrize(
    "fill",
    [b"; b" + b"\r\n " * 300_000, b";" * 900_000, b"; z=" + b"b=" * 450_000, b"; z=" + b" " * 900_000],
    ids=["folded", "semicolons", "b inside", "spaces"],
)
def test_hostile_signature_takes_linear_time(fill: bytes) -> None:
    start = time.process_time()
    parse_signature(HeaderField("DKIM-Signature", b"DKIM-Signature: a=1" + fill + b"\r\n"))
    raw = _RAW % (b"relaxed", b"from", b"AAAA")
    if not fill.startswith(b"; b"):
        _hash([], raw[:-2] + fill + b"\r\n")
    assert time.process_time() - start < 1


def test_many_names_in_h_and_many_fields_take_linear_time() -> None:
    fields = [_field("Subject", "x")] * 10_000
    start = time.process_time()
    _hash(fields, _RAW % (b"relaxed", b":".join([b"subject"] * 1000), b"AAAA"))
    assert time.process_time() - start < 0.5
