"""Two messages read alike only if every part says the same."""

from __future__ import annotations

import pytest

from transforms.auth.repair.alike import reads_alike
from transforms.mail.fields import split_message
from transforms.model import Message
from transforms.span import in_memory

MAIL = (
    b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\nbefore\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\none\r\ntwo\r\n"
    b"--b\r\nContent-Type: image/png; name=x\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJDREVG\r\n--b--\r\nafter\r\n"
)


def message(octets: bytes) -> Message:
    return split_message(in_memory(octets))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"one\r\n", b"one  \r\n"),
        (b"\r\n\r\none", b"\r\n\r\n\r\n\r\none"),
        (b"two\r\n", b"two\r\n\r\n\r\n"),
        (b"QUJDREVG", b"QUJD\r\nREVG\r\n"),
        (b"\r\n", b"\n"),
        (b"utf-8\r\n\r\none\r\ntwo", b"utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nb25lDQp0d28="),
        (b"utf-8\r\n\r\none", b"utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=6Fne"),
    ],
)
def test_what_nobody_sees_makes_no_difference(old: bytes, new: bytes) -> None:
    assert old in MAIL
    assert reads_alike(message(MAIL), message(MAIL.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"one", b"once"),
        (b"one\r\ntwo", b"one two"),
        (b"one", b" one"),
        (b"one\r\n", b"one\r\n\r\n"),
        (b"one\r\n", b"one\r"),
        (b"utf-8", b"utf-7"),
        (b"text/plain", b"text/html"),
        (b"name=x", b"name=y"),
        (b"image/png", b"image/gif"),
        (b"QUJDREVG", b"QUJDREVH"),
        (b"QUJDREVG", b"QUJD!REVG"),
        (b"before", b"before all"),
        (b"after", b"after all"),
        (b"--b--\r\nafter", b"after"),
        (b"--b--", b"--b\r\n\r\nmore\r\n--b--"),
        (b"boundary=b", b"boundary=c"),
        (b"a@b.example", b"x@b.example"),
    ],
)
def test_what_somebody_sees_does(old: bytes, new: bytes) -> None:
    assert old in MAIL
    assert not reads_alike(message(MAIL), message(MAIL.replace(old, new, 1)))
    assert not reads_alike(message(MAIL.replace(old, new, 1)), message(MAIL))
