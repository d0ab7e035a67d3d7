from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from gmpy2 import next_prime
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.auth.coverage import BLOCKING
from transforms.auth.key import KeyRecord, parse_record
from transforms.auth.verify import confirmer, prove, verify_hash
from transforms.model import PreparedSignature, PublicKey, SignatureResult

Examined = Callable[[bytes], tuple[PreparedSignature, ...]]
Proven = Callable[..., SignatureResult]


_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017 §9.2, note 1


def _key(record: str) -> PublicKey:
    return PublicKey(parse_record(record).key_id, "", "", record, "archive", "")


def _outcome(result: SignatureResult) -> tuple[str, str, str | None]:
    return result.result, result.reason, result.objection


# ---- examples of the RFCs ---------------------------------------------------------------------

_FOOTBALL = b"""\
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.%sAre you hungry yet?

Joe.
"""

_RFC_6376_A2 = (
    b"""\
DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;
      c=simple/simple; q=dns/txt; i=joe@football.example.com;
      h=Received : From : To : Subject : Date : Message-ID;
      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB
      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut
      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV
      4bmp/YzhwvcubU4=;
Received: from client1.football.example.com  [192.0.2.1]
      by submitserver.example.com with SUBMISSION;
      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)
"""
    + _FOOTBALL % b" "
)

_RFC_6376_KEY = (
    "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"
    "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0"
    "fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
)

_RFC_8463_A3 = (
    b"""\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
"""
    + _FOOTBALL % b"  "
)

_RFC_8463_KEYS = (
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3id"
    "Y6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lx"
    "j+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
)


@pytest.mark.parametrize("octets", [_RFC_6376_A2, _RFC_6376_A2.replace(b"\n", b"\r\n")])
def test_example_of_rfc_6376(examined: Examined, octets: bytes) -> None:
    (signature,) = examined(octets)
    result = prove(signature, [_key(_RFC_6376_KEY)], None)
    assert _outcome(result) == ("pass", "pass", None)
    assert (result.header_ok, result.key_status, result.key_bits) == (True, "ok", 1024)
    assert result.key_id == parse_record(_RFC_6376_KEY).key_id


def test_examples_of_rfc_8463(examined: Examined) -> None:
    signatures = examined(_RFC_8463_A3)
    assert len(signatures) == 2
    for signature, record in zip(signatures, _RFC_8463_KEYS, strict=True):
        assert _outcome(prove(signature, [_key(record)], None)) == ("pass", "pass", None)


