"""Word, Excel and PowerPoint: what they say of themselves, their words, and files made to hurt."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from office_file import docx, docx_parts, zipped
from transforms.limits import LIMITS

CORE = "docProps/core.xml"


def test_a_letter_says_who_when_and_with_what(see) -> None:
    facts = see(docx(), "a.docx").facts
    assert (facts.author, facts.last_modified_by) == ("Anaïs Ferrand", "Bruno Léger")
    assert facts.created_utc == datetime(2016, 5, 5, 8, 0, tzinfo=UTC)
    assert facts.modified_utc == datetime(2017, 3, 27, 10, 22, tzinfo=UTC)
    assert (facts.application, facts.application_version) == ("Microsoft Office Word", "16.0000")
    assert (facts.template, facts.company, facts.languages) == ("Normal.dotm", "Horizon commun", ("fr-FR",))
    assert (facts.revision, facts.edit_minutes, facts.custom) == (7, 42, ("Registre=A-17",))
    assert facts.rsids == ("00a1b2c3", "00d4e5f6")
    assert facts.fonts == ("Calibri", "Times New Roman")
    assert (facts.zip_writer, facts.zip_first, facts.zip_last) == ("office",) + ("1980-01-01T00:00:00",) * 2
    assert facts.defects == () and facts.signatures == 0


def test_libreoffice_names_its_version_with_itself(see) -> None:
    app = (
        "<Properties><Application>LibreOffice/5.3.1.2$Linux</Application><AppVersion>15.0000</AppVersion></Properties>"
    )
    facts = see(zipped(docx_parts() | {"docProps/app.xml": app}), "a.docx").facts
    assert (facts.application, facts.application_version) == ("LibreOffice", "5.3.1.2$Linux")


def test_its_words_are_kept_for_comparison(see) -> None:
    assert see(docx(), "a.docx").text == "Budget de campagne Le total est de 5000 euros & plus"


def test_a_word_in_two_runs_is_one_and_deleted_text_is_not_shown(see) -> None:
    runs = "<w:p><w:r><w:t>cam</w:t></w:r><w:r><w:t>pagne</w:t><w:tab/><w:delText>loin</w:delText></w:r></w:p>"
    parts = docx_parts() | {"word/document.xml": f"<w:document>{runs}<w:p><w:t>fin</w:t></w:p></w:document>"}
    assert see(zipped(parts), "a.docx").text == "campagne fin"


def test_cells_and_slides_in_their_order(see) -> None:
    sheet = {"[Content_Types].xml": "<a/>", "xl/sharedStrings.xml": "<sst><si><t>un</t></si><si><t>deux</t></si></sst>"}
    assert see(zipped(sheet), "a.xlsx").text == "un deux"
    slides = {f"ppt/slides/slide{n}.xml": f"<p:sld><a:p><a:r><a:t>n{n}</a:t></a:r></a:p></p:sld>" for n in (10, 2)}
    assert see(zipped({"[Content_Types].xml": "<a/>", **slides}), "a.pptx").text == "n2 n10"


def test_a_time_without_a_zone_is_no_instant(see) -> None:
    facts = see(docx(modified="2017-03-27T10:22:00"), "a.docx").facts
    assert (facts.modified_utc, facts.modified_local) == (None, "2017-03-27T10:22:00")


@pytest.mark.parametrize(
    "modified", ["2017-13-27T10:22:00Z", "9999-12-31T23:59:59-12:00", "hier", "2017-03-27T10:22Z9"]
)
def test_an_impossible_time_is_none(see, modified: str) -> None:
    facts = see(docx(modified=modified), "a.docx").facts
    assert (facts.modified_utc, facts.modified_local, facts.defects) == (None, None, ())


def test_a_zip_made_anew_shows_its_times_and_its_maker(see) -> None:
    facts = see(zipped(docx_parts(), (2017, 4, 30, 9, 0, 0), system=3), "a.docx").facts
    assert (facts.zip_writer, facts.zip_first) == ("python", "2017-04-30T09:00:00")


def test_a_part_in_utf_16_is_read(see) -> None:
    parts: dict[str, str | bytes] = dict(docx_parts())
    parts["word/document.xml"] = docx_parts()["word/document.xml"].replace("UTF-8", "UTF-16").encode("utf-16")
    assert see(zipped(parts), "a.docx").text.startswith("Budget de campagne")


# ---- hostile ------------------------------------------------------------------------------------


def test_entities_are_refused(see) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><a><creator>&b;</creator></a>'
    seen = see(zipped(docx_parts() | {CORE: bomb}), "a.docx")
    assert (seen.facts.author, seen.facts.defects) == (None, ("document.xml_entities",))
    assert seen.item.notes == ("document.xml_entities",) and seen.item.status == "ok"
    assert seen.facts.application == "Microsoft Office Word"  # the other parts are read


def test_half_a_million_elements_in_each_other_stop_at_a_count(see) -> None:
    deep = docx_parts()[CORE].replace("<cp:revision>", "<x>" * 500_000)
    seen = see(zipped(docx_parts() | {CORE: deep}), "a.docx")
    assert seen.facts.author == "Anaïs Ferrand" and seen.facts.defects == ("limit.xml",)


def test_a_part_of_a_gigabyte_of_zeros_is_read_to_its_limit(see) -> None:
    parts: dict[str, str | bytes] = dict(docx_parts())
    parts["word/document.xml"] = b"<w:document>" + b"<w:t>mot </w:t>" * 3_000_000
    seen = see(zipped(parts), "a.docx")
    assert len(seen.text) <= LIMITS.text and seen.text.startswith("mot mot")


def test_thousands_of_parts_of_properties_and_of_slides_stop_at_a_count(see) -> None:
    many = {f"{n}.psmdcp": "<a>" + "<b/>" * 9_000 + "</a>" for n in range(500)}
    slides = {f"ppt/slides/slide{n}.xml": "" for n in range(5_000)}
    octets = zipped({"[Content_Types].xml": "<a/>", **many, **slides})
    started = time.process_time()
    assert see(octets, "a.pptx").item.status == "ok"
    assert time.process_time() - started < 2


def test_a_damaged_part_costs_only_what_is_behind_the_damage(see) -> None:
    cut = docx_parts()[CORE].partition("<cp:revision>")[0]
    seen = see(zipped(docx_parts() | {CORE: cut}), "a.docx")
    assert (seen.facts.author, seen.facts.revision) == ("Anaïs Ferrand", None)
    assert seen.facts.defects == ("document.xml_damaged",)


def test_what_is_shown_is_clean_and_bounded(see) -> None:
    facts = see(docx(author="A\u202eb" + "c" * 5_000), "a.docx").facts
    assert facts.author.startswith("A\\u202eb") and len(facts.author) == LIMITS.document_value


def test_too_many_sessions_and_fonts_are_cut(see) -> None:
    rsids = "".join(f'<w:rsid w:val="{n:08X}"/>' for n in range(5_000))
    fonts = "".join(f'<w:font w:name="F{n}"/>' for n in range(5_000))
    facts = see(zipped(docx_parts() | {"word/settings.xml": rsids, "word/fontTable.xml": fonts}), "a.docx").facts
    assert (len(facts.rsids), len(facts.fonts)) == (LIMITS.rsids, LIMITS.document_values)


def test_200_mutations_keep_their_rows(mutants) -> None:
    mutants(docx(), ".docx")
