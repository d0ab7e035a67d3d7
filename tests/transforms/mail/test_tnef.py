"""winmail.dat: its message, its attachments, and what is damaged in it."""

from __future__ import annotations

import struct
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from transforms.model import Kind, Status

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from mutations import mutations
from tnef_file import (
    BODY,
    CONTENT_OBJECT,
    HTML,
    IID_MESSAGE,
    LONG_NAME,
    MESSAGE_ID,
    SENDER,
    SUBJECT,
    attachment,
    attribute,
    text,
    tnef,
)

SENT = int((datetime(2017, 4, 24, 10, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds() * 10**7)
INNER = tnef({SUBJECT: text("The hall"), SENDER: text("claire@campaign.example")})
WHOLE = tnef(
    {
        SUBJECT: text("Budget"),
        BODY: text("Nine pages."),
        SENDER: text("claire@campaign.example"),
        MESSAGE_ID: text("<b.1@campaign.example>"),
        0x00390040: struct.pack("<Q", SENT),
    },
    attachment(b"BUDGET~1.CSV", b"a,b\r\n1,2\r\n", {LONG_NAME: text("budget été.csv")}),
    attachment(b"hall.pdf", b"%PDF-1.4 hall"),
    attachment(b"Untitled", None, {CONTENT_OBJECT: IID_MESSAGE + INNER}),
    recipients=[
        {0x0C150003: struct.pack("<L", 1), 0x39FE001F: text("desk@newsroom.example"), 0x3001001F: text("Desk")}
    ],
)


def test_the_message_is_read_by_its_properties(examine) -> None:  # type: ignore[no-untyped-def]
    item = examine({"winmail.dat": WHOLE}).items["winmail.dat"]
    assert (item.kind, item.media_type, item.status) == (Kind.EMAIL, "application/vnd.ms-tnef", Status.OK)
    assert (item.subject, item.from_email, item.message_id) == (
        "Budget",
        "claire@campaign.example",
        "b.1@campaign.example",
    )
    assert (item.to_emails, item.date_utc) == (("desk@newsroom.example",), datetime(2017, 4, 24, 10, tzinfo=UTC))
    assert item.date_raw is None, "nobody wrote a Date field"
    assert item.holds_messages


def test_attachments_lie_where_their_rows_say(examine) -> None:  # type: ignore[no-untyped-def]
    found = examine({"winmail.dat": WHOLE})
    assert found.below("winmail.dat") == [
        "winmail.dat!budget été.csv",
        "winmail.dat!hall.pdf",
        "winmail.dat!Untitled",
    ]
    assert found.octets(found.items["winmail.dat!budget été.csv"]) == b"a,b\r\n1,2\r\n"
    assert found.octets(found.items["winmail.dat!hall.pdf"]) == b"%PDF-1.4 hall"
    inner = found.items["winmail.dat!Untitled"]
    assert (inner.kind, inner.subject) == (Kind.EMAIL, "The hall")
    assert found.octets(inner) == INNER


def test_as_part_of_a_mail_it_is_opened_and_nothing_in_it_is_proven_by_it(examine) -> None:  # type: ignore[no-untyped-def]
    mail = (
        b"From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
        b"--B\r\nContent-Type: text/plain\r\n\r\n\r\n--B\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"
        b"Content-Transfer-Encoding: binary\r\n\r\n" + WHOLE + b"\r\n--B--\r\n"
    )
    found = examine({"a.eml": mail})
    assert "a.eml!2!hall.pdf" in found.items and found.items["a.eml!2"].holds_messages


def test_the_text_is_kept_for_comparison_with_its_like(examine) -> None:  # type: ignore[no-untyped-def]
    found = examine({"a.dat": WHOLE, "b.dat": tnef({HTML: b"<p>Nine <b>pages</b>"})})
    assert found.texts["a.dat"].text == "Nine pages." and found.texts["a.dat"].form.endswith("tnef text/plain")
    assert found.texts["b.dat"].text == "Nine pages" and found.texts["b.dat"].form.endswith("tnef text/html")


def test_attributes_of_old_programs_stand_for_properties(examine) -> None:  # type: ignore[no-untyped-def]
    old = WHOLE[:6] + b"".join(
        (
            attribute(1, 0x00018004, b"Old\0"),
            attribute(1, 0x0002800C, b"Words"),
            attribute(1, 0x00038005, struct.pack("<7H", 1999, 10, 14, 2, 47, 44, 4)),
        )
    )
    found = examine({"a.dat": old})
    assert (found.items["a.dat"].subject, found.texts["a.dat"].text) == ("Old", "Words")
    assert found.items["a.dat"].date_utc == datetime(1999, 10, 14, 2, 47, 44, tzinfo=UTC)


@pytest.mark.parametrize("date", [b"", bytes(14), struct.pack("<7H", 1500, 1, 1, 0, 0, 0, 0), b"\xff" * 14])
def test_a_day_that_no_calendar_has_is_absent(examine, date: bytes) -> None:  # type: ignore[no-untyped-def]
    item = examine({"a.dat": WHOLE[:6] + attribute(1, 0x00038005, date)}).items["a.dat"]
    assert (item.date_utc, item.status) == (None, Status.OK)


@pytest.mark.parametrize(
    ("octets", "code", "attachments"),
    [
        (WHOLE[:-1], "container.truncated", 3),
        (WHOLE + b"\1", "container.truncated", 3),
        (WHOLE + b"\7" * 40, "container.trailing", 3),
        (WHOLE.replace(b"%PDF", b"%PDG"), "container.checksum", 3),
        (WHOLE[: WHOLE.index(b"-1.4")], "container.truncated", 2),
        (tnef({0x0037FFFF: b""}), "container.damaged", 0),
    ],
)
def test_damage_is_said_and_what_is_whole_is_read(examine, octets: bytes, code: str, attachments: int) -> None:  # type: ignore[no-untyped-def]
    found = examine({"a.dat": octets})
    assert (found.items["a.dat"].status, found.items["a.dat"].error_code) == (Status.PARTIAL, code)
    assert len(found.below("a.dat")) == attachments


def test_of_an_attachment_cut_short_what_is_there_is_kept(examine) -> None:  # type: ignore[no-untyped-def]
    found = examine({"a.dat": WHOLE[: WHOLE.index(b"-1.4 hall")]})
    assert found.octets(found.items["a.dat!hall.pdf"]) == b"%PDF"


def test_no_mutation_crashes_or_loses_a_row(examine) -> None:  # type: ignore[no-untyped-def]
    found = examine({f"{number:03}.dat": octets for number, octets in enumerate(mutations(WHOLE, seed=7, keep=6))})
    top = [item for item in found.items.values() if not item.depth]
    assert len(top) == 200
    assert {item.status for item in top} >= {Status.OK, Status.PARTIAL}
