"""How the time of every regular expression, and of canonical form, grows with hostile input.

    python benchmarks/regexes.py [--name NAME]

Each pattern of transforms/ and pipeline/ meets 12 fills that make it try in vain, in each way in which
the project calls it, at a length and at twice that length; the length is doubled until the time can be
measured. Linear is 2, quadratic 4. Above LIMIT, the time for a thousand octets tells whether it
matters. Writes results/DATE-NAME.json and .md.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import importlib
import inspect
import json
import platform
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from transforms.auth.canonical import body_digests, canonical_field  # noqa: E402
from transforms.auth.repair.shipped import List  # noqa: E402

FILLS = (" ", "\t ", "\r\n", "\r\n ", "a", "=", "=20", "<", '"', "--\n", "a@b.", "; a=b")
END = "\0"  # what no pattern waits for
LIMIT = 2.6  # times as long for twice as much
FIRST, LAST = 4_096, 1 << 20  # lengths
MEASURABLE = 0.002  # seconds
MANY = 20  # patterns
# What a function that makes a pattern is asked for.
ARGUMENTS: dict[str, tuple[object, ...]] = {
    "transforms.auth.repair.shipped:_footers": (List("presse", "lists.press.example"), "1@press.example"),
}
WAYS: dict[str, Callable[[re.Pattern[Any], Any], object]] = {
    "match": lambda pattern, text: pattern.match(text),
    "search": lambda pattern, text: pattern.search(text),
    "fullmatch": lambda pattern, text: pattern.fullmatch(text),
    "sub": lambda pattern, text: pattern.sub(text[:0], text),
    "split": lambda pattern, text: pattern.split(text),
    "findall": lambda pattern, text: pattern.findall(text),
    "finditer": lambda pattern, text: sum(1 for _ in pattern.finditer(text)),
}


def patterns() -> Iterator[tuple[str, re.Pattern[Any], tuple[str, ...]]]:
    """Each pattern of the project, by the place where it is written, and how it is called there."""
    for path in sorted([*(ROOT / "transforms").rglob("*.py"), *(ROOT / "pipeline").rglob("*.py")]):
        source = path.read_text("utf-8")
        if "re." not in source:
            continue
        tree = list(ast.walk(ast.parse(source)))
        name = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        module = importlib.import_module(name)
        for label, value in sorted(vars(module).items()):
            used = {node.attr for node in tree if isinstance(node, ast.Attribute) and _names(node.value) == label}
            for one in _held(value, name):
                yield f"{name}:{label}", one, tuple(sorted(used & WAYS.keys())) or tuple(WAYS)
        for node in tree:
            if isinstance(node, ast.Call) and _names(getattr(node.func, "value", None)) == "re":
                way = node.func.attr
                if way in WAYS and isinstance(node.args[0], ast.Constant):
                    flags = re.IGNORECASE if "IGNORECASE" in ast.dump(node) else re.NOFLAG
                    yield f"{name}:{node.lineno}", re.compile(node.args[0].value, flags), (way,)


def _held(value: Any, module: str) -> list[re.Pattern[Any]]:
    """The patterns in a value, however deep; of many in one place, which data of one shape gave, the longest.

    A function of the module that keeps what it made is asked for it.
    """
    if isinstance(value, re.Pattern):
        return [value]
    if isinstance(value, dict):
        return _held(tuple(value.values()), module)
    if isinstance(value, tuple | list):
        found = [one for inner in value for one in _held(inner, module)]
        return found if len(found) <= MANY else [max(found, key=lambda one: len(one.pattern))]
    makes = hasattr(value, "cache_info") and "re.Pattern" in str(inspect.signature(value).return_annotation)
    if makes and value.__module__ == module:
        return _held(value(*ARGUMENTS.get(f"{module}:{value.__name__}", ())), module)
    return []


def _names(node: ast.AST | None) -> str:
    """The name that an expression begins with: X, X[...]."""
    node = node.value if isinstance(node, ast.Subscript) else node
    return node.id if isinstance(node, ast.Name) else ""


def growth(run: Callable[[int], object]) -> tuple[float, float, int]:
    """How much longer twice the length takes; seconds at the length; the length. 0: too fast to be measured."""
    size = FIRST
    once = _seconds(run, size)
    while once < MEASURABLE and size < LAST:
        size *= 2
        once = _seconds(run, size)
    return _seconds(run, 2 * size) / once if once >= MEASURABLE else 0.0, once, size


def _seconds(run: Callable[[int], object], size: int) -> float:
    best = float("inf")
    run(size)
    for _ in range(5):
        start = time.process_time()
        run(size)
        best = min(best, time.process_time() - start)
        if best > 0.2:
            break
    return best


def _filled(fill: str, size: int, octets: bool) -> Any:
    text = fill * (size // len(fill)) + END
    return text.encode() if octets else text


def _runs(pattern: re.Pattern[Any], ways: Iterable[str]) -> Iterator[tuple[str, str, Callable[[int], object]]]:
    octets = isinstance(pattern.pattern, bytes)
    for fill in FILLS:
        texts: dict[int, Any] = {}  # made outside the time that is taken
        for way in ways:

            def run(size: int, fill: str = fill, texts: dict[int, Any] = texts, call: Any = WAYS[way]) -> object:
                if size not in texts:
                    texts[size] = _filled(fill, size, octets)
                return call(pattern, texts[size])

            yield fill, way, run


def measure(found: Iterable[tuple[str, re.Pattern[Any], tuple[str, ...]]]) -> list[dict[str, Any]]:
    """The worst of each pattern over all fills and ways."""
    rows = []
    for label, pattern, ways in found:
        worst: dict[str, Any] = {"pattern": label, "ratio": 0.0}
        for fill, way, run in _runs(pattern, ways):
            ratio, seconds, size = growth(run)
            for _ in range(4):  # a busy machine gives one too many now and then, and never too few each time
                if ratio > LIMIT:
                    ratio, seconds, size = min((ratio, seconds, size), growth(run))
            if ratio >= worst["ratio"]:
                worst |= {"ratio": round(ratio, 2), "fill": fill, "way": way, "length": size, "seconds": seconds}
        # At a thousand octets, the worst of all, whatever the ratio.
        worst["microseconds_at_1000"] = round(max(_seconds(run, 1_000) for _, _, run in _runs(pattern, ways)) * 1e6)
        rows.append(worst)
        print(f"{worst['ratio']:6.2f}  {label}", file=sys.stderr)
    return sorted(rows, key=lambda row: -row["ratio"])


def measure_canonical() -> list[dict[str, Any]]:
    """Canonical form of bodies and fields that consist of one fill."""
    rows = []
    for fill in FILLS:
        unit = fill.encode()

        def body(size: int, unit: bytes = unit) -> object:
            return body_digests([unit * (size // len(unit))])

        def field(size: int, unit: bytes = unit) -> object:
            return canonical_field(b"X: a" + unit * (size // len(unit)) + b"x\r\n", "relaxed")

        for name, run in (("body_digests", body), ("canonical_field", field)):
            ratio, seconds, size = min(growth(run) for _ in range(4))
            row = {"function": name, "fill": fill, "ratio": round(ratio, 2), "length": size, "seconds": seconds}
            rows.append({**row, "MB_per_second": round(size / seconds / 1e6)})
    return sorted(rows, key=lambda row: -row["ratio"])


def markdown(name: str, day: str, rows: list[dict[str, Any]], canonical: list[dict[str, Any]]) -> str:
    over = [row for row in rows if row["ratio"] > LIMIT]
    lines = [
        f"# {name}, {day}",
        "",
        f"{len(rows)} patterns, {len(FILLS)} fills; time for twice the length over time for once. "
        f"{len(rows) - len(over)} stay at or below {LIMIT}. {platform.machine()}, Python {platform.python_version()}.",
        "",
        "| pattern | ratio | fill | way | worst time for 1,000 octets, µs |",
        "|---|---|---|---|---|",
        *(
            f"| `{one['pattern']}` | {one['ratio']} | `{one['fill']!r}` | {one['way']} "
            f"| {one['microseconds_at_1000']} |"
            for one in rows[: max(10, len(over))]
        ),
        "",
        f"Canonical form of one fill; 0.0: takes less than {MEASURABLE * 1000:g} ms for {LAST:,} octets.",
        "",
        "| canonical form | ratio | fill | MB per second |",
        "|---|---|---|---|",
        *(f"| {row['function']} | {row['ratio']} | `{row['fill']!r}` | {row['MB_per_second']} |" for row in canonical),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="regexes")
    name = parser.parse_args().name
    rows, canonical = measure(patterns()), measure_canonical()
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    out = HERE / "results" / f"{day}-{name}"
    out.with_suffix(".json").write_text(
        json.dumps({"patterns": rows, "canonical": canonical}, indent=1) + "\n", "utf-8"
    )
    out.with_suffix(".md").write_text(markdown(name, day, rows, canonical), "utf-8")


if __name__ == "__main__":
    main()
