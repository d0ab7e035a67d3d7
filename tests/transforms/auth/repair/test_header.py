"""The search for the header section that was signed: from kept fields, within a budget, by what they say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.auth.canonical import body_digests
from transforms.auth.prepare import prepare, signed_fields_kept
from transforms.auth.repair import header
from transforms.auth.repair.forms import addresses, date_zones, encoded_words, folding, is_plain_date, parameters
from transforms.limits import LIMITS
from transforms.mail.address import mailboxes
from transforms.mail.date import parse_date
from transforms.mail.fields import split_message
from transforms.mail.parameters import raw_parameters
from transforms.mail.reading import read_one_way
from transforms.mail.words import decode_words
from transforms.model import HeaderField, PreparedSignature, SignatureResult
from transforms.span import in_memory

MAIL = (
    b'From: "Joe SixPack" <joe@football.example>\r\nTo: suzie@shopping.example\r\nSubject: Is dinner ready?\r\n'
    b"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n\r\nHi.\r\n"
)


def prepared(octets: bytes) -> tuple[PreparedSignature, tuple[HeaderField, ...]]:
    message = split_message(in_memory(octets))
    signatures = prepare(message, read_one_way(message), body_digests(message.body.chunks()))
    return signatures[0], signed_fields_kept(message, signatures)


def result_of(octets: bytes, signer: Any, algorithm: str = "rsa") -> SignatureResult:
    signature, fields = prepared(octets)
    return header.prove_repaired(signature, [signer.key(algorithm)], None, lambda: fields)


def field(raw: bytes) -> HeaderField:
    return HeaderField(raw.partition(b":")[0].decode(), raw)


def test_fields_are_asked_for_only_where_a_key_denies_the_header(signer: Any) -> None:
    def never() -> tuple[HeaderField, ...]:
        raise AssertionError("asked")

    signed = signer.sign(MAIL)
    for octets, keys in (
        (signed, [signer.key()]),
        (signed.replace(b"dinner", b"lunch"), []),
        (signed.replace(b"dinner", b"lunch").replace(b"Hi.", b"No."), [signer.key()]),
        (signed.replace(b"dinner", b"lunch"), [signer.key(restrictions="s=other; ")]),
    ):
        header.prove_repaired(prepared(octets)[0], keys, None, never)


def test_a_signature_of_another_key_costs_no_trial(signer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "_choices", None)
    signature, fields = prepared(signer.sign(MAIL))
    forged = signature._replace(signature=bytes(255) + b"\1")
    assert header.prove_repaired(forged, [signer.key()], None, lambda: fields).header_ok is False


@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
def test_a_header_that_cannot_be_repaired_costs_the_budget_at_most(
    algorithm: str, signer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    digest = header._Section.digest
    monkeypatch.setattr(header._Section, "digest", lambda *args: tried.append(1) or digest(*args))
    many = b", ".join(b'"Name %d" <a%d@shopping.example>' % (n, n) for n in range(40))
    mail = MAIL.replace(b"suzie@shopping.example", many).replace(b"Is dinner", "[l] (x) é".encode())
    names = "from:to:subject:date:content-type"
    signed = signer.sign(mail, h=names, c="simple/simple", a=f"{algorithm}-sha256")
    changed = signed.replace(b"ready?", b"ready now?")
    assert result_of(changed, signer, algorithm).header_ok is False
    assert 100 < len(tried) <= LIMITS.repair_trials


def test_a_field_too_long_to_be_kept_ends_the_search(signer: Any) -> None:
    mail = MAIL.replace(b"To: ", b"To: " + b"x" * LIMITS.signed_fields + b" ")
    assert result_of(signer.sign(mail).replace(b"Subject: ", b"Subject: [EXTERNAL] "), signer).repairs == ""


def test_a_repaired_result_carries_all_that_the_judgement_needs(signer: Any) -> None:
    changed = signer.sign(MAIL).replace(b"Subject: ", b"Subject: [EXTERNAL] ")
    result = result_of(changed, signer)
    assert (result.result, result.repairs, result.subject) == ("pass", "subject_tag", "Is dinner ready?")
    again = header.repaired(prepared(changed)[0], result)
    assert (again.repairs, again.objections) == ("subject_tag", result.objections)
    assert (again.shown, again.signed) == ("Subject: [EXTERNAL] Is dinner ready?", "Subject: Is dinner ready?")
    plain = prepared(signer.sign(MAIL))[0]
    assert header.repaired(plain, result_of(signer.sign(MAIL), signer)) is plain


def test_a_list_that_took_the_place_of_the_author_leaves_the_signature_aligned(signer: Any) -> None:
    changed = b"Reply-To: joe@football.example\r\n" + signer.sign(MAIL).replace(
        b'"Joe SixPack" <joe@football.example>', b"Joe SixPack via Dinners <dinners@lists.example>"
    )
    result = result_of(changed, signer)
    assert result.repairs == "list_from"
    assert result.objections[0] == "proven_except_added_text"


@pytest.mark.parametrize(
    "date",
    [
        b"Fri, 11 Jul 2003 21:00:37 -0700",
        b"11 Jul 2003 21:00:37 -0700",
        b"Fri, 11 Jul 2003 21:00:37 -0700 (PDT)",
        b"Fri, 11 Jul 2003\r\n 21:00:37 -0000",
        b"Fri, 11 Jul 2003 21:00:37 GMT",
        b"Wed, 02 Jul 2003 21:00:37 +0545",
    ],
)
def test_a_plain_date_says_one_instant(date: bytes) -> None:
    assert is_plain_date(field(b"Date: " + date + b"\r\n"))


@pytest.mark.parametrize(
    "date",
    [
        b"Sat, 11 Jul 2003 21:00:37 -0700",
        b"Fri, 11 Jul 2003 21:00:37 -0700 (pay now)",
        b"Fri, 11 Jul 2003 21:00:37 -0700 (LIES)",
        b"Fri, 11 Jul 2003 21:00:37 -0700 pay now",
        b"(pay now) Fri, 11 Jul 2003 21:00:37 -0700",
        b"Fri, 11 Jul 2003 21:00:37",
        b"",
    ],
)
def test_a_date_with_more_in_it_is_not_plain(date: bytes) -> None:
    assert not is_plain_date(field(b"Date: " + date + b"\r\n"))
    assert list(date_zones(field(b"Date: " + date + b"\r\n"))) == []


def test_every_form_of_a_date_is_the_same_instant() -> None:
    one = field(b"Date: Fri, 4 Jul 2003 21:00:37 -0700\r\n")
    found = list(date_zones(one))
    assert len(found) == len(set(found)) > 80
    assert {parse_date(field(raw).value).utc for raw in found} == {parse_date(one.value).utc}


@settings(max_examples=50)
@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=80))
def test_every_form_of_a_text_decodes_to_it(text: str) -> None:
    one = field(b"Subject: " + text.encode() + b"\r\n")
    said = " ".join(decode_words(one.value, 2_000).split())
    for raw in encoded_words(one):
        assert " ".join(decode_words(field(raw).value, 2_000).split()) == said or "=?" in text


def test_forms_of_addresses_keep_the_addresses() -> None:
    one = field(b'To: "Ann B." <Ann@shopping.example>, bob@shopping.example\r\n')
    found = [mailboxes(field(raw).value) for raw in addresses(one)]
    assert len(found) > 6
    assert {tuple(box.address for box in boxes) for boxes in found} == {
        ("Ann@shopping.example", "bob@shopping.example")
    }


def test_forms_of_parameters_keep_the_parameters() -> None:
    one = field(b"Content-Type: multipart/mixed; boundary=abc; charset=utf-8\r\n")
    found = list(parameters(one))
    assert any(b'boundary="abc"' in raw and b"charset=utf-8" in raw for raw in found)
    assert {tuple(sorted(raw_parameters(field(raw).value)[1])) for raw in found} == {
        tuple(sorted(raw_parameters(one.value)[1]))
    }


@pytest.mark.parametrize("value", [b"multipart/mixed; boundary=a; boundary=b", b'text/plain; a="b', b"text/plain", b""])
def test_a_content_type_that_two_readers_could_split_differently_is_left_alone(value: bytes) -> None:
    assert list(parameters(field(b"Content-Type: " + value + b"\r\n"))) == []


def test_folding_changes_white_space_only() -> None:
    one = field(b"References: <a@b.example>\r\n\t<c@d.example> <e@f.example>\r\n <g@h.example>\r\n")
    found = list(folding(one))
    assert {b"".join(raw.split()) for raw in found} == {b"".join(one.raw.split())}
    assert all(raw.endswith(b"\r\n") and b"\n\r" not in raw for raw in found)
