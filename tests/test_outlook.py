"""Outlook's .msg files, end to end: header fields are proven, bodies never, and nothing damaged is lost."""

from __future__ import annotations

import hashlib
import random
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from transforms.auth.key import parse_record
from transforms.model import PublicKey, WorkUnit
from transforms.plan import plan_units

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "sample_dump")]
from signing import Signer, sign  # noqa: E402

from outlook_file import message, outlook  # noqa: E402

CAMPAIGN = Signer("campaign.example", "s1", "campaign")
RECORD = CAMPAIGN.record()
KEY = PublicKey(parse_record(RECORD).key_id, "campaign.example", "s1", RECORD, "archive", "test")
MAIL = (
    b"Received: from mx.campaign.example by mx.newsroom.example; Mon, 24 Apr 2017 10:00:05 +0000\r\n"
    b"From: Claire Aubry <claire@campaign.example>\r\n"
    b"To: desk@newsroom.example\r\n"
    b"Subject: The hall on Friday\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0000\r\n"
    b"Message-ID: <hall.1@campaign.example>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"\r\n"
    b"The hall is booked for Friday at eight.\r\n"
)
BODY = "The hall is booked for Friday at eight.\r\n"


def headers(mail: bytes = MAIL, **how: Any) -> bytes:
    return sign(mail, CAMPAIGN, **how).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def codes(row: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in row["findings"]}


@pytest.fixture
def judge_one(judged: Any, tmp_path: Path) -> Any:
    """Rows of a dump that holds one .msg file."""

    def judge(octets: bytes, keys: list[PublicKey] | None = None, name: str = "a.msg") -> dict[str, Any]:
        (tmp_path / name).write_bytes(octets)
        return dict(judged(tmp_path, [KEY] if keys is None else keys))

    return judge


# ---- what the header section proves -------------------------------------------------------------


def test_the_header_fields_are_proven_and_the_body_is_not(judge_one: Any) -> None:
    (row,) = judge_one(outlook(headers(), subject="The hall on Friday", body=BODY)).values()
    assert (row["verdict"], row["reason_code"], row["confidence"]) == ("unverifiable", "header_proven_body_lost", None)
    assert (row["kind"], row["media_type"], row["status"]) == ("email", "application/vnd.ms-outlook", "ok")
    assert (row["from_email"], row["subject"]) == ("claire@campaign.example", "The hall on Friday")
    assert row["date_utc"] == datetime(2017, 4, 24, 10, tzinfo=UTC)
    assert (row["dkim_result"], row["basis"]) == ("neutral", None)
    (signature,) = row["signatures"]
    assert (signature["header_ok"], signature["body_ok"]) == (True, None)
    assert (signature["result"], signature["reason"]) == ("neutral", "body_not_hashed")
    assert codes(row) == {"dkim.header_proven", "clock.timeline"}
    assert (row["n_supports"], row["n_contradicts"]) == (1, 0)
    assert "campaign.example signed these header fields" in row["headline"]


def test_the_line_that_old_outlook_puts_first_does_no_harm(judge_one: Any) -> None:
    first = b"Microsoft Mail Internet Headers Version 2.0\r\n"
    (row,) = judge_one(outlook(first + headers(), body=BODY)).values()
    assert row["reason_code"] == "header_proven_body_lost"


@pytest.mark.parametrize("edit", [(b"Friday", b"Monday"), (b"claire@", b"eve@"), (b"10:00:00", b"11:00:00")])
def test_a_changed_header_field_is_not_proven(judge_one: Any, edit: tuple[bytes, bytes]) -> None:
    (row,) = judge_one(outlook(headers().replace(*edit), body=BODY)).values()
    assert (row["verdict"], row["reason_code"]) == ("unverifiable", "header_changed_after_signing")
    assert "dkim.header_proven" not in codes(row)


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (b"Subject: We lost\r\n" + headers(), "doubled_field"),
        (b"From: Eve <eve@campaign.example>\r\n" + headers(), "doubled_field"),
        (headers(fields=["to", "subject", "date"]).replace(b"claire@", b"eve@"), "from_not_signed"),
        (headers(fields=["from", "date"]).replace(b"The hall", b"The bribe"), "subject_not_signed"),
        (headers(MAIL.replace(b"<claire@campaign", b"<claire@bank")), "not_aligned"),
    ],
)
def test_a_valid_header_signature_that_leaves_fields_open_proves_none(
    judge_one: Any, forged: bytes, reason: str
) -> None:
    (row,) = judge_one(outlook(forged, body=BODY)).values()
    assert (row["verdict"], row["reason_code"]) == ("unverifiable", reason)
    assert "dkim.header_proven" not in codes(row)


