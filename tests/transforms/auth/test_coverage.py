from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from transforms.auth.coverage import BLOCKING, LIMITING, ORDER, in_order, objections
from transforms.auth.signature import Signature
from transforms.model import HeaderField, Mailbox, PreparedSignature, Reading

Examined = Callable[[bytes], tuple[PreparedSignature, ...]]

_READING = Reading(Mailbox("", "joe@football.example", "football.example"), None, None)
_FIELDS = {"From": "joe@football.example", "To": "suzie@shopping.example", "Subject": "x", "Date": "today"}
_H = ("from", "to", "subject", "date")


def _fields(*extra: tuple[str, str]) -> list[HeaderField]:
    return [HeaderField(name, f"{name}: {value}\r\n".encode()) for name, value in (*extra, *_FIELDS.items())]


def _objections(
    *extra: tuple[str, str],
    h: tuple[str, ...] = _H,
    reading: Reading = _READING,
    body_size: int | None = 100,
    aligned: str = "exact",
    **tags: Any,
) -> tuple[str, ...]:
    signature = Signature(algorithm=tags.pop("algorithm", "rsa-sha256"), signed_fields=h, **tags)
    return objections(signature, _fields(*extra), reading, body_size, aligned)


def test_full_coverage_leaves_no_objection() -> None:
    assert _objections() == ()


def test_every_objection_either_limits_or_blocks() -> None:
    assert set(ORDER) == LIMITING | BLOCKING
    assert not LIMITING & BLOCKING
    assert set(ORDER[-len(LIMITING) :]) == LIMITING  # the serious ones come first


def test_recipients_come_last_because_they_limit_nothing_else() -> None:
    assert in_order(["recipients_not_covered", "sha1", "doubled_field", "sha1"]) == (
        "doubled_field",
        "sha1",
        "recipients_not_covered",
    )


@pytest.mark.parametrize("key", ["from", "subject", "date"])
def test_field_outside_h(key: str) -> None:
    assert _objections(h=tuple(name for name in _H if name != key)) == (f"{key}_not_signed",)


def test_recipients_outside_h_only_matter_when_shown() -> None:
    assert _objections(h=("from", "subject", "date")) == ("recipients_not_covered",)
    assert _objections(("Cc", "eve@shopping.example")) == ("recipients_not_covered",)
    assert _objections(("Cc", "eve@shopping.example"), h=(*_H, "cc")) == ()


@pytest.mark.parametrize(
    ("length", "size", "found"),
    [
        (None, 100, ()),
        (100, 100, ()),
        (101, 100, ("body_length_beyond",)),
        (99, 100, ("body_length_limit",)),
        (0, 100, ("body_length_limit",)),
        (0, 0, ("body_length_limit",)),  # the body may have been cut off
        (99, None, ()),  # the body is lost
        (0, None, ("body_length_limit",)),
    ],
)
def test_length_below_the_body(length: int | None, size: int | None, found: tuple[str, ...]) -> None:
    assert _objections(length=length, body_size=size) == found


@pytest.mark.parametrize("name", ["From", "subject", "DATE", "To", "Reply-To", "Message-ID", "Content-Type"])
def test_doubled_singleton_with_one_instance_unsigned(name: str) -> None:
    key = name.lower()
    twice = [(name, "one"), (name, "two")]
    assert "doubled_field" in _objections(*twice, h=(*_H, key))
    assert "doubled_field" not in _objections(*twice, h=(*_H, *[key] * 3))


def test_doubled_field_without_a_singleton_is_no_objection() -> None:
    assert _objections(("Received", "a"), ("Received", "b")) == ()


def test_only_identical_mime_versions_may_be_doubled() -> None:
    assert _objections(("MIME-Version", "1.0"), ("MIME-Version", "1.0")) == ()
    assert _objections(("MIME-Version", "1.0"), ("MIME-version", "1.0 (x)")) == ("doubled_field",)


def test_readings_in_two_ways() -> None:
    assert _objections(reading=Reading(None, None, None)) == ("from_ambiguous",)
    assert _objections(reading=Reading(_READING.author, "junk_between_fields", None)) == ("header_ambiguous",)


