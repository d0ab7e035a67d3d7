"""What counts as saying something else, and what honest software explains."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from prepared_signature import SIGNATURE
from transforms.model import Clock
from transforms.shard import Attached, Content
from transforms.tampering import (
    Said,
    Tampering,
    intact_signature,
    kind_of,
    munged,
    other_subject,
    said_author,
    said_date,
    said_part,
    said_subject,
    said_text,
    settle,
    signed_once,
    text_changes,
    witness,
)


def content(text: str = "", *attached: Attached, form: str = "text/plain") -> Content:
    return Content("a.eml", form, text, "", "", "", "", frozenset(), None, "", None, frozenset(), attached)


REPORT = Attached("report.pdf", "application/pdf", "document", "a" * 64)


def found(number: int, kind: str = "k") -> Tampering:
    return Tampering("u", number, "dkim.altered", "dkim.other", kind, str(number), "", "", "")


# ---- values -----------------------------------------------------------------------------------


def test_another_address_is_said() -> None:
    for shown in ("director@campaign.example", "claire@ministry.example"):
        told = said_author("claire@campaign.example", shown, "Claire Aubry", "Paul Duval")
        assert told is not None and told.telling


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Claire Aubry", "claire.aubry@newhouse.example"),
        ("AUBRY, Clairé", "c.aubry@campaign.example"),
        ("Claire Aubry", "SRS0=x=campaign.example=claire@relay.example"),
        ("Claire Aubry", "12345@tickets.newsroom.example"),
        ("", "director@campaign.example"),
        ("P.", "director@campaign.example"),
        ("Desk", "claire=campaign.example@newsroom.example"),
        ("Person A", "person-a@example.org"),
        ("Person A", "noreply@newsroom.example"),
        ("Person A", "email@protected.example"),
        ("Journal", "journal@campaign.example"),
    ],
)
def test_an_address_that_systems_give_is_said_and_not_telling(name: str, shown: str) -> None:
    told = said_author("claire@campaign.example", shown, "Claire Aubry", name)
    assert told is not None and not told.telling


@pytest.mark.parametrize(
    "shown",
    ["Claire@Campaign.EXAMPLE", "", "xxxx@campaign.example", "claire@xxx.xx", "[redacted]@campaign.example",
     "c****e@campaign.example", "claire@mail.campaign.example", "MISSING_MAILBOX@MISSING_DOMAIN",
     "IMCEAEX-_O=HOUSE@campaign.example", "claire@campaign.local"],
)  # fmt: skip
def test_an_address_that_is_none_or_the_same_is_not_said(shown: str) -> None:
    assert said_author("claire@campaign.example", shown, "Claire Aubry", "Paul Duval") is None


@pytest.mark.parametrize(
    ("signed", "shown", "telling"),
    [
        ("Piet Brouwer", "Claire Martin", True),
        ("Пётр Иванов", "Claire Martin", True),
        ("Пётр Иванов", "Ivanov Petr", False),
        ("Petr Ivanov", "Иванов Пётр Сергеевич", False),
        ("田中 一郎", "Ichiro Tanaka", False),
        ("Søren Åse", "Soeren Aase", False),
        ("Piet Brouwer", "PBROUWER", False),
        ("P. Brouwer", "Piet B.", False),
        ("Piet Brouwer", "Persoon 1", False),
        ("Piet Brouwer", "Employee 3", False),
        ("Piet Brouwer", "Paul Berger", True),
    ],
)
def test_a_name_written_otherwise_may_be_the_same_one(signed: str, shown: str, telling: bool) -> None:
    told = said_author("p@campaign.example", "other@new.example", signed, shown)
    assert told is not None and told.telling is telling


def test_an_address_of_hexadecimal_digits_stands_for_nobody() -> None:
    told = said_author("p@campaign.example", "a3f9c1d2e4@new.example", "Piet Brouwer", "Claire Martin")
    assert told is not None and not told.telling


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (datetime(2017, 4, 25, 11, tzinfo=UTC), False),
        (datetime(2017, 4, 25, 13, tzinfo=UTC), True),
        (datetime(2016, 4, 24, 10, tzinfo=UTC), True),
        (datetime(1970, 1, 1, tzinfo=UTC), False),
        (None, False),
    ],
)
def test_another_day_is_said(shown: datetime | None, said: bool) -> None:
    signed = datetime(2017, 4, 24, 10, tzinfo=UTC)
    assert (said_date(signed, shown, "signed", "shown", None) is not None) is said


@pytest.mark.parametrize(
    ("shown", "received", "telling"),
    [
        (datetime(2017, 3, 24, 10, tzinfo=UTC), datetime(2017, 3, 25, 9, tzinfo=UTC), True),  # both retyped
        (datetime(2017, 3, 24, 10, tzinfo=UTC), None, True),
        (datetime(2020, 1, 14, 3, tzinfo=UTC), datetime(2017, 4, 24, 10, tzinfo=UTC), False),  # an import
        (datetime(2010, 1, 1, tzinfo=UTC), datetime(2017, 4, 24, 10, tzinfo=UTC), False),  # a dead clock
        (datetime(2017, 4, 26, 10, tzinfo=UTC), datetime(2017, 4, 24, 10, tzinfo=UTC), False),  # near, Received stayed
    ],
)
def test_a_day_is_telling_where_the_transport_was_moved_with_it(
    shown: datetime, received: datetime | None, telling: bool
) -> None:
    told = said_date(datetime(2017, 4, 24, 10, tzinfo=UTC), shown, "signed", "shown", received)
    assert told is not None and told.telling is telling


def test_a_mail_that_was_sent_once_more_and_dated_anew_has_the_old_transport_below() -> None:
    signed, shown = datetime(2017, 4, 24, 10, tzinfo=UTC), datetime(2017, 5, 19, 10, tzinfo=UTC)
    old = Clock("received", "as written", int(signed.timestamp()) * 1_000_000 + 5, 1_000_000, hop=1)
    new = old._replace(micros=int(shown.timestamp()) * 1_000_000 + 5, hop=0)
    for clocks, telling in (((new, old), False), ((new,), True), ((new, old._replace(source="message_id")), True)):
        told = said_date(signed, shown, "signed", "shown", shown, clocks)
        assert told is not None and told.telling is telling


@pytest.mark.parametrize("shown", ["Re: The hall", "[EXT] The hall", "The hall (was: keys)", "(no subject)", "", "The"])
def test_a_subject_with_marks_or_without_words_is_not_said(shown: str) -> None:
    assert said_subject("The hall", shown) is None
    told = said_subject("The hall on Friday", "The bribe on Friday")
    assert told == Said("Subject", "", "The hall on Friday", "The bribe on Friday")


@pytest.mark.parametrize(
    "shown",
    ["Reunion du comite OEuvre EUR", "Runion du comit uvre", "R\\xe9union du comit\\xe9 \\u0153uvre \\u20ac",
     "R&eacute;union du comit&#233; &OElig;uvre &euro;", "R?union du comit? ?uvre ?", "(sans objet)", "Kein Betreff",
     "<no subject>", "Réunion du (b)(6) œuvre €", "Réunion du [caviardé]", "<SUBJECT>", "Réunion du XXXX œuvre €",
     "Réunion du comité œuvre €.eml"],
)  # fmt: skip
def test_a_subject_that_lost_letters_or_was_blacked_out_is_not_said(shown: str) -> None:
    assert said_subject("Réunion du comité œuvre €", shown) is None


@pytest.mark.parametrize(
    "shown",
    ["Secret account, and the hall on Friday", "The hall on Friday: nine million", "Panama",
     "Nine million euro go to our account in Panama before noon"],
)  # fmt: skip
def test_a_subject_with_words_around_it_or_another_altogether_is_told_and_not_telling(shown: str) -> None:
    told = other_subject("The hall on Friday", shown)
    assert told == Said("Subject", "", "The hall on Friday", shown, telling=False)


@pytest.mark.parametrize(
    "shown",
    ["RE: The hall on Friday", "[EXT] The hall on Friday", "The hall", "(no subject)", "<SUBJECT>", "[caviardé]",
     "XXXX", "T?? h??l o? F??d??", ""],
)  # fmt: skip
def test_a_subject_that_was_tagged_shortened_or_lost_is_not_told(shown: str) -> None:
    assert other_subject("The hall on Friday", shown) is None


@pytest.mark.parametrize("shown", ["Budget pour la campagne de printemps", "Entwurf", "Haushalt campaign"])
def test_a_translated_subject_is_said_and_not_telling(shown: str) -> None:
    told = said_subject("Budget for the spring campaign", shown)
    assert told is not None and not told.telling


@pytest.mark.parametrize(
    "told",
    ["Claire Aubry via Staff", "claire@campaign.example", "claire=campaign.example@relay.example",
     "Claire (claire at campaign.example)", "on behalf of Claire"],
)  # fmt: skip
def test_a_relay_that_tells_the_author_elsewhere_is_known(told: str) -> None:
    assert munged(told, "claire@campaign.example")
    assert not munged("Director director@campaign.example", "claire@campaign.example")


# ---- text and parts ---------------------------------------------------------------------------


def test_texts_of_other_parts_or_other_words_altogether_are_not_compared() -> None:
    assert text_changes(content("a b c"), content("a b c", form="text/html")) is None
    assert text_changes(content("a b c d"), content("v w x y")) is None
    told = content("a b c d")._replace(html=b"a"), content("a b c e")._replace(html=b"a")
    assert text_changes(*told) is None  # the plain text beside the same HTML was made anew
    assert text_changes(told[0], told[1]._replace(html=b"b")) is not None
    assert said_text(None) is None
    assert said_text(text_changes(content("pay 400 euro"), content("pay 9400 euro"))) is not None


def test_words_slipped_in_show_both_values() -> None:
    signed = content("the account will be paid in full by the treasurer on Friday")
    told = said_text(text_changes(signed, content(signed.text.replace("paid in full", "paid in cash and full"))))
    assert told is not None and (told.expected, told.actual) == ("(no words)", "cash and")


def test_a_document_in_the_place_of_another_is_said() -> None:
    signed, shown = REPORT._replace(text="pay 5000 euro"), REPORT._replace(text="pay 9000 euro", sha256="b" * 64)
    told = said_part(content("", signed), content("", shown))
    assert told is not None and told.expected.endswith("a" * 64) and told.actual.endswith("b" * 64)


@pytest.mark.parametrize(
    "shown",
    [
        (),
        (REPORT,),
        (REPORT, REPORT),
        (REPORT._replace(sha256="b" * 64, file_name="removed.txt"),),
        (REPORT._replace(sha256="b" * 64, media_type="text/plain", kind="text"),),
        (REPORT._replace(sha256=None),),
    ],
)
def test_parts_that_gateways_touch_are_not_said(shown: tuple[Attached, ...]) -> None:
    assert said_part(content("", REPORT), content("", *shown)) is None


@pytest.mark.parametrize(
    ("signed", "shown", "is_said"),
    [("pay 5000 euro", "pay 5000 euro", False), ("pay 5000 euro", "pay 9000 euro", True), ("", "", False),
     ("pay 5000 euro", "", False), ("pay 5000 euro", "withheld by the scanner", False),
     ("pay 5000 euro", "Scanned by the gateway of the house pay 5000 euro", False)],
)  # fmt: skip
def test_a_document_is_said_whose_words_were_replaced(signed: str, shown: str, is_said: bool) -> None:
    """Gateways that disarm documents rewrite some, print some into pictures and leave the others alone."""
    here, there = REPORT._replace(text=signed), REPORT._replace(sha256="b" * 64, text=shown)
    assert (said_part(content("", here), content("", there)) is not None) is is_said


def test_a_spreadsheet_that_was_saved_in_another_order_is_not_said() -> None:
    sheet = REPORT._replace(
        text="revenue january costs for the hall february profit of the house march",
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    anew = "revenue march january costs for the hall february profit of the house"
    for text, is_said in ((anew, False), (sheet.text.replace("profit", "loss"), True)):
        told = said_part(content("", sheet), content("", sheet._replace(sha256="b" * 64, text=text)))
        assert (told is not None) is is_said
    letter = sheet._replace(media_type="application/pdf")
    assert said_part(content("", letter), content("", letter._replace(sha256="b" * 64, text=anew))) is not None


# ---- signatures -------------------------------------------------------------------------------


def test_a_second_signature_over_another_body_speaks_for_the_author_again() -> None:
    changed = SIGNATURE._replace(body_ok=False)
    both = SIGNATURE._replace(seq=1, algorithm="ed25519-sha256", signature=b"e")
    assert signed_once([changed, both._replace(body_ok=False)], changed)
    assert not signed_once([changed, both], changed)  # its key may only be missing


@pytest.mark.parametrize(
    ("other", "intact"),
    [
        ({}, True),
        ({"aligned": "none"}, False),
        ({"body_ok": False}, False),
        ({"length": 10}, False),
        ({"length": 10, "open_octets": 0}, True),
        ({"type": "arc-message"}, False),
    ],
)
def test_a_signature_of_the_author_over_this_body_may_prove_it_under_other_keys(
    other: dict[str, Any], intact: bool
) -> None:
    assert (intact_signature([SIGNATURE._replace(**other)]) is not None) is intact


# ---- habits -----------------------------------------------------------------------------------


def test_five_messages_with_one_change_are_a_habit_and_five_copies_of_one_are_not() -> None:
    assert {one.code for one in settle([found(n) for n in range(4)])} == {"dkim.altered"}
    assert {one.code for one in settle([found(n) for n in range(5)])} == {"dkim.other"}
    assert {one.code for one in settle([found(n)._replace(of="m") for n in range(9)])} == {"dkim.altered"}


def test_five_subjects_that_were_changed_in_different_ways_accuse_nobody_and_remain_worth_a_look() -> None:
    group = [found(n)._replace(words=f"way {n}", differing="dkim.look") for n in range(5)]
    assert {one.code for one in settle(group)} == {"dkim.look"}
    one_way = [one._replace(words="a gateway's") for one in group]
    assert {one.code for one in settle(one_way)} == {"dkim.other"}
    assert [one.code for one in settle([*one_way, group[0]])] == ["dkim.other"] * 5 + ["dkim.look"]
    assert {one.code for one in settle(group[:4])} == {"dkim.altered"}


def test_a_replaced_part_counts_only_where_such_parts_come_through() -> None:
    kind = kind_of("box", Said("part", "application/pdf", "", ""))
    here, elsewhere = witness("u", "box", "application/pdf"), witness("u", "other", "application/pdf")
    assert here.kind == kind != elsewhere.kind
    assert [one.code for one in settle([found(1, kind)])] == ["dkim.other"]
    assert [one.code for one in settle([here, found(1, kind)])] == ["dkim.altered"]
    assert settle([here]) == []


def test_the_order_of_a_group_does_not_matter() -> None:
    group = [witness("u", "box", "application/pdf"), *(found(n) for n in range(4))]
    assert sorted(settle(group)) == sorted(settle(group[::-1]))
