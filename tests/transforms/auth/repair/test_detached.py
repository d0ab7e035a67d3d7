"""Attachments put back into messages that they were taken out of: the hash decides, nothing is verified by it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.auth.canonical import body_digests
from transforms.auth.prepare import prepare
from transforms.auth.repair import detached
from transforms.auth.repair.detached import File, Tried, put_back
from transforms.auth.repair.leaf import in_wire_form
from transforms.limits import LIMITS
from transforms.mail.fields import split_message
from transforms.mail.mime import parts
from transforms.mail.reading import read_one_way
from transforms.model import Message, Order, PreparedSignature
from transforms.span import in_memory

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from detached_mail import (
    FIELDS,
    PDF,
    apple,
    attachment,
    cut,
    deleted,
    emptied,
    mail,
    saved,
    section,
    take_out,
)  # fmt: skip
from mail_system import Mailer

MAILER = Mailer()
SHA256 = hashlib.sha256(PDF).hexdigest()


def read(octets: bytes) -> tuple[Message, tuple[PreparedSignature, ...]]:
    message = split_message(in_memory(octets))
    return message, prepare(message, read_one_way(message), body_digests(message.body.chunks()))


def orders(octets: bytes) -> tuple[Order, ...]:
    message, signatures = read(octets)
    return detached.orders(7, message, tuple(parts(message)), signatures)


def tried(octets: bytes, *files: bytes, part: str = "2") -> Tried:
    message, signatures = read(octets)
    return put_back(message, signatures, {part: [File(f"{n}.pdf", one) for n, one in enumerate(files)]}, lambda: None)


def signed(part: bytes, c: str = "relaxed/relaxed") -> bytes:
    return MAILER.sign(mail(part), h=FIELDS, c=c)


@pytest.mark.parametrize("note", [deleted, saved, cut, emptied, apple])
@pytest.mark.parametrize("c", ["relaxed/relaxed", "simple/simple"])
def test_each_programs_note_gives_way_to_the_file(note: Callable[[], bytes], c: str) -> None:
    octets = take_out(signed(attachment(), c), attachment(), note())
    (order,) = orders(octets)
    assert (order.row, order.part, order.file_name, order.size) == (7, "2", "report.pdf", None)
    (one,) = tried(octets, PDF).signatures
    assert (one.body_ok, one.repairs, one.put_back) == (True, "detached_attachment", (SHA256,))
    assert "proven_except_added_text" in one.objections
    assert f"0.pdf, sha256 {SHA256}" in one.signed and one.shown == "a note in the place of part 2"


@pytest.mark.parametrize("width", [76, 72, 64, 60])
@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_common_widths_are_tried_with_and_without_a_final_line_end(width: int, end: bytes) -> None:
    part = attachment(width=width, end=end)
    assert tried(take_out(signed(part), part, deleted()), PDF).signatures


def test_line_ends_of_the_copy_do_not_matter() -> None:
    octets = take_out(signed(attachment()), attachment(), deleted()).replace(b"\r\n", b"\n")
    assert orders(octets) and tried(octets, PDF).signatures


def test_the_quoting_of_a_mailbox_is_undone_as_well() -> None:
    plain = mail(attachment()).replace(b"The report is", b"From here on\r\nit is")
    octets = take_out(MAILER.sign(plain, h=FIELDS), attachment(), deleted()).replace(b"\nFrom here", b"\n>From here")
    (one,) = tried(octets, PDF).signatures
    assert one.repairs == "mbox_quoting+detached_attachment"


def test_another_file_of_that_name_gives_nothing() -> None:
    octets = take_out(signed(attachment()), attachment(), deleted())
    assert tried(octets, PDF + b"\n", b"another") == Tried(())


def test_of_two_files_the_right_one_is_named() -> None:
    octets = take_out(signed(attachment()), attachment(), deleted())
    (one,) = tried(octets, b"another" * 50, PDF).signatures
    assert one.signed == f"1.pdf, sha256 {SHA256}"


def test_two_attachments_are_put_back_together() -> None:
    second = attachment(b"notes" * 90, b"notes.bin")
    octets = MAILER.sign(mail(attachment(), second), h=FIELDS)
    octets = take_out(take_out(octets, attachment(), deleted()), second, saved(b"notes.bin"))
    assert [one.file_name for one in orders(octets)] == ["report.pdf", "notes.bin"]
    message, signatures = read(octets)
    files = {"2": [File("a", PDF)], "3": [File("b", b"notes" * 90)]}
    (one,) = put_back(message, signatures, files, lambda: None).signatures
    assert len(one.put_back) == 2
    assert not put_back(message, signatures, {"2": files["2"]}, lambda: None).signatures


@pytest.mark.parametrize("c", ["relaxed/relaxed", "simple/simple"])
def test_a_text_is_covered_only_where_blanks_are(c: str) -> None:
    text = b"name\tsum\r\nclaire\t4\r\n"
    was = section(b"sums.txt", b"7bit", b"text/plain")
    octets = take_out(signed(was + b"\r\n" + text, c), was + b"\r\n" + text, deleted(b"sums.txt", was))
    (one,) = tried(octets, text.replace(b"\r\n", b"\n")).signatures
    lf, crlf = (hashlib.sha256(one).hexdigest() for one in (text.replace(b"\r\n", b"\n"), text))
    assert one.put_back == () and lf != crlf
    (one,) = tried(octets, text).signatures
    assert one.put_back == ((crlf,) if c == "simple/simple" else ())


def test_a_part_that_does_not_decode_strictly_is_not_covered() -> None:
    """The header section says uuencode: what stands there is no base64."""
    part = section(encoding=b"8bit") + b"\r\nbegin 644 report.pdf\r\n"
    octets = take_out(signed(part), part, deleted(was=section(encoding=b"x-uuencode")))
    assert orders(octets) == ()


def test_what_cannot_match_gives_no_order() -> None:
    whole = signed(attachment())
    note = mail(deleted())
    assert orders(whole) == ()
    assert orders(note) == ()
    assert orders(MAILER.sign(note, h=FIELDS)) == ()  # signed with the note in it
    limited = take_out(MAILER.sign(mail(attachment()), h=FIELDS, length=True), attachment(), deleted())
    assert orders(limited) == () and not tried(limited, PDF).signatures
    bare = take_out(whole, attachment(), b"Content-Type: text/plain\r\n\r\n[attachment removed]")
    assert orders(bare) == ()  # nothing tells what its header fields were
    assert orders(take_out(whole, attachment(), deleted(was=b"nothing of the kind\r\n"))) == ()


@pytest.mark.parametrize("note", [deleted, saved, cut])
def test_a_note_is_no_message_and_a_message_no_note(note: Callable[[], bytes]) -> None:
    def is_note(octets: bytes) -> bool:
        return detached.is_note(tuple(parts(split_message(in_memory(mail(octets)))))[2])

    assert is_note(note())
    assert not is_note(note() + b"\r\n\r\nA text below the fields.\r\n")
    assert not is_note(attachment()) and not is_note(emptied())


def test_a_url_and_a_stated_size_name_the_file_as_well() -> None:
    octets = take_out(signed(attachment()), attachment(), saved(url=b"file:///C:/My%20Mail/report-1.pdf"))
    assert [one.saved_as for one in orders(octets)] == ["report-1.pdf"]
    was = section().replace(b"Content-Disposition: attachment;", b"Content-Disposition: attachment; size=3009;")
    assert [one.size for one in orders(take_out(signed(attachment()), attachment(), deleted(was=was)))] == [3009]


def test_many_notes_are_bounded() -> None:
    many = MAILER.sign(mail(*[attachment(b"x" * 99)] * (LIMITS.taken_out + 1)), h=FIELDS)
    assert orders(many.replace(attachment(b"x" * 99), deleted())) == ()
    hostile = MAILER.sign(mail(attachment()), h=FIELDS).replace(
        attachment(), (b"\r\n--=_b\r\n").join([deleted()] * 10_000)
    )
    assert orders(hostile) == ()


def test_budgets_are_counts() -> None:
    octets = take_out(signed(attachment()), attachment(), deleted())
    asked = []
    message, signatures = read(octets)
    files = [File(str(n), b"%d" % n) for n in range(1_000)]
    found = put_back(message, signatures, {"2": files}, lambda: asked.append(1))
    assert found.exhausted and len(asked) == LIMITS.repair_trials + 1
    large = [File(str(n), bytes(2_000_000) + b"%d" % n) for n in range(16)]
    asked.clear()
    assert put_back(message, signatures, {"2": large}, lambda: asked.append(1)).exhausted
    assert len(asked) <= LIMITS.repair_factor + 1


@settings(max_examples=150)
@given(note=st.binary(max_size=300), content=st.binary(max_size=100))
def test_any_octets_for_a_note_are_no_surprise(note: bytes, content: bytes) -> None:
    head = b"Content-Type: application/pdf\r\nX-Mozilla-Altered: AttachmentDeleted\r\n\r\n"
    octets = take_out(signed(attachment()), attachment(), head + note)
    assert len(orders(octets)) <= LIMITS.taken_out
    assert not tried(octets, content).signatures


@settings(max_examples=50)
@given(content=st.binary(min_size=1, max_size=500), width=st.sampled_from([76, 72, 64, 60]))
def test_any_file_comes_back_and_no_other_does(content: bytes, width: int) -> None:
    part = attachment(content, width=width)
    octets = take_out(signed(part), part, deleted())
    (one,) = tried(octets, content).signatures
    assert one.put_back == (hashlib.sha256(content).hexdigest(),)
    assert not tried(octets, content + b"\0").signatures
    shown = in_wire_form(read(octets)[0])
    assert b"".join(shown.body.chunks()) in octets
