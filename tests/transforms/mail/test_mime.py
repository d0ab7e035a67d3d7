import email
import email.policy
import importlib.util
import os
import re
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.limits import LIMITS
from transforms.mail import mime
from transforms.mail.fields import from_line_length, split_message
from transforms.mail.mime import delimiters_of, parts
from transforms.model import Part
from transforms.span import FileSpan, in_memory


def tree(data: bytes, prefix: str = "") -> list[Part]:
    message = split_message(in_memory(data))
    offset = len(data) - message.body.size
    found = list(parts(message, prefix, offset))
    for part in found:
        assert data[part.body_offset : part.body_offset + part.body.size] == part.body.read()
    return found


def shape(data: bytes, prefix: str = "") -> list[tuple[str, str, bool]]:
    return [(part.number, part.media_type, part.is_item) for part in tree(data, prefix)]


def multipart(*bodies: bytes, boundary: bytes = b"B", subtype: bytes = b"mixed") -> bytes:
    """A multipart entity; each body brings its own header section and empty line."""
    head = b"Content-Type: multipart/" + subtype + b'; boundary="' + boundary + b'"\r\n\r\n'
    inside = b"".join(b"--" + boundary + b"\r\n" + body + b"\r\n" for body in bodies)
    return head + inside + b"--" + boundary + b"--\r\n"


TEXT = b"Content-Type: text/plain\r\n\r\nhello"
HTML = b"Content-Type: text/html\r\n\r\n<p>hello"
PDF = b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: BASE64\r\n\r\nYWJj"


def test_two_plain_parts():  # RFC 2046 §5.1.1
    data = (
        b"From: Nathaniel Borenstein <nsb@bellcore.example>\r\nMIME-Version: 1.0\r\n"
        b'Content-type: multipart/mixed; boundary="simple boundary"\r\n\r\n'
        b"This is the preamble.  It is to be ignored.\r\n\r\n--simple boundary\r\n\r\n"
        b"This is implicitly typed plain US-ASCII text.\r\nIt does NOT end with a linebreak.\r\n"
        b"--simple boundary\r\nContent-type: text/plain; charset=us-ascii\r\n\r\n"
        b"This is explicitly typed plain US-ASCII text.\r\nIt DOES end with a linebreak.\r\n\r\n"
        b"--simple boundary--\r\n\r\nThis is the epilogue.  It is also to be ignored.\r\n"
    )
    root, first, second = tree(data)
    assert (root.number, root.is_item, root.defects) == ("", False, ())
    assert first.body.read().endswith(b"It does NOT end with a linebreak.")
    assert second.body.read().endswith(b"It DOES end with a linebreak.\r\n")
    assert (first.media_type, first.fields, first.defects) == ("text/plain", (), ())
    assert second.parameters == {"charset": "us-ascii"}


def test_numbers_follow_imap():  # RFC 9051 §6.4.5.1
    inner = multipart(b"Content-Type: text/plain\r\n\r\nx", PDF, boundary=b"I")
    nested = b"Content-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\n" + b"z"
    data = multipart(TEXT, PDF, nested, inner)
    assert [number for number, _, _ in shape(data)] == ["", "1", "2", "3", "4", "4.1", "4.2"]
    assert shape(b"Subject: y\r\n\r\nz") == [("1", "text/plain", False)]
    assert shape(b"Subject: y\r\n\r\nz", "3") == [("3.1", "text/plain", False)]
    assert [number for number, _, _ in shape(multipart(TEXT, PDF), "3")] == ["3", "3.1", "3.2"]


def test_items_are_all_leaves_but_body_text():
    named = b'Content-Type: text/plain; name="a.txt"\r\n\r\nx'
    attached = b"Content-Type: text/html\r\nContent-Disposition: attachment\r\n\r\nx"
    inline = b"Content-Type: image/png\r\nContent-Disposition: inline\r\n\r\nx"
    calendar = b"Content-Type: text/calendar\r\n\r\nx"
    data = multipart(TEXT, HTML, named, attached, inline, calendar)
    assert [item for _, _, item in shape(data)] == [False, False, False, True, True, True, True]
    assert shape(PDF) == [("1", "application/pdf", True)]


def test_what_the_fields_say():
    part = tree(
        b"Content-Type: Application/PDF; name=old.pdf\r\n"
        b"Content-Disposition: ATTACHMENT;\r\n filename*=utf-8''%e2%82%ac.pdf\r\n"
        b"Content-Transfer-Encoding: Base64 (as ever)\r\n\r\nYWJj"
    )[0]
    assert (part.media_type, part.disposition, part.encoding) == ("application/pdf", "attachment", "base64")
    assert (part.file_name, part.raw_file_name) == ("\u20ac.pdf", "\u20ac.pdf".encode())


