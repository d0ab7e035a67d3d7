"""ARC sets of hostile and honest mail become signatures; dkimpy agrees with what is sealed and what holds."""

from __future__ import annotations

import re
from collections.abc import Callable

import dkim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealing import Signer, seal
from transforms.auth.arc import arc_fields, chain_defect, prepare_sets
from transforms.auth.canonical import body_digests
from transforms.auth.chain import Chain, judge_chain
from transforms.auth.key import parse_record
from transforms.auth.signatures import leaves_body_open, prepare_all
from transforms.auth.verify import prove
from transforms.limits import LIMITS
from transforms.mail.fields import split_message
from transforms.mail.reading import read_one_way
from transforms.model import Message, PreparedSignature, PublicKey
from transforms.span import in_memory

MX = Signer("mx.example", "arc", "newspaper")
RELAY = Signer("relay.example", "arc", "impostor")
ED25519 = Signer("mx.example", "arc", "law_office_ed25519")
RESULTS = "mx.example; dkim=pass header.d=football.example"


def message(octets: bytes) -> Message:
    return split_message(in_memory(octets))


def rows(octets: bytes) -> tuple[PreparedSignature, ...]:
    split = message(octets)
    dkim, others = prepare_all(split, read_one_way(split), body_digests(split.body.chunks()))
    return dkim + others


def defect(octets: bytes) -> str | None:
    return chain_defect(arc_fields(message(octets)))


def keys(*signers: Signer) -> dict[tuple[str, str], list[PublicKey]]:
    return {
        (s.domain, s.selector): [
            PublicKey(parse_record(s.record()).key_id, s.domain, s.selector, s.record(), "archive", "keys.csv")
        ]
        for s in signers
    }


def chain(octets: bytes, *signers: Signer, sealers: tuple[str, ...] = ("mx.example",)) -> Chain:
    ring = keys(*(signers or (MX, RELAY)))
    pairs = [(one, prove(one, ring.get((one.domain, one.selector), []), None)) for one in rows(octets)]
    return judge_chain(pairs, defect(octets), sealers)


def dkimpy_says(octets: bytes, *signers: Signer) -> str:
    ring = {f"{s.selector}._domainkey.{s.domain}.": s.record().encode() for s in signers or (MX, RELAY)}
    result, _, _ = dkim.arc_verify(octets, dnsfunc=lambda name, timeout=5: ring.get(name.decode()))
    return str(result.decode())


# ---- what is sealed holds ---------------------------------------------------------------------


@pytest.mark.parametrize("canonicalization", ["relaxed/relaxed", "simple/simple", "relaxed/simple"])
def test_a_sealed_message_passes_here_and_there(mail: bytes, canonicalization: str) -> None:
    sealed = seal(mail, MX, RESULTS, canonicalization=canonicalization)
    assert chain(sealed).result == "pass"
    assert dkimpy_says(sealed) == "pass"


def test_ed25519_seals_pass(mail: bytes) -> None:
    assert chain(seal(mail, ED25519, RESULTS), ED25519).result == "pass"


def test_rows_name_type_instance_and_what_was_recorded(mail: bytes, signer: Signer) -> None:
    sealed = seal(seal(signer.sign(mail), RELAY, "relay.example; spf=none"), MX, RESULTS, instance=2)
    found = rows(sealed)
    assert [(r.seq, r.type, r.instance, r.chain_validation) for r in found] == [
        (0, "dkim", None, None),
        (1, "arc-message", 1, None),
        (2, "arc-seal", 1, "none"),
        (3, "arc-message", 2, None),
        (4, "arc-seal", 2, "pass"),
    ]
    assert found[4].reported == ("dkim=pass header.d=football.example",)
    assert found[2].domain == "relay.example" and found[2].body_ok is None and found[1].body_ok is True


