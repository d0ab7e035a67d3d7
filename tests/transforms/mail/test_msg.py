"""What Outlook keeps of a message, property by property."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from transforms.containers.compound import open_compound
from transforms.mail.mapi import OutlookMessage, read_message
from transforms.mail.msg import taken_apart
from transforms.span import in_memory

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from outlook_file import compound, message, outlook, properties


def read(octets: bytes) -> OutlookMessage:
    return read_message(taken_apart(open_compound(in_memory(octets))))


def texts(found: OutlookMessage) -> list[tuple[str, bytes]]:
    return [(part.media_type, part.body.read()) for part in found.parts]


def test_the_header_section_is_kept_octet_for_octet() -> None:
    headers = b"Subject: a\r\n  b\r\nFROM : x@y.example\r\nX: \t1 \r\n\r\n"
    found = read(outlook(headers))
    assert found.transported
    assert b"".join(field.raw for field in found.message.fields) == headers.removesuffix(b"\r\n")


def test_headers_of_parts_below_the_empty_line_are_none() -> None:
    found = read(outlook(b"Subject: a\r\n\r\n--b\r\nFrom: eve@y.example\r\n"))
    assert [field.key for field in found.message.fields] == ["subject"]


def test_text_is_preferred_to_html() -> None:
    assert texts(read(outlook(body="plain", html=b"<p>rich"))) == [("text/plain", b"plain")]
    assert texts(read(outlook(body=" \r\n", html=b"<p>rich"))) == [("text/html", b"<p>rich")]
    assert texts(read(outlook(subject="x"))) == []


def test_rich_text_is_read_where_there_is_nothing_else() -> None:
    rich = b"{\\rtf1\\ansi\\ansicpg1252 caf\\'e9}"
    kept = struct.pack("<LL4sL", len(rich) + 12, len(rich), b"MELA", 0) + rich
    assert texts(read(compound({**message(), "__substg1.0_10090102": kept}))) == [("text/plain", "café".encode())]
    assert texts(read(compound({**message(body="plain"), "__substg1.0_10090102": kept}))) == [("text/plain", b"plain")]


def test_html_is_read_under_its_own_code_page() -> None:
    tree: dict[str, Any] = dict(message(html="<p>é".encode("cp1251", "replace") + b"\xe9"))
    tree["__properties_version1.0"] = properties(32, {0x3FDE0003: struct.pack("<I4x", 1251)})
    assert texts(read(compound(tree))) == [("text/html", "<p>?й".encode())]


@pytest.mark.parametrize("fixed", [b"", b"\0" * 31, b"\0" * 32 + b"\1" * 15, b"\xff" * 64, b"\0" * 32 + b"\xff" * 16])
def test_damaged_properties_of_fixed_size_are_absent(fixed: bytes) -> None:
    tree = {**message(subject="x"), "__properties_version1.0": fixed}
    assert read(compound(tree)).message.named("date") == ()


def test_a_time_beyond_all_calendars_is_absent() -> None:
    tree = {**message(subject="x"), "__properties_version1.0": properties(32, {0x00390040: b"\xff" * 8})}
    assert read(compound(tree)).message.named("date") == ()


def test_a_property_that_cannot_be_read_is_remembered() -> None:
    octets = bytearray(outlook(subject="x", body="b" * 9_000))
    at = octets.index("__substg1.0_1000001F".encode("utf-16-le"))
    struct.pack_into("<I", octets, at + 116, 0x00FFFFFF)  # where it begins
    found = read(bytes(octets))
    assert found.error_code is not None and found.parts == ()
    assert found.message.named("subject")[0].value.strip() == b"x"


def test_a_line_end_in_a_property_makes_no_header_field() -> None:
    found = read(outlook(subject="x\r\nFrom: eve@y.example", sender="a@b.example", sender_name='"\r\nBcc: z'))
    assert [field.key for field in found.message.fields] == ["from", "subject"]
