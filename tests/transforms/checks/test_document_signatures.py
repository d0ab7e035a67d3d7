"""What is said of a signature that brings its own key."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from signed_mail import ADDRESS
from transforms.case import ItemView
from transforms.checks.document_signatures import check
from transforms.model import DocumentSignature, Kind

YEAR_2016, YEAR_2018 = 1451606400, 1514764800
INTACT = DocumentSignature(
    0, "smime", "part 1", "rsa-sha256", True, "pass", "pass", YEAR_2016 + 86400, "CN=Anna", "CN=Anna", (ADDRESS,),
    YEAR_2016, YEAR_2018, "ab" * 32, "cd" * 32,
)  # fmt: skip


def said(one: DocumentSignature, author: str | None = ADDRESS, written: datetime | None = None) -> list[str]:
    view = ItemView(Kind.EMAIL, (), None, True, None, document_signatures=(one,), carried_by=author, date_utc=written)
    findings = list(check(view))
    assert all(finding.strength == "weak" for finding in findings)
    return [finding.code for finding in findings]


def test_an_intact_signature_supports_weakly_and_names_the_certificate() -> None:
    (finding,) = check(ItemView(Kind.EMAIL, (), None, True, None, document_signatures=(INTACT,), carried_by=ADDRESS))
    assert (finding.code, finding.direction, finding.strength) == ("document.signature_intact", "supports", "weak")
    assert f"certificate of CN=Anna <{ADDRESS}> issued by itself, sha256 {'ab' * 32}" in finding.summary
    assert "2016-01-02 by the signer's clock" in finding.summary


def test_an_altered_part_contradicts_weakly_and_nothing_more() -> None:
    changed = INTACT._replace(result="fail", reason="content_changed_after_signing", body_ok=False)
    assert said(changed, "eve@elsewhere.example") == ["document.signature_altered"]


def test_a_certificate_of_another_address_is_said() -> None:
    assert said(INTACT, "Anna@Campaign.Example") == ["document.signature_intact"]
    assert said(INTACT, "eve@elsewhere.example") == [
        "document.signature_intact", "document.signer_has_another_address",
    ]  # fmt: skip
    assert said(INTACT._replace(addresses=()), "eve@elsewhere.example") == ["document.signature_intact"]


@pytest.mark.parametrize("written", [datetime(2015, 12, 31, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC)])
def test_a_certificate_that_was_not_valid_then_is_said(written: datetime) -> None:
    assert said(INTACT, written=written)[1:] == ["document.certificate_not_valid_then"]
    assert said(INTACT._replace(signed_at=int(written.timestamp())))[1:] == ["document.certificate_not_valid_then"]
    assert said(INTACT, written=datetime(2017, 4, 24, tzinfo=UTC)) == ["document.signature_intact"]


def test_what_cannot_be_checked_says_nothing_else() -> None:
    broken = DocumentSignature(0, "smime", "part 1", "", None, "permerror", "signature_syntax")
    assert said(broken, "eve@elsewhere.example") == ["document.signature_unusable"]


def test_what_was_added_behind_a_pdf_signature_is_no_part_of_what_is_intact() -> None:
    one = INTACT._replace(type="pdf", covers="octets 0 to 5000", unsigned_octets=200)
    (finding,) = check(
        ItemView(Kind.DOCUMENT, (), None, False, None, document_signatures=(one,), carried_by="b@x.example")
    )
    assert "pdf, octets 0 to 5000, not the 200 octets behind them, rsa-sha256" in finding.summary


def test_a_text_whose_signer_has_no_key_here_is_a_remark() -> None:
    one = DocumentSignature(
        0, "pgp", "part 1", "dsa-sha1", True, "neutral", "key_unknown", fingerprint="0123456789abcdef"
    )
    assert said(one, "eve@elsewhere.example") == ["document.signature_key_unknown"]
    changed = one._replace(result="fail", reason="content_changed_after_signing", body_ok=False)
    (finding,) = check(ItemView(Kind.EMAIL, (), None, True, None, document_signatures=(changed,)))
    assert finding.summary.endswith("pgp, part 1, dsa-sha1, key 0123456789abcdef (content_changed_after_signing)")


def test_a_text_that_a_given_key_confirms_supports_weakly_whoever_sent_it() -> None:
    one = DocumentSignature(0, "pgp", "part 1", "dsa-sha1", True, "pass", "pass", subject="Anna", fingerprint="01" * 8)
    assert said(one) == said(one, "eve@elsewhere.example") == ["document.signed_with_given_key"]


@pytest.mark.parametrize(
    ("changes", "signed", "shown", "code"),
    [
        (("content",), "5000", "9000", "document.pages_changed_after_signing"),
        (("content",), None, "", "document.pages_changed_after_signing"),
        (("pages", "form"), "", "", "document.pages_changed_after_signing"),
        (("other",), "5000", "9000", "document.pages_changed_after_signing"),
        (("form", "signature"), "", "", "document.added_after_signing"),
        (("annotations",), None, "", "document.added_after_signing"),
        (("unreadable",), None, "", None),
        ((), None, "", None),
    ],
)
def test_what_later_saves_changed_is_told(changes, signed, shown, code) -> None:  # type: ignore[no-untyped-def]
    one = INTACT._replace(type="pdf", changes=changes, words_signed=signed, words_shown=shown)
    told = [
        f
        for f in check(ItemView(Kind.DOCUMENT, (), None, True, None, document_signatures=(one,)))
        if f.code.endswith("_after_signing")
    ]
    assert [f.code for f in told] == ([code] if code else [])
    if signed:
        assert (told[0].expected, told[0].actual) == ("5000", "9000")
