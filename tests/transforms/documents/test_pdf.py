"""PDF: what it says of itself, its revisions, what a signature covers, and files made to hurt."""

from __future__ import annotations

import time
import zlib
from datetime import UTC, datetime

import pytest

from office_file import pdf, pdf_of_streams, saved_again, signed, xmp
from transforms.documents import Moment
from transforms.documents.pdf import pdf_moment


def test_a_page_says_who_when_and_with_what(see) -> None:
    seen = see(pdf(), "a.pdf")
    facts = seen.facts
    assert (facts.author, facts.application, facts.producer) == ("Anaïs (AF)", "Writer", "LibreOffice 5.2")
    assert facts.created_utc == datetime(2016, 5, 5, 8, 0, tzinfo=UTC)
    assert facts.modified_utc == datetime(2017, 3, 27, 10, 22, tzinfo=UTC)
    assert (facts.languages, facts.fonts, facts.identifiers) == (("fr-FR",), ("Carlito",), ("00aa", "00bb"))
    assert (facts.pdf_revisions, facts.signatures, facts.unsigned_octets, facts.encrypted) == (1, 0, None, False)
    assert facts.defects == () and seen.text == ""


def test_information_in_an_object_stream_is_found(see) -> None:
    facts = see(pdf_of_streams(), "a.pdf").facts
    assert (facts.author, facts.producer) == ("Anaïs (AF)", "LibreOffice 5.2")


def test_strings_that_are_objects_of_their_own_are_found(see) -> None:
    """As macOS writes them."""
    octets = pdf("/Author 30 0 R /Producer 31 0 R /Creator 32 0 R", "").replace(
        b"xref\n",
        b"30 0 obj\n(Ana\xefs)\nendobj\n31 0 obj\n<feff0050>\nendobj\n32 0 obj\n<< /A (x) >>\nendobj\nxref\n",
        1,
    )
    facts = see(octets, "a.pdf").facts
    assert (facts.author, facts.producer, facts.application) == ("Anaïs", "P", None)


def test_the_last_revision_counts_and_the_earlier_producer_is_kept(see) -> None:
    again = saved_again(pdf(), "/Author (Bruno) /Producer (Autre 1.0) /ModDate (D:20170501)")
    facts = see(again, "a.pdf").facts
    assert (facts.author, facts.producer, facts.earlier_producers) == ("Bruno", "Autre 1.0", ("LibreOffice 5.2",))
    assert (facts.pdf_revisions, facts.modified_local) == (2, "2017-05-01T00:00:00")


def test_a_file_arranged_for_the_web_has_one_revision(see) -> None:
    octets = pdf().replace(b"/Type /Catalog", b"/Linearized 1 /Type /Catalog") + b"%%EOF\n"
    assert see(octets, "a.pdf").facts.pdf_revisions == 1


def test_strings_in_utf_16_and_hexadecimal(see) -> None:
    facts = see(pdf("/Author <feff 041d 0430> /Producer (x\\\n\\056y\\q)"), "a.pdf").facts
    assert (facts.author, facts.producer) == ("На", "x.yq")


def test_xmp_fills_what_the_dictionary_leaves_open(see) -> None:
    attributes = 'xmp:CreatorTool="Composeur" xmp:ModifyDate="2017-03-27T12:22:00+02:00" xmpMM:DocumentID="uuid:1"'
    packet = xmp(
        attributes, "<pdf:Producer>P 2</pdf:Producer><dc:creator><rdf:Seq><rdf:li>Anaïs</rdf:li></rdf:Seq></dc:creator>"
    )
    inside = xmp('xmp:CreatorTool="of a picture"')
    octets = pdf("", "").replace(b"xref\n", b"<<>> stream\n" + packet + b"\nendstream\n" + inside + b"xref\n", 1)
    facts = see(octets, "a.pdf").facts
    assert (facts.author, facts.application, facts.producer) == ("Anaïs", "Composeur", "P 2")
    assert facts.modified_utc == datetime(2017, 3, 27, 10, 22, tzinfo=UTC)
    assert facts.identifiers == ("00aa", "00bb", "uuid:1")


def test_a_packet_that_is_alone_is_the_documents(see) -> None:
    octets = pdf("", "").replace(b"xref\n", b"stream\n" + xmp('xmp:CreatorTool="Numériseur"') + b"xref\n", 1)
    assert see(octets, "a.pdf").facts.application == "Numériseur"


def test_what_a_signature_leaves_uncovered_is_counted(see) -> None:
    facts = see(signed(pdf()), "a.pdf").facts
    assert (facts.signatures, facts.unsigned_octets) == (1, 0)
    later = saved_again(signed(pdf()), "/Producer (Autre)")
    facts = see(later, "a.pdf").facts
    assert facts.unsigned_octets == len(later) - len(signed(pdf())) - 1  # but for the line end