def test_without_the_key_nothing_is_said(judge_one: Any) -> None:
    (row,) = judge_one(outlook(headers(), body=BODY), keys=[]).values()
    assert (row["verdict"], row["reason_code"]) == ("unverifiable", "key_unknown")


def test_what_was_never_transported_has_no_signature(judge_one: Any) -> None:
    sent = outlook(
        subject="Draft of the speech",
        body=BODY,
        sender="Claire@Campaign.example",
        sender_name='Claire "C" Aubry',
        message_id="<draft.1@campaign.example>",
        recipients=(
            (1, "Desk", "desk@newsroom.example"),
            (2, "Anna", "anna@campaign.example"),
            (1, "X", "/O=ORG/CN=X"),
        ),
        submitted=datetime(2017, 4, 24, 9, 30, tzinfo=UTC),
    )
    (row,) = judge_one(sent).values()
    assert (row["verdict"], row["reason_code"]) == ("unverifiable", "no_signature")
    assert (row["from_email"], row["from_name"]) == ("Claire@campaign.example", "Claire C Aubry")
    assert (row["to_emails"], row["cc_emails"]) == (["desk@newsroom.example"], ["anna@campaign.example"])
    assert (row["subject"], row["message_id"]) == ("Draft of the speech", "draft.1@campaign.example")
    assert row["date_utc"] == datetime(2017, 4, 24, 9, 30, tzinfo=UTC)
    assert (row["date_raw"], row["date_offset_min"], row["received_utc"]) == (None, None, None)


def test_a_subject_or_sender_edited_in_outlook_is_shown(judge_one: Any) -> None:
    edited = outlook(headers(), subject="The bribe on Friday", sender="eve@campaign.example", body=BODY)
    (row,) = judge_one(edited).values()
    assert row["reason_code"] == "header_proven_body_lost"
    shown = [finding["summary"] for finding in row["findings"] if finding["code"] == "mail.shown_otherwise"]
    assert len(shown) == 2
    assert any("Subject The bribe on Friday" in one for one in shown) and any("eve@" in one for one in shown)


# ---- neither an accusation nor a proof for anything else ------------------------------------------


def test_another_text_beside_a_genuine_header_is_never_verified_nor_suspected(judged: Any, tmp_path: Path) -> None:
    """Whatever Outlook, or a forger, made of the body: it has other words than the verified copy."""
    (tmp_path / "a.eml").write_bytes(sign(MAIL, CAMPAIGN))
    (tmp_path / "a.msg").write_bytes(outlook(headers(), body=BODY.replace("eight", "nine"), subject="x"))
    rows = judged(tmp_path, [KEY], protect=("campaign.example",))
    assert rows["a.eml"]["verdict"] == "verified"
    assert rows["a.msg"]["verdict"] == "unverifiable"
    assert rows["a.msg"]["n_contradicts"] == 0


