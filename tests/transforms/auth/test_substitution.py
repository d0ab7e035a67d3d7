"""A signature names the value that was signed, if the dump still holds it; no other value passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transforms.auth.prepare import signed_fields_kept
from transforms.auth.substitution import Offer, Substitution, substitute
from transforms.auth.verify import confirmer
from transforms.limits import LIMITS
from transforms.mail.fields import split_message
from transforms.model import HeaderField, PreparedSignature
from transforms.span import in_memory

Examined = Callable[[bytes], tuple[PreparedSignature, ...]]
Tried = Callable[..., Substitution | None]
H = "from:to:subject:date:message-id"
MAIL = (
    b"Return-Path: <joe@football.example>\r\n"
    b"Received: from a by b; Fri, 11 Jul 2003 21:00:40 -0700\r\n"
    b"From: Joe SixPack <joe@football.example>\r\n"
    b"To: Suzie Q <suzie@shopping.example>\r\n"
    b"Subject: Is dinner ready?\r\n"
    b"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n"
    b"Message-ID: <1@football.example>\r\n"
    b"\r\nWe lost the game.\r\n"
)


@pytest.fixture
def tried(signer: Any, examined: Examined) -> Tried:
    """Sign MAIL, replace one run of octets by another, and ask for the substitution."""

    def run(old: bytes, new: bytes, *offers: Offer, mail: bytes = MAIL, **signing: Any) -> Substitution | None:
        octets = signer.sign(mail, **{"h": H, **signing})
        assert old in octets
        octets = octets.replace(old, new, 1)
        prepared = examined(octets)
        confirmed = confirmer([signer.key(signing.get("a", "rsa"))], prepared[0])
        assert confirmed is not None
        return substitute(
            signed_fields_kept(split_message(in_memory(octets)), prepared), prepared[0], offers, confirmed
        )

    return run


def offer(*fields: tuple[str, str], is_reply: bool = False) -> Offer:
    return Offer(
        "other.eml", is_reply, tuple(HeaderField(name, f"{name}: {value}\r\n".encode()) for name, value in fields)
    )


@pytest.mark.parametrize("c", ["relaxed/relaxed", "simple/simple"])
@pytest.mark.parametrize("a", ["rsa-sha256", "ed25519-sha256"])
def test_a_subject_is_found_in_a_copy(tried: Tried, a: str, c: str) -> None:
    found = tried(b"dinner", b"poison", offer(("Subject", "Is dinner ready?")), a=a, c=c)
    assert found is not None
    assert (found.shown.value, found.signed.value) == (b" Is poison ready?\r\n", b" Is dinner ready?\r\n")
    assert found.source == "other.eml"


@pytest.mark.parametrize("subject", ["Re: Is dinner ready?", "Fwd: RE: Is dinner ready?", "AW: Re: Is dinner ready?"])
def test_a_subject_is_found_in_a_reply(tried: Tried, subject: str) -> None:
    assert tried(b"dinner", b"poison", offer(("Subject", subject), is_reply=True)) is not None


def test_a_subject_is_found_in_the_thread(tried: Tried) -> None:
    mail = b"Thread-Topic: Is dinner ready?\r\n" + MAIL.replace(b"Subject: ", b"Subject: RE: ")
    found = tried(b"RE: Is dinner", b"RE: Is poison", mail=mail)
    assert found is not None and found.source == "Thread-Topic"


def test_an_encoded_subject_is_found_in_a_copy_that_is_only_known_decoded(tried: Tried) -> None:
    mail = MAIL.replace(b"Is dinner ready?", b"=?UTF-8?B?RMOuZXI=?=")
    assert tried(b"RMOuZXI=", b"UG9pc29u", offer(("Subject", "Dîer")), mail=mail) is not None


def test_an_address_is_found_in_return_path(tried: Tried) -> None:
    found = tried(b"<joe@football.example>\r\nTo", b"<boss@football.example>\r\nTo")
    assert found is not None and found.source == "Return-Path"


def test_an_address_is_found_in_the_signature(tried: Tried) -> None:
    mail = MAIL.partition(b"\r\n")[2]
    found = tried(b"<joe@football.example>\r\nTo", b"<boss@football.example>\r\nTo", mail=mail,
                  extra=" i=joe@football.example;")  # fmt: skip
    assert found is not None and found.source == "i= of the signature"


def test_an_author_is_found_in_the_answer_to_him(tried: Tried) -> None:
    answer = offer(("To", "Joe SixPack <joe@football.example>"), is_reply=True)
    assert tried(b"Joe SixPack <joe@", b"The Boss <boss@", answer) is not None


@pytest.mark.parametrize(
    ("signed", "shown"),
    [
        (b"Fri, 11 Jul 2003 21:00:37 -0700", b"Sat, 11 Jul 2009 21:00:37 -0700"),
        (b"Fri, 11 Jul 2003 21:00:37 -0700", b"1 Aug 2003 08:00:00 +0200"),
        (b"11 Jul 2003 21:00 -0700 (PDT)", b"1 Aug 2003 08:00 -0700 (PDT)"),
        (b"Sat, 12 Jul 2003 04:00:20 GMT", b"Sat, 12 Jul 2008 04:00:00 GMT"),
    ],
)
def test_a_date_is_found_by_the_clock_of_the_first_hop(tried: Tried, signed: bytes, shown: bytes) -> None:
    mail = MAIL.replace(b"Fri, 11 Jul 2003 21:00:37 -0700", signed)
    found = tried(b"Date: " + signed, b"Date: " + shown, mail=mail)
    assert found is not None and (found.source, found.signed.value.strip()) == ("Received", signed)


def test_a_date_is_found_by_the_clock_of_the_signature(tried: Tried) -> None:
    mail = MAIL.partition(b"From:")
    found = tried(b"11 Jul 2003", b"12 Aug 2003", mail=mail[1] + mail[2], extra=" t=1057982437;")
    assert found is not None and found.source == "t= of the signature"


def test_a_date_that_agrees_with_the_clocks_is_not_searched(tried: Tried) -> None:
    assert tried(b"Date: Fri, 11 Jul 2003 21:00:37", b"Date: Fri, 11 Jul 2003 20:00:37") is None


def test_two_changes_are_not_undone(tried: Tried) -> None:
    copy = offer(("Subject", "Is dinner ready?"), ("From", "Joe SixPack <joe@football.example>"))
    assert tried(b"Subject: Is dinner", b"Subject: Is poison", copy) is not None
    found = tried(
        b"Joe SixPack <joe@football.example>\r\nTo: Suzie Q <suzie@shopping.example>\r\nSubject: Is dinner",
        b"Joe SixPack <boss@football.example>\r\nTo: Suzie Q <suzie@shopping.example>\r\nSubject: Is poison",
        copy,
    )
    assert found is None


def test_recipients_and_identifiers_are_never_tried(tried: Tried) -> None:
    copy = offer(("To", "Suzie Q <suzie@shopping.example>"), ("Message-ID", "<1@football.example>"))
    assert tried(b"suzie@", b"lucy@", copy) is None
    assert tried(b"<1@football", b"<2@football", copy) is None


def test_a_field_that_stands_twice_is_left_alone(tried: Tried) -> None:
    copy = offer(("Subject", "Is dinner ready?"))
    assert tried(b"Subject: Is dinner ready?", b"Subject: Hm\r\nSubject: Is poison ready?", copy) is None


def test_fields_that_were_not_kept_cannot_be_tried(signer: Any, examined: Examined) -> None:
    long = b"X-Long: " + b"x" * LIMITS.signed_fields + b"\r\n"
    octets = signer.sign(long + MAIL, h=H + ":x-long").replace(b"dinner", b"poison")
    prepared = examined(octets)
    kept = signed_fields_kept(split_message(in_memory(octets)), prepared)
    assert substitute(kept, prepared[0], [offer(("Subject", "Is dinner ready?"))], lambda _: True) is None


def test_candidates_are_counted(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = [offer(("Subject", f"Number {n}")) for n in range(LIMITS.candidates)]
    assert tried(b"dinner", b"poison", *copies, offer(("Subject", "Is dinner ready?"))) is None


def test_the_hash_is_asked_of_the_signature_and_no_other_key(signer: Any, examined: Examined) -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    (prepared,) = examined(signer.sign(MAIL, h=H))
    other = type(signer)(generate_private_key(65537, 2048), signer.ed25519)
    assert confirmer([other.key()], prepared) is None
    assert confirmer([signer.key("ed25519")], prepared) is None
    confirmed = confirmer([other.key(), signer.key()], prepared)
    assert confirmed is not None and confirmed(prepared.data_hash) and not confirmed(b"\0" * 32)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.booleans(), st.sampled_from(["Subject", "From", "To", "Date"]))
def test_offers_of_any_octets_are_tried_without_harm(tried: Tried, octets: bytes, is_reply: bool, name: str) -> None:
    hostile = Offer("x", is_reply, (HeaderField(name, name.encode() + b": " + octets + b"\r\n"),))
    found = tried(b"Is dinner ready?", b"Is poison ready?", hostile)
    assert found is None or found.signed.value.strip() == b"Is dinner ready?"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.from_regex(rb"[ -9;-~]{0,60}", fullmatch=True))
def test_dates_of_any_octets_are_read_without_harm(tried: Tried, octets: bytes) -> None:
    tried(b"Fri, 11 Jul 2003 21:00:37 -0700", octets)