@pytest.mark.parametrize(
    ("value", "name", "octets"),
    [
        (b'name="=?utf-8?Q?R=C3=A9sum=C3=A9.doc?="', "R\u00e9sum\u00e9.doc", "R\u00e9sum\u00e9.doc".encode()),
        (b'name="R\xe9sum\xe9.doc"', "R\u00e9sum\u00e9.doc", b"R\xe9sum\xe9.doc"),
        (b"name=../../etc/passwd", "../../etc/passwd", b"../../etc/passwd"),
        (b'name=""', None, None),
        (b"x=y", None, None),
    ],
)
def test_file_names(value: bytes, name: str | None, octets: bytes | None):
    part = tree(b"Content-Type: application/msword; " + value + b"\r\n\r\nx")[0]
    assert (part.file_name, part.raw_file_name) == (name, octets)


def test_delimiter_lines_are_exact():
    body = b"--Bx\r\n--B-\r\n --B\r\n--B \t \r\nA: 1\r\n\r\nx --B\r\n--B\r\n--B--\t\r\n--B\r\n"
    found = list(delimiters_of(in_memory(body), b"B"))
    assert [(body[d.line : d.stop], d.closing) for d in found] == [
        (b"--B \t \r\n", False),
        (b"--B\r\n", False),
        (b"--B--\t\r\n", True),
    ]


def test_line_end_before_a_delimiter_belongs_to_it():
    for end in (b"\r\n", b"\n"):
        data = multipart(b"\r\nx\r\n\r\n", b"").replace(b"\r\n", end)
        assert [part.body.read() for part in tree(data)[1:]] == [b"x" + end + end, b""]


def test_end_of_the_octets_ends_a_delimiter_line():
    root, part = tree(multipart(TEXT).rstrip())
    assert (root.defects, part.body.read()) == ((), b"hello")


