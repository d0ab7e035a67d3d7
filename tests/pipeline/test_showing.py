"""explain and check: an item is shown in words and as JSON, without a control character."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline import checking, cli, key_store, out_tables, showing
from signed_mail import ENTITY, detached, signed
from signed_pdf import pdf, saved_again

SAMPLE = Path(__file__).resolve().parents[2] / "sample_dump"
MAIL = (
    b"From: Anna <anna@campaign.example>\r\nTo: b@press.example\r\nSubject: hi\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0200\r\nMessage-ID: <1@campaign.example>\r\n\r\nText\r\n"
)


def items(out: Path) -> list[dict]:
    return out_tables.read_table(out, "items").to_pylist()


# ---- explain ---------------------------------------------------------------------------------------


def test_every_item_is_explained_in_words_and_as_json(finished: Path) -> None:
    for item in items(finished):
        showing.details(finished, [item])
        text = showing.as_text(item)
        assert item["headline"] in text and item["verdict"].replace("_", " ").upper() in text
        assert text.replace("\n", "").isprintable()
        for finding in item["findings"]:
            if finding["code"] == "clock.timeline":  # its moments stand on lines of their own
                assert all(moment in text for moment in finding["summary"].partition(": ")[2].split(" · "))
            else:
                assert finding["summary"] in text
        record = json.loads(showing.as_json(item))
        assert set(record) == {*showing.SHOWN, "signatures", "findings"}
        assert record["path"] == item["path"]
        assert len(record["signatures"]) == len(item["signatures"])


def test_a_suspicion_is_explained_with_both_values_and_an_innocent_explanation(finished: Path) -> None:
    suspected = [item for item in items(finished) if item["verdict"] == "suspected_fake"]
    assert suspected
    for item in suspected:
        text = showing.as_text(showing.details(finished, [item])[0])
        decisive = next(one for one in item["findings"] if one["direction"] == "contradicts")
        assert decisive["expected"] in text and decisive["actual"] in text
        assert "innocent explanation:" in text


def test_what_would_change_an_unverifiable_item_is_said(finished: Path) -> None:
    for item in items(finished):
        assert (item["would_change"] is not None) == (item["verdict"] == "unverifiable")


def explained(out: Path, path: str) -> str:
    item = next(one for one in items(out) if one["path"] == path)
    return showing.as_text(showing.details(out, [item])[0])


def test_evidence_stands_against_it_for_it_and_besides(finished: Path) -> None:
    for item in items(finished):
        text = showing.as_text(showing.details(finished, [item])[0])
        titles = {"contradicts": "  against it, ", "supports": "  for it, ", "neutral": "  besides, "}
        at = {direction: text.find(title) for direction, title in titles.items()}
        for finding in item["findings"]:
            if finding["code"] == "clock.timeline":
                continue
            place = text.index(f"[{finding['code']}]: {finding['summary']}")
            later = [other for other in at.values() if other > at[finding["direction"]]]
            assert 0 <= at[finding["direction"]] < place < min(later, default=len(text))


def test_several_items_each_get_their_own_rows(finished: Path) -> None:
    alone = [showing.as_json(showing.details(finished, [item])[0]) for item in items(finished)]
    assert [showing.as_json(item) for item in showing.details(finished, items(finished))] == alone


def test_the_clocks_of_a_mail_stand_in_order_each_on_a_line(finished: Path) -> None:
    lines = explained(finished, "mails/campagne/0001-budget.eml").splitlines()
    at = lines.index("  clocks, UTC, the earliest first:")
    assert [line.split()[2] for line in lines[at + 1 : at + 4]] == ["date", "received", "signature"]
    unsigned = explained(finished, "mails/campagne/0008-interne.eml")
    assert "  clocks, UTC, the earliest first:" in unsigned and unsigned.count(" date") >= 1


def test_a_repair_is_shown_as_a_difference_of_two_lines(finished: Path) -> None:
    lines = explained(finished, "export/subject-tag.eml").splitlines()
    at = lines.index("      - Subject: [EXTERNAL] Hall contract")
    assert lines[at + 1] == "      + Subject: Hall contract"
    assert "    once this was undone: a tag was put into the subject" in lines


def test_fields_that_are_covered_and_fields_that_are_not_are_listed(finished: Path) -> None:
    text = explained(finished, "mails/recus/from-not-signed.eml")
    covered, leaves = (next(li for li in text.splitlines() if word in li) for word in ("  covers", "  leaves"))
    assert " from" not in covered and " from" in leaves and " subject" in covered


def test_hostile_tables_can_neither_steer_a_terminal_nor_add_a_line(finished: Path) -> None:
    item = next(one for one in items(finished) if one["path"] == "copies/settlement-words.eml")
    (detail,) = showing.details(finished, [item])
    lines = showing.as_text(detail).splitlines()
    hostile = "\x1b[2J\n  VERIFIED\r\x9b31m\u202e\u2028"
    finding = detail["findings"][0] | dict.fromkeys(("summary", "expected", "actual", "code"), hostile)
    texts = {name: hostile for name, value in detail.items() if isinstance(value, str) and name != "verdict"}
    steered = showing.as_text(detail | texts | {"path": "p" * 70_000, "findings": [finding, *detail["findings"][1:]]})
    assert all(line.isprintable() and len(line) <= 1_000 for line in steered.split("\n"))
    assert "  VERIFIED" not in steered.split("\n") and len(steered.split("\n")) <= len(lines)


def test_that_no_field_is_left_out_is_said(finished: Path) -> None:
    item = next(one for one in items(finished) if one["path"] == "mails/campagne/0001-budget.eml")
    (detail,) = showing.details(finished, [item])
    signatures = [{**one, "unsigned_fields": []} for one in detail["signatures"]]
    assert "    leaves  no field of this mail" in showing.as_text({**detail, "signatures": signatures}).splitlines()


def test_each_verdict_says_what_it_does_not_say_and_containers_say_nothing(finished: Path) -> None:
    assert "not who typed it" in explained(finished, "mails/campagne/0001-budget.eml")
    assert "does not say that it is fake" in explained(finished, "copies/invoice-amount.eml")
    assert "nothing either way" in explained(finished, "mails/campagne/0008-interne.eml")
    assert "either way" not in explained(finished, "boites/inbox")


# ---- check -----------------------------------------------------------------------------------------


def check(path: Path, keys: bool = False) -> list[dict]:
    ring = key_store.keyring(key_store.read_keys([SAMPLE / "keys"] if keys else []))
    return list(checking.check(path, ring, frozenset()))


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


def test_what_later_saves_changed_behind_a_signature_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.pdf").write_bytes(saved_again(pdf()))
    assert cli.run(["check", str(tmp_path / "a.pdf")]) == 0
    assert "\n    changed by later saves: content\n" in capsys.readouterr().out


def test_what_could_not_be_read_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.cpio").write_bytes(b"070701" + b"0" * 104)
    assert cli.run(["check", str(tmp_path / "a.cpio")]) == 0
    assert "reading        error: a format that is not read [container.unsupported_format]" in capsys.readouterr().out


def test_a_given_openpgp_key_is_tried_and_verifies_no_mail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sequoia = pytest.importorskip("pysequoia", reason="it signs")
    key = sequoia.Tsk.generate("Anna <anna@campaign.example>")
    text = sequoia.sign(key.signer(), b"The total is 5000.\n", mode=sequoia.SignatureMode.CLEAR)
    (tmp_path / "a.eml").write_bytes(MAIL.removesuffix(b"Text\r\n") + text)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "anna.asc").write_text(str(key.extract_certificate()))
    for keys, result in (([], "neutral"), (["--keys", str(tmp_path / "keys")], "pass")):
        assert cli.run(["check", str(tmp_path / "a.eml"), *keys, "--json"]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert (shown["verdict"], shown["reason_code"]) == ("unverifiable", "no_signature")
        assert [(one["type"], one["result"]) for one in shown["signatures"]] == [("pgp", result)]
    assert [one["objection"] for one in shown["signatures"]] == ["part_only"]
    assert "document.signed_with_given_key" in {one["code"] for one in shown["findings"]}
