import base64
import binascii
import os
import tempfile
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.limits import LIMITS
from transforms.mail.transfer import decode
from transforms.span import FileSpan, in_memory


def decoded(data: bytes, encoding: str) -> tuple[bytes, bool]:
    decoding = decode(in_memory(data), encoding)
    return b"".join(decoding), decoding.strict()


def wrapped(raw: bytes, end: bytes = b"\r\n", width: int = 76) -> bytes:
    letters = base64.b64encode(raw)
    return b"".join(letters[at : at + width] + end for at in range(0, len(letters), width))


@pytest.mark.parametrize(
    ("data", "content", "strict"),
    [
        (b"", b"", True),
        (b"YWJj", b"abc", True),
        (b"YWI=", b"ab", True),
        (b"YQ==\r\n", b"a", True),
        (b"YW\r\nJj\n", b"abc", True),
        (b"YWJj\r\n\r\n", b"abc", True),
        (b"YW Jj", b"abc", False),
        (b"YW!Jj", b"abc", False),
        (b"YWI", b"ab", False),  # padding left out
        (b"YWJjZ", b"abc", False),
        (b"YWI==", b"ab", False),
        (b"YWJj=", b"abc", False),
        (b"YWI=YWJj", b"ababc", False),  # two texts joined
        (b"YQ==\r\nYWI=\r\nYWJj", b"aababc", False),
        (b"=YWJj", b"abc", False),
        (b"====", b"", False),
        (b"YWJj\r\n--not closed", b"abc" + base64.b64decode("notclose"), False),
    ],
)
def test_base64(data: bytes, content: bytes, strict: bool):
    assert decoded(data, "base64") == (content, strict)


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
@pytest.mark.parametrize("width", [4, 60, 64, 70, 76, 998])
@pytest.mark.parametrize("size", [0, 1, 2, 56, 57, 58, 114, 3_000_000])
def test_base64_of_any_width_and_line_end(end: bytes, width: int, size: int):
    raw = os.urandom(size)
    assert decoded(wrapped(raw, end, width), "base64") == (raw, True)


@pytest.mark.parametrize("place", [0, 1, 77, 78, 600_000, LIMITS.chunk - 1, LIMITS.chunk, LIMITS.chunk + 1, -5, -1])
@pytest.mark.parametrize("junk", [b"!", b" ", b"\x00", b"-", b"\xff"])
def test_one_octet_of_junk_anywhere_is_not_strict(place: int, junk: bytes):
    raw = os.urandom(1_200_000)
    data = wrapped(raw)
    place %= len(data)
    assert decoded(data[:place] + junk + data[place:], "base64") == (raw, False)


@pytest.mark.parametrize("place", [3, 76, 77, 78, 700_000, LIMITS.chunk])
def test_one_octet_replaced_in_even_lines_is_never_strict(place: int):
    data = bytearray(wrapped(bytes(1_200_000)))
    data[place] = 0x21
    assert decoded(bytes(data), "base64")[1] is False


def test_strictness_is_unknown_until_the_end_is_read():
    decoding = decode(in_memory(wrapped(bytes(3_000_000))), "base64")
    next(iter(decoding))
    assert decoding.strict() is False


@pytest.mark.parametrize(
    ("data", "content", "strict"),
    [
        (  # RFC 2045 §6.7
            b"Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.",
            b"Now's the time for all folk to come to the aid of their country.",
            True,
        ),
        (b"caf=C3=A9\r\n", b"caf\xc3\xa9\r\n", True),
        (b"caf=c3=a9", b"caf\xc3\xa9", True),
        (b"a  \r\nb\t\nc ", b"a\r\nb\nc", False),  # rule 3
        (b"a= \r\nb", b"ab", False),
        (b"1=2", b"1=2", False),
        (b"a=", b"a", False),
        (b"caf\xe9", b"caf\xe9", False),
        (b"a\rb", b"a\rb", False),
    ],
)
def test_quoted_printable(data: bytes, content: bytes, strict: bool):
    assert decoded(data, "quoted-printable") == (content, strict)


def test_identity_is_strict_and_unknown_encodings_lose_nothing():
    for encoding in ("", "7bit", "8bit", "binary"):
        assert decoded(b"\x00=3D", encoding) == (b"\x00=3D", True)
    assert decoded(b"\x00=3D", "x-zip") == (b"\x00=3D", False)


def test_uuencode():
    raw = bytes(range(256)) * 2
    lines = b"".join(binascii.b2a_uu(raw[at : at + 45]) for at in range(0, len(raw), 45))
    data = b"begin 644 a.bin\n" + lines + b"`\nend\nafter\n"
    assert decoded(data, "x-uuencode") == (raw, False)
    assert decoded(data.replace(b"\n", b"\r\n"), "x-uuencode")[0] == raw
    assert decoded(b"no begin line", "x-uuencode") == (b"no begin line", False)


@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable", "x-uuencode", "7bit", "?"]))
def test_any_octets_decode_the_same_from_memory_and_file(data: bytes, encoding: str):
    from_memory = decoded(data, encoding)
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        decoding = decode(FileSpan(file.fileno(), 0, len(data)), encoding)
        assert (b"".join(decoding), decoding.strict()) == from_memory


@given(st.binary(max_size=300))
def test_quoted_printable_of_the_standard_library_is_read_back(raw: bytes):
    assert decoded(binascii.b2a_qp(raw, istext=False), "quoted-printable")[0] == raw


@given(st.binary(max_size=200), st.binary(max_size=3))
def test_strict_base64_agrees_with_the_standard_library(raw: bytes, tail: bytes):
    data = base64.b64encode(raw) + tail
    content, strict = decoded(data, "base64")
    if strict:
        assert content == base64.b64decode(data.translate(None, b"\r\n"), validate=True)


def test_hostile_bodies_take_linear_time():
    start = time.process_time()
    for piece in (b"A=", b"=", b"=\n", b"A\n", b" \n", b"= ", b" ", b"\r"):
        for encoding in ("base64", "quoted-printable", "x-uuencode"):
            decoded(b"begin 644 a\n" + piece * 200_000, encoding)
    assert time.process_time() - start < 3