def _flips(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Each octet's place, and the message with one of its bits changed."""
    for at in range(len(octets)):
        for bit in range(8):
            yield at, octets[:at] + bytes([octets[at] ^ 1 << bit]) + octets[at + 1 :]


def test_no_bit_of_the_example_of_rfc_6376_can_be_changed(examined: Examined) -> None:
    """All of it is covered, in simple form. The value of b= is the signature: its last letter has two idle bits."""
    octets = _RFC_6376_A2.replace(b"\n", b"\r\n")
    b_value = range(octets.index(b"b=AuUo") + 2, octets.index(b"Received: from"))
    key = _key(_RFC_6376_KEY)
    count = 0
    for at, changed in _flips(octets):
        if at not in b_value:
            count += 1
            assert not any(prove(one, [key], None).result == "pass" for one in examined(changed)), at
    assert count == 8 * (len(octets) - len(b_value)) > 5_000


@pytest.mark.parametrize("number", [0, 1], ids=["ed25519", "rsa"])
def test_no_bit_of_the_examples_of_rfc_8463_can_be_changed(examined: Examined, number: int) -> None:
    """Relaxed form: nothing is free but the case of field names, and a blank before a line's end."""
    octets = _RFC_8463_A3.replace(b"\n", b"\r\n")
    starts = [match.start() for match in re.finditer(b"DKIM-Signature:", octets)]
    octets = (octets[starts[0] : starts[1]], octets[starts[1] : octets.index(b"From:")])[number] + octets[
        octets.index(b"From:") :
    ]
    key = _key(_RFC_8463_KEYS[number])
    b_value = range(octets.index(b"\r\n b=") + 5, octets.index(b"From:"))
    passing = 0
    for at, changed in _flips(octets):
        if at not in b_value and any(prove(one, [key], None).result == "pass" for one in examined(changed)):
            passing += 1
            assert _relaxed(changed) == _relaxed(octets)
    assert passing < 100


def _relaxed(octets: bytes) -> bytes:
    """Names in lower case, no white space at the end of a line; lines may end in LF."""
    plain = re.sub(rb"[ \t]*\r?\n", b"\n", octets)
    return re.sub(rb"(?m)^[A-Za-z-]+:", lambda match: match[0].lower(), plain)


# ---- the three parts of an answer -------------------------------------------------------------


def test_header_and_body_are_answered_apart(signer: Any, proven: Proven, mail: bytes) -> None:
    octets = signer.sign(mail)
    body_changed = proven(octets.replace(b"lost", b"won"))
    assert (body_changed.header_ok, *_outcome(body_changed)) == (True, "fail", "body_changed_after_signing", None)
    header_changed = proven(octets.replace(b"dinner", b"supper"))
    assert (header_changed.header_ok, *_outcome(header_changed)) == (
        False,
        "fail",
        "header_changed_after_signing",
        None,
    )


def test_without_a_key_nothing_is_said_about_the_header(signer: Any, examined: Examined, mail: bytes) -> None:
    (signature,) = examined(signer.sign(mail))
    result = prove(signature, [], None)
    assert (result.header_ok, result.key_status, result.key_id, *_outcome(result)) == (
        None,
        "missing",
        None,
        "neutral",
        "key_unknown",
        None,
    )


def test_invalid_signature_is_not_tried(signer: Any, proven: Proven, mail: bytes) -> None:
    result = proven(signer.sign(mail).replace(b"v=1;", b"v=1; s=x;"))
    assert (result.header_ok, *_outcome(result)) == (None, "permerror", "signature_duplicate_tag", None)


def test_body_that_was_not_hashed_is_neutral(signer: Any, examined: Examined, mail: bytes) -> None:
    (signature,) = examined(signer.sign(mail))
    result = prove(signature._replace(body_ok=None), [signer.key()], None)
    assert (result.header_ok, *_outcome(result)) == (True, "neutral", "body_not_hashed", None)


@pytest.mark.parametrize("record", ["v=DKIM1; p=", "v=DKIM1; p=AAAA", "nonsense", "v=DKIM1; p=MAYCAQICAQM="])
def test_unusable_key(signer: Any, proven: Proven, mail: bytes, record: str) -> None:
    result = proven(signer.sign(mail), _key(record))
    assert (result.header_ok, result.result, result.reason) == (None, "permerror", f"key_{result.key_status}")
    assert result.key_status == parse_record(record).status != "ok"


def test_key_of_another_type(signer: Any, proven: Proven, mail: bytes) -> None:
    assert _outcome(proven(signer.sign(mail), signer.key("ed25519"))) == ("permerror", "key_type", None)
    assert _outcome(proven(signer.sign(mail, a="ed25519-sha256"))) == ("permerror", "key_type", None)


# ---- what a key allows ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("restrictions", "reason"),
    [
        ("h=sha256; ", "pass"),
        ("h=sha1:sha256; ", "pass"),
        ("h=sha1; ", "key_hash_not_allowed"),
        ("h=; ", "key_hash_not_allowed"),
        ("s=*; ", "pass"),
        ("s=web:email; ", "pass"),
        ("s=chat; ", "key_service_not_allowed"),
        ("t=y; ", "pass"),
        ("t=y:s; ", "key_auid_not_allowed"),
    ],
)
def test_restrictions_of_the_key(signer: Any, proven: Proven, mail: bytes, restrictions: str, reason: str) -> None:
    octets = signer.sign(mail, extra=" i=joe@news.football.example;")
    result = proven(octets, signer.key(restrictions=restrictions))
    assert result.reason == reason
    assert result.result == ("pass" if reason == "pass" else "permerror")


@pytest.mark.parametrize("auid", ["", " i=@football.example;", " i=joe@Football.example;"])
def test_strict_key_accepts_the_domain_itself(signer: Any, proven: Proven, mail: bytes, auid: str) -> None:
    assert proven(signer.sign(mail, extra=auid), signer.key(restrictions="t=s; ")).result == "pass"


