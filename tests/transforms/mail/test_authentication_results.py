"""What an Authentication-Results field records, and that nothing a sender writes adds to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.mail.authentication_results import Result, from_text, parse_results, to_text


def texts(value: bytes) -> list[str]:
    return [to_text(result) for result in parse_results(value)[1]]


def test_the_examples_of_the_standard() -> None:  # RFC 8601 §B.3, §B.6
    name, results = parse_results(
        b" example.com;\r\n  auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n"
        b"  spf=pass smtp.mailfrom=example.net\r\n"
    )
    assert name == "example.com"
    assert results == (
        Result("auth", "pass", (("smtp.auth", "sender@example.net"),)),
        Result("spf", "pass", (("smtp.mailfrom", "example.net"),)),
    )
    assert parse_results(b" example.org 1; none\r\n") == ("example.org", ())
    assert texts(
        b"foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
        b"  policy (A dot can go here) . (like that) expired (this surprised me) = (as I wasn't expecting it)\r\n"
        b" 1362471462"
    ) == ["dkim=fail policy.expired=1362471462"]


def test_google() -> None:
    assert texts(
        b' mx.google.com;\r\n       dkim=pass header.i=@club.example header.s=s1 header.b="J0iZkzh/";\r\n'
        b"       spf=pass (google.com: domain of a@club.example designates 192.0.2.1 as permitted sender) "
        b"smtp.mailfrom=a@club.example;\r\n       dmarc=fail (p=REJECT sp=NONE dis=QUARANTINE) header.from=club.example"
    ) == [
        "dkim=pass header.i=@club.example header.s=s1 header.b=J0iZkzh/",
        "spf=pass smtp.mailfrom=a@club.example",
        "dmarc=fail header.from=club.example comment.p=reject comment.sp=none comment.dis=quarantine",
    ]


def test_microsoft() -> None:
    assert texts(
        b" mx.microsoft.com 1; spf=fail (sender ip is\r\n 192.0.2.1) smtp.rcpttodomain=desk.example "
        b"smtp.mailfrom=x.example; dmarc=fail (p=reject sp=reject\r\n pct=100) action=oreject "
        b"header.from=club.example; dkim=none (message not signed) header.d=none; "
        b"arc=pass (0 oda=1 dkim=[1,1,header.d=bank.example] dmarc=[1,1,header.from=bank.example])"
    ) == [
        "spf=fail smtp.rcpttodomain=desk.example smtp.mailfrom=x.example",
        "dmarc=fail action=oreject header.from=club.example comment.p=reject comment.sp=reject comment.pct=100",
        "dkim=none header.d=none",
        "arc=pass",
    ]


def test_fastmail() -> None:
    assert texts(
        b"mx1.messagingengine.com; x-csa=none; bimi=none (No BIMI records found);"
        b" dkim=pass (2048-bit rsa key sha256) header.d=club.example header.i=@club.example header.b=Y+EgdIPN"
        b" header.a=rsa-sha256 header.s=s1 x-bits=2048; dmarc=fail policy.published-domain-policy=reject"
        b" policy.applied-disposition=none (p=reject,d=none,d.eval=none) header.from=club.example"
    )[2:] == [
        "dkim=pass header.d=club.example header.i=@club.example header.b=Y+EgdIPN header.a=rsa-sha256 header.s=s1"
        " x-bits=2048",
        "dmarc=fail policy.published-domain-policy=reject policy.applied-disposition=none header.from=club.example"
        " comment.p=reject",
    ]


@pytest.mark.parametrize(
    "value",
    [
        b"mx.example; dkim=none (dkim=pass header.d=bank.example)",
        b"mx.example; dkim=none (a (nested; dkim=pass header.d=bank.example) b)",
        b"mx.example; dkim=none (\\) dkim=pass header.d=bank.example)",
        b'mx.example; spf=none smtp.mailfrom="; dkim=pass header.d=bank.example; "@evil.example',
        b"mx.example; spf=none (of x); dkim=pass header.d=bank.example; (y@evil.example) smtp.mailfrom=y",
        b'mx.example; spf=none (of "x); dkim=pass header.d=bank.example; (y"@evil.example) smtp.mailfrom=y',
        b"mx.example; spf=none (never closed; dkim=pass header.d=bank.example",
        b"mx.example; spf=none); dkim=pass header.d=bank.example",
        b'mx.example; spf=none smtp.mailfrom="open; dkim=pass header.d=bank.example',
        b"mx.example; spf=none \\; dkim=pass header.d=bank.example",
        b"mx.example; free words here; dkim=pass header.d=bank.example",
        b"mx.example; dkim=pass header.d=bank.example free words",
        b"mx.example; " + b"dkim=pass header.d=bank.example; " * 60,
        b"mx.example; dkim=pass header.d=bank.example" + b" a=b" * 40,
        b"mx.example; dkim=pass header.d=bank.example; x=y z=" + b"a" * 20_000,
    ],
)
def test_no_trick_with_comments_and_quotes_makes_a_pass(value: bytes) -> None:
    assert not any(one.method == "dkim" and one.result == "pass" for one in parse_results(value)[1])


def test_a_server_without_a_name_is_read() -> None:
    assert parse_results(b"spf=pass smtp.mailfrom=a.example; dkim=none") == (
        "",
        (Result("spf", "pass", (("smtp.mailfrom", "a.example"),)), Result("dkim", "none")),
    )


@given(
    st.lists(st.sampled_from([b"(", b")", b'"', b";", b"=", b"\\", b" ", b"\r\n ", b"dkim=pass", b".", b"x", b"\xff"]))
)
def test_any_octets_are_read_and_results_travel_unchanged(pieces: list[bytes]) -> None:
    name, results = parse_results(b"".join(pieces))
    assert isinstance(name, str)
    for result in results:
        assert from_text(to_text(result)) == result


@given(st.lists(st.tuples(st.sampled_from(["header.d", "reason", "comment.p"]), st.text(max_size=300)), max_size=5))
def test_any_value_travels(properties: list[tuple[str, str]]) -> None:
    quoted = "".join(
        ' {}="{}"'.format(name, value.replace("\\", "\\\\").replace('"', '\\"')) for name, value in properties
    )
    (result,) = parse_results(f"mx.example; dkim=pass{quoted}".encode("utf-8", "replace"))[1] or (Result("", ""),)
    if result.method:
        assert [name for name, _ in result.properties] == [name for name, _ in properties]
        assert from_text(to_text(result)) == result
