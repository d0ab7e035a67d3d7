import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.limits import LIMITS
from transforms.mail.address import a_label, mailboxes, only_author, plain_mailboxes
from transforms.mail.fields import split_message
from transforms.model import Mailbox
from transforms.span import in_memory


def pairs(value: bytes) -> list[tuple[str, str]]:
    return [(mailbox.name, mailbox.address) for mailbox in mailboxes(value)]


def author(value: bytes) -> Mailbox | None:
    return only_author(split_message(in_memory(b"From: " + value + b"\r\n\r\n")))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"John Doe <jdoe@machine.example>", [("John Doe", "jdoe@machine.example")]),  # RFC 5322 A.1.1
        (b'"Joe Q. Public" <john.q.public@example.com>', [("Joe Q. Public", "john.q.public@example.com")]),  # A.1.2
        (
            b"Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
            [("Mary Smith", "mary@x.test"), ("", "jdoe@example.org"), ("Who?", "one@y.test")],
        ),
        (
            b'<boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>',
            [("", "boss@nil.test"), ('Giant; "Big" Box', "sysservices@example.net")],
        ),
        (  # A.1.3
            b"A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
            [("Ed Jones", "c@a.test"), ("", "joe@where.test"), ("John", "jdoe@one.test")],
        ),
        (b"Undisclosed recipients:;", []),
        (b"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", [("Pete", "pete@silly.test")]),  # A.5
        (  # A.6.1
            b"Mary Smith <@node.test:mary@example.net>, , jdoe@test   . example",
            [("Mary Smith", "mary@example.net"), ("", "jdoe@test.example")],
        ),
        (b"Joe Q. Public <john.q.public@example.com>", [("Joe Q. Public", "john.q.public@example.com")]),
        (b"joe@example.org (Joe Doe)", [("Joe Doe", "joe@example.org")]),
        (b"=?UTF-8?Q?R=C3=A9my?= <r@x.test>", [("R\u00e9my", "r@x.test")]),
        (b'"=?UTF-8?Q?R=C3=A9my?=" <r@x.test>', [("R\u00e9my", "r@x.test")]),
        (b"Joe <JOE@Example.ORG.>", [("Joe", "JOE@example.org")]),
        (b"root", [("root", "")]),
        (b"Joe <joe@x.test", [("Joe", "joe@x.test")]),
        (b'O"Brien <o@x.test>, b@x.test', [('O"Brien', "o@x.test"), ("", "b@x.test")]),
        (b"", []),
    ],
)
def test_mailboxes_of_a_field(value: bytes, expected: list[tuple[str, str]]):
    assert pairs(value) == expected


def test_domain_is_an_a_label_without_mapping():
    assert a_label("B\u00fccher.Example.") == "xn--bcher-kva.example"
    assert a_label("fa\u00df.example") == "xn--fa-hia.example"  # UTS 46 transitional would give fass
    assert a_label("a\u200db.example") == "a\u200db.example"  # not allowed: left as it is


@pytest.mark.parametrize(
    ("value", "address", "domain"),
    [
        (b"John Doe <jdoe@machine.example>", "jdoe@machine.example", "machine.example"),
        (b"jdoe@Machine.Example", "jdoe@machine.example", "machine.example"),
        (b'"Doe, John" <jdoe@x.test>', "jdoe@x.test", "x.test"),
        (b'"ceo@bank.test" <jdoe@x.test>', "jdoe@x.test", "x.test"),  # the name is never the headline
        (b"John Q. Public\r\n <jdoe@x.test>", "jdoe@x.test", "x.test"),
        (b"jdoe@x.test (John Doe)", "jdoe@x.test", "x.test"),
        (b"=?utf-8?Q?R=C3=A9my?= <r+tag@x.test>", "r+tag@x.test", "x.test"),
        ("R\u00e9my <r\u00e9my@b\u00fccher.test>".encode(), "r\u00e9my@xn--bcher-kva.test", "xn--bcher-kva.test"),
        (b"R\xe9my <r@x.test>", "r@x.test", "x.test"),
    ],
)
def test_one_author(value: bytes, address: str, domain: str):
    found = author(value)
    assert found is not None
    assert (found.address, found.domain) == (address, domain)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"John Doe",
        b"a@x.test, b@x.test",
        b"a@x.test b@x.test",
        b"Group: a@x.test;",
        b"undisclosed:;",
        b"<a@x.test> <b@x.test>",
        b"<a@x.test><b@x.test>",
        b"a@x.test <b@x.test>",
        b"<a@x.test> b@x.test",
        b"<a@x.test",
        b"a@x.test>",
        b"<@relay.test:a@x.test>",
        b"a@[192.0.2.1]",
        b"a@x.test\x00@y.test",
        b"a\x00 <a@x.test>",
        b"a\r <a@x.test>",
        b"a\x1b <a@x.test>",
        b"John (b@y.test) <a@x.test>",
        b"John <a(c)@x.test>",
        b"=?utf-8?Q?ceo=40bank.test=00?=@x.test",
        b"<=?utf-8?B?Y2VvQGJhbmsudGVzdAA=?=@x.test>",
        b"a@x@y.test",
        b"a..b@x.test",
        b"a@x..test",
        b"a@-x.test",
        "a@x\u3002test".encode(),
        b"a@\xff\xfe.test",
        b'"never closed <a@x.test>',
        b"(never closed <a@x.test>",
    ],
)
def test_no_author_where_readers_differ(value: bytes):
    assert author(value) is None


