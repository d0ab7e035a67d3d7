"""What later saves of a signed PDF changed: by kinds, whoever wrote them, and nothing hidden behind the harmless."""

from __future__ import annotations

import io
import logging
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from mutations import mutations
from signed_pdf import OBJECTS, TRAILER, WORDS, pdf, saved, saved_again
from transforms.pdf_changes import ANNOTATIONS, CONTENT, FORM, KINDS, METADATA, OTHER, PAGES, UNREADABLE, Saves

PAGE, FIELD = OBJECTS[3], OBJECTS[7]
SIGNED = pdf()
OTHER_WORDS = WORDS.replace(b"5000", b"9000")
FREE_TEXT = b"<</Type/Annot/Subtype/FreeText/Rect[0 0 9 9]/Contents(9000)>>"


def changes(document: bytes, signed: bytes = SIGNED) -> tuple[str, ...]:
    assert document.startswith(signed)
    return Saves(document).changes_behind(len(signed))


def test_a_file_that_was_not_saved_again_has_no_changes() -> None:
    assert changes(SIGNED) == ()


@pytest.mark.parametrize(
    ("objects", "kinds"),
    [
        ({4: OTHER_WORDS}, (CONTENT,)),
        ({9: OBJECTS[9].replace(b"Helvetica", b"Symbol")}, (CONTENT,)),
        ({3: PAGE.replace(b"[0 0 200 200]", b"[0 0 200 100]")}, (CONTENT,)),
        ({7: FIELD.replace(b"/V()", b"/V(Anna)")}, (FORM,)),
        ({3: PAGE.replace(b"7 0 R]", b"7 0 R 10 0 R]"), 10: FREE_TEXT}, (ANNOTATIONS,)),
        ({3: PAGE.replace(b"7 0 R]", b"7 0 R " + FREE_TEXT + b"]")}, (ANNOTATIONS,)),
        ({3: PAGE.replace(b"[5 0 R 7 0 R]", b"[7 0 R 5 0 R]")}, (ANNOTATIONS,)),  # one over the other
        ({8: b"<</Title(Agreement)>>"}, (METADATA,)),
        ({2: b"<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>>"}, ()),  # the same page is walked once
        ({2: b"<</Type/Pages/Kids[3 0 R 10 0 R]/Count 2>>", 10: b"<</Type/Page/Parent 2 0 R>>"}, (PAGES,)),
        ({2: b"<</Type/Pages/Kids[]/Count 0>>"}, (PAGES,)),
        ({1: OBJECTS[1].replace(b"/Pages", b"/OpenAction<</S/JavaScript/JS(x)>>/Pages")}, (OTHER,)),
        ({1: OBJECTS[1].replace(b"SigFlags 3", b"SigFlags 3/XFA 10 0 R"), 10: b"(x)"}, (OTHER,)),
        ({10: b"(nothing leads here)"}, (OTHER,)),
        ({4: WORDS}, ()),  # written again as it was
    ],
)
def test_an_object_is_what_leads_to_it(objects: dict[int, bytes], kinds: tuple[str, ...]) -> None:
    assert changes(saved_again(SIGNED, objects)) == kinds


def test_what_was_changed_and_changed_back_is_not_changed() -> None:
    assert changes(saved_again(saved_again(SIGNED), {4: WORDS})) == ()


# ---- made to look harmless ------------------------------------------------------------------------


def test_an_object_in_the_signed_octets_may_be_put_in_the_place_of_another() -> None:
    fake = b"4 0 obj\n" + OTHER_WORDS + b"\nendobj\n"  # that no table of the signed revision names
    signed = pdf(objects={**OBJECTS, 10: b"<</Length %d>>\nstream\n%b\nendstream" % (len(fake), fake)})
    table = b"xref\n4 1\n%010d 00000 n \ntrailer\n%b\nstartxref\n%d\n%%%%EOF\n"
    before = TRAILER % b"/Prev %d" % signed.rindex(b"xref\n0 1")
    assert changes(signed + table % (signed.index(fake), before, len(signed)), signed) == (CONTENT,)


def test_an_object_that_no_table_names_is_other() -> None:
    document = saved_again(SIGNED, {8: b"<</Title(x)>>"})
    at = document.rindex(b"xref\n0 1")
    unnamed = b"4\0000%\n obj\n" + OTHER_WORDS + b"\nendobj\n"
    moved = document[:at] + unnamed + document[at:]
    moved = moved.replace(b"startxref\n%d\n" % at, b"startxref\n%d\n" % (len(moved) - len(document) + at))
    assert changes(moved) == (METADATA, OTHER)