@pytest.mark.parametrize(
    ("granularity", "granted"),
    [("*", True), ("joe", True), ("j*e", True), ("jo*oe", False), ("JOE", False), ("*x", False), ("", False)],
)
def test_granularity(signer: Any, proven: Proven, mail: bytes, granularity: str, granted: bool) -> None:
    octets = signer.sign(mail, extra=" i=joe@football.example;")
    result = proven(octets, signer.key(restrictions=f"g={granularity}; "))
    assert _outcome(result) == ("pass", "pass", None if granted else "key_granularity")


def test_short_key_proves_nothing(signer: Any, examined: Examined, mail: bytes) -> None:
    p = generate_private_key(65537, 1024).private_numbers().p  # 512 bits; a prime serves as a modulus
    numbers = b"\x02\x41\x00" + p.to_bytes(64, "big") + b"\x02\x03\x01\x00\x01"
    key = _key(f"p={base64.b64encode(bytes([0x30, len(numbers)]) + numbers).decode()}")
    (signature,) = examined(signer.sign(mail))
    info = _SHA256_INFO + signature.data_hash
    block = b"\0\1" + b"\xff" * (61 - len(info)) + b"\0" + info
    short = pow(int.from_bytes(block, "big"), pow(65537, -1, p - 1), p).to_bytes(64, "big")
    result = prove(signature._replace(signature=short), [key], None)
    assert (result.key_status, *_outcome(result)) == ("weak", "pass", "pass", "key_weak")
    assert "key_weak" in BLOCKING


@pytest.mark.parametrize("weakness", ["shared_factor", "known_factor", "close_primes", "small_factor", "roca"])
def test_known_weak_key_proves_nothing_whatever_its_length(
    signer: Any, proven: Proven, mail: bytes, weakness: str
) -> None:
    octets = signer.sign(mail)
    weak = signer.key(weakness=weakness)
    result = proven(octets, weak)
    assert (result.header_ok, result.key_status, *_outcome(result)) == (True, "weak", "pass", "pass", "key_known_weak")
    # It is the key that is weak: another record of it does not help, another key of the name does not hurt.
    for keys in permutations([weak, signer.key(restrictions="n=copy; ")]):
        assert proven(octets, *keys).objection == "key_known_weak"
    assert proven(octets, signer.key(), replace(_key(_RFC_6376_KEY), weakness=weakness)).objection is None
    assert "key_known_weak" in BLOCKING


def test_prime_modulus_proves_nothing(examined: Examined, signer: Any, mail: bytes, numbers: Any) -> None:
    p = int(next_prime(3 << 1022))
    (signature,) = examined(signer.sign(mail))
    info = _SHA256_INFO + signature.data_hash
    block = b"\0\1" + b"\xff" * (125 - len(info)) + b"\0" + info
    forged = pow(int.from_bytes(block, "big"), pow(65537, -1, p - 1), p).to_bytes(128, "big")
    result = prove(signature._replace(signature=forged), [_key(numbers.record(p))], None)
    assert (result.key_status, *_outcome(result)) == ("weak", "pass", "pass", "key_known_weak")


def test_sha1_is_an_objection(signer: Any, proven: Proven, mail: bytes) -> None:
    assert _outcome(proven(signer.sign(mail, a="rsa-sha1"))) == ("pass", "pass", "sha1")


# ---- keys recovered from the dump itself --------------------------------------------------------


def _other(signer: Any, **known: Any) -> PublicKey:
    """Another key of the same name."""
    return replace(signer, rsa=generate_private_key(65537, 2048)).key(**known)


def test_recovered_key_proves_nothing_unless_anchored(signer: Any, proven: Proven, mail: bytes) -> None:
    signed = signer.sign(mail)
    recovered = signer.key(source="recovered")
    result = proven(signed, recovered)
    assert _outcome(result) == ("pass", "key_recovered", "key_recovered")
    assert (result.header_ok, result.key_status, result.key_id) == (True, "ok", recovered.key_id)
    assert _outcome(proven(signed, replace(recovered, anchored_by="seal"))) == ("pass", "key_anchored", None)
    for keys in permutations((recovered, signer.key())):
        assert _outcome(proven(signed, *keys)) == ("pass", "pass", None)