def test_a_chain_of_ten_passes_and_of_more_stays_open(mail: bytes) -> None:
    sealed = mail
    for instance in range(1, LIMITS.arc_sets + 2):
        if instance == LIMITS.arc_sets + 1:
            assert chain(sealed).result == "pass" == dkimpy_says(sealed)
        sealed = seal(sealed, MX, RESULTS, instance=instance)
    assert (chain(sealed).result, chain(sealed).reason) == ("neutral", "arc_too_many_sets")
    assert len(chain(sealed).seals) == LIMITS.arc_sets


def test_mail_without_arc_has_no_chain(mail: bytes) -> None:
    assert rows(mail) == () and defect(mail) is None and chain(mail).result == "none"


def test_a_body_changed_later_leaves_the_seals_standing(mail: bytes) -> None:
    sealed = seal(mail, MX, RESULTS) + b"-- \r\nA footer of the list\r\n"
    found = chain(seal(sealed, RELAY, "relay.example; arc=pass", instance=2))
    assert found.result == "pass"  # only the last message signature counts (RFC 8617 §5.2)
    assert [(s.instance, s.outcome.reason) for s in found.seals] == [(1, "body_changed_after_signing")]
    assert chain(sealed).result == "fail"


def test_a_message_signature_that_leaves_the_type_open_has_the_body_read(mail: bytes) -> None:
    assert leaves_body_open(message(seal(mail, MX, RESULTS)))
    closed = ["from", "date", "subject", "content-type", "content-transfer-encoding"]
    assert not leaves_body_open(message(seal(mail, MX, RESULTS, fields=closed)))


# ---- what is changed does not -----------------------------------------------------------------


@settings(max_examples=60)
@given(place=st.floats(0, 1, exclude_max=True))
def test_one_changed_octet_of_a_set_fails(place: float) -> None:
    mail = b"From: a@football.example\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700\r\nSubject: x\r\n\r\nbody\r\n"
    sealed = seal(mail, MX, RESULTS)
    at = int(place * (len(sealed) - len(mail)))
    changed = sealed[:at] + bytes([sealed[at] ^ 2]) + sealed[at + 1 :]
    found = chain(changed)
    if found.result == "pass":  # white space and the case of a field's name are canonicalised away
        assert re.sub(rb"\s", b"", sealed).lower() == re.sub(rb"\s", b"", changed).lower()
    else:
        assert not any(one.outcome.result == "pass" for one in found.seals)


@settings(max_examples=40)
@given(place=st.floats(0, 1, exclude_max=True))
def test_one_changed_octet_of_the_message_fails(place: float) -> None:
    mail = b"From: a@football.example\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700\r\nSubject: x\r\n\r\nbody\r\n"
    sealed = seal(mail, MX, RESULTS, canonicalization="simple/simple")
    at = len(sealed) - len(mail) + int(place * len(mail))
    changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
    assert chain(changed).result != "pass"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"cv=none", b"cv=pass"),
        (b"dkim=pass header.d=football", b"dkim=pass header.d=shopping"),
        (b"ARC-Authentication-Results: i=1", b"ARC-Authentication-Results: i=2"),
        (b"Subject: Is", b"Subject: Was"),
    ],
)
def test_an_edited_set_fails(mail: bytes, old: bytes, new: bytes) -> None:
    sealed = seal(mail, MX, RESULTS)
    assert old in sealed
    assert chain(sealed.replace(old, new)).result == "fail"


@pytest.mark.parametrize(("instance", "cv"), [(1, "pass"), (1, "fail"), (2, "none"), (2, "fail")])
def test_a_set_that_says_the_wrong_thing_of_those_before_it_counts_for_nothing(
    mail: bytes, instance: int, cv: str
) -> None:
    before = seal(mail, RELAY, "relay.example; none") if instance == 2 else mail
    found = chain(seal(before, MX, RESULTS, instance=instance, cv=cv))
    assert found.result == "fail" and found.seals == ()


