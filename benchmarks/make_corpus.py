"""Makes a labelled dump: honest mail of an invented world, damaged, forged and imitated, the same for the same seed.

    python benchmarks/make_corpus.py OUT --messages 2000 --seed 1

OUT/dump is the dump, OUT/labels.csv says what is true of each item, OUT/keys.csv is for `--keys`,
OUT/private_keys holds the worthless keys that signed it. Of every recipe of corpus/damages.py, oddities.py,
forgeries.py, inventions.py and impersonations.py there is one case for each 500 messages of honest traffic: a
change that five messages of one mailbox share is no forger's any more (VERDICT §5.1).
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable
from dataclasses import astuple, fields
from pathlib import Path

from corpus import damages, forgeries, impersonations, inventions, oddities
from corpus.boxes import Labelled, write
from corpus.keys import write_archive, write_private_keys
from corpus.scene import Case, Label, Recipe, Scene
from corpus.traffic import Traffic
from corpus.transport import Post

A_CASE_EACH = 500  # messages of honest traffic
RECIPES: tuple[Recipe, ...] = tuple(
    recipe for module in (damages, forgeries, impersonations, oddities, inventions) for recipe in module.RECIPES
)


def make_corpus(out: Path, messages: int, seed: int) -> list[Labelled]:
    """Write the dump, its labels and its keys; the labels by path."""
    out.mkdir(parents=True)
    write_private_keys(out / "private_keys", seed)
    write_archive(out / "keys.csv", out / "private_keys", impersonations.DOMAINS)
    scene = Scene(seed, Post(out / "private_keys"))
    placed = Traffic(scene).make(messages)
    for recipe in RECIPES:
        for _ in range(max(1, messages // A_CASE_EACH)):
            case = Case(scene, recipe)
            recipe.make(case)
            placed += case.placed
    scene.rng.shuffle(placed)
    labelled = write(out / "dump", placed)
    write_labels(out / "labels.csv", labelled)
    return labelled


def write_labels(path: Path, labelled: Iterable[Labelled]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("path", *(field.name for field in fields(Label))))
        for item, label in labelled:
            table.writerow((item, *(" ".join(v) if isinstance(v, tuple) else v for v in astuple(label))))


def read_labels(path: Path) -> dict[str, Label]:
    with open(path, newline="", encoding="utf-8") as file:
        return {
            row.pop("path"): Label(
                row["truth"], row["recipe"], row["group"], tuple(row["permits"].split()), row["provable"] == "True"
            )
            for row in csv.DictReader(file)
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    labelled = make_corpus(options.out, options.messages, options.seed)
    print(f"{len(labelled)} labelled items, {len(RECIPES)} recipes, in {options.out / 'dump'}")


if __name__ == "__main__":
    main()
