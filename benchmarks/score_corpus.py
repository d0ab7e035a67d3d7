"""Makes labelled dumps, runs the program on them and counts its mistakes.

    python benchmarks/score_corpus.py FOLDER --messages 2000 --seed 1 2 3
    python benchmarks/score_corpus.py FOLDER --messages 2000 --seed 1 --again    what lies in FOLDER is judged anew

Counted for each recipe, and in all: **false fake**, an honest or damaged item that is suspected; **false
verified**, a forged item that is verified though VERDICT.md does not allow it; **suspected**; **flagged**,
suspected, or unverifiable and pointed out to a person: by one strong contradiction, or since a signature holds
for another form of it (VERDICT §7, the rule `flagged`). Either way the forgery is **found**: VERDICT §5.1 forbids
to suspect much that it lets be pointed out. **missed**, neither; **verified recall**, of the honest items that
lie as they were signed with their key at hand.
A decision to suspect or to flag is complete if a finding of the item holds both the expected and the actual value.

Bounds are those of Clopper and Pearson, 95 % two-sided: for k of n, the lower one is the p at which k or
more of n have a chance of 2.5 %, the upper one that at which k or fewer have.

Writes results/DATE-corpus-seedN.json and .md for each seed.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from corpus.scene import DAMAGED, FORGED, HONEST, IMPERSONATION, Label
from corpus.world import PROTECTED, SEALER
from make_corpus import A_CASE_EACH, RECIPES, make_corpus, read_labels
from run import machine, versions

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
HALVES = 2  # of the keys, drawn anew


@dataclass(frozen=True, slots=True)
class Judged:
    """What the program said of an item."""

    verdict: str
    reason: str
    subtype: str | None
    rule: str  # that decided
    strong: tuple[str, ...]  # codes of findings, strong or decisive, that contradict
    both_values: bool  # a finding holds the expected and the actual value
    confidence: str | None = None

    @property
    def flagged(self) -> bool:
        return self.verdict == "suspected_fake" or self.rule == "flagged"


def command(folder: Path, out: Path) -> list[str]:
    """The program's command line for a corpus."""
    return [
        *("run", str(folder / "dump"), "-o", str(out), "--force", "-q", "--keys", str(folder / "keys.csv")),
        *(word for domain in PROTECTED for word in ("--protect", domain)),
        *("--trusted-sealer", SEALER),
    ]


def judged(out: Path) -> dict[str, Judged]:
    """Path -> what stands in the tables."""
    strong: dict[str, list[str]] = {}
    whole: set[str] = set()
    for table in sorted(out.glob("findings*.parquet")):
        for row in pq.read_table(table).to_pylist():
            if row["direction"] == "contradicts" and row["strength"] in ("strong", "decisive"):
                strong.setdefault(row["item_id"], []).append(row["code"])
            if row["expected"] and row["actual"]:
                whole.add(row["item_id"])
    columns = ["item_id", "path", "verdict", "reason_code", "subtype", "confidence", "rule"]
    return {
        row["path"]: Judged(
            row["verdict"],
            row["reason_code"],
            row["subtype"],
            row["rule"],
            tuple(sorted(strong.get(row["item_id"], ()))),
            row["item_id"] in whole,
            row["confidence"],
        )
        for table in sorted(out.glob("items*.parquet"))
        for row in pq.read_table(table, columns=columns).to_pylist()
    }


# ---- counting ---------------------------------------------------------------------------------


def bounds(k: int, n: int) -> tuple[float, float]:
    """Clopper and Pearson, 95 % two-sided, for k of n."""
    if n == 0:
        return 0.0, 1.0
    lower = 0.0 if k == 0 else _root(lambda p: 1 - _at_most(k - 1, n, p) > 0.025)
    upper = 1.0 if k == n else _root(lambda p: _at_most(k, n, p) < 0.025)
    return lower, upper


