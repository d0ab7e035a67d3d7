import base64
import quopri
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.limits import LIMITS
from transforms.mail.fields import SINGLETONS, split_message
from transforms.mail.reading import read_one_way
from transforms.model import Reading
from transforms.span import in_memory

HEADER = b"From: Anna <anna@x.test>\r\nSubject: hi\r\nDate: Fri, 21 Nov 1997 09:55:06 -0600\r\n"


def read(data: bytes) -> Reading:
    return read_one_way(split_message(in_memory(data)))


def header(extra: bytes) -> str | None:
    return read(HEADER + extra + b"\r\nbody").header_ambiguous


def body(fields: bytes, octets: bytes) -> str | None:
    return read(HEADER + fields + b"\r\n" + octets).body_ambiguous


def test_honest_header_reads_one_way():
    reading = read(HEADER + b"X-Odd: \x01\x80\r\nX_Under.score: y\r\nTo: a@x.test,\r\n\tb@x.test\r\n\r\nbody\r\n")
    assert reading.author is not None and reading.author.address == "anna@x.test"
    assert (reading.header_ambiguous, reading.body_ambiguous) == (None, None)


@pytest.mark.parametrize("name", sorted(SINGLETONS))
def test_singleton_that_readers_see_differently(name: str):
    field = name.title().encode()
    assert header(field + b" : x\r\n") == "malformed_field"
    assert header(field + b"\t: x\r\n") == "malformed_field"
    assert header(b">" + field + b": x\r\n") == "malformed_field"
    for octet in (b"\x00", b"\r", b"\x0b", b"\x1b", b"\x7f"):
        assert header(field + b": a" + octet + b"b\r\n") == "control_character", octet
    assert read(b" " + field + b": x\r\n" + HEADER + b"\r\n").header_ambiguous == "malformed_field"


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        (b"junk\r\nX: y\r\n", "junk_between_fields"),
        (b">From a@x.test Mon\r\nX: y\r\n", "junk_between_fields"),
        (b"junk\r\n", "header_runs_into_text"),
        (b"From\xa0: evil@x.test\r\nX: y\r\n", "malformed_field"),
        (b"X: y\r\n" * LIMITS.header_fields, "header_not_read_to_its_end"),
    ],
)
def test_header_that_readers_split_differently(extra: bytes, code: str):
    found = header(extra)
    assert found == code or (code == "malformed_field" and found == "junk_between_fields")


def test_lines_above_the_header_that_may_end_it():
    for line in (b"X-VM-v5-Data ([nil])\r\n", b"Dear all\r\n", b" \r\n", b"\xef\xbb\xbf\t\r\n"):
        assert read(line + HEADER + b"\r\nbody").header_ambiguous == "junk_before_fields"
    for line in (b">From a@x.test Mon\r\n", b"\xef\xbb\xbf"):
        assert read(line + HEADER + b"\r\nbody").header_ambiguous is None


# ---- multipart --------------------------------------------------------------------------------

TYPE = b'Content-Type: multipart/alternative; boundary="B1"\r\n'
PLAIN = b"Content-Type: text/plain\r\n\r\nwords\r\n"
HTML = b"Content-Type: text/html\r\n\r\n<p>words</p>\r\n"


def wrap(*inside: bytes, boundary: bytes = b"B1") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + part for part in inside) + b"--" + boundary + b"--\r\n"


@pytest.mark.parametrize(
    "octets",
    [
        wrap(PLAIN, HTML),
        b"\r\n \r\n" + wrap(PLAIN) + b"\r\n\r\n",
        b"This is a multi-part message in MIME format.\r\n" + wrap(PLAIN),
        b"This is an S/MIME signed message\r\n\r\n" + wrap(PLAIN),
        b"This is a cryptographically signed message in MIME format.\r\n\r\n" + wrap(PLAIN),
        b"This is an OpenPGP/MIME signed message (RFC 4880 and 3156)\r\n" + wrap(PLAIN),
        b"This is a multipart message in MIME format\r\n\r\n" + wrap(PLAIN),
        wrap(PLAIN, HTML).replace(b"\r\n", b"\n"),
        wrap(
            PLAIN.replace(
                b"words", b"words\r\n-- \r\nAnna\r\nTel: 1\r\n\r\n--B12\r\n-----Original Message-----\r\nFrom: x"
            )
        ),
        wrap(b'Content-Type: multipart/related; boundary="I"\r\n\r\n' + wrap(HTML, boundary=b"I"), PLAIN),
        wrap(
            b"Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=N\r\n\r\n"
            + wrap(PLAIN, boundary=b"N")
        ),
    ],
)
def test_multipart_whose_body_names_its_boundary(octets: bytes):
    assert body(TYPE, octets) is None