@pytest.mark.parametrize(
    ("page", "name"),
    [
        (b"/Resources<</XObject<</P 10 0 R>>>>", b"a name that elsewhere leads upwards"),
        (b"/Resources<</XObject<</Parent 10 0 R>>>>", b"another"),
        (b"/Resou#72ces<</XObject<</X 10 0 R>>>>", b"a name in escapes"),
        (b"/Resources<</XObject<</X 10 0 R>>>>/Annots[10 0 R]", b"content that is said to be a comment"),
    ],
)
def test_what_a_page_draws_is_content_whatever_else_it_is_said_to_be(page: bytes, name: bytes) -> None:
    drawn = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 1>>\nstream\n%b\nendstream"
    signed = pdf(objects={**OBJECTS, 3: b"<</Type/Page/Parent 2 0 R/Contents 4 0 R%b>>" % page, 10: drawn % b"q"})
    assert CONTENT in changes(saved_again(signed, {10: drawn % b"Q"}), signed), name


def test_content_that_calls_itself_a_cross_reference_is_content() -> None:
    stream = OTHER_WORDS.replace(b"<</Length", b"<</Type/XRef/Length")
    assert changes(saved_again(SIGNED, {4: stream})) == (CONTENT,)


def test_a_page_that_is_also_content_is_content() -> None:
    signed = pdf(objects={**OBJECTS, 2: b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>"})
    assert changes(saved_again(signed), signed) == (CONTENT,)


# ---- damaged and hostile --------------------------------------------------------------------------


def test_what_cannot_be_read_is_said_to_be_unreadable() -> None:
    for tail in (b"\nstartxref\n99999999\n", b"\nstartxref\n5\n", b"\nstartxref\n"):
        assert changes(SIGNED + tail) == (UNREADABLE,)
    encrypted = TRAILER.replace(b"/Info", b"/Encrypt<</V 1>>/Info")
    assert changes(saved_again(SIGNED, {4: OTHER_WORDS}, encrypted)) == (UNREADABLE,)
    twice = saved_again(SIGNED, {3: PAGE.replace(b"/Contents", b"/Contents 10 0 R/Contents"), 10: OTHER_WORDS})
    assert changes(twice) == (UNREADABLE,)


@pytest.mark.parametrize(
    "objects",
    [
        {10: b"<</Length 10 0 R>>\nstream\nx\nendstream"},
        {10: b"<</Length 11 0 R>>\nstream\nx\nendstream", 11: b"<</Length 10 0 R>>\nstream\nx\nendstream"},
        {4: b"[" * 10_000},
        {2: b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 1>>"},
        {5: b"<</Parent 7 0 R>>", 7: b"<</Parent 5 0 R>>"},
        {3: b"<</Type/Page/Annots[" + b"5 0 R " * 300_000 + b"]>>"},
        {4: b"[" + b"<</A 4 0 R>>" * 200_000 + b"]"},
        {number: b"<</A %d 0 R/B 3 0 R>>" % (number + 1) for number in range(10, 30_000)},
    ],
)
def test_loops_and_floods_end(objects: dict[int, bytes]) -> None:
    document = saved_again(SIGNED, objects)
    assert set(changes(document)) <= set(KINDS)


def test_a_stream_that_decodes_to_a_flood_is_unreadable() -> None:
    bomb = zlib.compress(bytes(40 << 20))
    head = b"<</Type/XRef/W[1 4 2]/Index[0 9999999]/Size 9999999/Root 1 0 R/Filter/FlateDecode/Length %d>>" % len(bomb)
    tail = b"10 0 obj\n%b\nstream\n%b\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (head, bomb, len(SIGNED))
    assert changes(SIGNED + tail) == (UNREADABLE,)


def test_no_mutation_raises() -> None:
    document = saved_again(saved_again(SIGNED, {7: FIELD.replace(b"/V()", b"/V(Anna)")}))
    for damaged in mutations(document, seed=11):
        assert set(Saves(damaged).changes_behind(min(len(SIGNED), len(damaged)))) <= set(KINDS)
    for damaged in mutations(document, seed=12, keep=len(SIGNED)):
        assert changes(damaged) or b" obj" not in damaged[len(SIGNED) :]


def test_many_saves_are_compared_in_one_budget() -> None:
    document = SIGNED
    for number in range(300):
        document = saved(document, {4: WORDS.replace(b"5000", b"%04d" % number)}, TRAILER % b"/Prev 1")
    assert changes(document) == (UNREADABLE,)  # a table that points nowhere


# ---- pyhanko is the independent oracle ------------------------------------------------------------

# What its levels allow beside what the level below does; ours must never be the more lenient.
LEVELS = {"NONE": set(), "LTA_UPDATES": {"validation", "metadata"}, "FORM_FILLING": {"form", "signature"}}


@pytest.mark.parametrize("streams", [False, True], ids=["table", "streams"])
def test_pyhanko_agrees(streams: bool) -> None:
    pytest.importorskip("pyhanko", reason="pyhanko is the independent oracle")
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, StreamObject, TextStringObject, pdf_name
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
    from pyhanko.sign import validation
    from pyhanko_certvalidator import ValidationContext

    from pyhanko_signer import signed

    def dictionary(**values: Any) -> Any:
        return DictionaryObject({pdf_name(f"/{key}"): value for key, value in values.items()})

    def again(document: bytes, change: Callable[[Any], None]) -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(document))
        change(writer)
        out = io.BytesIO()
        writer.write(out)
        return out.getvalue()

    writer = PdfFileWriter(stream_xrefs=streams)
    words = writer.add_object(StreamObject(stream_data=b"BT (The total is 5000) Tj ET"))
    writer.insert_page(PageObject(contents=words, media_box=(0, 0, 200, 200), resources=DictionaryObject()))
    kids = writer.root["/Pages"]["/Kids"]
    box = ArrayObject([])
    said = {"FT": pdf_name("/Tx"), "T": TextStringObject("Name"), "V": TextStringObject("")}
    shown = {"Type": pdf_name("/Annot"), "Subtype": pdf_name("/Widget"), "Rect": box, "P": kids.raw_get(0)}
    field = writer.add_object(dictionary(**said, **shown))
    kids[0]["/Annots"] = ArrayObject([field])
    writer.root["/AcroForm"] = dictionary(Fields=ArrayObject([field]))
    plain = io.BytesIO()
    writer.write(plain)

    def fill(writer: Any) -> None:
        field = writer.root["/AcroForm"]["/Fields"][0]
        field["/V"] = TextStringObject("Anna")
        writer.update_container(field)

    def comment(writer: Any) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        page["/Annots"].append(writer.add_object(dictionary(Subtype=pdf_name("/FreeText"), Rect=box)))
        writer.update_container(page["/Annots"])

    def rewrite(writer: Any) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        page["/Contents"] = writer.add_object(StreamObject(stream_data=b"BT (The total is 9000) Tj ET"))
        writer.update_container(page)

    def keep_certificates(writer: Any) -> None:
        held = writer.add_object(StreamObject(stream_data=b"x"))
        writer.root["/DSS"] = writer.add_object(dictionary(Certs=ArrayObject([held])))
        writer.update_root()

    def rename(writer: Any) -> None:
        writer.set_info(writer.add_object(dictionary(Title=TextStringObject("x"))))

    def act(writer: Any) -> None:
        writer.root["/OpenAction"] = dictionary(S=pdf_name("/JavaScript"), JS=TextStringObject("x"))
        writer.update_root()

    once = signed(plain.getvalue(), "A")
    filled = again(once, fill)
    documents = [
        once, signed(once, "B"), filled, signed(filled, "B"), again(signed(filled, "B"), rewrite),
        *(again(once, change) for change in (comment, rewrite, keep_certificates, rename, act)),
    ]  # fmt: skip
    context = ValidationContext(trust_roots=[], allow_fetching=False)
    told = []
    for document in documents:
        for one in PdfFileReader(io.BytesIO(document)).embedded_signatures:
            level = validation.validate_pdf_signature(one, context).modification_level.name
            end = sum(int(one.byte_range.raw_get(place)) for place in (2, 3))
            kinds = set(Saves(document).changes_behind(end))
            order = [*LEVELS, "OTHER"]
            allowed = set().union(*(LEVELS[name] for name in order[: order.index(level) + 1] if name in LEVELS))
            assert UNREADABLE not in kinds and (level == "OTHER") == bool(kinds - allowed), (level, kinds)
            told.append(level)
    assert {"NONE", "LTA_UPDATES", "FORM_FILLING", "OTHER"} == set(told)