def test_missing_close_is_a_defect_and_the_last_part_reaches_to_the_end():
    root, part = tree(b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\nhello\r\n")
    assert root.defects == ("mail.boundary_not_closed",)
    assert part.body.read() == b"hello\r\n"


@pytest.mark.parametrize(
    ("parameter", "defect"),
    [
        (b"", "mail.no_boundary"),
        (b'; boundary=""', "mail.boundary_invalid"),
        (b'; boundary="\x01"', "mail.boundary_invalid"),
        (b"; boundary=other", "mail.boundary_not_found"),
    ],
)
def test_multipart_that_cannot_be_opened_is_a_leaf(parameter: bytes, defect: str):
    (part,) = tree(b"Content-Type: multipart/mixed" + parameter + b"\r\n\r\n--B\r\n\r\nx\r\n--B--\r\n")
    assert (part.number, part.is_item, part.defects) == ("1", True, (defect,))


def test_empty_multipart_is_no_item():
    assert shape(b"Content-Type: multipart/mixed; boundary=B\r\n\r\n") == [("1", "multipart/mixed", False)]


def test_outer_boundary_ends_an_unclosed_inner_one():  # RFC 2046 §5.1.2
    inner = b"Content-Type: multipart/mixed; boundary=I\r\n\r\n--I\r\n\r\nx"
    assert [part.body.read() for part in tree(multipart(inner, TEXT)) if part.number in ("1.1", "2")] == [
        b"x",
        b"hello",
    ]


def test_same_boundary_inside_and_outside_belongs_to_the_outside():
    inner = multipart(TEXT)
    assert [number for number, _, _ in shape(multipart(inner))] == ["", "1", "2"]


def test_digest_parts_are_messages_by_default():  # RFC 2046 §5.1.5
    data = multipart(b"\r\nSubject: a\r\n\r\nx", TEXT, subtype=b"digest")
    assert [media_type for _, media_type, _ in shape(data)][1:] == ["message/rfc822", "text/plain"]


def test_unreadable_media_type_is_plain_text():
    (part,) = tree(b"Content-Type: garbage\r\n\r\nx")
    assert (part.media_type, part.defects) == ("text/plain", ("mail.media_type_invalid",))


def test_parts_at_and_over_the_limit():
    for count in (LIMITS.mime_parts - 2, LIMITS.mime_parts - 1, LIMITS.mime_parts):
        found = tree(multipart(*[b"\r\nx"] * count))
        assert len(found) == min(count + 1, LIMITS.mime_parts)
        assert (found[-1].defects == ("limit.parts",)) == (count == LIMITS.mime_parts)
        assert all(part.defects == () for part in found[1:-1])


def nest(depth: int, filling: bytes = b"") -> bytes:
    head = b"".join(b"Content-Type: multipart/mixed; boundary=B%d\r\n\r\n--B%d\r\n" % (i, i) for i in range(depth))
    return head + b"\r\n" + filling


def test_depth_at_and_over_the_limit():
    for depth in (LIMITS.mime_depth, LIMITS.mime_depth + 1):
        found = tree(nest(depth, b"x"))
        deepest = found[-1]
        assert ("limit.mime_depth" in deepest.defects) == (depth > LIMITS.mime_depth)
        assert deepest.media_type == ("multipart/mixed" if depth > LIMITS.mime_depth else "text/plain")


def test_hostile_trees_are_bounded():
    start = time.process_time()
    for data in (
        multipart(*[b"\r\nx"] * 1_000_000),
        nest(100_000),
        nest(LIMITS.mime_depth, b"y" * 10_000_000),
        nest(LIMITS.mime_depth, b"\n--" * 1_000_000),
        b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + b"--Bx" * 2_000_000,
        b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + b"\n--B" + b" " * 10_000_000,
    ):
        assert len(tree(data)) <= LIMITS.mime_parts
    assert time.process_time() - start < 8


def test_delimiters_at_the_edges_of_a_window_are_found_in_memory_and_in_files():
    with tempfile.TemporaryFile() as file:
        for shift in range(-8, 3):
            body = b"x" * (LIMITS.chunk + shift) + b"\r\n--BB\r\n\r\ny\r\n--BB--\r\n"
            os.pwrite(file.fileno(), body, 0)
            expected = [(LIMITS.chunk + shift, False), (LIMITS.chunk + shift + 11, True)]
            for span in (in_memory(body), FileSpan(file.fileno(), 0, len(body))):
                assert [(d.start, d.closing) for d in delimiters_of(span, b"BB")] == expected


@given(st.lists(st.sampled_from([b"-", b"--", b"\n--b", b"\n", b"x" * 9, b"b"]), max_size=30).map(b"".join))
@pytest.mark.parametrize("leap", [1, 8])
@pytest.mark.parametrize("needle", [b"\n--", b"--b", b"--bb"])
def test_leaps_from_dash_to_dash_miss_nothing(needle: bytes, leap: int, body: bytes):
    with patch.object(mime, "_LEAP", leap):
        found = [base + at for base, _, at in mime.occurrences(in_memory(body), needle, 0)]
    assert found == [match.start() for match in re.finditer(re.escape(needle), body)]


@given(st.binary(max_size=300))
def test_any_octets_have_parts_inside_the_message(body: bytes):
    tree(body)
    tree(b"Content-Type: multipart/mixed; boundary=B\n\n" + body)


LINES = [b"--B", b"--B--", b"--I", b"--I--", b"", b"x", b"Content-Type: multipart/mixed; boundary=I", b" --B", b"--B "]


@given(st.lists(st.sampled_from(LINES), max_size=16), st.sampled_from([b"\n", b"\r\n"]))
def test_any_order_of_delimiters_gives_parts_in_order_and_apart(lines: list[bytes], end: bytes):
    data = b"Content-Type: multipart/mixed; boundary=B" + end + end + end.join(lines)
    found = tree(data)
    numbers = [part.number for part in found]
    assert len(set(numbers)) == len(numbers)
    leaves = [
        part
        for part in found
        if not any(n.startswith(part.number + ".") or not part.number for n in numbers if n != part.number)
    ]
    for one, other in pairwise(leaves):
        assert one.body_offset + one.body.size <= other.body_offset


def corpus() -> list[Path]:
    found = importlib.util.find_spec("test.test_email")
    if found is None or not found.submodule_search_locations:
        return []
    return sorted(Path(next(iter(found.submodule_search_locations)), "data").glob("*.txt"))


# Two delimiter lines in a row: `email` takes them for one, RFC 2046 §5.1 for a part without octets.
DIFFER = ("msg_37.txt",)


@pytest.mark.skipif(not corpus(), reason="this Python comes without its test-suite")
def test_standard_library_corpus_has_the_leaves_that_email_sees():
    """On its well-formed messages the same leaf types in the same order as an independent reader."""
    compared = 0
    for path in corpus():
        data = path.read_bytes()
        data = data[from_line_length(data) :]
        found = tree(data)
        message = email.message_from_bytes(data, policy=email.policy.compat32)
        if message.is_multipart() and not any(part.defects for part in message.walk()):
            flat = [p for p in found if not p.media_type.startswith("multipart/")]
            theirs: list[str] = []
            stack = [message]
            while stack:
                one = stack.pop()
                if one.get_content_maintype() == "multipart":
                    stack += reversed(one.get_payload())
                else:
                    theirs.append(one.get_content_type())
            if any(part.defects for part in found) or path.name in DIFFER:
                continue
            assert [p.media_type for p in flat] == theirs, path.name
            compared += 1
    assert compared > 10


def test_a_part_described_as_its_message_is_another_part() -> None:
    section = b"Content-Type: multipart/mixed; boundary=B\r\n"
    message = split_message(in_memory(section + b"\r\n--B\r\n" + section + b"\r\nx\r\n--B--\r\n"))
    root, part = parts(message)
    assert root.fields is message.fields
    assert part.fields == root.fields and part.fields is not message.fields
