"""Which files are tried for which message: by name or size, few, loose ones first; however many orders there are."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from pipeline import evidence
from transforms import taken_out
from transforms.limits import LIMITS
from transforms.model import Order
from transforms.plan import plan_units
from transforms.shard import Shard, signatures_of
from transforms.taken_out import Wanted, attempt, wanted
from transforms.unit import examine_unit
from transforms.unpack.rows import Settings
from transforms.watch import UNWATCHED

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from detached_mail import FIELDS, PDF, attachment, deleted, mail, take_out
from mail_system import Mailer

NOTED = take_out(Mailer().sign(mail(attachment()), h=FIELDS), attachment(), deleted())


def examined(dump: Path) -> Shard:
    root = os.fsencode(dump)
    (unit,) = plan_units(root, LIMITS)
    return evidence.to_shard(examine_unit(unit, root, Settings(LIMITS), tempfile.TemporaryFile, UNWATCHED))


def order(row: int = 0, name: str = "report.pdf", saved_as: str = "", size: int | None = None) -> dict[str, Any]:
    return Order(row, "2", name, saved_as, size)._asdict()


def noted(dump: Path, one: dict[str, Any]) -> list[str]:
    """Paths of the candidates for one order."""
    found = wanted(iter([("u", [one])]))
    found.note(examined(dump))
    elsewhere = found.empty()
    elsewhere.add(json.loads(json.dumps(found.told())))
    assert elsewhere.found == found.found
    return [candidate.path for candidate in found.candidates(one)]


def test_names_are_compared_as_file_systems_change_them(tmp_path: Path) -> None:
    for number, name in enumerate(["REPORT.pdf", "re\u0301port.PDF", "réport.pdf.bak", "report.pdf.txt"]):
        (tmp_path / name).write_bytes(b"%d" % number)
    assert noted(tmp_path, order()) == ["REPORT.pdf"]
    assert noted(tmp_path, order(name="r\u00e9port.pdf")) == ["re\u0301port.PDF"]
    assert noted(tmp_path, order(name="gone.pdf", saved_as="report.pdf")) == ["REPORT.pdf"]
    assert noted(tmp_path, order(name="gone.pdf")) == []


def test_files_of_that_name_come_before_files_of_that_size(tmp_path: Path) -> None:
    for name in ("a.bin", "b.bin"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "report.pdf").write_bytes(b"other size")
    assert noted(tmp_path, order(size=5)) == ["report.pdf", "a.bin", "b.bin"]


def test_few_different_files_are_tried_loose_ones_first(tmp_path: Path) -> None:
    (tmp_path / "0.eml").write_bytes(mail(attachment()))
    for number in range(9):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "report.pdf").write_bytes(b"%d" % (number // 2))
    expected = [f"{number}/report.pdf" for number in (0, 2, 4, 6)]
    assert noted(tmp_path, order()) == expected and len(expected) == LIMITS.taken_out_files
    (tmp_path / "6" / "report.pdf").unlink()
    (tmp_path / "7" / "report.pdf").unlink()
    (tmp_path / "8" / "report.pdf").unlink()
    assert noted(tmp_path, order()) == [*expected[:3], "0.eml!2"]


def test_of_parts_of_a_dump_the_first_different_files_are_tried(tmp_path: Path) -> None:
    parts = []
    for number in range(6):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "report.pdf").write_bytes(b"%d" % (number // 2))
        (tmp_path / str(number) / "0.eml").write_bytes(mail(attachment()))
        parts.append(examined(tmp_path / str(number)))
    together = wanted(iter([("u", [order()])]))
    apart = together.empty()
    for part in parts:
        together.note(part)
        one = apart.empty()
        one.note(part)
        apart.add(one.told())
    assert apart.found == together.found
    assert [len(files) for files in apart.found["report.pdf"]] == [3, 1]


def test_empty_large_and_unread_files_and_the_note_itself_are_not_tried(tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(b"")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "report.pdf").symlink_to("../report.pdf")
    (tmp_path / "mail.eml").write_bytes(NOTED.replace(b"Deleted: report.pdf", b"report.pdf"))
    shard = examined(tmp_path)
    orders = shard.orders.to_pylist()
    assert [one["file_name"] for one in orders] == ["report.pdf"]
    found = wanted(iter([(shard.unit.unit_id, orders)]))
    found.note(shard)
    large = tmp_path / "large"
    large.mkdir()
    (large / "report.pdf").write_bytes(bytes(LIMITS.in_memory))
    found.note(examined(large))
    assert found.candidates(orders[0]) == () and found.batch(shard).attempts == ()


def test_a_hundred_thousand_orders_are_bounded() -> None:
    many = [order(row, f"{row}.pdf") for row in range(100_000)]
    found = wanted(iter([("u", many[:600]), ("v", many[600:])]))
    assert sum(map(len, found.orders.values())) == LIMITS.taken_out_messages
    assert found.left_out == 100_000 - LIMITS.taken_out_messages
    assert len(found.found) == LIMITS.taken_out_messages


def test_a_batch_is_bound_to_its_files(tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(NOTED)

    def inputs() -> str:
        shard = examined(tmp_path)
        found: Wanted = wanted(iter([(shard.unit.unit_id, shard.orders.to_pylist())]))
        found.note(shard)
        return found.batch(shard).inputs

    (tmp_path / "report.pdf").write_bytes(PDF)
    before = inputs()
    assert inputs() == before
    (tmp_path / "report.pdf").write_bytes(PDF[:-1] + b"~")
    assert inputs() != before


@pytest.mark.parametrize(("held", "outcome"), [(LIMITS.repair_octets, "restored"), (len(PDF) - 2, "budget")])
def test_what_is_held_at_a_time_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int, outcome: str
) -> None:
    (tmp_path / "mail.eml").write_bytes(NOTED)
    for name, octets in (("a", PDF[:-1] + b"~"), ("b", PDF)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.pdf").write_bytes(octets)
    shard = examined(tmp_path)
    found = wanted(iter([(shard.unit.unit_id, shard.orders.to_pylist())]))
    found.note(shard)
    (one,) = found.batch(shard).attempts
    monkeypatch.setattr(taken_out, "_HELD", held)
    signatures = signatures_of(shard, one.row)
    said, restored = attempt(os.fsencode(tmp_path), one, signatures, lambda: None)
    assert said == outcome and len(restored) == (outcome == "restored")
    (tmp_path / "mail.eml").unlink()
    assert attempt(os.fsencode(tmp_path), one, signatures, lambda: None) == ("unread", ())
