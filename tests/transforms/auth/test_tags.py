import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.auth.tags import TagError, parse_tags


def test_tags_of_a_folded_list() -> None:
    value = b" v=1; a=rsa-sha256;\r\n\td=example.net ; h=from : to;\r\n b=dzdV\r\n\t yOfA==;\r\n"
    assert parse_tags(value) == {
        "v": "1",
        "a": "rsa-sha256",
        "d": "example.net",
        "h": "from : to",
        "b": "dzdV\t yOfA==",
    }


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        (b"", {}),
        (b" ; ;", {}),
        (b"p=", {"p": ""}),
        (b"k=rsa;;p=AA==;", {"k": "rsa", "p": "AA=="}),
        (b" t = y:n:extra; x1 = extra ", {"t": "y:n:extra", "x1": "extra"}),
        (b"i==6Along@example.net", {"i": "=6Along@example.net"}),
        ("n=für".encode(), {"n": "für"}),
        (b"n=\xff", {"n": "\\xff"}),
        (b"a=1;A=2", {"a": "1", "A": "2"}),
    ],
)
def test_tags_with_odd_spacing(value: bytes, tags: dict[str, str]) -> None:
    assert parse_tags(value) == tags


@pytest.mark.parametrize("value", [b"k=rsa; t; p=", b"=x", b"1a=x", b"a b=x", b"d\x00=x", b"\rd=x"])
def test_tag_without_a_proper_name_is_a_syntax_error(value: bytes) -> None:
    with pytest.raises(TagError) as error:
        parse_tags(value)
    assert error.value.code == "syntax"


def test_tag_that_stands_twice_is_an_error_even_with_the_same_value() -> None:
    with pytest.raises(TagError) as error:
        parse_tags(b"d=example.net; s=a; d=example.net")
    assert error.value.code == "duplicate_tag"


@given(st.binary(max_size=200))
def test_any_octets_give_tags_or_a_tag_error(value: bytes) -> None:
    try:
        tags = parse_tags(value)
    except TagError as error:
        assert error.code in ("syntax", "duplicate_tag")
    else:
        assert all(name.isascii() and text == text.strip(" \t") for name, text in tags.items())


@pytest.mark.parametrize(
    "fill", [b"a" * 1_000_000, b";" * 1_000_000, b" " * 1_000_000, b"\r\n " * 333_333, b"=" * 1_000_000]
)
def test_a_megabyte_of_anything_is_read_at_once(fill: bytes) -> None:
    start = time.process_time()
    try:
        parse_tags(b"d=" + fill)
    except TagError:
        pass
    assert time.process_time() - start < 0.5