@pytest.mark.parametrize(
    ("fields", "octets", "code"),
    [
        (TYPE, b"", "boundary_not_enclosing"),
        (TYPE, b"hello\r\n" + wrap(PLAIN), "boundary_not_enclosing"),
        (TYPE, b"--B1 \r\n" + PLAIN + b"--B1--\r\n", "boundary_not_enclosing"),
        (TYPE, wrap(PLAIN, boundary=b"B2"), "boundary_not_enclosing"),
        (TYPE, wrap(PLAIN) + b"footer\r\n", "boundary_not_enclosing"),
        (TYPE, b"--B1\r\n" + PLAIN, "boundary_not_enclosing"),
        (TYPE, wrap(PLAIN) + wrap(HTML), "closed_before_last_line"),
        (
            TYPE,
            wrap(PLAIN, b"Content-Type: text/plain\r\n\r\nx\r\n--Z\r\nContent-Type: text/plain\r\n\r\ny\r\n"),
            "stray_delimiter",
        ),
        (TYPE, wrap(PLAIN, b"\r\nx\r\n--B1x\r\nX: y\r\ncontent-type: text/plain\r\n\r\ny\r\n"), "stray_delimiter"),
        (b"Content-Type: multipart/mixed\r\n", wrap(PLAIN), "boundary"),
        (b"Content-Type: multipart/mixed; boundary=B1; boundary=B2\r\n", wrap(PLAIN), "content_type_malformed"),
        (
            b"Content-Type: multipart/mixed; boundary=B1; Boundary*=us-ascii''B2\r\n",
            wrap(PLAIN),
            "content_type_malformed",
        ),
        (b"Content-Type: multipart/mixed; boundary*0=B; boundary*1=1\r\n", wrap(PLAIN), "content_type_malformed"),
        (b"Content-Type: multipart/mixed (x); boundary=B1\r\n", wrap(PLAIN), "content_type_malformed"),
        (b"Content-Type: multipart/digest; boundary=B1\r\n", wrap(PLAIN), "media_type"),
        (TYPE + b"Content-Transfer-Encoding: base64\r\n", wrap(PLAIN), "transfer_encoding"),
        (TYPE + b"Content-Type: text/plain\r\n", wrap(PLAIN), "repeated_field"),
    ],
)
def test_multipart_that_could_be_opened_in_two_ways(fields: bytes, octets: bytes, code: str):
    assert body(fields, octets) == code


def test_naming_the_inner_boundary_shows():
    """The attack of an edited, unsigned Content-Type: each other line of the body as the boundary."""
    octets = wrap(PLAIN, b"Content-Type: multipart/related; boundary=I\r\n\r\n" + wrap(HTML, boundary=b"I"))
    assert body(TYPE, octets) is None
    for line in set(octets.splitlines()) - {b"--B1", b""}:
        edited = b'Content-Type: multipart/mixed; boundary="' + line.removeprefix(b"--").replace(b'"', b"") + b'"\r\n'
        assert body(edited, octets) is not None, line


MIXED = b'Content-Type: multipart/mixed; boundary="---"\r\n'


@pytest.mark.parametrize(
    "text",
    [
        b"Note: we refuse the payment.\r\n\r\nWe pay the rest.\r\n",  # hidden as a field of the part
        b"Note: we refuse.\r\nContent-wise: nothing.\r\n\r\nWe pay the rest.\r\n",
        b"X-ray: we refuse.\r\n\r\nWe pay the rest.\r\n",
        b"Note: no.\r\nContent-Type: text/plain\r\n\r\nWe pay the rest.\r\n",
    ],
)
def test_a_text_between_two_rules_is_no_part(text: bytes):
    assert body(MIXED, wrap(text, boundary=b"---")) == "part_header"


def test_parts_without_fields_are_all_shown_or_ambiguous():
    texts = (b"\r\nWe pay the rest to you.\r\n", b"\r\nWe pay not the rest to you.\r\n")
    assert body(MIXED, wrap(*texts, boundary=b"---")) is None
    assert body(TYPE, wrap(*texts)) == "part_header"


def test_what_mail_programs_write_on_top_of_a_part_is_its_header():
    fields = b"Content-Disposition: inline\r\nX-Attachment-Id: f_1\r\nMime-Version: 1.0\r\n\r\nwords\r\n"
    assert body(TYPE, wrap(PLAIN, fields)) is None


# ---- one text ---------------------------------------------------------------------------------

