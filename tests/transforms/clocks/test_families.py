"""Each family of clocks: a vector from its standard or from public mail, and what only looks like one."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.clocks import families, read_clocks
from transforms.mail.fields import split_message
from transforms.model import Clock, Message
from transforms.span import in_memory

SECOND = 1_000_000


def message(*fields: str) -> Message:
    return split_message(in_memory("".join(f"{field}\r\n" for field in (*fields, "")).encode("latin-1")))


def clocks(*fields: str, boundaries: tuple[str, ...] = ()) -> list[Clock]:
    return list(read_clocks(message(*fields), boundaries))


def shown(clock: Clock) -> tuple[str, str, str]:
    moment = datetime.fromtimestamp(clock.micros / SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return clock.source, clock.generator, moment


@pytest.mark.parametrize(
    ("message_id", "generator", "moment"),
    [
        ("0a1b01d2bcd2$a2581000$b100a8c0@desk.example", "outlook", "2017-04-24 08:13:20"),
        ("58FDB3A0.3050403@campaign.example", "mozilla", "2017-04-24 08:13:20"),
        ("1493021600.1234.5.camel@desk.example", "evolution", "2017-04-24 08:13:20"),
        ("12.34.1493021600123.JavaMail.root@app1", "javamail", "2017-04-24 08:13:20"),
        ("7.8.1493021600123@mail.yahoo.com", "yahoo", "2017-04-24 08:13:20"),
        ("0100015b9f05a97b-0a1b2c3d-1111-2222-3333-444455556666-000000@email.amazonses.com", "ses",
         "2017-04-24 08:13:20"),
        ("149302160012.4567.123456789@host", "python", "2017-04-24 08:13:20"),
        ("E1d2Z7Y-0001xY-7Q@mx.campaign.example", "exim", "2017-04-24 08:13:20"),
        ("20170424081320.12345.qmail@host", "stamped", "2017-04-24 08:13:20"),
        ("20170424081320.3A7B420E1@mx.campaign.example", "postfix", "2017-04-24 08:13:20"),
        ("OF4D2C1A3B.7E5F0A12-ONC125810C.0029D0AA-C125810C.002D2A80@campaign.example", "notes", "2017-04-24 08:13:20"),
        ("e09ad000-28c5-11e7-93ae-92361f002671@host", "uuid1", "2017-04-24 08:13:20"),
    ],
)  # fmt: skip
def test_message_id_tells_its_moment(message_id: str, generator: str, moment: str) -> None:
    assert ("message_id", generator, moment) in map(shown, clocks(f"Message-ID: <{message_id}>"))


@pytest.mark.parametrize(
    "message_id",
    [
        "0a1b01d2bcde$b2d38d20@desk.example",  # a group short
        "58fdb2a0.3050403@campaign.example",  # Mozilla writes capitals
        "99999999.3050403@campaign.example",
        "f81d4fae-7dec-41d0-a765-00a0c91e6bf6@host",  # version 4: random
        "20171324081320.12345@host",  # month 13
        "CAH7Q=abc@mail.gmail.com", "", "x" * 3000,
        "E000000-0001xY-7Q@host",  # 1970
    ],
)  # fmt: skip
def test_what_is_no_moment_gives_no_clock(message_id: str) -> None:
    assert clocks(f"Message-ID: <{message_id}>") == []


@pytest.mark.parametrize(
    ("boundary", "generator", "moment"),
    [
        ("001a11453d9c1c2800054de52e01", "gmail", "2017-04-24 08:13:20"),
        ("0000000000001c2800054de52e01", "gmail since 2018", "2017-04-24 08:13:20"),
        ("----=_NextPart_000_0012_01D2BCD2.A2581000", "outlook", "2017-04-24 08:13:20"),
        ("----=_Part_12_-34567.1493021600123", "javamail", "2017-04-24 08:13:20"),
    ],
)
def test_boundary_tells_its_moment(boundary: str, generator: str, moment: str) -> None:
    assert [("boundary", generator, moment)] == [shown(clock) for clock in clocks(boundaries=(boundary,))]


@pytest.mark.parametrize(
    ("received", "generator", "moment"),
    [
        ("from a by mx (Exim 4.88) id 1d2Z7Y-0001xY-7Q; Mon, 24 Apr 2017 10:13:20 +0200", "exim",
         "2017-04-24 08:13:20"),
        ("by mx.example (Postfix) with ESMTPS id 3wBJxr0sf8z1Xy; Mon, 24 Apr 2017 08:13:20 +0000", "postfix",
         "2017-04-24 08:13:20"),
        ("by mx (8.14.4/8.14.4) with ESMTP id v3O8DKab012345; Mon, 24 Apr 2017 08:13:20 GMT", "sendmail",
         "2017-04-24 08:13:20"),
        ("by mx.google.com id x1mr1234567abc.12.1493021600123; Mon, 24 Apr 2017 01:13:20 -0700 (PDT)", "gmail",
         "2017-04-24 08:13:20"),
    ],
)  # fmt: skip
def test_queue_id_tells_the_moment_of_its_hop(received: str, generator: str, moment: str) -> None:
    found = clocks(f"Received: {received}")
    assert ("queue_id", generator, moment) in map(shown, found)
    assert ("received", "as written", "2017-04-24 08:13:20") in map(shown, found)
    assert {clock.hop for clock in found} == {0}


def test_queue_ids_of_other_software_are_left_alone() -> None:
    assert {c.source for c in clocks("Received: by mx with SMTP id v3O8DKab012345; Mon, 24 Apr 2017 08:13:20 GMT")} == {
        "received"
    }


def test_exchange_guid_of_public_mail() -> None:
    (found,) = clocks("X-MS-Office365-Filtering-Correlation-Id: 1e719169-7274-4933-9d65-08d509dfd6dc")
    assert shown(found) == ("field", "exchange_online", "2017-10-02 21:52:12")


def test_original_arrival_time_gives_both_forms() -> None:
    found = clocks("X-OriginalArrivalTime: 24 Apr 2017 08:13:20.0000 (UTC) FILETIME=[A2581000:01D2BCD2]")
    assert [shown(clock)[1:] for clock in found] == [
        ("exchange", "2017-04-24 08:13:20"),
        ("exchange as printed", "2017-04-24 08:13:20"),
    ]


def test_thread_index_of_the_classic_form_adds_its_blocks() -> None:
    header = bytes.fromhex("01d2bcd2a258") + bytes(16)
    block = (10_000_000 * 60 >> 18).to_bytes(4, "big") + b"\x10"  # one minute
    found = [
        shown(clock)[2]
        for value in (header, header + block, header + block + block)
        for clock in clocks(f"Thread-Index: {base64.b64encode(value).decode()}")
    ]
    assert found == ["2017-04-24 08:13:19", "2017-04-24 08:14:19", "2017-04-24 08:15:19"]


@pytest.mark.parametrize(
    "value", ["", "AQE4CFRw", "QQ==", "AdK83rLT", base64.b64encode(b"\x01\xd2" + bytes(31)).decode()]
)
def test_thread_index_of_another_length_is_none(value: str) -> None:
    assert clocks(f"Thread-Index: {value}") == []


def test_signing_time_is_read_once_a_signature() -> None:
    found = clocks("DKIM-Signature: v=1; a=rsa-sha256; t=1493021600; bh=x; b=t=1", "ARC-Seal: i=1; t=1493021601")
    assert [shown(clock) for clock in found] == [
        ("signature", "dkim", "2017-04-24 08:13:20"),
        ("signature", "arc", "2017-04-24 08:13:21"),
    ]


def test_a_second_date_field_counts_like_the_columns_do() -> None:
    found = clocks("Date: Mon, 24 Apr 2017 08:13:20 +0000", "Date: Tue, 25 Apr 2017 08:13:20 +0000")
    assert [shown(clock)[2] for clock in found] == ["2017-04-25 08:13:20"]


def test_clocks_of_a_mail_are_bounded() -> None:
    hop = "Received: from a by b (Exim 4.88) id 1d2Z7Y-0001xY-7Q; Mon, 24 Apr 2017 10:13:20 +0200"
    assert len(clocks(*[hop] * 5000)) <= 200


@given(st.binary(max_size=400), st.lists(st.text(max_size=80), max_size=3))
def test_any_octets_are_read(octets: bytes, boundaries: list[str]) -> None:
    keys = (b"Message-ID", b"Received", b"Thread-Index", b"X-OriginalArrivalTime", b"Date")
    head = b"".join(b"%s: %s\r\n" % (key, octets.replace(b"\n", b" ")) for key in keys)
    for clock in read_clocks(split_message(in_memory(head + b"\r\n")), boundaries):
        assert 788_918_400 * SECOND <= clock.micros < 2_145_916_800 * SECOND


def test_every_family_says_what_it_reads() -> None:
    for family in families():
        assert family.__doc__ and callable(family.read)
