"""explain and check: an item is shown in words and as JSON, without a control character."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline import cli, commit, key_store, showing
from signed_mail import ENTITY, detached, signed

SAMPLE = Path(__file__).resolve().parents[2] / "sample_dump"
MAIL = (
    b"From: Anna <anna@campaign.example>\r\nTo: b@press.example\r\nSubject: hi\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\nMessage-ID: <1@campaign.example>\r\n\r\nText\r\n"
)


def items(out: Path) -> list[dict]:
    return commit.read_table(out, "items").to_pylist()


# ---- explain ---------------------------------------------------------------------------------------


def test_every_item_is_explained_in_words_and_as_json(finished: Path) -> None:
    for item in items(finished):
        showing.details(finished, item)
        text = showing.as_text(item)
        assert item["headline"] in text and item["verdict"].replace("_", " ").upper() in text
        assert text.replace("\n", "").isprintable()
        for finding in item["findings"]:
            assert finding["summary"] in text
        record = json.loads(showing.as_json(item))
        assert set(record) == {*showing.SHOWN, "signatures", "findings"}
        assert record["path"] == item["path"]
        assert len(record["signatures"]) == len(item["signatures"])


def test_a_suspicion_is_explained_with_both_values_and_an_innocent_explanation(finished: Path) -> None:
    suspected = [item for item in items(finished) if item["verdict"] == "suspected_fake"]
    assert suspected
    for item in suspected:
        text = showing.as_text(showing.details(finished, item))
        decisive = next(one for one in item["findings"] if one["direction"] == "contradicts")
        assert decisive["expected"] in text and decisive["actual"] in text
        assert "innocent explanation:" in text


def test_what_would_change_an_unverifiable_item_is_said(finished: Path) -> None:
    for item in items(finished):
        assert (item["would_change"] is not None) == (item["verdict"] == "unverifiable")


# ---- check -----------------------------------------------------------------------------------------


def check(path: Path, keys: bool = False) -> list[dict]:
    ring = key_store.keyring(key_store.read_keys([SAMPLE / "keys"] if keys else []))
    return list(showing.check(path, ring, frozenset()))


def test_check_says_of_each_mail_of_the_sample_what_the_run_says(finished: Path) -> None:
    joined = {
        "copy.same_as_verified",
        "copy.altered",
        "dkim.altered",
        "dkim.attachment_put_back",
    }  # by what check does not see
    mails = [
        item for item in items(finished)
        if item["kind"] == "email" and item["depth"] == 0 and not joined & {one["code"] for one in item["evidence"]}
    ]  # fmt: skip
    assert len(mails) > 10
    for item in mails:
        found = check(SAMPLE / "leak" / item["path"], keys=True)[0]
        assert (found["verdict"], found["basis"], found["reason_code"]) == (
            item["verdict"], item["basis"], item["reason_code"],
        )  # fmt: skip


def test_check_gives_each_message_of_a_mailbox(tmp_path: Path) -> None:
    path = tmp_path / "in.mbox"
    path.write_bytes((b"From a@b.example Mon Apr 24 10:00:00 2017\n" + MAIL.replace(b"\r\n", b"\n") + b"\n") * 3)
    found = check(path)
    assert [item["from_email"] for item in found] == ["anna@campaign.example"] * 3
    assert all(item["path"].startswith(f"{path}!@") for item in found)


def test_check_of_a_file_that_is_no_mail_gives_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n")
    (found,) = check(tmp_path / "a.pdf")
    assert (found["kind"], found["verdict"], found["dkim_result"]) == ("document", "unverifiable", None)


def test_check_of_what_is_no_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", str(tmp_path)]) == 3
    assert cli.run(["check", str(tmp_path / "none.eml")]) == 3
    assert "no such file" in capsys.readouterr().err


def test_a_signature_inside_a_mail_is_shown_with_what_it_leaves_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.eml").write_bytes(signed(detached(ENTITY)))
    assert cli.run(["check", str(tmp_path / "a.eml")]) == 0
    text = capsys.readouterr().out
    assert "smime signature 0: rsa-sha256\n    result pass, key enclosed" in text
    assert "[no_root_given]" in text and "certificate of CN=Anna Ferrand" in text
    assert cli.run(["check", str(tmp_path / "a.eml"), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["verdict"], shown["dkim_result"]) == ("unverifiable", "none")
    assert [(one["type"], one["result"]) for one in shown["signatures"]] == [("smime", "pass")]
