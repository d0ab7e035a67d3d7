"""Links that gateways rewrote give back the link inside."""

from __future__ import annotations

import time

import pytest

from transforms.auth.repair.links import links
from transforms.mail.fields import split_message
from transforms.model import Message
from transforms.span import in_memory

HEADER = b"From: a@b.example\r\n\r\n"


def message(text: bytes) -> Message:
    return split_message(in_memory(HEADER + text))


@pytest.mark.parametrize(
    ("rewritten", "link"),
    [
        (
            b"https://urldefense.proofpoint.com/v1/url?u=http://www.b.example/x%3Fy%3D1&k=abc%3D%0A&r=x&s=1",
            b"http://www.b.example/x?y=1",
        ),
        (
            b"https://urldefense.proofpoint.com/v2/url?u=https-3A__www.b.example_x-2Dy&d=DwMF&c=q&e=",
            b"https://www.b.example/x-y",
        ),
        (b"https://urldefense.com/v3/__https://www.b.example/a*b__;Iw!!Q!z-1_$", b"https://www.b.example/a#b"),
        (b"https://urldefense.com/v3/__https://b.example/**Bx__;4oKs!!Q!z$", "https://b.example/€x".encode()),
        (b"https://urldefense.us/v3/__http://b.example/__;!!Q!z$", b"http://b.example/"),
        (
            b"https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fb.example%2Fx%3Fa%3D1&amp;data=05%7C02%7C"
            b"&amp;sdata=a%2Bb%3D&amp;reserved=0",
            b"https://b.example/x?a=1",
        ),
    ],
)
def test_a_rewritten_link_gives_the_one_inside(rewritten: bytes, link: bytes) -> None:
    (found,) = links(message(b"see " + rewritten + b".\r\n"))
    assert found.body.read() == b"see " + link + b".\r\n"


def test_links_are_counted_over_all_parts() -> None:
    link = b"https://urldefense.com/v3/__http://b.example/__;!!Q!z$\r\n"
    part = b"--b\r\n\r\n" + link * 300
    head = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    (found,) = links(split_message(in_memory(head + part * 5 + b"--b--\r\n")))
    assert found.body.read().count(b"\r\nhttp://b.example/") == 1_000


def test_links_without_an_end_take_linear_time() -> None:
    unit = b"https://urldefense.com/v3/__a__;!!" * 480 + b"\r\n"
    part = b"--b\r\n\r\n" + unit
    head = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    hostile = split_message(in_memory(head + part * 60 + b"--b--\r\n"))
    start = time.process_time()
    assert list(links(hostile)) == []
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    "text",
    [
        b"https://www.b.example/v2/url?u=x\r\n",
        b"https://urldefense.com/v3/__http://b.example\r\n",
        b"https://urldefense.com/v3/__x__;" + b"A" * 2_001 + b"!!Q!z$\r\n",
        b"https://urldefense.com/v3/__" * 20_000,
    ],
)
def test_other_text_is_left_alone(text: bytes) -> None:
    assert list(links(message(text))) == []