def _at_most(k: int, n: int, p: float) -> float:
    """The chance of k or fewer of n."""
    return math.fsum(
        math.exp(math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + _log(p, i) + _log(1 - p, n - i))
        for i in range(k + 1)
    )


def _log(p: float, times: int) -> float:
    return times * math.log(p) if times else 0.0


def _root(beyond: Callable[[float], bool]) -> float:
    """The p in 0..1 at which beyond turns true."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return high


def share(k: int, n: int) -> dict[str, Any]:
    lower, upper = bounds(k, n)
    return {"k": k, "n": n, "share": round(k / n, 4) if n else None, "from": round(lower, 4), "to": round(upper, 4)}


Pair = tuple[str, Label, Judged]


def wrong(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    """The paths of what must not be: false fakes, false verified, decisions without both values."""
    found: dict[str, list[str]] = {"false_fake": [], "false_verified": [], "incomplete": []}
    for path, label, said in pairs:
        if said.verdict == "suspected_fake" and label.truth in (HONEST, DAMAGED):
            found["false_fake"].append(path)
        if said.verdict == "verified" and "verified" not in label.permits:
            found["false_verified"].append(path)
        if said.flagged and not said.both_values:
            found["incomplete"].append(path)
    return found


def totals(pairs: Sequence[Pair]) -> dict[str, dict[str, Any]]:
    """The figures of the whole dump. Forgeries that VERDICT.md lets be verified have nothing to find."""
    forged = [(label, said) for _, label, said in pairs if label.truth == FORGED and "verified" not in label.permits]
    sibling = [said for label, said in forged if label.group == "sibling"]
    omission = [said for label, said in forged if label.group == "omission"]
    laundered = [said for label, said in forged if label.group == "laundering"]
    plain = [said for label, said in forged if label.group == "other"]
    other = plain + laundered
    imitation = [said for _, label, said in pairs if label.group == "imitation"]
    honest = [said for _, label, said in pairs if label.truth in (HONEST, DAMAGED)]
    provable = [said for _, label, said in pairs if label.provable]
    damaged = [said for _, label, said in pairs if label.truth == DAMAGED]
    not_damaged = [said for _, label, said in pairs if label.truth == HONEST]
    guarded = [said for _, label, said in pairs if "verified" not in label.permits]
    mistakes = wrong(pairs)
    return {
        "honest and damaged items suspected": share(len(mistakes["false_fake"]), len(honest)),
        "forged items verified": share(len(mistakes["false_verified"]), len(guarded)),
        "forged, with a verified sibling or a graft: suspected": share(_suspected(sibling), len(sibling)),
        "forged, with a verified sibling or a graft: flagged": share(_flagged(sibling), len(sibling)),
        "forged, without: flagged": share(_flagged(other), len(other)),
        "of these, but for tricks that are meant to verify: flagged": share(_flagged(plain), len(plain)),
        "of these, meant to be verified by a trick (0 may be): flagged": share(_flagged(laundered), len(laundered)),
        "forged, without: suspected": share(_suspected(other), len(other)),
        "words only taken away: flagged": share(_flagged(omission), len(omission)),
        "imitations of protected domains: suspected": share(_suspected(imitation), len(imitation)),
        "honest, as signed, key at hand: verified": share(_verified(provable), len(provable)),
        "damaged: verified all the same": share(_verified(damaged), len(damaged)),
        "damaged: flagged": share(_flagged(damaged), len(damaged)),
        "honest: flagged": share(_flagged(not_damaged), len(not_damaged)),
    }


def _suspected(said: Iterable[Judged]) -> int:
    return sum(one.verdict == "suspected_fake" for one in said)


def _verified(said: Iterable[Judged]) -> int:
    return sum(one.verdict == "verified" for one in said)


def _flagged(said: Iterable[Judged]) -> int:
    return sum(one.flagged for one in said)


def by_recipe(pairs: Iterable[Pair]) -> dict[str, dict[str, Any]]:
    """Recipe -> its counts, and the reasons of what was not suspected."""
    groups: dict[tuple[str, str, str], list[Judged]] = {}
    for _, label, said in pairs:
        groups.setdefault((label.truth, label.group, label.recipe), []).append(said)
    says = {recipe.name: recipe.says for recipe in RECIPES}
    return {
        recipe: {
            "truth": truth,
            "group": group,
            "says": says.get(recipe, ""),
            "items": len(said),
            "suspected": _suspected(said),
            "flagged": _flagged(said),
            "verified": _verified(said),
            "missed": sum(not one.flagged and one.verdict != "verified" for one in said),
            "reasons": dict(Counter(f"{one.verdict} {one.subtype or one.reason}" for one in said).most_common()),
        }
        for (truth, group, recipe), said in sorted(groups.items())
    }


def by_confidence(pairs: Sequence[Pair]) -> dict[str, dict[str, Any]]:
    """Verdict and confidence -> how many of the items that got them should not have."""
    mistakes = wrong(pairs)
    false = {*mistakes["false_fake"], *mistakes["false_verified"]}
    groups: dict[str, list[bool]] = {}
    for path, _, said in pairs:
        if said.confidence is not None:
            groups.setdefault(f"{said.verdict}, {said.confidence}", []).append(path in false)
    return {words: share(sum(found), len(found)) for words, found in sorted(groups.items())}


def means(recipes: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Group -> mean over its recipes of the share that was suspected (sibling, imitation) or flagged (the others).

    A recipe that plants many items counts as much as any other here.
    """
    shares: dict[str, list[float]] = {}
    for row in recipes.values():
        counted = row["suspected"] if row["group"] in ("sibling", "imitation") else row["flagged"]
        if row["group"] and row["verified"] < row["items"]:  # else there is nothing to find
            shares.setdefault(row["group"], []).append(counted / row["items"])
    return {group: round(sum(found) / len(found), 4) for group, found in sorted(shares.items())}