def test_an_objection_does_not_hide_that_the_key_is_recovered(signer: Any, proven: Proven, mail: bytes) -> None:
    recovered = signer.key(source="recovered")
    result = proven(signer.sign(mail, h="from:date"), recovered)
    assert _outcome(result) == ("pass", "key_recovered", "subject_not_signed")
    assert {"subject_not_signed", "key_recovered"} <= set(result.doubts)


def test_a_graver_objection_hides_none_of_the_doubts(signer: Any, proven: Proven, mail: bytes) -> None:
    late = signer.key(first_seen=datetime(2030, 1, 1, tzinfo=UTC), last_seen=datetime(2030, 2, 1, tzinfo=UTC))
    result = proven(signer.sign(mail, h="from:date"), late)
    assert result.objection == "subject_not_signed"
    assert {"subject_not_signed", "key_first_seen_later"} <= set(result.doubts)
    assert proven(signer.sign(mail), signer.key()).doubts == ()


def test_what_a_recovered_key_does_not_confirm_is_as_without_it(signer: Any, proven: Proven, mail: bytes) -> None:
    for signed in (signer.sign(mail), signer.sign(mail, a="ed25519-sha256")):
        result = proven(signed, _other(signer, source="recovered"))
        assert (result.header_ok, result.key_status, result.key_id) == (None, "missing", None)
        assert _outcome(result) == ("neutral", "key_unknown", None)


def test_another_body_under_a_recovered_key_is_neutral(signer: Any, proven: Proven, mail: bytes) -> None:
    changed = signer.sign(mail).replace(b"We lost", b"We won")
    result = proven(changed, signer.key(source="recovered"))
    assert (result.header_ok, result.result, result.reason) == (True, "neutral", "key_recovered")
    assert proven(changed, signer.key(source="recovered"), signer.key()).reason == "body_changed_after_signing"


def test_a_recovered_key_never_outweighs_what_an_archive_says(signer: Any, proven: Proven, mail: bytes) -> None:
    stranger = _other(signer, source="recovered")
    for keys in permutations((stranger, _other(signer))):
        assert proven(signer.sign(mail), *keys).reason == "header_changed_after_signing"
    for keys in permutations((stranger, _key("p="))):
        assert proven(signer.sign(mail), *keys).reason == "key_revoked"


def test_restrictions_of_an_archived_key_bind_the_same_key_recovered(signer: Any, proven: Proven, mail: bytes) -> None:
    archived = signer.key(restrictions="h=sha1; ")
    for anchored_by in (None, "archive"):
        recovered = signer.key(source="recovered", anchored_by=anchored_by)
        for keys in permutations((recovered, archived)):
            assert proven(signer.sign(mail), *keys).reason == "key_hash_not_allowed"


def test_two_recovered_keys_of_one_name_are_told(signer: Any, proven: Proven, mail: bytes) -> None:
    ours, other = signer.key(source="recovered"), _other(signer, source="recovered")
    for keys in permutations((ours, other)):
        result = proven(signer.sign(mail), *keys)
        assert _outcome(result) == ("pass", "key_two_recovered", "key_recovered")
    assert proven(signer.sign(mail), ours, replace(other, anchored_by="seal")).reason == "key_recovered"
    assert proven(signer.sign(mail), ours, ours).reason == "key_recovered"


# ---- several keys under one name --------------------------------------------------------------


def test_all_keys_of_the_name_are_tried(signer: Any, proven: Proven, mail: bytes) -> None:
    keys = [_key("p="), _key("nonsense"), _key(_RFC_6376_KEY), signer.key("ed25519"), signer.key()]
    outcomes = {_outcome(proven(signer.sign(mail), *some)) for some in permutations(keys)}
    assert outcomes == {("pass", "pass", None)}
    failed = {_outcome(proven(signer.sign(mail), *some)) for some in permutations(keys[:-1])}
    assert failed == {("fail", "header_changed_after_signing", None)}


# ---- when a key was in use --------------------------------------------------------------------

_WRITTEN = datetime(2015, 6, 1, tzinfo=UTC)


