"""7z: its members, what is encrypted in it, and what stops the reading of a block."""

from __future__ import annotations

import io
import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from transforms.limits import KIB, LIMITS
from transforms.model import Kind, Status

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from mutations import mutations

py7zr = pytest.importorskip("py7zr")

MAIL = b"From: claire@campaign.example\r\nSubject: x\r\n\r\nThe hall is booked.\r\n"
MEMBERS = {"mail/1.eml": MAIL, "a.csv": b"a,b\r\n1,2\r\n" * 100, "empty.txt": b"", "été.txt": b"words"}


def sevenzip(members: dict[str, bytes], **how: Any) -> bytes:
    octets = io.BytesIO()
    with py7zr.SevenZipFile(octets, "w", **how) as archive:
        for name, content in members.items():
            archive.writestr(content, name)
    return octets.getvalue()


def test_every_member_is_an_item(examine) -> None:  # type: ignore[no-untyped-def]
    found = examine({"a.7z": sevenzip(MEMBERS)})
    assert sorted(found.below("a.7z")) == sorted(f"a.7z!{name}" for name in MEMBERS)
    assert {path: item.size for path, item in found.items.items() if item.depth} == {
        f"a.7z!{name}": len(content) for name, content in MEMBERS.items()
    }
    assert found.items["a.7z!mail/1.eml"].kind is Kind.EMAIL
    assert (found.items["a.7z"].status, found.items["a.7z"].holds_messages) == (Status.OK, True)


@pytest.mark.parametrize("method", ["FILTER_COPY", "FILTER_DEFLATE", "FILTER_BZIP2", "FILTER_LZMA", "FILTER_ZSTD"])
def test_each_method_is_read(examine, method: str) -> None:  # type: ignore[no-untyped-def]
    found = examine({"a.7z": sevenzip(MEMBERS, filters=[{"id": getattr(py7zr, method)}])})
    assert found.items["a.7z!a.csv"].size == 1000 and {item.status for item in found.items.values()} == {Status.OK}


def test_an_encrypted_member_is_listed_with_size_checksum_and_time(examine) -> None:  # type: ignore[no-untyped-def]
    item = examine({"a.7z": sevenzip({"a.txt": b"secret"}, password="p")}).items["a.7z!a.txt"]
    assert (item.status, item.error_code, item.size) == (Status.ERROR, "container.encrypted", None)
    assert item.notes[0].startswith("container.listed: 6 octets, CRC-32 ") and ", modified 20" in item.notes[0]


def test_an_encrypted_directory_is_said(examine) -> None:  # type: ignore[no-untyped-def]
    item = examine({"a.7z": sevenzip({"a.txt": b"x"}, password="p", header_encryption=True)}).items["a.7z"]
    assert (item.status, item.error_code) == (Status.ERROR, "container.encrypted")


def test_behind_a_damage_in_a_block_members_are_listed_and_not_opened(examine) -> None:  # type: ignore[no-untyped-def]
    chance = random.Random(1)
    members = {f"{n}.txt": bytes(chance.choices(b"abcdefgh", k=50_000)) for n in range(4)}
    octets = bytearray(sevenzip(members, filters=[{"id": py7zr.FILTER_LZMA}]))
    octets[30_000:30_100] = b"\xff" * 100  # three bits a character: within the second one
    found = examine({"a.7z": bytes(octets)})
    (first, second, *behind) = [found.items[path] for path in found.below("a.7z")]
    assert (first.status, first.size) == (Status.OK, 50_000)
    assert second.status is Status.PARTIAL
    assert [item.status for item in behind] == [Status.ERROR] * 2
    assert behind[1].notes[0].startswith("container.listed: 50000 octets")


def test_a_bomb_is_stopped_and_siblings_within_reach_are_read(examine) -> None:  # type: ignore[no-untyped-def]
    limits = replace(LIMITS, member=512 * KIB)
    found = examine({"a.7z": sevenzip({"a.txt": b"first", "bomb": bytes(KIB * KIB), "z.txt": b"last"})}, limits)
    assert (found.items["a.7z!bomb"].status, found.items["a.7z!bomb"].error_code) == (Status.LIMITED, "limit.member")
    assert [found.items[f"a.7z!{name}"].size for name in ("a.txt", "z.txt")] == [5, 4]


def test_a_bomb_that_hides_its_siblings_is_stopped(examine) -> None:  # type: ignore[no-untyped-def]
    found = examine({"a.7z": sevenzip({"bomb": bytes(40 * KIB * KIB), "z.txt": b"last"})})
    assert (found.items["a.7z!bomb"].status, found.items["a.7z!bomb"].error_code) == (Status.LIMITED, "limit.ratio")
    assert found.items["a.7z!z.txt"].error_code == "limit.ratio"


def test_the_first_of_several_files_is_cut_off(examine) -> None:  # type: ignore[no-untyped-def]
    whole = sevenzip({"a.txt": b"x" * 100})
    for octets in (whole[:-1], whole[:60], whole[:20]):
        item = examine({"a.7z.001": octets}).items["a.7z.001"]
        assert (item.status, item.error_code) == (Status.ERROR, "container.truncated")


def test_without_the_extra_the_row_says_which_one_is_missing(examine, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    octets = sevenzip({"a.txt": b"x"})
    monkeypatch.setitem(sys.modules, "py7zr", None)
    item = examine({"a.7z": octets}).items["a.7z"]
    assert (item.status, item.error_code) == (Status.ERROR, "container.needs_archives_extra")
    assert "leak-triage[archives]" in item.notes[0] and item.sha256 is not None


def test_no_mutation_crashes_or_loses_a_row(examine) -> None:  # type: ignore[no-untyped-def]
    whole = sevenzip(MEMBERS)
    found = examine({f"{number:03}.7z": octets for number, octets in enumerate(mutations(whole, seed=11, keep=8))})
    top = [item for item in found.items.values() if not item.depth]
    assert len(top) == 200 and {item.kind for item in top} == {Kind.ARCHIVE}
    assert {item.status for item in top} >= {Status.OK, Status.ERROR}
