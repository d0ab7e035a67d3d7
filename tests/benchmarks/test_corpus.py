"""The labelled corpus is the same for the same seed, its labels are true, and its scorer counts as it says."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from command_line import triage

ROOT = Path(__file__).parents[2]
FOLDERS = [str(ROOT / folder) for folder in ("benchmarks", "sample_dump", "tests")]
OURS = ("make_corpus", "score_corpus", "dkimpy_loop", "run", "process_tree", "corpus", "forms", "signing", "sealing")


@pytest.fixture(scope="module")
def score_corpus() -> Iterator[ModuleType]:
    before, modules = list(sys.path), set(sys.modules)
    sys.path[:0] = FOLDERS
    try:
        yield importlib.import_module("score_corpus")
    finally:
        sys.path[:] = before
        for name in set(sys.modules) - modules:
            if name.partition(".")[0] in OURS:
                del sys.modules[name]


@pytest.fixture(scope="module")
def make_corpus(score_corpus: ModuleType) -> ModuleType:
    return sys.modules["make_corpus"]


@pytest.fixture(scope="module")
def folder(make_corpus: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("corpus") / "seed7"
    make_corpus.make_corpus(out, 40, 7)
    return out


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_make_corpus_is_the_same_for_the_same_seed(folder: Path, make_corpus: ModuleType, tmp_path: Path) -> None:
    make_corpus.make_corpus(tmp_path / "again", 40, 7)
    assert files(tmp_path / "again") == files(folder)


def test_every_recipe_is_labelled_and_says_what_it_does(folder: Path, make_corpus: ModuleType) -> None:
    labels = make_corpus.read_labels(folder / "labels.csv")
    assert all(recipe.says for recipe in make_corpus.RECIPES)
    assert {recipe.name for recipe in make_corpus.RECIPES} <= {label.recipe for label in labels.values()}
    assert {label.truth for label in labels.values()} == {"honest", "damaged", "forged", "impersonation"}
    for path in labels:
        assert (folder / "dump" / path.partition("!")[0]).is_file(), path


def test_labels_of_files_are_what_dkimpy_says(folder: Path, make_corpus: ModuleType) -> None:
    """Provable mail passes; mail that may not be verified passes nowhere under its author's own domain."""
    loop = importlib.import_module("dkimpy_loop")
    look_up = loop.published(folder / "keys.csv")
    labels = make_corpus.read_labels(folder / "labels.csv")
    provable = [path for path, label in labels.items() if label.provable and path.endswith(".eml") and "!" not in path]
    assert len(provable) > 10
    for path in provable:
        assert loop.loop(iter([folder / "dump" / path]), look_up)["valid"] == 1, path


def test_whoever_is_pointed_at_sees_both_values(folder: Path, score_corpus: ModuleType, tmp_path: Path) -> None:
    """What an item claims and what contradicts it, for every item of every recipe that is suspected or flagged."""
    assert triage(*score_corpus.command(folder, tmp_path / "out")).returncode == 0
    said = score_corpus.judged(tmp_path / "out")
    assert sum(one.flagged for one in said.values()) > 100
    mistakes = score_corpus.wrong(score_corpus.pairs_of(score_corpus.read_labels(folder / "labels.csv"), said))
    assert mistakes == {"false_fake": [], "false_verified": [], "incomplete": []}


def test_bounds_are_those_of_clopper_and_pearson(score_corpus: ModuleType) -> None:
    assert score_corpus.bounds(0, 10) == pytest.approx((0, 0.30850), abs=1e-5)
    assert score_corpus.bounds(5, 10) == pytest.approx((0.18709, 0.81291), abs=1e-5)
    assert score_corpus.bounds(10, 10) == pytest.approx((0.69150, 1), abs=1e-5)
    assert score_corpus.bounds(0, 0) == (0, 1)


def test_totals_count_each_mistake_once(score_corpus: ModuleType) -> None:
    def pair(truth: str, verdict: str, group: str = "", strong: tuple[str, ...] = (), both: bool = True) -> Any:
        permits = {"forged": ("suspected_fake", "unverifiable")}.get(truth, ("verified", "unverifiable"))
        sure = None if verdict == "unverifiable" else "strong"
        label = score_corpus.Label(truth, "one", group, permits, truth == "honest")
        return (
            f"{truth} {verdict} {group}",
            label,
            score_corpus.Judged(verdict, "reason", None, "flagged" if strong else "plain", strong, both, sure),
        )

    pairs = [
        pair("honest", "verified"),
        pair("honest", "suspected_fake"),
        pair("damaged", "unverifiable"),
        pair("damaged", "unverifiable", strong=("clock.impossible_zone",), both=False),
        pair("forged", "suspected_fake", "sibling"),
        pair("forged", "unverifiable", "sibling"),
        pair("forged", "unverifiable", "other", ("clock.impossible_zone",)),
        pair("forged", "unverifiable", "other"),
        pair("forged", "verified", "other"),
    ]
    assert {kind: len(paths) for kind, paths in score_corpus.wrong(pairs).items()} == {
        "false_fake": 1,
        "false_verified": 1,
        "incomplete": 1,
    }
    counts = {name: (one["k"], one["n"]) for name, one in score_corpus.totals(pairs).items()}
    assert counts["honest and damaged items suspected"] == (1, 4)
    assert counts["forged items verified"] == (1, 5)
    assert counts["forged, with a verified sibling or a graft: suspected"] == (1, 2)
    assert counts["forged, without: flagged"] == (1, 3)
    assert counts["honest, as signed, key at hand: verified"] == (1, 2)
    assert counts["damaged: flagged"] == (1, 2)
    rates = {words: (one["k"], one["n"]) for words, one in score_corpus.by_confidence(pairs).items()}
    assert rates == {"suspected_fake, strong": (1, 2), "verified, strong": (1, 2)}


def test_means_count_each_recipe_once(score_corpus: ModuleType) -> None:
    def row(group: str, items: int, suspected: int, flagged: int, verified: int = 0) -> dict[str, Any]:
        return {"group": group, "items": items, "suspected": suspected, "flagged": flagged, "verified": verified}

    recipes = {
        "a": row("sibling", 4, 4, 4), "b": row("sibling", 40, 0, 20), "c": row("other", 2, 0, 1),
        "d": row("other", 2, 0, 0, verified=2), "e": row("", 9, 0, 0),
    }  # fmt: skip
    assert score_corpus.means(recipes) == {"sibling": 0.5, "other": 0.5}


def test_a_suspected_item_without_a_label_counts_as_honest(score_corpus: ModuleType) -> None:
    accused = score_corpus.Judged("suspected_fake", "copy.altered", "altered_copy", "decisive", ("copy.altered",), True)
    pairs = score_corpus.pairs_of({}, {"a.eml!2": accused})
    assert score_corpus.wrong(pairs)["false_fake"] == ["a.eml!2"]
