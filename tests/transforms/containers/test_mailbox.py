"""mbox by octets: RFC 4155, what mail programs write, and ranges that agree however they are cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.containers import mailbox
from transforms.limits import LIMITS
from transforms.model import Entry
from transforms.span import FileSpan, in_memory

FROM = b"From ann@press.example Sat Apr 22 08:00:00 2017\n"


def found(octets: bytes) -> list[tuple[str, int, bytes]]:
    return [shown(entry, octets) for entry in mailbox.entries(in_memory(octets))]


def shown(entry: Entry, octets: bytes) -> tuple[str, int, bytes]:
    assert entry.offset is not None and entry.start is not None and entry.length is not None
    return entry.form, entry.offset, octets[entry.start : entry.start + entry.length]


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[FileSpan]:
    """A mailbox of 3 MiB whose separators lie across the windows in which a file is read."""
    path = tmp_path / "inbox"
    with open(path, "wb") as file:
        for place in (0, LIMITS.chunk - 7, LIMITS.chunk + 4000, 2 * LIMITS.chunk - 1):
            file.seek(place)
            file.write(b"\n\n" * (place > 0) + FROM + b"Subject: a\n\nbody\n")
        file.truncate(3 * LIMITS.chunk)
    fd = os.open(path, os.O_RDONLY)
    yield FileSpan(fd, 0, 3 * LIMITS.chunk)
    os.close(fd)


def test_two_messages_lie_without_from_line_and_separating_line() -> None:
    first, second = b"Subject: one\n\nbody\n", b"Subject: two\n\nbody\n"
    octets = FROM + first + b"\n" + FROM + second + b"\n"
    at = len(FROM + first) + 1
    assert found(octets) == [("message", 0, first), ("message", at, second)]


def test_crlf_mailbox_loses_one_crlf_between_messages() -> None:
    line = FROM.replace(b"\n", b"\r\n")
    one = b"Subject: one\r\n\r\nbody\r\n\r\n"
    assert [o for _, _, o in found((line + one + b"\r\n") * 2)] == [one, one]


def test_blank_lines_of_the_body_stay_but_one() -> None:
    body = b"Subject: one\n\nbody\n\n\n"
    assert [o for _, _, o in found(FROM + body + b"\n" + FROM + body + b"\n")] == [body, body]


MAIL = b"Received: from a\nFrom: ann@press.example\nSubject: a\n\nbody\n"


def close(octets: bytes, start: int = 0, stop: int | None = None) -> list[tuple[str, int, bytes]]:
    assert not mailbox.holds_several(in_memory(octets)) and mailbox.holds_close(in_memory(octets))
    return [shown(entry, octets) for entry in mailbox.entries(in_memory(octets), start, stop, close=True)]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_a_mailbox_without_empty_lines_is_taken_apart(line_end: bytes) -> None:
    octets = ((FROM + MAIL) * 3).replace(b"\n", line_end)
    assert [(form, mail) for form, _, mail in close(octets)] == [("message", MAIL.replace(b"\n", line_end))] * 3


@pytest.mark.parametrize("top", [b"\n", b"\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_what_stands_before_a_mailbox_without_empty_lines_repeats_no_message(top: bytes) -> None:
    found = close(top + (FROM + MAIL) * 2)
    assert [(form, octets) for form, _, octets in found] == [("gap", top), ("message", MAIL), ("message", MAIL)]


@pytest.mark.parametrize("top", [b"", b"\n"])
def test_ranges_of_a_mailbox_without_empty_lines_agree_at_every_cut(top: bytes) -> None:
    octets = top + (FROM + MAIL) * 3
    for cut in range(1, len(octets)):
        assert close(octets, 0, cut) + close(octets, cut) == close(octets)


@pytest.mark.parametrize(
    "octets",
    [
        FROM + MAIL,
        MAIL + FROM + MAIL,  # it is no mailbox
        FROM + MAIL + FROM + b"Subject: only\nthat\n",
        FROM + MAIL + b"From ann@press.example\n" + MAIL,  # no date
        FROM + MAIL + b">" + FROM + MAIL,
        FROM + MAIL + b"She wrote: " + FROM + MAIL,
    ],
)
def test_a_quoted_from_line_does_not_take_a_message_apart(octets: bytes) -> None:
    assert not mailbox.holds_close(in_memory(octets))


def test_last_message_without_a_final_line_end_is_whole() -> None:
    assert found(FROM + b"Subject: a\n\nb") == [("message", 0, b"Subject: a\n\nb")]


@pytest.mark.parametrize(
    "line",
    [
        b"From - Mon Jan 01 00:00:00 2001",  # Thunderbird
        b"From ???@??? Mon Jan 01 00:00:00 2001",  # Eudora
        b"From 1234567890@xxx Thu Jan 11 10:01:30 +0000 2018",  # Google Takeout
        b'From "ann b"@press.example Sat Apr  2 08:00 MET DST 2017',
        b"From MAILER-DAEMON Fri Jul  8 12:08:34 2011",
    ],
)
def test_from_lines_of_mail_programs_separate(line: bytes) -> None:
    octets = FROM + b"A: b\n\nc\n\n" + line + b"\nReceived: x\n\ny\n"
    assert [(form, o) for form, _, o in found(octets)] == [
        ("message", b"A: b\n\nc\n"),
        ("message", b"Received: x\n\ny\n"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"\nFrom now on we meet on Mondays.\nSubject: x\n",  # no date
        FROM + b"Subject: x\n",  # no empty line before
        b"\n>" + FROM + b"Subject: x\n",  # quoted
        b"\n" + FROM + b"and then she wrote\n",  # no field after
        b"\n " + FROM + b"Subject: x\n",  # indented
    ],
)
def test_lookalikes_do_not_separate(text: bytes) -> None:
    octets = FROM + b"Subject: a\n\nbody\n" + text
    assert [form for form, _, _ in found(octets)] == ["message"]


def test_quoted_from_line_may_follow_a_from_line() -> None:
    octets = FROM + b"A: b\n\n\n" + FROM + b">From x@y.example Sat Apr 22 08:00:00 2017\nSubject: a\n\nz\n"
    assert len(found(octets)) == 2


def test_octets_before_the_first_message_are_a_gap() -> None:
    octets = b"junk\n\n" + FROM + b"A: b\n"
    assert found(octets) == [("gap", 0, b"junk\n\n"), ("message", 6, b"A: b\n")]
    assert found(b"\r\n" + FROM + b"A: b\n")[0] == ("gap", 0, b"\r\n")


@pytest.mark.parametrize("top", [b"\n", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"\xef\xbb\xbf\r\n\r\n"])
def test_a_byte_order_mark_and_empty_lines_on_top_hide_no_message(top: bytes) -> None:
    octets = top + FROM + b"A: b\n\n" + FROM + b"A: c\n"
    assert [(form, o) for form, _, o in found(octets)] == [
        ("gap", top), ("message", b"A: b\n"), ("message", b"A: c\n"),
    ]  # fmt: skip
    assert mailbox.holds_several(in_memory(octets))
    assert not mailbox.holds_several(in_memory(top + FROM + b"A: b\n"))


def test_a_byte_order_mark_elsewhere_is_text() -> None:
    assert len(found(FROM + b"A: b\n\n\xef\xbb\xbf" + FROM + b"A: c\n")) == 1


def test_a_file_without_messages_is_one_gap() -> None:
    assert found(b"nothing here") == [("gap", 0, b"nothing here")]
    assert found(b"") == []


def test_empty_messages_have_their_place() -> None:
    octets = FROM + b"A:\n\n" + FROM
    assert [(at, o) for _, at, o in found(octets)] == [(0, b"A:\n"), (len(FROM) + 4, b"")]


def test_holds_several_needs_a_separator_behind_the_start() -> None:
    assert not mailbox.holds_several(in_memory(FROM + b"A: b\n\nFrom here\n"))
    assert mailbox.holds_several(in_memory(FROM + b"A: b\n\n" + FROM + b"A: b\n"))


def test_separators_at_window_edges_are_found_in_a_file(on_disk: FileSpan) -> None:
    memory = in_memory(on_disk.read())
    in_file = list(mailbox.entries(on_disk))
    assert in_file == list(mailbox.entries(memory))
    assert len(in_file) == 4


def test_first_message_comes_before_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "inbox"
    path.write_bytes(FROM + b"A: b\n\n" + FROM + b"A: b\n")
    fd = os.open(path, os.O_RDONLY)
    beyond = FileSpan(fd, 0, 10 * LIMITS.chunk)  # reading to the end fails: the file is shorter
    try:
        os.truncate(path, 2 * LIMITS.chunk)
        assert next(mailbox.entries(beyond)).length == 5
    finally:
        os.close(fd)


def test_two_ranges_agree_with_the_whole_at_every_cut() -> None:
    octets = b"junk\n\n" + FROM + b"A: b\n\nFrom here\n\n" + FROM + b"A: b\r\n\r\n" + FROM + b"A: b\n\n"
    span = in_memory(octets)
    whole = list(mailbox.entries(span))
    assert len(whole) == 4
    for cut in range(len(octets) + 1):
        assert [*mailbox.entries(span, 0, cut), *mailbox.entries(span, cut)] == whole, cut


PIECES = st.lists(
    st.sampled_from(
        [
            FROM,
            FROM.replace(b"\n", b"\r\n"),
            b"From \n",
            b"From here to Monday 10:00\n",
            b"\n",
            b"\r\n",
            b"Subject: x\n",
            b"Subject: x\r\n",
            b">From ann@press.example Sat Apr 22 08:00:00 2017\n",
            b"text",
            b"\nFrom ",
            b"\xef\xbb\xbf",
            b"\n\n" + FROM + b"A: b\n\n",
            b"\r\n\r\n" + FROM + b"A: b\r\n\r\n",
        ]
    ),
    max_size=30,
).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(PIECES, st.lists(st.integers(0, 2000), max_size=6))
def test_ranges_agree_with_the_whole_wherever_they_are_cut(octets: bytes, cuts: list[int]) -> None:
    span = in_memory(octets)
    places = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    parts = [entry for a, b in pairwise(places) for entry in mailbox.entries(span, a, b)]
    assert parts == list(mailbox.entries(span))


@settings(max_examples=200, deadline=None)
@given(PIECES)
def test_every_octet_lies_in_one_entry_or_in_framing(octets: bytes) -> None:
    entries = list(mailbox.entries(in_memory(octets)))
    at = 0
    for entry in entries:
        assert entry.offset is not None and entry.start is not None and entry.length is not None
        between = octets[at : entry.offset]
        assert between in (b"", b"\n", b"\r\n")
        framing = octets[entry.offset : entry.start]
        assert framing == b"" if entry.form == "gap" else framing.startswith(b"From ") and framing.count(b"\n") == 1
        at = entry.start + entry.length
    assert octets[at:] in (b"", b"\n", b"\r\n")


def test_split_covers_every_octet_once() -> None:
    assert mailbox.split(in_memory(b"x" * 25), 10) == ((0, 10), (10, 20), (20, 25))
    assert mailbox.split(in_memory(b""), 10) == ()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([b">", b">>", b"From ", b"F", b"ro", b"m ", b"\n", b"\r\n", b"x"]), max_size=40),
    st.sampled_from(["mboxrd", "mboxo"]),
)
def test_unquoting_is_the_same_however_the_octets_come(pieces: list[bytes], form: str) -> None:
    octets = b"".join(pieces)
    lines = octets.split(b"\n")
    expected = []
    for line in lines:
        bare = line.lstrip(b">")
        quotes = len(line) - len(bare)
        one = bare.startswith(b"From ") and (quotes == 1 or (quotes > 1 and form == "mboxrd"))
        expected.append(line[1:] if one else line)
    whole = b"\n".join(expected)
    assert b"".join(mailbox.unquoted(iter([octets]), form)) == whole
    assert b"".join(mailbox.unquoted(iter(pieces), form)) == whole
    assert b"".join(mailbox.unquoted((octets[i : i + 1] for i in range(len(octets))), form)) == whole


def test_unquoting_holds_little_of_an_endless_line() -> None:
    out = mailbox.unquoted((b">" * 1000 for _ in range(1000)), "mboxrd")
    assert sum(map(len, out)) == 1_000_000


@pytest.mark.parametrize(
    "line",
    [
        b"\n\nFrom " + (b"Mon 1:1 " * 62)[:495] + b"x" * 260,  # many weekdays, many times, and too much behind
        b"\n\nFrom Mon 1:1",
        b"\n\nFrom 1:1\nA:",
        b"\n\nFrom " + b"Mon " * 240,
        b"\n\nFrom ",
    ],
)
def test_among_lines_made_to_look_like_separators_signs_of_life_go_on(line: bytes) -> None:
    octets = b"From x Mon Apr 24 10:00:00 2017\nFrom: a@b\n\n" + line * (8_000_000 // len(line))
    alive: list[int] = []
    assert not mailbox.holds_several(in_memory(octets), lambda: alive.append(1))
    assert len(alive) == -(-(len(octets) - 1) // LIMITS.chunk)
    assert [(e.form, e.start, e.length) for e in mailbox.entries(in_memory(octets))] == [
        ("message", 32, len(octets) - 32)
    ]
