"""Threads found in rounds over parts are those that one worker finds, whatever the parts."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from transforms import linked
from transforms.arrow_bytes import by_unit, from_bytes, to_bytes, to_table
from transforms.connect import Connect
from transforms.joins import threads

Mail = tuple[str | None, list[int]]  # the name that it gives its thread, and the digests of all that it names


def rows(mails: list[Mail], each: int) -> list[pa.Table]:
    """Rows of the join, so many messages a stretch."""
    found = [(f"{n // each:032x}", n // each, n % each, name, named) for n, (name, named) in enumerate(mails)]
    return [
        to_table(threads._ROWS, [("", *one) for one in found[start : start + each]])
        for start in range(0, len(found), each)
    ]


def together(tables: list[pa.Table]) -> dict[tuple[str, int], str]:
    """(unit_id, row) -> thread_id, as the join in one place has it."""
    return _renamed((unit_id, rows) for unit_id, rows in by_unit(threads.join(pa.concat_tables(tables))))


FOUND: list[tuple[str, bytes]] = []  # by the pipeline, which runs in this process


def apart(tables: list[pa.Table], parts: int) -> dict[tuple[str, int], str]:
    """The same, by the steps that a cluster takes."""
    FOUND.clear()
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        batches = pipeline | beam.Create([(("threads", "00"), to_bytes(one)) for one in tables], reshuffle=False)
        batches | Connect(parts, _note) | beam.Map(_keep)
    return _renamed((unit_id, from_bytes(octets)) for unit_id, octets in FOUND)


MARKED: list[str] = []


@contextlib.contextmanager
def _note(name: str) -> Iterator[None]:
    MARKED.append(name)
    yield


def _keep(one: tuple[str, bytes]) -> None:
    FOUND.append(one)


def _renamed(answers: Any) -> dict[tuple[str, int], str]:
    return {(unit_id, one["row"]): one["thread_id"] for unit_id, rows in answers for one in rows.to_pylist()}


def scattered(seed: int) -> list[Mail]:
    """Conversations of all shapes in any order: stars, chains, such that meet late, such that nobody names."""
    dice = random.Random(seed)
    mails: list[Mail] = []
    for thread in range(40):
        size = dice.choice((1, 2, 3, 9, 30))
        for n in range(size):
            before = dice.randrange(n) if n and dice.random() < 0.5 else max(n - 1, 0)
            named = sorted({thread << 20 | n, thread << 20 | before, *([dice.randrange(40) << 20] * (n == 4))})
            mails.append((dice.choice((None, f"{thread}.{before}")), named))
    dice.shuffle(mails)
    return mails


@pytest.mark.parametrize(("seed", "each", "parts"), [(1, 1, 2), (2, 3, 7), (3, 50, 2), (4, 1_000, 3)])
def test_threads_are_those_that_one_worker_finds(seed: int, each: int, parts: int) -> None:
    tables = rows(scattered(seed), each)
    expected = together(tables)
    assert len(expected) > 100
    assert apart(tables, parts) == expected


def test_each_round_is_marked_by_its_part() -> None:
    MARKED.clear()
    apart(rows(scattered(2), 3), 7)
    parts = {f"{part:04d}" for part in range(7)}
    assert {name.rpartition(" ")[2] for name in MARKED if name.startswith("meet ")} == parts
    for number in range(linked.ROUNDS):
        assert {name for name in MARKED if name.startswith(f"nearer {number} ")} <= {
            f"nearer {number} {p}" for p in parts
        }
    assert {name.split()[0] for name in MARKED} == {"meet", "nearer", "ask", "name", "answer"}


def chain(length: int) -> list[Mail]:
    """Answers each of which names nothing but the one before."""
    return [(f"m{max(n - 1, 0)}", [n, n + 1]) for n in range(length)]


def test_a_chain_over_as_many_stretches_as_promised_is_one_thread() -> None:
    tables = rows(chain(2**linked.ROUNDS), 1)
    assert set(apart(tables, 3).values()) == {"m0"}


def test_a_longer_chain_is_several_threads_and_each_has_the_name_of_an_earlier_message() -> None:
    tables = rows(chain(3 * 2**linked.ROUNDS), 1)
    found = apart(tables, 3)
    assert len(set(found.values())) > 1
    assert all(int(name[1:]) < int(unit_id, 16) for (unit_id, _), name in found.items())


def test_a_conversation_that_everybody_belongs_to_is_one_thread() -> None:
    tables = rows([(None if n < 5 else "name", [7, n + 100]) for n in range(300)], 10)
    found = apart(tables, 4)
    assert found == together(tables) == {("0" * 32, row): "name" for row in range(5)}
