import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.limits import LIMITS
from transforms.mail.fields import from_line_length, looks_like_message, split_message, split_part
from transforms.span import in_memory

SIMPLE = b"From: John Doe <jdoe@machine.example>\r\nSubject: Saying\r\n Hello\r\n\r\nThis is a message.\r\n"


def split(data: bytes):
    return split_message(in_memory(data))


def names(data: bytes) -> list[str]:
    return [field.name for field in split(data).fields]


def test_fields_keep_folding_and_body_keeps_its_octets():  # RFC 5322 A.1.1, §2.2.3
    message = split(SIMPLE)
    assert [field.raw for field in message.fields] == [
        b"From: John Doe <jdoe@machine.example>\r\n",
        b"Subject: Saying\r\n Hello\r\n",
    ]
    assert message.body.read() == b"This is a message.\r\n"
    assert (message.line_ends, message.defects) == ("crlf", ())


def test_lf_fields_are_given_in_wire_form_and_body_is_left_alone():
    message = split(SIMPLE.replace(b"\r\n", b"\n"))
    assert message.fields == split(SIMPLE).fields
    assert message.body.read() == b"This is a message.\n"
    assert message.line_ends == "lf"


def test_mixed_line_ends_first_empty_line_of_either_kind_counts():
    message = split(b"A: 1\r\nB: 2\n\nbody\r\n\r\nmore")
    assert names(b"A: 1\r\nB: 2\n\nbody\r\n\r\nmore") == ["A", "B"]
    assert message.fields[1].raw == b"B: 2\r\n"
    assert message.body.read() == b"body\r\n\r\nmore"
    assert message.line_ends == "mixed"


def test_obsolete_blank_before_colon_is_cut_from_the_name_only():  # RFC 5322 A.6.3, §4.5
    field = split(b"From  : John\r\n\r\n").fields[0]
    assert (field.name, field.raw, field.value) == ("From", b"From  : John\r\n", b" John\r\n")


def test_line_of_blanks_continues_a_field():  # RFC 5322 A.6.3
    assert [f.raw for f in split(b"A: 1\r\n  \r\n 2\r\n\r\nx").fields] == [b"A: 1\r\n  \r\n 2\r\n"]


def test_byte_order_mark_and_leading_blank_lines_are_passed_over():
    message = split(b"\xef\xbb\xbf\r\n\n" + SIMPLE)
    assert message.defects == ("mail.byte_order_mark", "mail.blank_before_header")
    assert message.fields == split(SIMPLE).fields


def test_junk_before_header_is_passed_over():
    message = split(b">From a@b.test Mon\nX-VM-v5-Data ([nil])\n\t(1 2)\nFrom: a@b.test\n\nhi")
    assert [f.name for f in message.fields] == ["From"]
    assert message.defects == ("mail.junk_before_header",)


def test_lines_of_a_mailbox_before_the_header_are_told_from_junk():
    assert split(b">From a@b.test Mon\nFrom: a@b.test\n\nhi").defects == ("mail.from_line",)
    assert split(b">From a@b.test Mon\n hidden\nFrom: a@b.test\n\nhi").defects == ("mail.junk_before_header",)


def test_junk_between_fields_is_named_and_fields_go_on():
    message = split(b"From: a@b.test\r\n>From a@b.test Mon\r\nSubject: x\r\n\r\nhi")
    assert [f.name for f in message.fields] == ["From", "Subject"]
    assert message.defects == ("mail.junk_in_header",)
    assert message.body.read() == b"hi"


def test_quoted_from_line_at_the_end_of_the_header_is_junk_not_body():
    message = split(b"From: a@b.test\n>From a@b.test Mon\n\nhi")
    assert (message.body.read(), message.defects) == (b"hi", ("mail.junk_in_header",))


def test_header_that_runs_into_text_ends_there():
    message = split(b"From: a@b.test\nHello Anna,\nhow are you\n\nsecond paragraph\n")
    assert message.body.read() == b"Hello Anna,\nhow are you\n\nsecond paragraph\n"
    assert message.defects == ("mail.no_empty_line",)


def test_header_alone_has_an_empty_body_and_no_defect():
    message = split(b"From: a@b.test\r\nSubject: x")
    assert message.fields[1].raw == b"Subject: x\r\n"
    assert (message.body.size, message.defects) == (0, ())