def test_outlooks_own_form_of_a_text_is_not_said_to_equal_the_verified_copy(judged: Any, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(sign(MAIL, CAMPAIGN))
    (tmp_path / "a.msg").write_bytes(outlook(headers(), body=BODY))
    row = judged(tmp_path, [KEY])["a.msg"]
    assert row["verdict"] == "unverifiable" and "copy.changed" in codes(row)


def test_attachments_are_rows_and_inherit_nothing(judge_one: Any) -> None:
    report = b"%PDF-1.4 " + b"x" * 9_000
    inner = message(MAIL.partition(b"\r\n\r\n")[0], body="inner", attachments={"deep.txt": b"deep"}, embedded=True)
    octets = outlook(
        headers(),
        body=BODY,
        attachments={"report.pdf": report, "a.txt": b"short", "note": inner, "server.doc": None, "": b"no name"},
    )
    rows = judge_one(octets)
    assert set(rows) == {
        "a.msg", "a.msg!report.pdf", "a.msg!a.txt", "a.msg!note", "a.msg!note!deep.txt", "a.msg!server.doc", "a.msg!%",
    }  # fmt: skip
    assert rows["a.msg!report.pdf"]["sha256"] == hashlib.sha256(report).hexdigest()
    assert (rows["a.msg!report.pdf"]["kind"], rows["a.msg!report.pdf"]["byte_start"]) == ("document", None)
    assert rows["a.msg!a.txt"]["sha256"] == hashlib.sha256(b"short").hexdigest()
    assert (rows["a.msg!note"]["kind"], rows["a.msg!note"]["sha256"]) == ("email", None)
    assert rows["a.msg!note"]["subject"] == "The hall on Friday"
    assert rows["a.msg!note!deep.txt"]["parent_id"] == rows["a.msg!note"]["item_id"]
    assert (rows["a.msg!server.doc"]["status"], rows["a.msg!server.doc"]["error_code"]) == (
        "error",
        "container.by_reference",
    )
    assert {row["verdict"] for row in rows.values()} == {"unverifiable"}
    assert rows["a.msg!a.txt"]["reason_code"] == "parent_not_verified"


def test_an_outlook_file_in_a_verified_message_is_judged_by_itself(judged: Any, tmp_path: Path) -> None:
    import base64

    inner = outlook(headers(), body="Forged.", attachments={"a.txt": b"x" * 100})
    part = base64.encodebytes(inner).replace(b"\n", b"\r\n")
    carrier = MAIL.replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=b").partition(b"\r\n\r\n")[0] + (
        b"\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename=a.bin\r\n\r\n" + part + b"--b--\r\n"
    )
    (tmp_path / "a.eml").write_bytes(sign(carrier, CAMPAIGN))
    rows = judged(tmp_path, [KEY])
    assert rows["a.eml"]["verdict"] == "verified"
    assert (rows["a.eml!1"]["kind"], rows["a.eml!1"]["reason_code"]) == ("email", "header_proven_body_lost")
    assert rows["a.eml!1!a.txt"]["verdict"] == "unverifiable"


def test_an_archive_with_an_outlook_file_inherits_nothing(judged: Any, tmp_path: Path) -> None:
    import base64

    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("noname", outlook(headers(), body="x"))
        archive.writestr("b.txt", "b" * 100)
    packed = base64.encodebytes((tmp_path / "x.zip").read_bytes()).replace(b"\n", b"\r\n")
    (tmp_path / "x.zip").unlink()
    carrier = MAIL.replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=b").partition(b"\r\n\r\n")[0] + (
        b"\r\n\r\n--b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + packed
        + b"--b--\r\n"
    )
    (tmp_path / "a.eml").write_bytes(sign(carrier, CAMPAIGN))
    rows = judged(tmp_path, [KEY])
    assert rows["a.eml"]["verdict"] == "verified"
    assert rows["a.eml!1"]["verdict"] == rows["a.eml!1!noname"]["verdict"] == "unverifiable"


# ---- by content, under any name; damaged -----------------------------------------------------------


def test_it_is_known_by_its_content(judge_one: Any) -> None:
    rows = judge_one(outlook(headers(), body=BODY), name="export.dat")
    assert rows["export.dat"]["reason_code"] == "header_proven_body_lost"


def test_another_compound_file_is_a_document_whatever_its_name(judge_one: Any) -> None:
    from outlook_file import compound

    rows = judge_one(compound({"WordDocument": b"x" * 5000}), name="a.msg")
    assert rows["a.msg"]["kind"] == "document"


def test_members_are_accounted_instead_of_octets(tmp_path: Path, judged: Any) -> None:
    (tmp_path / "a.msg").write_bytes(outlook(headers(), attachments={"a.txt": b"abc"}))
    (source,) = _sources(tmp_path)
    assert (source.counts_members, source.n_items, source.status) == (True, 2, "ok")