_MIME = ("content-type", "content-transfer-encoding")
_CONTENT = (("Content-Type", "text/plain"), ("Content-Transfer-Encoding", "7bit"))


@pytest.mark.parametrize(
    ("fields", "signed", "possible"),
    [
        (_CONTENT, _MIME, False),
        (_CONTENT, ("content-type",), True),
        (_CONTENT, ("content-transfer-encoding",), True),
        (_CONTENT, (), True),
        ((), (), True),  # a forger could add one
        ((), _MIME, False),  # oversigned: none can be added
        (_CONTENT[:1], ("content-type",), True),
        (_CONTENT[:1], _MIME, False),
        ((_CONTENT[0], *_CONTENT), _MIME, True),
    ],
)
def test_ambiguous_body_under_unsigned_mime_fields(
    fields: tuple[tuple[str, str], ...], signed: tuple[str, ...], possible: bool
) -> None:
    ambiguous = Reading(_READING.author, None, "charset")
    found = _objections(*fields, h=(*_H, *signed), reading=ambiguous)
    assert ("mime_reinterpretation_possible" in found) == possible
    assert "mime_reinterpretation_possible" not in _objections(*fields, h=(*_H, *signed))


@pytest.mark.parametrize(("aligned", "found"), [("none", ("not_aligned",)), ("relaxed", ("aligned_relaxed",))])
def test_alignment(aligned: str, found: tuple[str, ...]) -> None:
    assert _objections(aligned=aligned) == found


def test_sha1() -> None:
    assert _objections(algorithm="rsa-sha1") == ("sha1",)


@pytest.mark.parametrize(("expires_at", "found"), [(1057982474, ()), (1057982473, ("expired_at_receipt",))])
def test_expiry_is_measured_at_receipt(expires_at: int, found: tuple[str, ...]) -> None:
    received = ("Received", "from x by y; Fri, 11 Jul 2003 21:01:14 -0700")
    assert _objections(received, expires_at=expires_at) == found
    assert _objections(expires_at=expires_at) == ()  # never against today's clock


def test_a_provider_key_younger_than_its_mail_proves_nothing() -> None:
    google = {"domain": "gmail.com", "selector": "20161025"}
    late = "selector_later_than_mail"
    assert late not in _objections(**google)  # nothing dates the mail
    assert late in _objections(**google, signed_at=1477180799)  # 2016-10-22 23:59:59
    assert late not in _objections(**google, signed_at=1477180800)  # two days before, to the second
    assert late not in _objections(("Received", "from x by y; Mon, 24 Oct 2016 00:00:00 +0000"), **google)
    assert late not in _objections(domain="football.example", selector="20161025")
    assert late not in _objections(domain="gmail.com", selector="20161399")
    assert late in _objections(domain="club.20150623.gappssmtp.com", selector="20161025", signed_at=1)
    assert late in _objections(domain="google.com", selector="arc-20160816", signed_at=1)
    assert late not in _objections(domain="google.com", selector="arc-20160816", signed_at=1493028030)


# ---- attacks on a whole message ---------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [b"From: eve@football.example", b"Subject: Send money", b"Date: Sat, 12 Jul 2003 21:00:37 -0700", b"To: x@y.test"],
)
def test_field_added_on_top(signer: Any, examined: Examined, mail: bytes, line: bytes) -> None:
    (signature,) = examined(line + b"\r\n" + signer.sign(mail))
    assert signature.body_ok
    assert {"doubled_field", "from_ambiguous"} & set(signature.objections)


@pytest.mark.parametrize(
    "line", [b"Subject : Send money", b"Subject\t: Send money", b"\0Subject: Send money", b"\xa0Subject: Send money"]
)
def test_malformed_field_added_on_top(signer: Any, examined: Examined, mail: bytes, line: bytes) -> None:
    for octets in (line + b"\r\n" + signer.sign(mail), signer.sign(mail).replace(b"To:", line + b"\r\nTo:")):
        (signature,) = examined(octets)
        assert set(signature.objections) & BLOCKING