def pairs_of(labels: Mapping[str, Label], said: Mapping[str, Judged]) -> list[Pair]:
    """Labels beside verdicts; a suspected item without a label is an honest one that nobody made on purpose."""
    missing = [path for path in labels if path not in said]
    if missing:
        sys.exit(f"{len(missing)} labelled items have no row, the first {missing[0]}")
    strays = [path for path, one in said.items() if path not in labels and one.verdict == "suspected_fake"]
    unlabelled = Label(HONEST, "not labelled")
    return [*((path, label, said[path]) for path, label in labels.items()), *((p, unlabelled, said[p]) for p in strays)]


# ---- what is reported -------------------------------------------------------------------------


def as_markdown(report: Mapping[str, Any]) -> str:
    lines = [
        f"# corpus, seed {report['seed']}, {report['date']}",
        "",
        f"`{report['command']}`: {report['messages']} messages of honest traffic and {report['cases']} cases of "
        f"each of {report['recipes']} recipes, {report['labelled']} labelled items in all. {report['machine']}",
        "",
        "| | of | share | 95 % bounds |",
        "|---|---|---|---|",
    ]
    for name, one in report["totals"].items():
        shown = "" if one["share"] is None else f"{one['share']:.1%}"
        lines.append(f"| {name} | {one['k']} of {one['n']} | {shown} | {one['from']:.2%} to {one['to']:.2%} |")
    for words, one in report["by_confidence"].items():
        lines.append(f"| wrong among {words} | {one['k']} of {one['n']} | | {one['from']:.2%} to {one['to']:.2%} |")
    for kind, paths in report["wrong"].items():
        lines += ["", f"{kind}: {len(paths)}" + "".join(f"\n- `{path}`" for path in paths[:20])]
    mean = ", ".join(f"{group} {share:.0%}" for group, share in report["means"].items())
    lines += ["", f"Mean over recipes: {mean} (of sibling and imitation suspected, of the others flagged)"]
    lines += ["", "With fewer keys, judged again from the evidence:"]
    for one in report["by_keys"]:
        counts = ", ".join(f"{kind} {len(paths)}" for kind, paths in one["wrong"].items())
        lines.append(f"- {one['keys']} of {one['of']} keys: {one['verified']} labelled items verified; {counts}")
    for truth, title in (
        (FORGED, "Forged"),
        (IMPERSONATION, "Imitated"),
        (DAMAGED, "Damaged"),
        (HONEST, "Honest"),
    ):
        lines += ["", f"## {title}", "", "| recipe | items | suspected | flagged | verified | verdicts and reasons |"]
        lines.append("|---|---|---|---|---|---|")
        for name, row in report["by_recipe"].items():
            if row["truth"] == truth:
                label = f"{name} ({row['group']})" if row["group"] else name
                reasons = ", ".join(f"{count} {reason}" for reason, count in row["reasons"].items())
                numbers = " | ".join(str(row[key]) for key in ("items", "suspected", "flagged", "verified"))
                lines.append(f"| {label}: {row['says']} | {numbers} | {reasons} |")
    return "\n".join([*lines, "", f"Versions: {report['versions']}", ""])