def _days(days: int) -> datetime:
    return _WRITTEN + timedelta(days=days)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({}, "pass"),
        ({"not_before": _days(0), "not_after": _days(0)}, "pass"),
        ({"not_before": _days(1)}, "key_not_valid_then"),
        ({"not_after": _days(-1)}, "key_not_valid_then"),
    ],
)
def test_mail_outside_the_bounds_of_its_key(
    signer: Any, proven: Proven, mail: bytes, known: dict[str, datetime], reason: str
) -> None:
    result = proven(signer.sign(mail), signer.key(**known), written=_WRITTEN)
    assert (result.header_ok, result.result, result.reason) == (True, "pass" if reason == "pass" else "neutral", reason)


def test_bounds_of_one_source_bind_the_same_key_from_all_others(signer: Any, proven: Proven, mail: bytes) -> None:
    keys = signer.key(), signer.key(not_after=_days(-1)), signer.key(restrictions="n=copy; ")
    assert {proven(signer.sign(mail), *some, written=_WRITTEN).reason for some in permutations(keys)} == {
        "key_not_valid_then"
    }


@pytest.mark.parametrize(
    ("seen", "objection"),
    [
        ((None, None), None),
        ((-500, -300), None),  # an older archive; selectors live long
        ((100, None), None),
        ((399, 500), None),
        ((401, 500), "key_first_seen_later"),
        ((None, 401), "key_first_seen_later"),
    ],
)
def test_key_first_seen_long_after_the_mail(
    signer: Any, proven: Proven, mail: bytes, seen: tuple[int | None, int | None], objection: str | None
) -> None:
    first, last = (None if days is None else _days(days) for days in seen)
    result = proven(signer.sign(mail), signer.key(first_seen=first, last_seen=last), written=_WRITTEN)
    assert _outcome(result) == ("pass", "pass", objection)


def test_earliest_observation_of_any_source_counts(signer: Any, proven: Proven, mail: bytes) -> None:
    keys = signer.key(first_seen=_days(900)), signer.key(first_seen=_days(-10))
    assert proven(signer.sign(mail), *keys, written=_WRITTEN).objection is None


@pytest.mark.parametrize(
    ("own", "other", "objection"),
    [
        ((None, None), (-100, 100), "other_key_at_that_time"),
        ((-400, -91), (-50, 50), "other_key_at_that_time"),
        ((91, 300), (-50, 50), "other_key_at_that_time"),
        ((90, 300), (-50, 50), None),
        ((-400, 300), (-50, 50), None),
        ((91, 300), (-50, -1), None),  # not on both sides
        ((91, 300), (None, None), None),
    ],
)
def test_another_key_at_that_time(
    signer: Any,
    proven: Proven,
    mail: bytes,
    own: tuple[int | None, int | None],
    other: tuple[int | None, int | None],
    objection: str | None,
) -> None:
    def seen(days: tuple[int | None, int | None]) -> dict[str, datetime | None]:
        first, last = (None if day is None else _days(day) for day in days)
        return {"first_seen": first, "last_seen": last}

    keys = signer.key(**seen(own)), replace(_key(_RFC_6376_KEY), **seen(other))  # type: ignore[arg-type]
    result = proven(signer.sign(mail), *keys, written=_WRITTEN)
    assert _outcome(result) == ("pass", "pass", objection)


