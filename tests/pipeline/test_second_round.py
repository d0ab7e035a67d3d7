"""`triage run` looks for attachments that were taken out of messages; `triage judge` uses what it found."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from command_line import rows, table_octets, triage
from detached_mail import FIELDS, PDF, attachment, cut, deleted, mail, saved, take_out
from mail_system import Mailer
from pipeline import commit, evidence, examining, out_tables, second_round, surveying
from pipeline.job import Job
from transforms.limits import LIMITS
from transforms.unpack.rows import Settings
from transforms.watch import UNWATCHED

MAILER = Mailer()
SHA256 = hashlib.sha256(PDF).hexdigest()
NOTED = take_out(MAILER.sign(mail(attachment()), h=FIELDS), attachment(), deleted())
OTHER = b"%PDF-1.4\nanother file of that name, and as good as any other" * 9


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "keys.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ("domain", "selector", "record"),
                *((d, "s1", MAILER.record()) for d in ("campaign.example", "out.example")),
            ]
        )
    return path


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "dump"
    path.mkdir()
    (path / "mail.eml").write_bytes(NOTED)
    return path


def judged(dump: Path, keys: Path, *more: object) -> dict[str, dict[str, Any]]:
    out = dump.parent / "out"
    done = triage("run", dump, "-o", out, "--keys", keys, "--workers", 1, *more)
    assert done.returncode == 0, done.stderr
    return by_path(out)


def by_path(out: Path) -> dict[str, dict[str, Any]]:
    found = {row["path"]: {**row, "findings": {}} for row in rows(out)}
    by_id = {row["item_id"]: row for row in found.values()}
    for one in rows(out, "findings"):
        by_id[one["item_id"]]["findings"][one["code"]] = one
    return found


def outcomes(out: Path) -> dict[str, int]:
    return json.loads((out / "run.json").read_text())["put_back"]  # type: ignore[no-any-return]


PROTECTED = ("--protect", "campaign.example")


# ---- what is said -----------------------------------------------------------------------------


def test_a_loose_file_and_the_mail_it_was_taken_out_of_support_each_other(dump: Path, keys: Path) -> None:
    (dump / "Report.PDF").write_bytes(PDF)
    found = judged(dump, keys, *PROTECTED)
    message, file = found["mail.eml"], found["Report.PDF"]
    assert (message["verdict"], message["reason_code"]) == ("unverifiable", "proven_except_added_text")
    assert "an attachment that was taken out of it since" in message["headline"]
    assert (message["dkim_result"], message["repairs"]) == ("pass", "detached_attachment")
    told = message["findings"]["dkim.attachment_put_back"]
    assert told["expected"] == f"Report.PDF (item {file['item_id']}), sha256 {SHA256}"
    assert told["actual"] == "a note in the place of part 2"
    assert "dkim.attachment_taken_out" not in message["findings"]
    assert (file["verdict"], file["reason_code"]) == ("unverifiable", "document.is_signed_attachment")
    support = file["findings"]["document.is_signed_attachment"]
    assert (support["strength"], support["direction"]) == ("strong", "supports")
    assert f"2017-04-24 in mail.eml (item {message['item_id']})" in support["summary"]
    assert "taken out" in file["headline"]
    note = found["mail.eml!2"]
    assert (note["kind"], note["verdict"], note["reason_code"]) == ("text", "unverifiable", "parent_not_verified")
    assert outcomes(dump.parent / "out") == {"restored": 1}


def test_a_note_that_was_signed_as_it_stands_passes_no_proof_on(dump: Path, keys: Path) -> None:
    (dump / "mail.eml").write_bytes(MAILER.sign(mail(deleted()), h=FIELDS, c="simple/simple"))
    found = judged(dump, keys)
    assert found["mail.eml"]["verdict"] == "verified"
    assert (found["mail.eml!2"]["kind"], found["mail.eml!2"]["reason_code"]) == ("text", "parent_not_verified")


def test_nothing_is_verified_by_it(dump: Path, keys: Path) -> None:
    (dump / "report.pdf").write_bytes(PDF)
    assert {row["verdict"] for row in judged(dump, keys, *PROTECTED).values()} == {"unverifiable"}


def test_an_outsiders_file_gets_no_weight(dump: Path, keys: Path) -> None:
    (dump / "report.pdf").write_bytes(PDF)
    file = judged(dump, keys)["report.pdf"]
    assert file["reason_code"] == "no_signature"
    assert file["findings"]["document.is_outsiders_attachment"]["strength"] == "weak"


def test_a_verified_copy_says_more(dump: Path, keys: Path) -> None:
    (dump / "report.pdf").write_bytes(PDF)
    (dump / "whole.eml").write_bytes(MAILER.sign(mail(attachment()), h=FIELDS))
    noted = take_out(MAILER.sign(mail(attachment()), h=FIELDS), attachment(), saved())
    (dump / "saved.eml").write_bytes(noted)
    found = judged(dump, keys, *PROTECTED)
    file = found["report.pdf"]
    assert (file["verdict"], file["basis"]) == ("verified", "inherited")
    assert "document.is_signed_attachment" in file["findings"]
    for path in ("mail.eml", "saved.eml"):  # honest damage beside its verified sibling
        assert (found[path]["verdict"], found[path]["reason_code"]) == ("unverifiable", "proven_except_added_text")
        assert not [one for one in found[path]["findings"].values() if one["direction"] == "contradicts"]


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (take_out(MAILER.sign(mail(attachment()), h="from date"), attachment(), deleted()), "subject is not signed"),
        (NOTED.replace(b"Subject: The report", b"Subject: The other report"), "another subject was signed"),
        (
            take_out(MAILER.sign(mail(attachment(), sender=b"a@campaign.example"), h=FIELDS, d="out.example"),
                     attachment(), deleted()),
            "not aligned",
        ),
    ],
)  # fmt: skip
def test_a_signature_that_proves_too_little_supports_no_file(dump: Path, keys: Path, octets: bytes, why: str) -> None:
    (dump / "mail.eml").write_bytes(octets)
    (dump / "report.pdf").write_bytes(PDF)
    assert not judged(dump, keys, *PROTECTED)["report.pdf"]["findings"], why


def test_a_key_seen_years_later_supports_no_file(dump: Path, tmp_path: Path) -> None:
    (dump / "report.pdf").write_bytes(PDF)
    late = tmp_path / "late.csv"
    late.write_text(
        f'domain,selector,record,first_seen,last_seen\ncampaign.example,s1,"{MAILER.record()}",2024-01-01,2024-02-01\n'
    )
    found = judged(dump, late, *PROTECTED)
    assert found["mail.eml"]["reason_code"] == "proven_except_added_text"
    assert not found["report.pdf"]["findings"]


def test_another_file_of_that_name_changes_nothing(dump: Path, keys: Path) -> None:
    (dump / "report.pdf").write_bytes(OTHER)
    found = judged(dump, keys, *PROTECTED)
    assert found["mail.eml"]["reason_code"] == "body_changed_after_signing"
    assert found["mail.eml"]["findings"]["dkim.attachment_taken_out"]["summary"].endswith(": report.pdf")
    assert not found["report.pdf"]["findings"]
    assert outcomes(dump.parent / "out") == {"no_match": 1}


def test_of_two_files_of_that_name_the_right_one_is_named(dump: Path, keys: Path) -> None:
    for folder, octets in (("a", OTHER), ("b", PDF), ("c", PDF)):
        (dump / folder).mkdir()
        (dump / folder / "report.pdf").write_bytes(octets)
    found = judged(dump, keys, *PROTECTED)
    assert found["mail.eml"]["findings"]["dkim.attachment_put_back"]["expected"].startswith("b/report.pdf (item")
    supported = [path for path, row in found.items() if "document.is_signed_attachment" in row["findings"]]
    assert supported == ["b/report.pdf", "c/report.pdf"]  # the same octets, wherever they lie


def in_zip(dump: Path) -> str:
    with zipfile.ZipFile(dump / "files.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/other.txt", "another")
        archive.writestr("x/report.pdf", PDF)
    return "files.zip!x/report.pdf"


def stored(dump: Path) -> str:
    with zipfile.ZipFile(dump / "files.zip", "w") as archive:
        archive.writestr("report.pdf", PDF)
    return "files.zip!report.pdf"


def attached(dump: Path) -> str:
    (dump / "fwd.eml").write_bytes(mail(attachment(width=60)))
    return "fwd.eml!2"


def saved_as(dump: Path) -> str:
    noted = take_out(MAILER.sign(mail(attachment()), h=FIELDS), attachment(), saved(url=b"file:///a/report-1.pdf"))
    (dump / "mail.eml").write_bytes(noted)
    (dump / "report-1.pdf").write_bytes(PDF)
    return "report-1.pdf"


def by_size(dump: Path) -> str:
    size = b"Content-Disposition: attachment; size=%d;" % len(PDF)
    part = attachment().replace(b"Content-Disposition: attachment;", size)
    note = deleted(was=part.partition(b"\r\n\r\n")[0] + b"\r\n")
    (dump / "mail.eml").write_bytes(take_out(MAILER.sign(mail(part), h=FIELDS), part, note))
    (dump / "renamed.pdf").write_bytes(PDF)
    return "renamed.pdf"


@pytest.mark.parametrize("place", [in_zip, stored, attached, saved_as, by_size])
def test_the_file_is_found_where_it_lies(dump: Path, keys: Path, place: Callable[[Path], str]) -> None:
    path = place(dump)
    found = judged(dump, keys, *PROTECTED)
    told = found["mail.eml"]["findings"]["dkim.attachment_put_back"]
    assert told["expected"] == f"{path} (item {found[path]['item_id']}), sha256 {SHA256}"
    loose = place is not attached
    assert ("document.is_signed_attachment" in found[path]["findings"]) == loose


def test_a_message_is_read_again_in_a_mailbox_and_in_a_zip(dump: Path, keys: Path) -> None:
    (dump / "mail.eml").unlink()
    (dump / "report.pdf").write_bytes(PDF)
    noted = take_out(MAILER.sign(mail(attachment()), h=FIELDS), attachment(), cut()).replace(b"\r\n", b"\n")
    plain = b"From a@campaign.example Mon Apr 24 10:00:00 2017\nFrom: b@x.example\n\nHello.\n\n"
    (dump / "box.mbox").write_bytes(plain + b"From b@campaign.example Mon Apr 24 10:00:00 2017\n" + noted + b"\n")
    with zipfile.ZipFile(dump / "mails.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mail.eml", NOTED)
    found = judged(dump, keys)
    proven = sorted(path for path, row in found.items() if "dkim.attachment_put_back" in row["findings"])
    assert proven == [f"box.mbox!@{len(plain)}", "mails.zip!mail.eml"]


def test_what_cannot_be_read_again_is_counted(dump: Path, keys: Path) -> None:
    import gzip

    (dump / "report.pdf.gz").write_bytes(gzip.compress(PDF))
    found = judged(dump, keys)
    assert "dkim.attachment_taken_out" in found["mail.eml"]["findings"]
    assert outcomes(dump.parent / "out") == {"unread": 1}


def test_a_mail_without_its_file_says_what_to_look_for(dump: Path, keys: Path) -> None:
    finding = judged(dump, keys)["mail.eml"]["findings"]["dkim.attachment_taken_out"]
    assert finding["direction"] == "neutral" and finding["summary"].endswith(": report.pdf")
    assert outcomes(dump.parent / "out") == {"no_file": 1}


# ---- the same tables in every way ---------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Iterator[tuple[Path, Path]]:
    """A dump of several units, and a run of it."""
    folder = tmp_path_factory.mktemp("finished")
    dump = folder / "dump"
    dump.mkdir()
    for number in range(3):
        (dump / f"{number}.eml").write_bytes(NOTED)
        (dump / f"{number}.fill").write_bytes(bytes(LIMITS.unit_bytes - 2_000))
    (dump / "report.pdf").write_bytes(PDF)
    (dump / "z").mkdir()
    (dump / "z" / "report.pdf").write_bytes(OTHER)
    judged(dump, keys, *PROTECTED)
    yield dump, folder / "out"


@pytest.fixture
def out(finished: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished[1], tmp_path / "copy"))


def made(out: Path) -> list[Path]:
    return sorted((out / "evidence").rglob("*.put_back"))


def test_workers_and_surroundings_do_not_matter(finished: tuple[Path, Path], keys: Path, tmp_path: Path) -> None:
    dump, before = finished
    assert outcomes(before) == {"restored": 3} and len(made(before)) == 3
    other = tmp_path / "other"
    done = triage("run", dump, "-o", other, "-q", "--keys", keys, "--workers", 2, *PROTECTED, PYTHONHASHSEED="7")
    assert done.returncode == 0 and table_octets(other) == table_octets(before)


def resume(out: Path, dump: Path, keys: Path) -> None:
    (out / "run.json").unlink()
    assert triage("run", dump, "-o", out, "-q", "--keys", keys, "--resume", *PROTECTED).returncode == 0


def test_killed_between_the_rounds_or_in_the_second_the_tables_are_the_same(
    finished: tuple[Path, Path], out: Path, keys: Path
) -> None:
    first, second, third = made(out)
    first.unlink()
    second.write_bytes(second.read_bytes()[:-40])
    kept = third.stat().st_mtime_ns
    resume(out, finished[0], keys)
    assert table_octets(out) == table_octets(finished[1]) and outcomes(out) == outcomes(finished[1])
    assert third.stat().st_mtime_ns == kept
    for path in made(out):
        path.unlink()
    resume(out, finished[0], keys)
    assert table_octets(out) == table_octets(finished[1])


def test_a_file_that_came_or_went_since_is_minded(dump: Path, keys: Path) -> None:
    assert outcomes_after(dump, keys) == {"no_file": 1}
    (dump / "report.pdf").write_bytes(OTHER)
    assert outcomes_after(dump, keys, "--resume") == {"no_match": 1}
    (dump / "report.pdf").write_bytes(PDF)
    assert outcomes_after(dump, keys, "--resume") == {"restored": 1}
    (dump / "report.pdf").unlink()
    (dump / "report-2.pdf").write_bytes(OTHER)
    assert outcomes_after(dump, keys, "--resume") == {"no_file": 1}
    assert by_path(dump.parent / "out")["mail.eml"]["reason_code"] == "body_changed_after_signing"


def outcomes_after(dump: Path, keys: Path, *more: str) -> dict[str, int]:
    judged(dump, keys, *more)
    return outcomes(dump.parent / "out")


def test_judge_uses_what_was_found_without_the_dump(dump: Path, keys: Path, tmp_path: Path) -> None:
    (dump / "report.pdf").write_bytes(PDF)
    empty = tmp_path / "empty.csv"
    empty.write_text("domain,selector,record\n")
    assert judged(dump, empty, *PROTECTED)["mail.eml"]["reason_code"] == "key_unknown"
    out = tmp_path / "out"
    shutil.rmtree(dump)
    done = triage("judge", out, "--keys", keys)
    assert done.returncode == 0 and "put back into 1 of 1 messages" in done.stdout
    found = by_path(out)
    assert found["mail.eml"]["reason_code"] == "proven_except_added_text"
    assert found["report.pdf"]["reason_code"] == "document.is_signed_attachment"
    assert outcomes(out) == {"restored": 1}


@pytest.mark.parametrize("suffix", ["arrow", "put_back"])
@pytest.mark.parametrize("readable", [False, True])
def test_judge_names_damaged_evidence(out: Path, suffix: str, readable: bool) -> None:
    """Also where it can be read: one octet of a text or a hash more or less decides a verdict."""
    damaged = min((out / "evidence").rglob(f"*.{suffix}"))
    octets = damaged.read_bytes()
    damaged.write_bytes(octets[:-1] + bytes([octets[-1] ^ 1]) if readable else b"")
    done = triage("judge", out)
    assert done.returncode == 4 and f"{damaged}: damaged evidence" in done.stderr


# ---- the step by itself -------------------------------------------------------------------------


def put_back(job: Job, examine: Callable[[list[Any]], None]) -> dict[str, int]:
    nobody = functools.partial(pytest.fail, "nothing is asked of an engine")
    return second_round.put_back(job, examine, functools.partial(surveying.ask, job, nobody))


def test_without_an_order_nothing_is_tried(dump: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (dump / "mail.eml").write_bytes(MAILER.sign(mail(attachment()), h=FIELDS))
    judged(dump, keys)
    out = dump.parent / "out"
    assert outcomes(out) == {} and made(out) == []
    read, whole = [], evidence.read_shard
    monkeypatch.setattr(evidence, "read_shard", lambda *at, last: read.append(last) or whole(*at, last))
    assert put_back(Job(dump, out, Settings(LIMITS), 0), lambda _: pytest.fail("examined")) == {}
    assert read == ["orders"]


def test_what_kills_its_worker_is_passed_over(finished: tuple[Path, Path], out: Path) -> None:
    class Marked:
        def opening(self, ordinal: int) -> str:
            return "crash.died"

        def alive(self) -> None:
            pass

    job = Job(finished[0], out, Settings(LIMITS), 0)
    for path in made(out):
        path.unlink()
    batches: list[Any] = []
    with pytest.raises(AssertionError):  # nothing was made
        put_back(job, batches.extend)
    assert [second_round.try_and_store(job, batch, Marked()) for batch in batches] == [0, 0, 0]
    assert put_back(job, lambda _: pytest.fail("tried again")) == {"crashed": 3}


def test_messages_beyond_the_limit_are_counted(tmp_path: Path, dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.taken_out.LIMITS", LIMITS.__class__(taken_out_messages=2))
    (dump / "report.pdf").write_bytes(PDF)
    for number in range(4):
        (dump / f"{number}.eml").write_bytes(NOTED)
    job = Job(dump, tmp_path / "out", Settings(LIMITS), 0)
    for folder in (job.out / "evidence", job.work):
        folder.mkdir(parents=True)
    for unit in list(examining.plan(job)):
        examining.examine_and_store(job, unit, UNWATCHED)
    found = put_back(job, lambda batches: list(second_round.try_batches(job, batches)) and None)
    assert found == {"left_out": 3, "restored": 2}


def test_both_are_found_in_a_container_of_an_archive_that_is_written_in_parts(dump: Path, keys: Path) -> None:
    """So many files that what lies around message and file has its row in another shard."""
    (dump / "mail.eml").unlink()
    mailbox = b"From a@campaign.example Mon Apr 24 10:00:00 2017\n" + NOTED + b"\n"
    files = [("report.pdf", PDF), ("inbox.mbox", mailbox * 2), *((str(n), b"") for n in range(LIMITS.part_items))]
    (dump / "leak.tar").write_bytes(tarred([("inner.tar", tarred([("deep.tar", tarred(files))]))]))
    found = judged(dump, keys, *PROTECTED)
    assert len(list((dump.parent / "out" / "evidence").glob("*/*.*.arrow"))) > 1
    messages = [row for row in found.values() if row["kind"] == "email"]
    assert [row["reason_code"] for row in messages] == ["proven_except_added_text"] * 2
    assert found["leak.tar!inner.tar!deep.tar!report.pdf"]["reason_code"] == "document.is_signed_attachment"
    assert outcomes(dump.parent / "out") == {"restored": 2}


def tarred(members: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, octets in members:
            (info := tarfile.TarInfo(name)).size = len(octets)
            archive.addfile(info, io.BytesIO(octets))
    return out.getvalue()


def test_a_run_of_before_this_step_can_be_judged(out: Path) -> None:
    before = out_tables.read_run(out)
    assert before is not None
    commit.write_run(out, {name: value for name, value in before.items() if name != "put_back"})
    assert triage("judge", out, "-q").returncode == 0
