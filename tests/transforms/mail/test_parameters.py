import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.mail.parameters import parse_parameterized, raw_parameters


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"text/plain; charset=us-ascii (Plain text)", ("text/plain", {"charset": "us-ascii"})),  # RFC 2045 §5.1
        (b'text/plain; charset="us-ascii"', ("text/plain", {"charset": "us-ascii"})),
        (
            b'multipart/mixed; boundary="gc0p4Jq0M2Yt08j34c0p"',
            ("multipart/mixed", {"boundary": "gc0p4Jq0M2Yt08j34c0p"}),
        ),
        (  # RFC 2231 §3
            b'message/external-body; access-type=URL;\r\n URL*0="ftp://";\r\n URL*1="cs.utk.example/pub"',
            ("message/external-body", {"access-type": "URL", "url": "ftp://cs.utk.example/pub"}),
        ),
        (  # RFC 2231 §4
            b"application/x-stuff;\r\n title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
            ("application/x-stuff", {"title": "This is ***fun***"}),
        ),
        (  # RFC 2231 §4.1
            b"application/x-stuff\r\n ; title*0*=us-ascii'en'This%20is%20even%20more%20\r\n"
            b' ; title*1*=%2A%2A%2Afun%2A%2A%2A%20\r\n ; title*2="isn\'t it!"',
            ("application/x-stuff", {"title": "This is even more ***fun*** isn't it!"}),
        ),
        (b"TEXT/HTML ; Charset = UTF-8 ;", ("text/html", {"charset": "UTF-8"})),
        (b"text/html charset=utf-8", ("text/html", {"charset": "utf-8"})),
        (b'a/b; name="x \\"y\\" ; z"; q=1', ("a/b", {"name": 'x "y" ; z', "q": "1"})),
        (b'a/b; name="never closed; q=1', ("a/b", {"name": "never closed", "q": "1"})),
        (b"a/b; name=a b.txt", ("a/b", {"name": "a b.txt"})),
        (b"a/b; name; =x; ;; q=1", ("a/b", {"q": "1"})),
        (b"", ("", {})),
        (b";", ("", {})),
    ],
)
def test_values(value: bytes, expected: tuple[str, dict[str, str]]):
    assert parse_parameterized(value) == expected


def test_first_of_a_repeated_name_counts_and_all_are_shown():
    value = b"multipart/mixed; boundary=a; boundary=b"
    assert parse_parameterized(value)[1] == {"boundary": "a"}
    assert [p.octets for p in raw_parameters(value)[1]] == [b"a", b"b"]


def test_extended_form_counts_before_the_plain_one():
    value = b"attachment; filename=\"e.txt\"; filename*=UTF-8''%e2%82%ac.txt"
    assert parse_parameterized(value)[1] == {"filename": "\u20ac.txt"}


def test_pieces_out_of_order_are_sorted():
    assert parse_parameterized(b"a/b; n*1=b; n*0=a; n*2=c")[1] == {"n": "abc"}


def test_hostile_values_take_linear_time():
    start = time.process_time()
    for value in (b"a/b" + b";x=1" * 200_000, b"a/b" + b';x="' * 200_000, b"a/b;" + b" " * 900_000, b"(" * 900_000):
        parse_parameterized(value)
    assert time.process_time() - start < 1


@given(st.binary(max_size=120))
def test_any_octets_are_taken(value: bytes):
    token, parameters = parse_parameterized(b"a/b;" + value)
    assert isinstance(token, str) and all(isinstance(v, str) for v in parameters.values())


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_quoted_strings_are_read_back(text: str):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').encode()
    assert parse_parameterized(b'a/b; name="' + quoted + b'"')[1] == {"name": text}