@pytest.mark.parametrize("written", [_WRITTEN, datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_archives_may_say_since_ever_and_for_ever(signer: Any, proven: Proven, mail: bytes, written: datetime) -> None:
    ever = {"first_seen": datetime.min.replace(tzinfo=UTC), "last_seen": datetime.max.replace(tzinfo=UTC)}
    bounds = {"not_before": ever["first_seen"], "not_after": ever["last_seen"]}
    keys = signer.key(**ever, **bounds), replace(_key(_RFC_6376_KEY), **ever)  # type: ignore[arg-type]
    assert _outcome(proven(signer.sign(mail), *keys, written=written)) == ("pass", "pass", None)


def test_unreadable_date_does_not_evade_what_is_known_of_a_key(signer: Any, proven: Proven, mail: bytes) -> None:
    octets = signer.sign(mail)
    assert proven(octets, signer.key(not_after=_WRITTEN)).reason == "key_not_valid_then"
    assert proven(octets, signer.key(first_seen=_WRITTEN)).objection == "key_first_seen_later"
    assert proven(octets, signer.key()).objection is None


def test_the_most_serious_objection_is_named(signer: Any, proven: Proven, mail: bytes) -> None:
    octets = signer.sign(mail, h="from:subject:date", a="rsa-sha1")
    assert proven(octets, signer.key(), written=_WRITTEN).objection == "sha1"
    late = signer.key(first_seen=_days(900))
    assert proven(octets, late, written=_WRITTEN).objection == "sha1"
    assert proven(signer.sign(mail, h="from:subject:date"), late, written=_WRITTEN).objection == "key_first_seen_later"
    assert proven(signer.sign(mail, h="to:date"), late, written=_WRITTEN).objection == "from_not_signed"


# ---- attacks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forge", "objection"),
    [
        (lambda s, m: s.sign(m, h="to:subject:date").replace(b"joe@", b"eve@"), "from_not_signed"),
        (lambda s, m: b"Subject: Send money\r\n" + s.sign(m), "doubled_field"),
        (lambda s, m: b"From: eve@football.example\r\n" + s.sign(m), "doubled_field"),
        (lambda s, m: s.sign(m, length=0).replace(b"Hi.", b"Send money."), "body_length_limit"),
        (lambda s, m: s.sign(m, length=5) + b"Send money.\r\n", "body_length_limit"),
        (lambda s, m: s.sign(m.replace(b"football.example>", b"bank.example>")), "not_aligned"),
        (lambda s, m: s.sign(m.replace(b"<joe@football.example>", b"")), "from_ambiguous"),
    ],
)
def test_forgery_under_a_valid_signature_never_covers_all(
    signer: Any, proven: Proven, mail: bytes, forge: Callable[[Any, bytes], bytes], objection: str
) -> None:
    result = proven(forge(signer, mail))
    assert _outcome(result) == ("pass", "pass", objection)
    assert objection in BLOCKING


def test_part_added_under_an_unsigned_content_type(signer: Any, proven: Proven, mail: bytes) -> None:
    body = b"--a\r\n\r\nShown to Joe.\r\n--a--\r\n\r\n--b\r\n\r\nShown to Suzie.\r\n--b--\r\n"
    head = mail.partition(b"\r\n\r\n")[0] + b"\r\nContent-Type: multipart/mixed; boundary="
    octets = signer.sign(head + b"a\r\n\r\n" + body, h="from:to:subject:date")
    result = proven(octets.replace(b"boundary=a", b"boundary=b"))
    assert _outcome(result) == ("pass", "pass", "mime_reinterpretation_possible")


@settings(max_examples=150)
@given(data=st.data())
def test_no_octet_of_what_is_covered_can_be_changed(signer: Any, proven: Proven, data: st.DataObject) -> None:
    covered = (
        b"From: joe@football.example\r\nSubject: ready\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700\r\n\r\nWe lost.\r\n"
    )
    octets = signer.sign(covered, h="from:subject:date", c="simple/simple")
    at = data.draw(st.integers(len(octets) - len(covered), len(octets) - 1))
    octet = data.draw(st.integers(0, 255).filter(lambda value: value != octets[at]))
    changed = octets[:at] + bytes([octet]) + octets[at + 1 :]
    result = proven(changed)
    assert result.result != "pass" or result.objection in BLOCKING or _same_wire_form(changed, octets)


def _same_wire_form(one: bytes, other: bytes) -> bool:
    def wire(octets: bytes) -> bytes:
        return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    return wire(one) == wire(other)


def test_no_bit_of_a_signature_can_be_flipped(signer: Any, examined: Examined, mail: bytes) -> None:
    for a in ("rsa-sha256", "ed25519-sha256"):
        (signature,) = examined(signer.sign(mail, a=a))
        for at in range(len(signature.signature)):
            flipped = bytearray(signature.signature)
            flipped[at] ^= 1
            result = prove(signature._replace(signature=bytes(flipped)), [signer.key(a)], None)
            assert result.header_ok is False


def test_signature_has_the_length_of_the_modulus(signer: Any, examined: Examined, mail: bytes) -> None:
    (signature,) = examined(signer.sign(mail))
    record = parse_record(signer.record())
    assert verify_hash(record, "rsa-sha256", signature.data_hash, signature.signature)
    for wrong in (b"", b"\0" + signature.signature, signature.signature + b"\0", signature.signature[1:]):
        assert not verify_hash(record, "rsa-sha256", signature.data_hash, wrong)


@pytest.mark.parametrize(
    "block",
    [
        b"\0\1" + b"\xff" * 8 + b"\0" + b"%s" + b"\0" * 186,  # octets after the digest (Bleichenbacher 2006)
        b"\0\1" + b"\xff" * 194 + b"\0" + b"%s" + b"?" * 8,
        b"\0\2" + b"\xff" * 202 + b"\0" + b"%s",
        b"\0\0" + b"\xff" * 202 + b"\0" + b"%s",
        b"\1\1" + b"\xff" * 202 + b"\0" + b"%s",
    ],
)
def test_padding_must_be_the_only_right_one(signer: Any, block: bytes) -> None:
    digest = bytes(range(32))
    info = _SHA256_INFO + digest
    encoded = block.replace(b"%s", info)[:256].ljust(256, b"\0")
    numbers = signer.rsa.private_numbers()
    n = numbers.public_numbers.n
    forged = pow(int.from_bytes(encoded, "big") % n, numbers.d, n).to_bytes(256, "big")
    record = parse_record(signer.record())
    assert not verify_hash(record, "rsa-sha256", digest, forged)
    right = b"\0\1" + b"\xff" * 202 + b"\0" + info
    sound = pow(int.from_bytes(right, "big"), numbers.d, n).to_bytes(256, "big")
    assert verify_hash(record, "rsa-sha256", digest, sound)
    assert not verify_hash(record, "rsa-sha1", digest[:20], sound)


def test_padding_without_the_null_parameter_is_another_block(signer: Any) -> None:
    digest = bytes(32)
    info = bytes.fromhex("302f300b0609608648016503040201" + "0420") + digest
    numbers = signer.rsa.private_numbers()
    block = b"\0\1" + b"\xff" * (253 - len(info)) + b"\0" + info
    forged = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n).to_bytes(256, "big")
    assert not verify_hash(parse_record(signer.record()), "rsa-sha256", digest, forged)


