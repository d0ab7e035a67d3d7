"""The heap of a message inside another one: what lies in it, what lies elsewhere, and damage."""

from __future__ import annotations

import random
import struct
import sys
from pathlib import Path

import pytest

from transforms.mail.pst_heap import Heap
from transforms.model import ContainerError

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from pst_file import heap, hid

SUBJECT, BODY, HTML, NUMBER, SENT = 0x0037001F, 0x1000001F, 0x10130102, 0x0E070003, 0x00390040


def text(value: str) -> bytes:
    return value.encode("utf-16-le")


WHOLE = heap({SUBJECT: text("The hall"), NUMBER: 17, SENT: bytes(range(8)), BODY: text("Booked."), HTML: None})


@pytest.mark.parametrize("levels", [0, 1, 3])
def test_what_lies_in_the_heap_is_read(levels: int) -> None:
    found = Heap(heap({SUBJECT: text("The hall"), NUMBER: 17, BODY: b""}, levels))
    assert found.value(SUBJECT) == text("The hall") and found.value(BODY) == b""
    assert found.value(NUMBER) == struct.pack("<L", 17) and found.value(HTML) is None


def test_what_lies_elsewhere_in_the_file_is_said() -> None:
    with pytest.raises(ContainerError) as caught:
        Heap(WHOLE).value(HTML)
    assert caught.value.code == "container.message_inside"


@pytest.mark.parametrize("octets", [b"", b"\0" * 12, WHOLE[:40], b"%PDF-1.4 " + WHOLE, heap({SUBJECT: b""}, levels=9)])
def test_what_is_no_such_heap_is_damaged(octets: bytes) -> None:
    with pytest.raises(ContainerError) as caught:
        Heap(octets)
    assert caught.value.code == "container.damaged"


def test_a_tree_that_leads_to_itself_ends() -> None:
    octets = bytearray(heap({SUBJECT: text("x")}, levels=2))
    at = bytes(octets).index(struct.pack("<HL", 0, hid(2)))
    struct.pack_into("<L", octets, at + 2, hid(4))
    assert Heap(bytes(octets)).value(SUBJECT) is None


def test_damage_gives_values_or_one_kind_of_error() -> None:
    chance = random.Random(17)
    for _ in range(2_000):
        octets = bytearray(WHOLE)
        for _ in range(chance.choice((1, 4, 16))):
            octets[chance.randrange(len(octets))] = chance.choice((0, 1, 255, chance.randrange(256)))
        try:
            found = Heap(bytes(octets[: chance.choice((None, chance.randrange(len(octets))))]))
            for tag in (SUBJECT, BODY, HTML, NUMBER, SENT):
                found.value(tag)
        except ContainerError as error:
            assert error.code in ("container.damaged", "container.message_inside", "limit.members")