def test_no_author_without_or_with_two_from_fields():
    for header in (b"To: a@x.test\r\n\r\n", b"From: a@x.test\r\nFrom: a@x.test\r\n\r\n"):
        assert only_author(split_message(in_memory(header))) is None


def test_the_syntax_check_asks_no_name_server(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "sendto", refuse)
    assert author(b"a@never-seen-before.example") is not None


def test_addresses_at_and_over_the_limit():
    for count in (LIMITS.addresses - 1, LIMITS.addresses, LIMITS.addresses + 1):
        value = b",".join(b"a%d@x.test" % i for i in range(count))
        assert len(mailboxes(value)) == min(count, LIMITS.addresses)


def test_hostile_values_take_linear_time():
    start = time.process_time()
    for piece in (b"(", b'"', b"<", b"\\", b"<a", b"a:", b'("', b'"\\', b'<"', b"a ", b";", b"@", b"\r\n "):
        value = piece * 30_000
        mailboxes(value)
        mailboxes(value + b" <a@x.test>")
        author(value)
        author(value[:8_000] + b"<a@x.test>")
    assert time.process_time() - start < 6


@given(st.binary(max_size=120))
def test_any_octets_are_taken(value: bytes):
    for mailbox in mailboxes(value):
        assert mailbox.address == "" or mailbox.address.endswith("@" + mailbox.domain)
    author(value)


@given(st.text(st.sampled_from('ab@.,:;<>()" \\\t'), max_size=24))
def test_strict_author_is_the_tolerant_one(value: str):
    """Where the strict reader sees one author, the tolerant one sees the same and no other."""
    found = author(value.encode())
    if found is not None:
        assert [m.address for m in mailboxes(value.encode())] == [found.address]


@pytest.mark.parametrize(
    "value",
    [
        b"a@x.test (thief)",
        b"Thief (x) <a@x.test>",
        b"Thieves: a@x.test;",
        b"<a@x.test> took it",
        b"<@y.test:a@x.test>",
        b"a@x.test,, b@x.test",
        b'"open <a@x.test>',
        b"=?utf-8?q?A=E2=80=AEx?= <a@x.test>",
        b'"A" <a@x.test>; b@x.test',
    ],
)
def test_mailboxes_with_more_in_them_are_not_plain(value: bytes):
    assert plain_mailboxes(value) is None


def test_plain_mailboxes_are_names_and_addresses():
    found = plain_mailboxes(b'"Sixpack, (Joe)" <joe@x.test>,\r\n Ann <ann@X.test>, "b@x.test" <b@x.test>')
    assert found is not None
    names = [(one.name, one.address) for one in found]
    assert names == [("Sixpack, (Joe)", "joe@x.test"), ("Ann", "ann@x.test"), ("", "b@x.test")]


@given(st.text(st.sampled_from('ab@.,:;<>()" \\\t'), max_size=24))
def test_plain_mailboxes_are_those_of_the_tolerant_reader(value: str):
    found = plain_mailboxes(value.encode())
    if found is not None:
        assert [m.address for m in mailboxes(value.encode())] == [m.address for m in found]