def test_huge_exponent_costs_nothing(examined: Examined, signer: Any, mail: bytes) -> None:
    n, e = (1 << 8192) - 1, (1 << 8191) + 1

    def integer(value: int) -> bytes:
        octets = value.to_bytes(1025, "big")
        return b"\x02\x82" + len(octets).to_bytes(2, "big") + octets

    numbers = integer(n) + integer(e)
    der = b"\x30\x82" + len(numbers).to_bytes(2, "big") + numbers
    (signature,) = examined(signer.sign(mail))
    start = time.process_time()
    result = prove(signature, [_key(f"p={base64.b64encode(der).decode()}")], None)
    assert _outcome(result) == ("permerror", "key_refused", None)
    assert time.process_time() - start < 0.05


def test_record_without_a_key_never_verifies() -> None:
    for algorithm in ("rsa-sha256", "ed25519-sha256", ""):
        assert not verify_hash(KeyRecord("revoked"), algorithm, b"", b"")
        assert not verify_hash(KeyRecord("refused", "rsa"), algorithm, b"", b"")


# ---- asking many hashes of one signature -------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["rsa-sha256", "rsa-sha1", "ed25519-sha256"])
def test_a_confirmer_knows_the_hash_that_was_signed(
    algorithm: str, mail: bytes, signer: Any, examined: Examined
) -> None:
    (one,) = examined(signer.sign(mail, a=algorithm))
    confirms = confirmer([signer.key(algorithm)], one)
    assert confirms is not None
    assert confirms(one.data_hash) and not confirms(bytes(len(one.data_hash))) and not confirms(b"")


def test_no_key_that_may_be_tried_confirms_nothing(mail: bytes, signer: Any, examined: Examined) -> None:
    (one,) = examined(signer.sign(mail))
    for keys in ([], [signer.key("ed25519")], [signer.key(restrictions="h=sha1; ")]):
        assert confirmer(keys, one) is None
