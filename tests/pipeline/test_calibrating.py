"""What a dump teaches, through the command line: run.json, the summary, every worker count, judged again."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from clocked_mail import FORGED, clocked, inbox
from command_line import triage
from correspondence import HOME, MINUTES, OTHERS, SIGNERS, correspondence, mail
from pipeline import out_tables

ROOT = Path(__file__).resolve().parent.parent.parent


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, octets in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(octets)
    return folder


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    rows = [f"{one.domain},{one.selector},{one.record()}" for one in SIGNERS.values()]
    path = tmp_path / "keys.csv"
    path.write_text("\n".join(["domain,selector,record", *rows]) + "\n")
    return path


def verdicts(out: Path) -> dict[str, str]:
    rows = out_tables.read_table(out, "items", ["path", "verdict", "subtype"]).to_pylist()
    return {row["path"]: row["subtype"] or row["verdict"] for row in rows}


def taught(out: Path) -> dict[str, list[str]]:
    record = out_tables.read_run(out)
    assert record is not None
    return record["taught"]  # type: ignore[no-any-return]


def test_a_dump_that_teaches_gives_the_same_with_every_number_of_workers_and_when_judged_again(
    tmp_path: Path, keys: Path
) -> None:
    sent = {"sent.eml": mail(HOME, "hall.test", 95, attached=MINUTES), "minutes.pdf": MINUTES}
    dump = written(tmp_path / "dump", {**correspondence(HOME, OTHERS), **sent, **inbox(30), **FORGED})
    tables = []
    for workers in (1, 2):
        out = tmp_path / f"out{workers}"
        done = triage("run", dump, "-o", out, "--keys", keys, "--workers", workers)
        assert done.returncode == 0, done.stderr
        tables.append(out_tables.read_run(out)["tables"])  # type: ignore[index]
    assert tables[0] == tables[1]
    assert verdicts(out)["inbox/forged.eml"] == "contradicted"
    assert verdicts(out)["minutes.pdf"] == "verified"
    assert taught(out) == {
        "protected": [
            f"{HOME}: 11 verified mails from 2017-01-01 to 2017-04-06, verified mail to it from 3 domains; "
            "its loose files inherit"
        ],
        "weak_here": [],
    }
    assert "taught:           1 domain protected, 0 signals weak in some container (run.json)" in done.stdout
    assert len(done.stdout.splitlines()) <= 25
    assert triage("judge", out, "-q").returncode == 0
    assert out_tables.read_run(out)["tables"] == tables[0]  # type: ignore[index]


def test_a_mailbox_whose_exporter_shifts_all_clocks_accuses_nobody(tmp_path: Path) -> None:
    shift = {"shown": timedelta(days=-3), "printed": timedelta(days=-3)}
    mails = [clocked(n, f"sender{n % 7}.example", **shift) for n in range(40)]
    box = b"".join(b"From a@b.example Mon Apr 24 10:00:00 2017\r\n" + one + b"\r\n" for one in mails)
    out = tmp_path / "out"
    done = triage("run", written(tmp_path / "dump", {"inbox.mbox": box}), "-o", out)
    assert done.returncode == 0, done.stderr
    assert set(verdicts(out).values()) == {"unverifiable"}
    assert taught(out)["weak_here"] == [
        "clock.date_contradicted in inbox.mbox: it trips in 40 of 40 items, of 7 domains",
        "clock.hop_contradicts_its_id in inbox.mbox: it trips in 40 of 40 items, of 7 domains",
    ]
    assert "0 domains protected, 2 signals weak" in done.stdout
    (item,) = (json.loads(line) for line in triage("explain", out, "inbox.mbox!@0", "--json").stdout.splitlines())
    assert {f["strength"] for f in item["findings"] if f["direction"] == "contradicts"} == {"weak"}