def test_a_set_above_a_gap_counts_for_nothing(mail: bytes) -> None:
    sealed = seal(seal(mail, RELAY, "relay.example; none"), MX, RESULTS, instance=3)
    assert (chain(sealed).result, chain(sealed).reason) == ("fail", "arc_gap")
    assert chain(sealed).seals == ()


def test_a_doubled_field_spoils_its_set_and_those_above_it_only(mail: bytes) -> None:
    first = seal(mail, MX, RESULTS)
    sealed = seal(first, MX, RESULTS, instance=2)
    doubled = b"ARC-Authentication-Results: i=2; mx.example; dkim=fail\r\n" + sealed
    assert (chain(doubled).result, chain(doubled).reason) == ("fail", "arc_doubled")
    assert [one.instance for one in chain(doubled).seals] == [1]
    lowest = b"ARC-Authentication-Results: i=1; mx.example; dkim=pass header.d=bank.example\r\n" + sealed
    assert chain(lowest).seals == ()


def test_a_missing_field_leaves_an_incomplete_set(mail: bytes) -> None:
    sealed = seal(mail, MX, RESULTS)
    for name in (b"ARC-Seal", b"ARC-Message-Signature", b"ARC-Authentication-Results"):
        cut = re.sub(rb"(?m)^" + name + rb":(?:.*\r\n)(?:[ \t].*\r\n)*", b"", sealed)
        assert len(cut) < len(sealed)
        assert (chain(cut).result, chain(cut).reason, chain(cut).seals) == ("fail", "arc_incomplete", ())


def test_a_seal_in_another_name_than_its_message_signature_counts_for_nothing(mail: bytes) -> None:
    assert chain(seal(mail, RELAY, RESULTS, seal_by=MX)).seals == ()
    assert chain(seal(mail, MX, RESULTS, seal_by=RELAY)).seals == ()


# ---- keys and trust ---------------------------------------------------------------------------


def test_a_missing_key_decides_nothing(mail: bytes) -> None:
    found = chain(seal(mail, MX, RESULTS), RELAY)
    assert (found.result, found.reason, found.seals) == ("neutral", "key_unknown", ())
    assert found.waiting == (("mx.example", "arc"),)


def test_a_recovered_key_makes_no_seal_count(mail: bytes) -> None:
    (key,) = keys(MX)[("mx.example", "arc")]
    recovered = PublicKey(key.key_id, key.domain, key.selector, key.record, "recovered", "")
    pairs = [(one, prove(one, [recovered], None)) for one in rows(seal(mail, MX, RESULTS))]
    found = judge_chain(pairs, None, ("mx.example",))
    assert (found.result, found.reason, found.seals) == ("policy", "key_recovered", ())
    pairs = [(one, prove(one, [recovered], None)) for one in rows(seal(mail, MX, RESULTS) + b"More.\r\n")]
    found = judge_chain(pairs, None, {"mx.example"})
    assert (found.result, found.reason, found.seals) == ("policy", "key_recovered", ())


@pytest.mark.parametrize(
    ("sealers", "counts"),
    [(("mx.example",), True), (("other.example",), False), ((), False), (("example",), False), (("x.example",), False)],
)
def test_only_trusted_sealers_count(mail: bytes, sealers: tuple[str, ...], counts: bool) -> None:
    found = chain(seal(mail, MX, RESULTS), sealers=sealers)
    assert found.result == "pass"
    assert bool(found.seals) is counts
    assert found.untrusted == ("" if counts else "mx.example")


def test_a_domain_below_a_trusted_one_is_trusted_and_none_below_a_public_suffix(mail: bytes) -> None:
    below = Signer("eu.mx.example", "arc", "newspaper")
    assert chain(seal(mail, below, RESULTS), below).seals
    tenant = Signer("mx.co.uk", "arc", "newspaper")
    assert not chain(seal(mail, tenant, RESULTS), tenant, sealers=("co.uk",)).seals


