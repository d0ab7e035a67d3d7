import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.limits import LIMITS
from transforms.mail.content import decoded_texts, html_digest, html_to_text, normalised_text, texts_digest
from transforms.mail.fields import split_message
from transforms.mail.mime import parts
from transforms.span import in_memory


def text_of(data: bytes) -> str:
    return normalised_text([p for p in parts(split_message(in_memory(data))) if not p.is_item])


def alternative(*bodies: bytes) -> bytes:
    inside = b"".join(b"--B\r\n" + body + b"\r\n" for body in bodies)
    return b"Content-Type: multipart/alternative; boundary=B\r\n\r\n" + inside + b"--B--\r\n"


PLAIN = b"Content-Type: text/plain\r\n\r\nplain words"
HTML = b"Content-Type: text/html\r\n\r\n<p>html words"


def test_white_space_collapses_and_forms_compose():
    body = "cafe\u0301 \t\r\n\u00a0 au   lait\r\n".encode()
    assert text_of(b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + body) == "caf\u00e9 au lait"


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        ("iso-8859-1", b"\x93caf\xe9\x94", "\u201ccaf\u00e9\u201d"),
        ("koi8-r", b"\xd0\xd2\xc9\xd7\xc5\xd4", "\u043f\u0440\u0438\u0432\u0435\u0442"),
        ("iso-2022-jp", b"\x1b$B$3\x1b(B", "\u3053"),
        ("x-unheard-of", b"caf\xe9", "caf\u00e9"),
        ("rot13", b"caf\xc3\xa9", "caf\u00e9"),
    ],
)
def test_charsets(charset: str, octets: bytes, text: str):
    assert text_of(b"Content-Type: text/plain; charset=" + charset.encode() + b"\r\n\r\n" + octets) == text


def test_transfer_encoding_is_undone():
    head = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
    assert text_of(head + b"quoted-printable\r\n\r\ncaf=C3=A9 so=\r\nft") == "caf\u00e9 soft"
    assert text_of(head + b"base64\r\n\r\nY2Fmw6k=\r\n") == "caf\u00e9"


@pytest.mark.parametrize("order", [(PLAIN, HTML), (HTML, PLAIN)])
def test_alternative_says_it_once_in_plain_text(order: tuple[bytes, bytes]):
    assert text_of(alternative(*order)) == "plain words"


def test_alternative_without_words_in_plain_text_is_read_as_html():
    assert text_of(alternative(b"Content-Type: text/plain\r\n\r\n \r\n", HTML)) == "html words"


def test_html_below_a_related_part_is_an_alternative_too():
    related = b"Content-Type: multipart/related; boundary=R\r\n\r\n--R\r\n" + HTML + b"\r\n--R--"
    assert text_of(alternative(PLAIN, related)) == "plain words"


def test_html_outside_the_alternative_is_kept():
    data = b"Content-Type: multipart/mixed; boundary=M\r\n\r\n--M\r\n" + alternative(PLAIN, HTML)
    data += b"\r\n--M\r\nContent-Type: text/html\r\n\r\n<i>footer</i>\r\n--M--"
    assert text_of(data) == "plain words footer"


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>a<br>b</p>", "a b"),
        ("a<script>var x = '<p>';</script>b<STYLE type=x>p{}</STYLE >c", "a b c"),
        ("a<!-- <p> -- > -->b", "a b"),
        ("<title>t</title>a", "a"),
        (
            "a &amp; b &lt;c&gt; &#233; &#xe9; &eacute; &nosuch; &#99999999999;",
            "a & b <c> \u00e9 \u00e9 \u00e9 &nosuch; \ufffd9999;",
        ),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("a<script>never closed", "a"),
        ("<scripted>a</scripted>", "a"),
        ("a <b", "a <b"),
        ("""<img alt="a > b" src=x> c <a title='x>y' href="#">d</a> <td width=5">e""", "c d e"),
        ("""<a title="<b>">f</a> g='h' <i class='j"'>k</i>""", "f g='h' k"),
        ('<a href="never closed>a</a> <b>c</b>', "a c"),
        ("<b>a</ b>c</>d", "a c d"),
    ],
)
def test_html_to_words(markup: str, words: str):
    assert " ".join(html_to_text(markup).split()) == words


