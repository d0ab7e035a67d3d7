"""What all evidence is asked, by workers of an engine: the answers of one machine, group by group."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import chain

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from command_line import triage
from detached_mail import FIELDS, PDF, attachment, deleted, take_out
from detached_mail import mail as with_attachment
from lost_key_mail import APRIL, mail
from mail_system import Mailer
from pipeline import anchoring, engines, examining, graph, pulse, recovered, recovering, second_round, surveying
from pipeline.job import Job
from pipeline.surveying import Ask, Question
from sealing import Signer, prefix_of, seal
from transforms.auth.chain import default_sealers
from transforms.limits import LIMITS
from transforms.unpack.rows import Settings

UNITS = 3
MX = Signer("mx.example", "arc", "newspaper")
MAILER = Mailer()
NOTED = take_out(MAILER.sign(with_attachment(attachment()), h=FIELDS), attachment(), deleted())


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Units that follow each other: mails of a lost key, one of them sealed, and mails that want one of two files."""
    folder = tmp_path_factory.mktemp("surveyed")
    dump = folder / "dump"
    dump.mkdir()
    key = generate_private_key(3, 2048)
    for number in range(UNITS):
        (dump / f"{number}.eml").write_bytes(NOTED)
        (dump / f"{number}-2.eml").write_bytes(mail(key, APRIL + timedelta(days=number), f"anna{number}"))
        (dump / f"{number}.fill").write_bytes(bytes(LIMITS.unit_bytes - 20_000))
    (dump / "0-1.eml").write_bytes(with_attachment(attachment(PDF[:-1])))  # another file of that name
    sealed = mail(key, APRIL + timedelta(days=9), "anna")
    named = f"mx.example; dkim=pass header.d=press.example header.s=s1 header.b={prefix_of(sealed)}"
    (dump / "1-3.eml").write_bytes(seal(sealed, MX, named))
    for name, octets in (("0.files", b"%PDF another"), ("2.files", PDF), ("z", PDF)):
        (dump / name).mkdir()
        (dump / name / "report.pdf").write_bytes(octets)
    with (folder / "keys.csv").open("w", newline="") as file:
        rows = [("campaign.example", "s1", MAILER.record()), ("mx.example", "arc", MX.record())]
        csv.writer(file).writerows([("domain", "selector", "record"), *rows])
    out = folder / "out"
    done = triage("run", dump, "-o", out, "-q", "--keys", folder / "keys.csv", "--trusted-sealer", "mx.example")
    assert done.returncode == 0, done.stderr
    (out / "work").mkdir()
    sealers = default_sealers() | {"mx.example"}
    return Job(dump, out, Settings(LIMITS), 0, together=False, sealers=sealers)


@pytest.fixture
def asked(finished: Job, monkeypatch: pytest.MonkeyPatch) -> tuple[Ask, Callable[[str], int]]:
    """Questions answered by Beam, every unit a group; and from how many places each has answers."""
    monkeypatch.setattr(surveying, "HERE", 0)
    monkeypatch.setattr(surveying, "_GROUP", 1)

    def on_engine(question: Question) -> None:
        engines.run(engines.choose([]), lambda pipeline: graph.survey(pipeline, finished, question))

    folder = finished.work / "survey"
    return functools.partial(surveying.ask, finished, on_engine), lambda name: len(list((folder / name).iterdir()))


def files(job: Job, pattern: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in job.out.rglob(pattern)}


def test_a_lost_key_is_found_in_signatures_of_several_groups(
    finished: Job, asked: tuple[Ask, Callable[[str], int]]
) -> None:
    ask, places = asked
    kept = files(finished, "recovered.jsonl")
    assert list(kept) == ["recovered.jsonl"]
    (finished.out / "keys" / "recovered.jsonl").unlink()
    found = recovering.recover_keys(finished, 0, io.StringIO(), True, ask)
    assert found == {"state": "done", "names": 1, "pairs": 1}
    assert files(finished, "recovered.jsonl") == kept
    assert (places("lost"), places("specimens")) == (1, 1)


def test_the_seal_that_anchors_a_key_is_found_in_its_group(
    finished: Job, asked: tuple[Ask, Callable[[str], int]]
) -> None:
    ask, places = asked
    kept = recovered.anchors(finished.out)
    assert len(kept) == 1 == anchoring.anchor_keys(finished, ask)
    assert recovered.anchors(finished.out) == kept
    assert places("anchors") == 1


def test_orders_and_their_files_meet_from_several_groups(
    finished: Job, asked: tuple[Ask, Callable[[str], int]]
) -> None:
    ask, places = asked
    kept = files(finished, "*.put_back")
    for path in finished.out.rglob("*.put_back"):
        path.unlink()
    found = second_round.put_back(finished, lambda some: list(second_round.try_batches(finished, some)) and None, ask)
    assert found == {"restored": UNITS} and files(finished, "*.put_back") == kept
    assert places("orders") == len(kept) > 1 and places("files") > 1


def marks(job: Job, group: str, shards: Iterable[object]) -> Iterator[tuple[str, list[str]]]:
    yield "all", sorted(pulse.signs(job))


def marks_too(job: Job, key: str, told: Iterable[list[str]]) -> Iterator[tuple[str, list[str]]]:
    yield key, sorted(chain(pulse.signs(job), *told))


def test_whoever_reads_or_settles_leaves_a_mark(finished: Job, asked: tuple[Ask, Callable[[str], int]]) -> None:
    ask, _ = asked
    question = Question(
        "marks", "sources", functools.partial(marks, finished), (functools.partial(marks_too, finished),)
    )
    (found,) = ask(question)
    assert found == sorted(["marks 0 all", *(f"marks {number:08d}" for number in range(UNITS))])
    assert pulse.signs(finished) == {}


def test_groups_follow_the_dump(finished: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveying, "_GROUP", 2)
    found = list(surveying.groups(finished))
    units = [one["unit_id"] for _, some in found for one in some]
    assert units == [one["unit_id"] for one in examining.planned(finished)] and len(units) == UNITS
    assert [len(some) for _, some in found] == [2, 1] and sorted(dict(found)) == [name for name, _ in found]


def test_a_small_dump_is_read_here(finished: Job) -> None:
    def refuses(_: Question) -> None:
        pytest.fail("an engine was asked")

    question = Question("units", "sources", lambda group, shards: iter([(group, [name for name, _ in shards])]))
    (found,) = surveying.ask(finished, refuses, question)
    assert len(found) == UNITS
