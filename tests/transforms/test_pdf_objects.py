"""The objects of a PDF by its own cross-reference, and what is refused."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from signed_pdf import saved
from transforms.pdf_objects import Octets, Ref, Revision, Stream, Unreadable


def revision(octets: bytes, stop: int | None = None) -> Revision:
    return Revision(Octets(octets), len(octets) if stop is None else stop)


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"<</A[1 -2 +3 4.5 true null]/B/Na#6de>>", {"/A": [1, -2, 3, "4.5", "true", None], "/B": "/Name"}),
        (b"[1 0 R 2 3 0 R]", [Ref(1), 2, Ref(3)]),
        (rb"(a(b)\)\101\n)", b"a(b))A\n"),
        (b"<4 1 4>", b"A@"),
        (b"% words\n[% more ]\n7]", [7]),
        (b"<</A<</B<</C[]>>>>>>", {"/A": {"/B": {"/C": []}}}),
    ],
)
def test_values(octets: bytes, value: Any) -> None:
    assert Octets(octets).value(0) == (value, len(octets))


@pytest.mark.parametrize("octets", [b"", b"<</A 1", b"<</A>>", b"[>>", b"<<1 2>>", b"<</A 1/A 2>>", b"[" * 99, b"}"])
def test_what_is_no_value_is_refused(octets: bytes) -> None:
    with pytest.raises(Unreadable):
        Octets(octets).value(0)


def test_the_value_of_a_long_signature_is_a_value() -> None:
    assert Octets(b"<%b>" % (b"0" * 60_000)).value(0)[0] == bytes(30_000)


@pytest.mark.parametrize("octets", [b"[(%b] 1)]", b"[%%%b] 1\n]"])
def test_what_goes_on_behind_what_is_read_of_it_is_refused(octets: bytes) -> None:
    with pytest.raises(Unreadable):
        Octets(octets % (b"x" * 20_000)).value(0)


def test_each_revision_has_its_own_objects() -> None:
    first = saved(b"%PDF-1.7\n", {1: b"(old)", 2: b"(kept)"}, b"<</Root 1 0 R>>")
    later = saved(first, {1: b"(new)"}, b"<</Root 1 0 R/Prev %d>>" % first.rindex(b"xref\n0 1"))
    assert [revision(later, stop).get(Ref(1)) for stop in (len(first), len(later))] == [b"old", b"new"]
    assert revision(later).get(Ref(2)) == b"kept"
    assert revision(later).get(Ref(9)) is None and revision(later).get(7) == 7


def streamed(rows: bytes, index: bytes = b"", predictor: bool = False) -> bytes:
    """A file whose cross-reference and second object are streams; rows of its entries are [1 2 1] wide."""
    inside = zlib.compress(b"2 0 3 7 (two)  <</A 3>>")
    head = b"<</Type/ObjStm/N 2/First 8/Filter/FlateDecode/Length %d>>" % len(inside)
    octets = b"%%PDF-1.7\n1 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (head, inside)
    if predictor:
        above, held = bytes(4), b""
        for at in range(0, len(rows), 4):
            row = rows[at : at + 4]
            held += b"\2" + bytes((one - other) & 0xFF for one, other in zip(row, above, strict=True))
            above = row
        rows = held
    packed = zlib.compress(rows)
    parms = b"/DecodeParms<</Predictor 12/Columns 4>>" if predictor else b""
    head = b"<</Type/XRef/W[1 2 1]/Size 4%b%b/Root 2 0 R/Filter/FlateDecode/Length %d>>" % (index, parms, len(packed))
    at = len(octets)
    return octets + b"9 0 obj\n%b\nstream\n%b\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (head, packed, at)


ENTRIES = b"\0\0\0\xff" + b"\1\0\x09\0" + b"\2\0\1\0" + b"\2\0\1\1"


@pytest.mark.parametrize("predictor", [False, True])
def test_objects_in_a_stream_are_found_by_a_stream(predictor: bool) -> None:
    found = revision(streamed(ENTRIES, predictor=predictor))
    assert (found.get(Ref(2)), found.get(Ref(3))) == (b"two", {"/A": 3})
    assert isinstance(found.get(Ref(1)), Stream) and found.trailer["/Root"] == Ref(2)


@pytest.mark.parametrize(
    "octets",
    [
        streamed(ENTRIES[:-1]),  # fewer entries than it says
        streamed(ENTRIES, b"/Index[0]"),
        streamed(ENTRIES, b"/Index[0 -4]"),
        streamed(ENTRIES.replace(b"\2\0\1\0", b"\2\0\2\0")),  # in a stream that lies in a stream
        streamed(ENTRIES).replace(b"/W[1 2 1]", b"/W[1 2 x]"),
        streamed(ENTRIES).replace(b"FlateDecode/Length", b"LZWDecode/Length"),
        saved(b"%PDF-1.7\n", {1: b"()"}, b"<</Root 1 0 R>>").replace(b" 00000 n", b" 0000 n "),
        saved(b"%PDF-1.7\n", {1: b"()"}, b"[]"),
        b"%PDF-1.7\nstartxref\nx",
    ],
)
def test_a_cross_reference_that_is_damaged_is_refused(octets: bytes) -> None:
    with pytest.raises(Unreadable):
        revision(octets).get(Ref(2))


def test_another_object_in_the_place_of_one_is_refused() -> None:
    octets = saved(b"%PDF-1.7\n", {1: b"()"}, b"<</Root 1 0 R>>").replace(b"1 0 obj", b"2 0 obj")
    with pytest.raises(Unreadable):
        revision(octets).get(Ref(1))


def test_sections_that_lead_to_each_other_end() -> None:
    octets = saved(b"%PDF-1.7\n", {1: b"(x)"}, b"<</Root 1 0 R/Prev 0000>>")
    at = octets.rindex(b"xref\n0 1")
    assert revision(octets.replace(b"/Prev 0000", b"/Prev %4d" % at)).get(Ref(1)) == b"x"


# ---- hostile files ------------------------------------------------------------------------------

STREAM = b"<</Length %b%b>>\nstream\n%b\nendstream"


def test_lengths_that_stand_in_each_other_are_refused_before_the_stack_ends() -> None:
    chain = {number: STREAM % (b"%d 0 R" % (number + 1), b"", b"") for number in range(1, 2_000)}
    octets = saved(b"%PDF-1.7\n", chain, b"<</Root 1 0 R>>")
    with pytest.raises(Unreadable):
        revision(octets).get(Ref(1))


def test_behind_all_that_may_be_decoded_nothing_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.pdf_objects._DECODED", 1_000)
    file = Octets(b"")
    packed = Stream({"/Filter": "/FlateDecode"}, zlib.compress(bytes(1_000)))
    assert file.decoded(packed) == bytes(1_000)
    with pytest.raises(Unreadable):
        file.decoded(Stream({"/Filter": "/FlateDecode"}, zlib.compress(b"")))


def test_streams_that_overlap_are_refused() -> None:
    """Else each of many would hold a copy of nearly the whole file."""
    inner = STREAM % (b"1000", b"", bytes(1_000))
    outer = b"2 0 obj\n" + inner
    octets = saved(b"%PDF-1.7\n", {1: STREAM % (b"%d" % len(outer), b"", outer)}, b"<</Root 1 0 R>>")
    within = octets.index(b"2 0 obj")
    one = Revision(file := Octets(octets), len(octets))
    assert isinstance(one.get(Ref(1)), Stream)
    with pytest.raises(Unreadable):
        file._at(within, one)


def test_strings_cost_by_their_length() -> None:
    file = Octets(b"(%b) " % (b"()" * 5_000) * 20)
    steps = file._steps
    file.value(0)
    assert steps - file._steps > 1_000
