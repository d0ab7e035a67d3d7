"""What a signature proves, row by row, end to end: header, body and key are three answers (VERDICT §1).

dkimpy signs, as any other mail system would; the whole product judges, as `triage check` does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline import checking, key_store, showing
from transforms.auth.coverage import ORDER
from transforms.judged import NO_ROOT, PART_ONLY
from transforms.model import PublicKey
from transforms.wording import OBJECTIONS, OUTCOMES

sys.path.insert(0, str(Path(__file__).resolve().parent))
from mail_system import FIELDS, MAIL, Mailer, public

Row = dict[str, Any]


@pytest.fixture(scope="module")
def mailer() -> Mailer:
    return Mailer()


@pytest.fixture
def check(tmp_path: Path, mailer: Mailer) -> Callable[..., Row]:
    """The judgement of one message, with its words under `text`."""

    def judge(octets: bytes, *keys: PublicKey) -> Row:
        path = tmp_path / "a.eml"
        path.write_bytes(octets)
        ring = key_store.keyring(list(keys or (mailer.key(),)))
        (item,) = checking.check(path, ring, frozenset())
        dkim = [finding for finding in item["findings"] if finding["code"].startswith("dkim.")]
        return {**item, "text": showing.as_text(item), "dkim": dkim, "codes": {finding["code"] for finding in dkim}}

    return judge


def three(row: Row) -> tuple[str, bool | None, bool | None]:
    """Key, header and body of the first signature."""
    signature = row["signatures"][0]
    return signature["key_status"], signature["header_ok"], signature["body_ok"]


def verdict(row: Row) -> tuple[str, str, str | None]:
    return row["verdict"], row["reason_code"], row["confidence"]


def body_changed(octets: bytes) -> bytes:
    return octets.replace(b"at eight", b"at nine")


def header_changed(octets: bytes) -> bytes:
    return octets.replace(b"The hall on", b"The bribe on")


# ---- key x header x body -------------------------------------------------------------------------

NO_KEY = public("v=DKIM1; p=", d="elsewhere.example")


def test_all_three_hold(mailer: Mailer, check: Callable[..., Row]) -> None:
    row = check(mailer.sign())
    assert three(row) == ("ok", True, True)
    assert verdict(row) == ("verified", "signature", "strong")
    assert (row["dkim_result"], row["dkim_aligned"], row["codes"]) == ("pass", "exact", {"dkim.valid"})


@pytest.mark.parametrize(
    ("change", "header", "body", "reason"),
    [
        (body_changed, True, False, "body_changed_after_signing"),
        (header_changed, False, True, "header_changed_after_signing"),
        (lambda octets: header_changed(body_changed(octets)), False, False, "header_changed_after_signing"),
    ],
    ids=["body", "header", "both"],
)
def test_what_fails_is_told_apart(
    mailer: Mailer, check: Callable[..., Row], change: Callable[[bytes], bytes], header: bool, body: bool, reason: str
) -> None:
    row = check(change(mailer.sign()))
    assert three(row) == ("ok", header, body)
    assert verdict(row) == ("unverifiable", reason, None)
    assert row["dkim_result"] == "fail" and row["n_contradicts"] == 0


@pytest.mark.parametrize("change", [lambda octets: octets, body_changed], ids=["match", "mismatch"])
def test_without_a_key_the_body_is_still_answered(
    mailer: Mailer, check: Callable[..., Row], change: Callable[[bytes], bytes]
) -> None:
    row = check(change(mailer.sign()), NO_KEY)
    assert three(row) == ("missing", None, change is not body_changed)
    assert verdict(row) == ("unverifiable", "key_unknown", None)
    assert row["dkim_result"] == "neutral" and row["codes"] == {"dkim.key_unknown"}


@pytest.mark.parametrize(
    ("record", "status"),
    [("v=DKIM1; p=", "revoked"), ("v=DKIM1; p=%%%", "unparsable"), ("v=DKIM2; p=AAAA", "unparsable")],
)
def test_a_key_that_is_none(mailer: Mailer, check: Callable[..., Row], record: str, status: str) -> None:
    row = check(mailer.sign(), public(record))
    assert three(row) == (status, None, True)
    assert verdict(row) == ("unverifiable", f"key_{status}", None)
    assert row["dkim_result"] == "permerror"
    assert OUTCOMES[f"key_{status}"] in row["headline"]


def test_a_withdrawn_key_beside_an_older_one_is_no_obstacle(mailer: Mailer, check: Callable[..., Row]) -> None:
    assert check(mailer.sign(), public("v=DKIM1; p="), mailer.key())["verdict"] == "verified"


def test_no_signature_says_nothing(check: Callable[..., Row]) -> None:
    row = check(MAIL)
    assert verdict(row) == ("unverifiable", "no_signature", None)
    assert (row["dkim_result"], row["codes"], row["n_contradicts"]) == ("none", {"dkim.absent"}, 0)


def test_a_valid_signature_is_found_among_broken_and_unknown_ones(mailer: Mailer, check: Callable[..., Row]) -> None:
    octets = mailer.sign(mailer.sign(), d="list.example")
    broken = b"DKIM-Signature: v=1; a=rsa-sha256; d=campaign.example; d=x\r\n"
    row = check(broken + octets)
    assert [signature["result"] for signature in row["signatures"]] == ["permerror", "neutral", "pass"]
    assert verdict(row) == ("verified", "signature", "strong")


# ---- outcome and objection apart -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "key", "objection", "confidence"),
    [
        ({"a": "ed25519-sha256"}, {"a": "ed25519"}, None, "strong"),
        ({"bits": 1024}, {"bits": 1024}, None, "moderate"),
        ({"a": "rsa-sha1"}, {}, "sha1", "limited"),
        ({"h": FIELDS.replace(" to", "")}, {}, "recipients_not_covered", "limited"),
        ({"h": FIELDS.replace(" subject", "")}, {}, "subject_not_signed", None),
        ({"h": FIELDS.replace(" date", "")}, {}, "date_not_signed", None),
        ({"h": FIELDS.replace(" content-type", "")}, {}, None, "strong"),  # this text reads in one way
        ({}, {"tags": "g=desk; "}, "key_granularity", None),
        ({}, {"tags": "h=sha256:sha1; s=email; "}, None, "strong"),
        ({}, {"first_seen": datetime(2019, 1, 1, tzinfo=UTC)}, "key_first_seen_later", "limited"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_valid_signature_and_what_it_leaves_open(
    mailer: Mailer,
    check: Callable[..., Row],
    how: dict[str, Any],
    key: dict[str, Any],
    objection: str | None,
    confidence: str | None,
) -> None:
    row = check(mailer.sign(**how), mailer.key(**key))
    (signature,) = row["signatures"]
    assert (signature["result"], signature["objection"]) == ("pass", objection)
    assert row["confidence"] == confidence
    assert row["verdict"] == ("verified" if confidence else "unverifiable")
    if objection is not None:
        assert OBJECTIONS[objection] in row["headline"]
        assert f"objection: {OBJECTIONS[objection]} [{objection}]" in row["text"]


@pytest.mark.parametrize(
    ("tags", "i", "reason"),
    [
        ("h=sha1; ", None, "key_hash_not_allowed"),
        ("s=chat; ", None, "key_service_not_allowed"),
        ("t=s; ", "@news.campaign.example", "key_auid_not_allowed"),
        ("t=s; ", None, "pass"),
        ("s=*; h=sha256; ", None, "pass"),
    ],
)
def test_what_the_key_record_forbids(
    mailer: Mailer, check: Callable[..., Row], tags: str, i: str | None, reason: str
) -> None:
    row = check(mailer.sign(i=i), mailer.key(tags=tags))
    (signature,) = row["signatures"]
    assert (signature["result"], signature["reason"]) == ("pass" if reason == "pass" else "permerror", reason)
    assert row["verdict"] == ("verified" if reason == "pass" else "unverifiable")
    if reason != "pass":
        assert OUTCOMES[reason] in row["headline"] and OUTCOMES[reason] in row["text"]


def test_a_key_in_testing_is_a_note(mailer: Mailer, check: Callable[..., Row]) -> None:
    row = check(mailer.sign(), mailer.key(tags="t=y; "))
    assert verdict(row) == ("verified", "signature", "strong")
    assert row["codes"] == {"dkim.valid", "dkim.key_testing"}
    assert check(header_changed(mailer.sign()), mailer.key(tags="t=y; "))["codes"] == {"dkim.header_changed"}


def test_oversigning_is_a_support(mailer: Mailer, check: Callable[..., Row]) -> None:
    row = check(mailer.sign(h=f"from subject {FIELDS} cc"))
    assert row["codes"] == {"dkim.valid", "dkim.oversigned"}
    (found,) = (finding for finding in row["findings"] if finding["code"] == "dkim.oversigned")
    assert found["summary"].endswith("from subject") and found["direction"] == "supports"
    assert row["n_supports"] == 2


@pytest.mark.parametrize(("expires", "objection"), [(1493028004, "expired_at_receipt"), (1493028005, None)])
def test_expiry_counts_at_receipt(
    mailer: Mailer, check: Callable[..., Row], expires: int, objection: str | None
) -> None:
    """Today x= has passed in both cases."""
    row = check(mailer.sign_with(f"x={expires}"))
    (signature,) = row["signatures"]
    assert (signature["result"], signature["objection"]) == ("pass", objection)
    assert row["verdict"] == ("unverifiable" if objection else "verified")


# ---- l= ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("c", ["simple", "relaxed"])
@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_the_place_where_the_proof_ends_is_given(
    mailer: Mailer, check: Callable[..., Row], c: str, line_end: bytes
) -> None:
    mail = MAIL.replace(b" is booked", b"  is \t booked")
    added = b"And burn the list of donors.\r\n"
    octets = (mailer.sign(mail, c=f"relaxed/{c}", length=True) + added).replace(b"\r\n", line_end)
    row = check(octets)
    assert verdict(row) == ("unverifiable", "body_length_limit", None)
    (found,) = row["dkim"]
    assert found["code"] == "dkim.valid_in_part"
    assert octets[found["byte_start"] :] == added.replace(b"\r\n", line_end)
    assert found["byte_len"] == len(octets) - found["byte_start"]
    assert f"octets {found['byte_start']} to {len(octets) - 1}" in row["text"]


def test_the_place_is_the_one_within_a_message_of_a_mailbox(mailer: Mailer, judged: Any, tmp_path: Path) -> None:
    octets = mailer.sign(length=True) + b"Added.\r\n"
    box = (b"From a Mon Apr 24 10:00:00 2017\r\n" + octets + b"\r\n") * 2
    (tmp_path / "box").write_bytes(box)
    rows = [row for row in judged(tmp_path, [mailer.key()]).values() if row["kind"] == "email"]
    assert len(rows) == 2
    for row in rows:
        (found,) = (finding for finding in row["findings"] if finding["code"] == "dkim.valid_in_part")
        start = row["byte_start"] + found["byte_start"]
        assert box[start : start + found["byte_len"]] == b"Added.\r\n"


# ---- what is tolerated -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda m: b">From claire Mon Apr 24 10:00:00 2017\r\n" + m,
        lambda m: b"\r\n" + m,
        lambda m: b"\xef\xbb\xbf" + m,
        lambda m: m.replace(b"\r\n", b"\n"),
        lambda m: m.replace(b"Subject: The hall on Friday", b"SUBJECT:   The\r\n hall on\tFriday  "),
        lambda m: m.replace(b"at eight.\r\n", b"at  eight. \t\r\n") + b"\r\n\r\n",
    ],
    ids=["quoted From line", "blank line", "byte order mark", "LF", "folding", "white space"],
)
def test_what_exporters_do_to_a_message(
    mailer: Mailer, check: Callable[..., Row], change: Callable[[bytes], bytes]
) -> None:
    assert check(change(mailer.sign()))["verdict"] == "verified"


def test_junk_between_fields_is_an_objection_to_a_valid_signature(mailer: Mailer, check: Callable[..., Row]) -> None:
    """A mail program of 2002 kept its notes in a field, and broke its lines."""
    row = check(b'X-VM-v5-Data: ([nil nil nil]\r\n["1" "2"]\r\n' + mailer.sign())
    assert (row["signatures"][0]["result"], row["reason_code"]) == ("pass", "header_ambiguous")


def test_words_for_every_objection_and_outcome() -> None:
    assert set(OBJECTIONS) == {*ORDER, NO_ROOT, PART_ONLY}
    for words in (*OBJECTIONS.values(), *OUTCOMES.values()):
        assert words[0].islower() and not words.endswith(".") and "_" not in words


def test_explain_as_json_keeps_the_codes(mailer: Mailer, check: Callable[..., Row]) -> None:
    row = check(mailer.sign(a="rsa-sha1"))
    record = json.loads(showing.as_json(row))
    assert record["signatures"][0]["objection"] == "sha1" and record["dkim_result"] == "pass"