def test_text_is_cut_at_the_limit_of_octets_between_characters():
    for filling in ("x", "\u00e9", "\u20ac", "\U0001f600", "xx \u20ac"):
        data = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + (filling * (LIMITS.text + 9)).encode()
        text = text_of(data)
        assert LIMITS.text - 4 <= len(text.encode()) <= LIMITS.text
        assert (filling * (LIMITS.text + 9)).startswith(text)


def test_hostile_text_takes_linear_time():
    start = time.process_time()
    for piece in (
        "<",
        "<a ",
        "<!--",
        "<script",
        "<script>",
        "</script",
        "&",
        "&#",
        "&#9",
        "\u0301\u0323",
        "a\u0301",
        "<title>x",
    ):
        for kind in (b"plain", b"html"):
            head = b"Content-Type: text/" + kind + b"; charset=utf-8\r\n\r\n"
            text_of(head + (piece * 400_000).encode())
    assert time.process_time() - start < 8


def test_long_digit_reference_is_no_error():
    assert html_to_text("&#" + "9" * 10_000 + ";").endswith(";")


@given(
    st.binary(max_size=200),
    st.sampled_from([b"plain", b"html"]),
    st.sampled_from([b"utf-8", b"utf-16", b"utf-7", b"x"]),
)
def test_any_octets_give_storable_composed_text(body: bytes, kind: bytes, charset: bytes):
    text = text_of(b"Content-Type: text/" + kind + b"; charset=" + charset + b"\r\n\r\n" + body)
    assert text.encode("utf-8").decode("utf-8") == text
    assert unicodedata.is_normalized("NFC", text)
    assert "  " not in text


def test_html_beside_a_plain_text_is_told_by_what_stands_outside_of_its_tags() -> None:
    def digest(html: bytes, plain: bytes = b"--b\r\n\r\nWe pay 100.\r\n") -> bytes:
        head = b"Content-Type: multipart/alternative; boundary=b\r\n\r\n" + plain
        found = list(
            parts(split_message(in_memory(head + b"--b\r\nContent-Type: text/html\r\n\r\n" + html + b"\r\n--b--")))
        )
        return html_digest(found, decoded_texts(found))

    told = digest(b"<p>We <b>pay</b> 100.</p>")
    assert len(told) == 16
    assert digest(b"<meta charset=utf-8>\r\n<p class=x>We\r\n pay <i>100</i>.") == told
    assert digest(b"<p>We <b>pay</b> 900.</p>") != told
    assert digest(b"<p>We pay 100.</p>", plain=b"") == b""


def test_texts_digest_tells_every_shown_difference_and_no_line_end() -> None:
    head = b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
    head += b"--b\r\nContent-Type: text/plain\r\n\r\nWe pay 100.\r\n"
    html = b"--b\r\nContent-Type: text/html\r\n\r\n<a href='x'>We pay 100.</a>\r\n--b--\r\n"

    def digest(octets: bytes) -> bytes:
        return texts_digest(parts(split_message(in_memory(octets))))

    whole = digest(head + html)
    assert digest((head + html).replace(b"\r\n", b"\n")) == whole
    assert digest(head + html.replace(b"</a>\r\n", b"</a>\r\n\r\n")) == whole
    assert digest(head + html.replace(b"100", b"900000")) != whole
    assert digest(head + html.replace(b"'x'", b"'y'")) != whole
    assert digest(head.replace(b"100.", b"100." + b" x" * 60_000) + html) != digest(
        head.replace(b"100.", b"100." + b" x" * 59_999 + b" y") + html
    )