def test_eight_bit_strings_are_read_under_their_code_page(judge_one: Any) -> None:
    octets = outlook(subject_8bit="Réunion".encode("cp1252"), body="x")
    (row,) = judge_one(octets).values()
    assert row["subject"] == "Réunion"


def test_eight_bit_headers_are_the_octets_that_were_signed(judge_one: Any) -> None:
    mail = MAIL.replace(b"The hall on Friday", "Die Halle für Freitag".encode("latin-1"))
    octets = outlook(headers_8bit=headers(mail).rstrip(b"\r\n"), body="x")
    (row,) = judge_one(octets).values()
    assert row["reason_code"] == "header_proven_body_lost"


@pytest.mark.parametrize("size", [600, 1_536, 3_000])
def test_a_truncated_file_is_one_row_that_says_so(judge_one: Any, size: int) -> None:
    rows = judge_one(outlook(headers(), body="x" * 5_000, attachments={"a.txt": b"y" * 9_000})[:size])
    assert rows["a.msg"]["status"] in ("error", "partial")
    assert rows["a.msg"]["error_code"].startswith("container.")
    assert rows["a.msg"]["kind"] == "email" and rows["a.msg"]["verdict"] == "unverifiable"
    if rows["a.msg"]["status"] == "error":  # nothing was read, so nothing is said of what it lacks
        assert (rows["a.msg"]["dkim_result"], codes(rows["a.msg"])) == (None, set())


def _mutations() -> Iterator[bytes]:
    sound = outlook(
        headers(),
        subject="s",
        body="b" * 300,
        html=b"<p>" + b"h" * 5_000,
        recipients=((1, "Desk", "desk@newsroom.example"),),
        attachments={
            "a.bin": b"z" * 6_000,
            "b.txt": b"short",
            "inner": message(b"From: a@b.example\r\n", attachments={"c": b"c"}, embedded=True),
        },
    )
    chance = random.Random(3)
    for number in range(200):
        octets = bytearray(sound)
        if number % 4 == 0:
            del octets[chance.randrange(8, len(octets)) :]
        for _ in range(chance.choice((1, 4, 32))):
            # Half of the changes hit the header, the tables and the directory, which lie at either end.
            if octets[8:]:
                where = chance.choice((512, len(octets)))
                octets[chance.randrange(8, max(9, min(where, len(octets))))] = chance.choice(
                    (0, 1, 255, chance.randrange(256))
                )
        if number % 5 == 0 and len(octets) > 80:
            at = 8 + 4 * chance.randrange(18)
            octets[at : at + 4] = chance.choice((b"\xff" * 4, b"\xfe\xff\xff\xff", b"\0\0\0\x7f"))
        yield bytes(octets)


def test_no_mutation_crashes_or_loses_a_row(tmp_path: Path, judged: Any) -> None:
    for number, octets in enumerate(_mutations()):
        (tmp_path / f"{number:03}.msg").write_bytes(octets)
    rows = judged(tmp_path, [KEY])
    top = {path: row for path, row in rows.items() if "!" not in path}
    assert len(top) == 200
    assert {row["verdict"] for row in rows.values()} == {"unverifiable"}
    for path, row in top.items():
        assert row["sha256"] == hashlib.sha256((tmp_path / path).read_bytes()).hexdigest()
        assert (row["status"] == "ok") == (row["error_code"] is None)
    assert {row["status"] for row in top.values()} >= {"ok", "error", "partial"}


def _sources(dump: Path) -> list[Any]:
    import os
    import tempfile

    from transforms.limits import LIMITS
    from transforms.unit import examine_unit
    from transforms.unpack.rows import Settings
    from transforms.watch import UNWATCHED

    units: list[WorkUnit] = list(plan_units(os.fsencode(dump), LIMITS))
    found = [
        examine_unit(unit, os.fsencode(dump), Settings(LIMITS), tempfile.TemporaryFile, UNWATCHED) for unit in units
    ]
    return [source for one in found for source in one.sources]