def test_text_without_header_is_all_body():
    message = split(b"just words\nand more\n\nend")
    assert (message.fields, message.defects) == ((), ("mail.no_header",))
    assert message.body.read() == b"just words\nand more\n\nend"


def test_junk_that_reads_like_a_singleton_is_named():
    for line in (b" From: evil@x.test", b"\x00From: evil@x.test", "Subject\u00a0: x".encode()):
        assert "mail.malformed_field" in split(line + b"\r\nTo: a@b.test\r\n\r\n").defects, line


def test_part_with_empty_header_begins_with_its_empty_line():
    part = split_part(in_memory(b"\r\nNote: this is text\r\n\r\nmore"))
    assert (part.fields, part.body.read()) == ((), b"Note: this is text\r\n\r\nmore")


def test_window_cuts_the_empty_line_in_two():
    for size in range(16 * 1024 - 8, 16 * 1024 + 4):
        for end in (b"\n", b"\r\n"):
            header = b"A: " + b"x" * size + end
            assert split(header + end + b"body").body.read() == b"body"


def test_header_section_over_the_limit_is_cut_and_the_true_body_found():
    line = b"X-Pad: " + b"x" * 93 + b"\r\n"
    many = b"From: a@b.test\r\n" + line * (LIMITS.header_section // len(line) + 1)
    message = split(many + b"\r\nbody")
    assert message.defects == ("limit.header",)
    assert len(message.fields) == LIMITS.header_fields  # both limits breached, the lower count holds
    assert message.body.read() == b"body"


def test_header_fields_at_and_over_the_limit():
    at = b"A: b\n" * LIMITS.header_fields
    assert split(at + b"\nx").defects == ()
    over = split(at + b"A: b\n\nx")
    assert (len(over.fields), over.defects) == (LIMITS.header_fields, ("limit.header",))
    assert over.body.read() == b"x"


def test_fifty_megabyte_field_is_bounded():
    message = split(b"From: a@b.test\r\nX: " + b"y" * 50_000_000 + b"\r\n\r\nbody")
    assert [f.name for f in message.fields] == ["From"]
    assert (message.body.read(), message.defects) == (b"body", ("limit.header",))


def test_million_fields_are_bounded():
    message = split(b"X-Aaaaa: b\r\n" * 1_000_000 + b"\r\nbody")
    assert (len(message.fields), message.body.read()) == (LIMITS.header_fields, b"body")


@given(st.binary(max_size=400))
def test_any_octets_split_without_error_into_places_of_the_source(data: bytes):
    for message in (split(data), split_part(in_memory(data))):
        body = message.body.read()
        assert data.endswith(body)
        assert all(field.raw.endswith(b"\r\n") and b":" in field.raw for field in message.fields)


@given(st.lists(st.sampled_from([b"A: b", b" c", b"", b">From x", b"junk", b"\xef\xbb\xbf", b"To :d"]), max_size=9))
def test_lf_and_crlf_give_the_same_fields(lines: list[bytes]):
    lf, crlf = split(b"\n".join(lines)), split(b"\r\n".join(lines))
    assert lf.fields == crlf.fields
    assert lf.defects == crlf.defects
    assert lf.body.read() == crlf.body.read().replace(b"\r\n", b"\n")


def test_from_lines_of_known_writers():
    for line in (
        b"From jdoe@machine.example Fri Nov 21 09:55:06 1997\n",
        b"From - Mon Jan 02 03:04:05 2017\r\n",
        b">From MAILER-DAEMON Fri Nov 21 09:55:06 1997 remote from relay\n",
        b"From ???@??? Thu Jan 01 00:00:00 1970\n",
        b"From 158@xxx Mon Jan 02 03:04:05 +0000 2017\n",
        b"From a@b.test  Fri, 21 Nov 1997 09:55:06 -0600\n",
    ):
        assert from_line_length(line + b"X: y\n") == len(line), line
    assert from_line_length(b"From a@b.test\nReceived: x\n") == len(b"From a@b.test\n")
    for date in ("mar. mars 14 10:00:00 2017", "Di Mär 14 10:00:00 2017", "2017-03-14T10:00:00", "14.03.2017 10:00"):
        line = f"From a@b.test {date}\r\n".encode()
        assert from_line_length(line + b"Received: x\n") == len(line), line
        assert from_line_length(line + b"and so on\n") == 0, line
    assert from_line_length(b"From a@b.test in March 2017\nNote: x\n") == 0


def test_text_that_begins_with_from_is_no_from_line():
    for text in (b"From here on, 10:30 is fine\n", b"From: a@b.test\n", b"", b"From me Monday\n", b"Fromage\n"):
        assert from_line_length(text) == 0, text


RECEIVED = b"Received: from x by y; Mon, 2 Jan 2017 03:04:05 +0000\nFrom: a@b.test\n\n"


def test_mail_is_recognised():
    for head in (
        SIMPLE.replace(b"Subject", b"Date: Fri, 21 Nov 1997 09:55:06 -0600\r\nSubject"),
        RECEIVED,
        b"\xef\xbb\xbf\r\n" + RECEIVED,
        b"From a@b.test Fri Nov 21 09:55:06 1997\n" + RECEIVED,
        b"Status: RO\nX-Status: A\n" + RECEIVED,
        b"X-VM-v5-Data ([nil nil])\n\t[1]\n" + RECEIVED,
        b"From: a@b.test\nTo: c@d.test\nSubject: hi\n\nbody",
        b"MIME-Version: 1.0\nContent-Type: text/plain\n\nx",
    ):
        assert looks_like_message(head), head


def test_other_texts_are_no_mail():
    for head in (
        b"HTTP/1.1 200 OK\r\nDate: Mon, 02 Jan 2017 03:04:05 GMT\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n",
        b"POST /x HTTP/1.1\r\nFrom: a@b.test\r\nDate: x\r\nMIME-Version: 1.0\r\n",
        b"Date: Mon, 02 Jan 2017 03:04:05 GMT\r\nServer: x\r\nContent-Type: text/html\r\n\r\n",
        b"Dear: Anna\n\nFrom: me\n",
        b"from: a@b.test\nto: c@d.test\nsubject: hi\n",
        b"From: Bob\nTo: Anna\nDate: 3 May 2016\nSubject: budget\n\nmemo",
        b"BEGIN:VCALENDAR\nVERSION:2.0\nDTSTART:20170102T030405Z\n",
        b"BEGIN:VCARD\nFN:Anna\nEMAIL:a@b.test\n",
        b'"""Docs.\n\nFrom: a@b.test\nTo: b@c.test\nMessage-ID: <x>\n"""\n',
        b"import email\nmsg['From'] = 'a@b.test'\nmsg['To'] = 'b'\n",
        b'msgid ""\nmsgstr ""\n"MIME-Version: 1.0\\n"\n"Content-Type: text/plain\\n"\n',
        b"Metadata-Version: 2.1\nName: x\nAuthor-email: a@b.test\n\n",
        b"",
        b"\x00" * 4096,
    ):
        assert not looks_like_message(head), head


@given(st.binary(max_size=300))
def test_recognising_never_fails(head: bytes):
    assert looks_like_message(head) in (True, False)
    assert 0 <= from_line_length(head) <= len(head)


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        (b"From - Mon Apr 24 10:00:00 2017", True),
        (b"From  Mon Apr 24 10:00:00 2017", True),
        (b">From a@b.example Mon, Tue 1:1", True),
        (b"From " + b"x" * 500 + b" Mon Apr 24 10:00:00 2017", True),
        (b"From " + b"x" * 501 + b" Mon Apr 24 10:00:00 2017", False),
        (b"From x Mon " + b"y" * 40 + b"1:1", True),
        (b"From x Mon " + b"y" * 41 + b"1:1", False),
        (b"From x Mon 1:1" + b"z" * 200, True),
        (b"From x Mon 1:1" + b"z" * 201, False),
        (b"From x 1:1 Mon", False),
        (b"From x Mon 1:1\ry", False),
        (b"From x Mon" + b" " * 900 + b"1:1" + b" " * 300, False),
    ],
)
def test_from_lines_have_a_date_within_reach(line: bytes, is_one: bool) -> None:
    for end in (b"\n", b"\r\n"):
        assert from_line_length(line + end) == (len(line + end) if is_one else 0)