UTF_8 = b"Content-Type: text/plain; charset=UTF-8\r\n"
QP = b"Content-Transfer-Encoding: quoted-printable\r\n"
B64 = b"Content-Transfer-Encoding: base64\r\n"
LONG_URL = b"https://shop.test/?item=12&colour=AB&reference=20170102030405060708&session=0123456789"


@pytest.mark.parametrize(
    ("fields", "octets"),
    [
        (b"", b"hello\r\n"),
        (b"", b""),
        (UTF_8, "caf\u00e9 \u20ac\r\n".encode()),
        (b"Content-Type: text/plain; charset=iso-8859-1; format=flowed\r\n", b"hello \r\nyou\r\n"),
        (UTF_8, b"On Monday Bob <bob@x.test> wrote:\r\n> see <https://x.test/a?b=c> <mailto:a@b.test>\r\n"),
        (UTF_8, b"1 < 2 and <3 and a<=b and < b\r\n"),
        (UTF_8, b"see " + LONG_URL + b"\r\n"),
        (UTF_8, b"a = b, c=d\r\n"),
        (UTF_8, b"Okay\r\n"),
        (UTF_8, b"-- \r\nAnna\r\nTel: 1\r\n\r\n"),
        (UTF_8 + QP, b"caf=C3=A9 a=3Db soft=\r\nly =20\r\n=2E\r\n=46rom\r\n"),
        (UTF_8 + B64, base64.encodebytes("caf\u00e9 au lait".encode())),
        (b"Content-Type: text/html; charset=utf-8\r\n", b"\r\n<!DOCTYPE html><p>hi <a href='x'>y</a>"),
        (b"Content-Type: text/html; charset=utf-8\r\n" + QP, b'<div dir=3D"ltr">hi</div>\r\n'),
    ],
)
def test_text_that_reads_one_way(fields: bytes, octets: bytes):
    assert body(fields, octets) is None


@pytest.mark.parametrize(
    ("fields", "octets", "code"),
    [
        (UTF_8, b"pay <b>nothing</b>\r\n", "text_with_markup"),
        (UTF_8, b"a </x> b\r\n", "text_with_markup"),
        (UTF_8, b"a <!-- b\r\n", "text_with_markup"),
        (UTF_8, b"a <?x b\r\n", "text_with_markup"),
        (UTF_8, b"<img/src=x@y.test>\r\n", "text_with_markup"),
        (UTF_8, b"<a@b.test <i>\r\n", "text_with_markup"),
        (UTF_8 + QP, b"pay =3Cb>\r\n", "transfer_encoding"),
        (b"Content-Type: text/html\r\n", b"words <b>only</b>\r\n", "html_without_markup"),
        (b"Content-Type: text/html\r\n", b"<bob@x.test> wrote\r\n", "html_without_markup"),
        (b"Content-Type: text/plain; charset=utf-7\r\n", b"hello\r\n", "charset"),
        (b"Content-Type: text/plain; charset=utf-16\r\n", b"hell", "charset"),
        (b"Content-Type: text/plain; charset=iso-2022-jp\r\n", b"hello\r\n", "charset"),
        (b"Content-Type: text/plain; charset=hz-gb-2312\r\n", b"hello\r\n", "charset"),
        (b"Content-Type: text/plain; charset=cp037\r\n", b"hello\r\n", "charset"),
        (b"Content-Type: text/plain; charset=x-unheard-of\r\n", b"hello\r\n", "charset"),
        (b"Content-Type: text/plain; charset=iso-8859-2\r\n", b"caf\xe9\r\n", "charset"),
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n", "caf\u00e9\r\n".encode(), "charset"),
        (b"", "caf\u00e9\r\n".encode(), "charset"),
        (UTF_8, b"a\x00b\r\n", "control_character"),
        (UTF_8, b"\x1b$B$3\x1b(B\r\n", "control_character"),
        (UTF_8, b"pay 1=30 to Bob\r\n", "transfer_encoding"),  # as quoted-printable: pay 10
        (UTF_8, b"soft=\r\nbreak\r\n", "transfer_encoding"),
        (UTF_8, base64.b64encode(b"I confess to everything") + b"\r\n", "transfer_encoding"),
        (UTF_8 + QP, b"pay 1=30 to Bob\r\n", "transfer_encoding"),
        (UTF_8 + QP, b"a=20b\r\n", "transfer_encoding"),
        (UTF_8 + QP, b"a=b\r\n", "transfer_encoding"),
        (UTF_8 + B64, b"aGVsbG8", "transfer_encoding"),
        (UTF_8 + QP, base64.b64encode(b"I confess to everything.") + b"\r\n", "transfer_encoding"),
        (UTF_8, b"a=3Db " + b"y" * 90 + b"\r\n", "transfer_encoding"),
        (UTF_8, b"--B\r\n\r\nx\r\n--B--\r\n", "stray_delimiter"),
        (UTF_8 + b"Content-Transfer-Encoding: x-uuencode\r\n", b"hello\r\n", "transfer_encoding"),
        (UTF_8 + b"Content-Transfer-Encoding: 7bit (x)\r\n", b"hello\r\n", "transfer_encoding"),
        (UTF_8, b"--B\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--\r\n", "stray_delimiter"),
        (UTF_8, b"preamble\r\n--B\r\nX: y\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--\r\n", "stray_delimiter"),
        (b"Content-Type: application/pdf\r\n", b"%PDF", "media_type"),
        (b"Content-Type: text/enriched\r\n", b"x", "media_type"),
        (b"Content-Type: text\r\n", b"x", "content_type_malformed"),
    ],
)
def test_text_that_could_be_read_in_two_ways(fields: bytes, octets: bytes, code: str):
    assert body(fields, octets) == code


