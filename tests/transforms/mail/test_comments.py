import time

from hypothesis import given
from hypothesis import strategies as st

from transforms.mail.comments import compact, unfolded, without_comments


def test_nested_comments_go_and_quoted_parentheses_stay():  # RFC 5322 A.5
    assert without_comments(b"a (b (c) \\) d) e").split() == [b"a", b"e"]
    assert without_comments(b'"a (b)" c') == b'"a (b)" c'
    assert without_comments(b"a \\(b") == b"a \\(b"


def test_comment_never_closed_reaches_to_the_end():
    assert without_comments(b"a (b c").strip() == b"a"


def test_unfolding_keeps_the_blank():  # RFC 5322 §2.2.3
    assert unfolded(b" a\r\n b\r\n\tc\r\n") == b"a b\tc"


def test_hundred_thousand_parentheses_take_linear_time():
    start = time.process_time()
    for value in (b"(" * 100_000, b"()" * 100_000, b'("' * 100_000, b'"(' * 100_000, b"\\(" * 100_000):
        without_comments(value)
    assert time.process_time() - start < 2


@given(st.binary(max_size=100))
def test_any_octets_are_taken(value: bytes):
    assert len(without_comments(value)) <= len(value)


def test_only_a_long_value_loses_blanks():
    assert compact(b" a  b\r\n", 8) == b"a  b"
    assert compact(b" a \t b \r\n  c\r\n", 4) == b"a b c"