def test_an_encrypted_one_is_told_and_not_decoded(see) -> None:
    facts = see(pdf(trailer="/Encrypt 9 0 R "), "a.pdf").facts
    assert facts.encrypted and facts.author is None and facts.producer is None


@pytest.mark.parametrize("length", ["%d", "%d 0 R", "5 0 R", "7", "99999999"])
def test_a_pdf_inside_another_says_nothing_of_it(see, length: str) -> None:
    """Whatever the stream says its length is: right, an object of its own, or a lie."""
    inner = signed(saved_again(pdf("/Author (B.)", ""), "/Producer (P)").replace(b"fr-FR", b"de-DE"))
    said = (length % len(inner) if "%" in length else length).encode()
    stream = b"7 0 obj\n<< /Length " + said + b" >>\nstream\r\n" + inner + b"\nendstream\nendobj\n"
    facts = see(b"%PDF-1.4\n" + stream + pdf()[9:] + stream, "a.pdf").facts
    assert facts == see(pdf(), "a.pdf").facts


def test_a_stream_that_never_ends_hides_nothing(see) -> None:
    octets = pdf().replace(b"3 0 obj", b"7 0 obj\n<<>>\nstream\nmainstream endstreams\n3 0 obj", 1)
    assert see(octets.replace(b"endstreams", b"", 1), "a.pdf").facts == see(pdf(), "a.pdf").facts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("D:20170327102200Z", Moment(datetime(2017, 3, 27, 10, 22, tzinfo=UTC))),
        ("D:20170327102200Z00'00'", Moment(datetime(2017, 3, 27, 10, 22, tzinfo=UTC))),
        ("D:20170327102200+02'00'", Moment(datetime(2017, 3, 27, 8, 22, tzinfo=UTC))),
        ("D:20170327102200-03'30", Moment(datetime(2017, 3, 27, 13, 52, tzinfo=UTC))),
        ("20170327102200+02", Moment(datetime(2017, 3, 27, 8, 22, tzinfo=UTC))),
        ("D:20170327102200", Moment(None, "2017-03-27T10:22:00")),
        ("D:2017", Moment(None, "2017-01-01T00:00:00")),
        ("D:20171327", Moment()),
        ("Monday", Moment()),
    ],
)
def test_a_date(text: str, found: Moment) -> None:
    assert pdf_moment(text) == found


# ---- hostile ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fill",
    [
        b"12 0 obj<<(" * 400_000, b"/Info 12 0 R " * 400_000, b"/ObjStm " * 500_000, b"/ByteRange[0 " * 400_000,
        b"stream\n" * 500_000, b"stream\nendstream " * 300_000,
        b"<x:xmpmeta>" * 400_000, b"/Encrypt " * 500_000, b"1 0 obj<<>>endobj " * 1_000_000, b"(" * 4_000_000,
    ],
    ids=[
        "definitions", "references", "object streams", "ranges", "no ends", "streams", "packets", "encryption",
        "objects", "strings",
    ],
)  # fmt: skip
def test_millions_of_anything_cost_what_the_size_costs(see, fill: bytes) -> None:
    """Counted places, so a second is far more than enough; a scan of each would take minutes."""
    started = time.process_time()
    seen = see(b"%PDF-1.4\n" + fill + pdf()[9:], "a.pdf")
    assert time.process_time() - started < 2
    assert seen.item.status == "ok" and seen.facts.pdf_revisions == 1


def test_many_names_for_one_dictionary_and_many_swelling_streams_cost_seconds_at_most(see) -> None:
    stream = zlib.compress(b"7 7 " * 250_000)
    swelling = b"5 0 obj<</Type/ObjStm/N 1/First 1000000/Length 9>>stream\n" + stream + b"\n"
    octets = b"%PDF-1.5\n" + swelling * 80 + b"".join(b"/Info %d 0 R\n" % n for n in range(100, 200)) + b"%%EOF"
    started = time.process_time()
    assert see(octets, "a.pdf").facts.author is None
    assert time.process_time() - started < 2


def test_an_object_stream_that_swells_is_read_to_its_limit(see) -> None:
    data = zlib.compress(b"12 999999 " + b" " * 300_000_000)
    octets = b"%PDF-1.5\n5 0 obj<</Type/ObjStm/N 1/First 10/Length 9>>stream\n" + data + b"\n/Info 12 0 R\n%%EOF"
    assert see(octets, "a.pdf").facts.author is None


def test_200_mutations_keep_their_rows(mutants) -> None:
    mutants(saved_again(signed(pdf()), "/Producer (Autre)"), ".pdf")


def test_200_mutations_of_streams_keep_their_rows(mutants) -> None:
    mutants(pdf_of_streams(), ".pdf")