# ---- hostile fields: never a crash, always bounded ----------------------------------------------


def _with(field: str) -> Callable[[bytes], bytes]:
    return lambda sealed: field.encode() + b"\r\n" + sealed


@pytest.mark.parametrize(
    "edit",
    [
        lambda sealed: sealed.replace(b"ARC-Message-Signature: i=1", b"ARC-Message-Signature:i=1"),
        lambda sealed: sealed.replace(b"ARC-Message-Signature: i=1", b"ARC-Message-Signature: i = 1"),
    ],
)
def test_spacing_that_stops_stock_verifiers_passes(mail: bytes, edit: Callable[[bytes], bytes]) -> None:
    found = rows(edit(seal(mail, MX, RESULTS)))
    assert [(one.type, one.instance, one.invalid) for one in found] == [
        ("arc-message", 1, None),
        ("arc-seal", 1, None),
    ]


@pytest.mark.parametrize(
    "edit",
    [
        _with("ARC-Seal: i=999999; cv=none"),
        _with("ARC-Seal: i=" + "9" * 5000),
        _with("ARC-Seal: i=\u0661; a=rsa-sha256"),
        _with("ARC-Seal:"),
        _with("ARC-Seal: i=1; i=1"),
        _with("ARC-Message-Signature: a=; b=!; d=x; i=51"),
        _with("ARC-Authentication-Results: no number; dkim=pass"),
        _with("ARC-Authentication-Results: i=0; dkim=pass"),
    ],
)
def test_a_field_that_names_no_set_fails_the_chain_and_touches_no_set(
    mail: bytes, edit: Callable[[bytes], bytes]
) -> None:
    found = chain(edit(seal(mail, MX, RESULTS)))
    assert (found.result, found.reason) == ("fail", "arc_unreadable")
    assert [one.instance for one in found.seals] == [1]


@pytest.mark.parametrize("tag", [b"b=", b"bh=", b"h=", b"d=", b"s=", b"a=", b"t=", b"cv="])
@pytest.mark.parametrize("value", [b"", b"!", b"abc", b"9" * 5000, b"\xff\xfe", b"\x00"])
def test_a_broken_tag_never_raises_and_never_counts(mail: bytes, tag: bytes, value: bytes) -> None:
    sealed = seal(mail, MX, RESULTS)
    broken = re.sub(rb"([ \t\n])" + tag + rb"[^;]*?(;|\r\n(?=[A-Z]))", rb"\1" + tag + value + rb"\2", sealed)
    assert broken != sealed
    assert chain(broken).seals == ()


def test_many_fields_make_few_rows(mail: bytes) -> None:
    many = b"".join(
        b"ARC-Seal: i=%d; cv=none\r\nARC-Message-Signature: i=%d; b=\r\n" % (n % 60, n % 60) for n in range(2000)
    )
    assert len(prepare_sets(message(many + mail), read_one_way(message(mail)), body_digests([b""]), 0)) == (
        2 * LIMITS.arc_sets
    )
    assert chain(many + mail).result == "fail"


_PIECES = [b"ARC-Seal: ", b"ARC-Message-Signature:", b"ARC-Authentication-Results: ", b"i=1; ", b"i=2;", b"b=YQ==;"]
_MORE = [
    b"cv=none;",
    b"d=mx.example;",
    b"s=arc;",
    b"a=rsa-sha256;",
    b"bh=YQ==;",
    b"h=from;",
    b"\r\n",
    b"\r\n ",
    b"\xff",
]


@settings(max_examples=200)
@given(st.lists(st.sampled_from(_PIECES + _MORE), max_size=40).map(b"".join))
def test_any_fields_are_read(octets: bytes) -> None:
    found = chain(octets + b"\r\nFrom: a@b.example\r\n\r\nbody")
    assert found.result in ("none", "fail", "neutral") and found.seals == ()
