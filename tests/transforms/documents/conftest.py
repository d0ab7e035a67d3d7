"""Documents examined as files of a dump: what they say and what became of their rows."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from transforms.model import DocumentFacts, Item

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # for `from office_file import docx`


class Seen(NamedTuple):
    item: Item
    facts: DocumentFacts | None
    text: str


See = Callable[[bytes, str], Seen]


@pytest.fixture
def see(examine) -> See:
    """One document in a dump of its own, under a name."""

    def run(octets: bytes, name: str) -> Seen:
        found = examine({name: octets})
        (unit,) = found.units
        documents = {unit.items[row].path: facts for row, facts in unit.documents}
        text = found.texts[name].text if name in found.texts else ""
        return Seen(found.items[name], documents.get(name), text)

    return run


def mutations(octets: bytes, seed: int, count: int = 200) -> Iterator[bytes]:
    """Octets cut short, with some flipped, with a block copied elsewhere, or with a number overwritten."""
    dice = random.Random(seed)
    for _ in range(count):
        mutant = bytearray(octets)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(mutant)) if mutant else 0
            match dice.randrange(4):
                case 0:
                    del mutant[max(1, at) :]
                case 1:
                    mutant[at : at + 1] = bytes([dice.randrange(256)])
                case 2:
                    other = dice.randrange(len(mutant))
                    size = dice.randint(1, 64)
                    mutant[at : at + size] = mutant[other : other + size]
                case _:
                    size = dice.choice((1, 2, 4))
                    mutant[at : at + size] = dice.choice((b"\0", b"\xff", b"\x7f")) * size
        yield bytes(mutant)


@pytest.fixture
def mutants(examine) -> Callable[[bytes, str], None]:
    """200 seeded mutations of a healthy file in one dump: each has its row, its size and no crash."""

    def run(octets: bytes, suffix: str) -> None:
        files = {f"{place:03}{suffix}": one for place, one in enumerate(mutations(octets, 20261126))}
        found = examine(files)
        for name, one in files.items():
            assert found.items[name].size == len(one)

    return run