def score(folder: Path, messages: int, seed: int, again: bool) -> dict[str, Any]:
    """Make, run and count one corpus."""
    if not again:
        make_corpus(folder, messages, seed)
    labels = read_labels(folder / "labels.csv")
    out = folder / "out"
    subprocess.run([sys.executable, "-m", "pipeline", *command(folder, out)], check=True, stdout=subprocess.DEVNULL)
    pairs = pairs_of(labels, judged(out))
    recipes = by_recipe(pairs)
    shown = " ".join(command(Path("CORPUS"), Path("OUT")))
    return {
        "seed": seed,
        "date": datetime.date.today().isoformat(),
        "command": f"triage {shown}",
        "messages": messages,
        "cases": max(1, messages // A_CASE_EACH),
        "recipes": len(RECIPES),
        "labelled": len(labels),
        "machine": machine(),
        "versions": versions(),
        "totals": totals(pairs),
        "wrong": wrong(pairs),
        "by_keys": by_keys(folder, labels, seed),
        "by_confidence": by_confidence(pairs),
        "means": means(recipes),
        "by_recipe": recipes,
    }


def by_keys(folder: Path, labels: Mapping[str, Label], seed: int) -> list[dict[str, Any]]:
    """The mistakes under fewer keys, judged again without the dump: under none, then under random halves."""
    rng, out = random.Random(seed), folder / "out"
    head, *rows = (folder / "keys.csv").read_text("utf-8").splitlines()
    found = []
    for chosen in ([], *(sorted(rng.sample(rows, len(rows) // 2)) for _ in range(HALVES))):
        subset = folder / "fewer_keys.csv"
        subset.write_text("\n".join([head, *chosen, ""]), "utf-8")
        again = ("judge", str(out), "--only-keys", "--keys", str(subset), "-q")
        subprocess.run([sys.executable, "-m", "pipeline", *again], check=True, stdout=subprocess.DEVNULL)
        said = judged(out)
        pairs = pairs_of(labels, said)
        verified = _verified(one for _, _, one in pairs)
        found.append({"keys": len(chosen), "of": len(rows), "verified": verified, "wrong": wrong(pairs)})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--seed", type=int, nargs="+", default=[1])
    parser.add_argument("--again", action="store_true", help="keep the corpora that lie in FOLDER")
    options = parser.parse_args()
    folder = options.folder.resolve()
    os.environ["PYTHONPATH"] = str(ROOT)
    results = HERE / "results"
    for seed in options.seed:
        report = score(folder / f"seed{seed}", options.messages, seed, options.again)
        stem = f"{report['date']}-corpus-seed{seed}"
        (results / f"{stem}.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
        page = as_markdown(report)
        (results / f"{stem}.md").write_text(page, "utf-8")
        print(page)


if __name__ == "__main__":
    main()
