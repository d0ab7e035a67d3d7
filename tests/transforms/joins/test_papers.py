"""What the organisation's verified documents teach, wherever they lie, and that others teach nothing."""

from __future__ import annotations

import pyarrow as pa

from transforms.joins import papers
from transforms.joins.correspondents import Learned
from transforms.joins.papers import scripts
from transforms.prove import buckets


def counted(rows: list[tuple[str, bool, bool, list[str]]], count: int) -> Learned:
    """What rows teach that are joined in so many buckets."""
    table = pa.table(
        {name: [row[at] for row in rows] for at, name in enumerate(("key", "named", "worded", "scripts"))},
        schema=papers._ROWS,
    )
    return papers.learned(Learned(home="a.example"), [papers.join(part) for _, part in buckets(table, count)])


def test_documents_count_once_and_scripts_add_up_in_any_number_of_buckets() -> None:
    rows = [(f"{n}", True, n < 2, ["LATIN"]) for n in range(5)] + [("0", True, False, ["GREEK"])]
    for count in (1, 3, 64):
        learned = counted(rows, count)
        assert learned == Learned(home="a.example", scripts=("GREEK", "LATIN"), knows_names=True)


def test_copies_of_four_documents_are_four() -> None:
    rows = [(f"{n % 4}", True, True, ["LATIN"]) for n in range(40)]
    learned = counted(rows, 2)
    assert not learned.knows_names and not learned.knows_languages


def test_a_dump_without_documents_teaches_nothing() -> None:
    assert papers.learned(Learned(), []) == Learned()


def test_scripts_of_letters_alone() -> None:
    assert scripts("Иван 7 (Bureau)") == {"CYRILLIC", "LATIN"}
    assert scripts("123 -") == frozenset()
