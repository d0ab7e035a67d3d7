"""Readers of documents: each declares what it reads, and times are instants only with a zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from office_file import HTML, ICS, RTF, VCF, doc, docx, exif, jpeg, odt, pdf, png, zipped
from transforms import documents
from transforms.documents import Moment, iso_moment, moment, number, readers
from transforms.limits import Limits


def test_each_format_has_one_reader_with_a_read() -> None:
    formats = [form for module in set(readers().values()) for form in module.FORMATS]
    assert len(formats) == len(set(formats)) == len(readers())
    assert all(callable(module.read) and module.__doc__ for module in readers().values())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2017-03-27T10:22:00Z", Moment(datetime(2017, 3, 27, 10, 22, tzinfo=UTC))),
        ("2017-03-27T10:22:00.25+02:00", Moment(datetime(2017, 3, 27, 8, 22, tzinfo=UTC))),
        ("2017-03-27T10:22:00-0230", Moment(datetime(2017, 3, 27, 12, 52, tzinfo=UTC))),
        ("2017-03-27T10:22", Moment(None, "2017-03-27T10:22:00")),
        ("2017-03-27", Moment(None, "2017-03-27T00:00:00")),
        ("2017-02-30T10:22:00Z", Moment()),
        ("1601-01-01T00:00:00Z", Moment()),  # no time, as some writers say it
        ("", Moment()),
        (None, Moment()),
    ],
)
def test_a_date_time(text: str | None, found: Moment) -> None:
    assert iso_moment(text) == found


def test_a_moment_at_the_end_of_time_is_none() -> None:
    assert moment([9999, 12, 31, 23, 59, 59], -14 * 60) == moment([1, 1, 1, 0, 0, 0], 14 * 60) == Moment()


@pytest.mark.parametrize(("text", "count"), [("7", 7), ("", None), ("-1", None), ("٣", None), ("9" * 40, None)])
def test_a_count(text: str, count: int | None) -> None:
    assert number(text) == count


# ---- a dump that mixes all of it ----------------------------------------------------------------

FILES = {
    "a.docx": docx(), "b.odt": odt(), "c.doc": doc(), "d.pdf": pdf(), "e.rtf": RTF, "f.html": HTML, "g.ics": ICS,
    "h.vcf": VCF, "i.tif": exif(), "j.jpg": jpeg(), "k.png": png(), "l.txt": b"Le total",
}  # fmt: skip


def test_loose_and_in_an_archive_they_say_the_same_and_every_octet_is_accounted(examine) -> None:
    found = examine({**FILES, "all.zip": zipped(FILES)})
    for name, octets in FILES.items():
        loose, inside = found.items[name], found.items[f"all.zip!{name}"]
        assert (loose.kind, loose.media_type, loose.status) == (inside.kind, inside.media_type, "ok")
        assert found.size_of(name) == (len(octets), 0)
    said = {unit.items[row].path: facts for unit in found.units for row, facts in unit.documents}
    assert {name: said[f"all.zip!{name}"] for name in FILES if name in said} == {
        name: facts for name, facts in said.items() if "!" not in name
    }
    assert set(FILES) - set(said) == {"l.txt"}
    spoken = {path for path in found.texts if "!" not in path}
    assert spoken == {"a.docx", "b.odt", "e.rtf", "f.html", "l.txt"}


def test_above_the_limit_a_document_is_hashed_and_no_more(examine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LIMITS", Limits(document=100))
    item = examine({"a.pdf": pdf()}).items["a.pdf"]
    assert (item.status, item.notes, item.size) == ("ok", ("limit.document",), len(pdf()))
