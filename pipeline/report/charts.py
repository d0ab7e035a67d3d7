"""Charts as inline SVG: no script, printable, told apart by pattern as well as colour; each has a table as its twin."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.report.shown import count
from pipeline.report.words import VERDICTS

ORDER = ("verified", "unverifiable", "suspected_fake")  # from the ground up
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 960, 260, 56, 34, 26  # units of the drawing

# Patterns tell the verdicts apart in print and to those who see no colours.
PATTERNS = """\
<svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false"><defs>
<pattern id="fill-unverifiable" width="6" height="6" patternUnits="userSpaceOnUse">\
<rect width="6" height="6" class="ground"/><circle cx="3" cy="3" r="1.3" class="dot"/></pattern>
<pattern id="fill-suspected_fake" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
<rect width="6" height="6" class="alarm"/><rect width="2" height="6" class="stripe"/></pattern>
</defs></svg>"""


class Column(NamedTuple):
    """One column of a chart over time."""

    label: str
    counts: dict[str, int]  # by verdict

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def legend() -> str:
    """Which pattern is which verdict."""
    keys = "".join(
        f'<li><svg width="18" height="12" aria-hidden="true"><rect width="18" height="12" class="bar {verdict}"/></svg>'
        f" {VERDICTS[verdict][0]}</li>"
        for verdict in reversed(ORDER)
    )
    return f'<ul class="legend">{keys}</ul>'


def columns(name: str, title: str, found: list[Column]) -> str:
    """Stacked columns; a suspected item is also marked above its column, however small its share."""
    top = max((column.total for column in found), default=0) or 1
    step = (_WIDTH - _LEFT) / max(len(found), 1)
    ground = _HEIGHT - _BOTTOM
    scale = (ground - _TOP) / top
    parts = [_grid(top, scale, ground)]
    every = max(1, -(-len(found) // 12))
    for at, column in enumerate(found):
        left = _LEFT + at * step
        if at % every == 0:
            parts.append(f'<text class="axis" x="{left + 1:.1f}" y="{_HEIGHT - 8}">{column.label}</text>')
        if column.total:
            parts.append(_stack(column, left, max(step * 0.86, 0.6), ground, scale))
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{title}, drawn">'
        f'<svg class="chart" role="img" aria-labelledby="{name}-title" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<title id="{name}-title">{title}</title>{"".join(parts)}</svg></div>'
    )


def _stack(column: Column, left: float, width: float, ground: float, scale: float) -> str:
    told = ", ".join(f"{count(column.counts[v])} {VERDICTS[v][0].lower()}" for v in ORDER if column.counts[v])
    parts = [f"<g><title>{column.label}: {told}</title>"]
    floor = ground
    for verdict in ORDER:
        if column.counts[verdict]:
            height = max(column.counts[verdict] * scale, 1)
            floor -= height
            parts.append(
                f'<rect class="bar {verdict}" x="{left:.1f}" y="{floor:.1f}" '
                f'width="{width:.1f}" height="{height:.1f}"/>'
            )
    if column.counts["suspected_fake"]:
        middle = left + width / 2
        parts.append(f'<path class="flag" d="M{middle:.1f} {_TOP - 18}l6 11h-12z"/>')
    return "".join(parts) + "</g>"


def _grid(top: int, scale: float, ground: float) -> str:
    lines = []
    for number in _ticks(top):
        y = ground - number * scale
        lines.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="axis end" x="{_LEFT - 6}" y="{y + 4:.1f}">{count(number)}</text>'
        )
    return "".join(lines)


def _ticks(top: int) -> list[int]:
    """0 and up to five round numbers, none above the highest column."""
    steps = (digit * 10**power for power in range(len(str(top))) for digit in (1, 2, 5))
    step = next(step for step in steps if top <= 5 * step)
    return list(range(0, top + 1, step))


def bar(counts: dict[str, int], widest: int) -> str:
    """One row of a bar chart inside a table, whose own cells are its twin."""
    parts, left = [], 0.0
    for verdict in ORDER:
        if counts[verdict]:
            width = max(160 * counts[verdict] / max(widest, 1), 1.5)
            parts.append(f'<rect class="bar {verdict}" x="{left:.1f}" width="{width:.1f}" height="12"/>')
            left += width
    return f'<svg class="row" width="166" height="12" aria-hidden="true">{"".join(parts)}</svg>'