def test_text_larger_than_is_held_in_memory_is_not_told():
    assert body(UTF_8, b"x y\r\n" * (LIMITS.in_memory // 5 + 1)) == "too_large_to_tell"


# ---- properties and attacks --------------------------------------------------------------------

ENCODERS = (
    lambda text: text.encode(),
    lambda text: quopri.encodestring(text.encode()).replace(b"\r", b"=0D"),
    lambda text: base64.encodebytes(text.encode()),
)


def shown(fields: bytes, octets: bytes) -> bytes:
    """What a mail program shows of one text under a transfer encoding, blanks at line ends aside."""
    content = octets
    if fields.endswith(QP):
        content = quopri.decodestring(octets)
    elif fields.endswith(B64):
        content = base64.b64decode(octets)
    return b"\n".join(line.rstrip() for line in content.splitlines()).strip()


@given(
    st.text(st.sampled_from("abcDEF013 =.<>+/\u00e9\n-"), max_size=60), st.sampled_from(ENCODERS), st.integers(0, 90)
)
def test_an_edited_transfer_encoding_never_shows_another_text(text: str, encode, width: int):
    octets = encode("y" * width + text)
    claims = [fields for fields in (UTF_8, UTF_8 + QP, UTF_8 + B64) if body(fields, octets) is None]
    assert len({shown(fields, octets) for fields in claims}) <= 1, (octets, claims)


LINES = [
    b"--B",
    b"--B--",
    b"--I",
    b"--I--",
    b"",
    b"x",
    b"Content-Type: text/plain",
    b"<p>",
    b"<a@b.test>",
    b"-- ",
    b"a <b>",
]


@given(st.lists(st.sampled_from(LINES), max_size=10))
def test_an_edited_media_type_or_boundary_never_opens_the_body_otherwise(lines: list[bytes]):
    octets = b"\r\n".join(lines) + b"\r\n"
    types = [UTF_8, b"Content-Type: text/html\r\n"]
    types += [b"Content-Type: multipart/mixed; boundary=" + name + b"\r\n" for name in (b"B", b"I", b"B--", b"I--")]
    if octets.strip():
        assert sum(body(fields, octets) is None for fields in types) <= 1


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", UTF_8, UTF_8 + QP, UTF_8 + B64, TYPE, b"Content-Type: text/html\r\n"]),
)
def test_any_octets_are_taken(octets: bytes, fields: bytes):
    read(octets)
    read(HEADER + fields + b"\r\n" + octets)
    read(HEADER + octets + b"\r\n\r\n")


def test_hostile_messages_are_bounded():
    start = time.process_time()
    for octets in (
        b"\n--" * 1_000_000,
        b"\n--a:" * 300_000,
        b"\n--\na:\n b" * 200_000,
        b"--x\nA: b\n" + b" c\n" * 300_000,
        b"--B1\r\n" + b"\n--B1" * 1_000_000 + b"\r\n--B1--",
        b" " * 1_000_000,
        b"<" * 1_000_000,
        b"<a@" * 1_000_000,
        b"<http://" * 500_000,
        b"=20" * 1_000_000,
        b"--B1\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 200_000 + b"\r\n--Z\r\nContent-Type: x\r\n\r\n--B1--",
    ):
        for fields in (UTF_8, UTF_8 + QP, TYPE, b"Content-Type: text/html\r\n"):
            body(fields, octets)
    for value in (b"(" * 100_000, b"; x" * 300_000, b'"' * 900_000, b";a=b" * 200_000):
        read(b"From: " + value + b"\r\nContent-Type: text/plain" + value + b"\r\n\r\nx")
    assert time.process_time() - start < 8
