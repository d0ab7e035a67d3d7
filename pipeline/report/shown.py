"""How does text of the dump stand on the page? Escaped, set apart, and nothing in it invisible.

The page's own script does the same with the items it lists (page.js, `shown`).
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from html import escape

from transforms.lookalike import foreign_letters, shown_form

# Besides controls, formats (bidi, zero-width, tags) and unassigned: what draws nothing in most typefaces.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})


def shown(text: str | None, limit: int = 400) -> str:
    """HTML of a text of the dump; at most limit characters, cut with an ellipsis; "" for None."""
    if not text:
        return ""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    if cut.isprintable() and _BLANK.isdisjoint(cut):
        return f"<bdi>{escape(cut)}</bdi>"
    return f"<bdi>{''.join(map(_letter, cut))}</bdi>"


def typed(path: str, item_id: str) -> str:
    """What names an item in a command: its path, if that can be read off the page and is taken for no option."""
    return path if path.isprintable() and _BLANK.isdisjoint(path) and not path.startswith("-") else item_id


def _letter(char: str) -> str:
    if char in _BLANK or unicodedata.category(char) in _UNSEEN:
        return f'<span class="unseen">U+{ord(char):04X}</span>'
    return escape(char)


def domain(name: str | None) -> str:
    """A domain as its A-label; where it reads otherwise, also as letters, each foreign one with its code point."""
    if not name:
        return "<em>none</em>"
    letters = shown_form(name)
    if letters == name:
        return shown(name)
    return f'{shown(name)} <span class="reads">reads as {shown(letters)} ({shown(foreign_letters(name))})</span>'


def quoted(text: str) -> str:
    """A command line, or a code, as it is typed."""
    return f"<code>{shown(text, 2_000)}</code>"


def differing(one: str, other: str) -> tuple[str, str]:
    """Two texts as HTML, in each marked all from the first letter that differs to the last one."""
    shorter = min(len(one), len(other))
    head = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    tail = next((at for at in range(shorter - head) if one[-1 - at] != other[-1 - at]), shorter - head)
    return _marked(one, head, len(one) - tail), _marked(other, head, len(other) - tail)


def _marked(text: str, start: int, end: int) -> str:
    middle = f"<mark>{shown(text[start:end])}</mark>" if end > start else ""
    return f"{shown(text[:start])}{middle}{shown(text[end:])}"


def day(moment: datetime | None) -> str:
    """A date that no line break tears apart; … where it is not known."""
    return f'<span class="day">{moment:%Y-%m-%d}</span>' if moment is not None else "…"


def pick(search: str, label: str = "list") -> str:
    """A button with which the page's script narrows the list of items; hidden where no script runs."""
    return f' <button type="button" class="pick" hidden data-search="{escape(search)}">{label}</button>'


def count(number: int) -> str:
    """1234567 as 1,234,567."""
    return f"{number:,}"


def many(number: int, one: str, more: str | None = None) -> str:
    """1 file, 2 files."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def table(caption: str, heads: list[str], rows: list[list[str]], name: str = "") -> str:
    """An HTML table of ready cells; the first cell of each row is its heading. Heads that begin with # hold numbers."""
    number = [head.startswith("#") for head in heads]
    top = "".join(f'<th scope="col"{_number(n)}>{head.lstrip("#")}</th>' for head, n in zip(heads, number, strict=True))
    lines = []
    for first, *rest in rows:
        cells = "".join(f"<td{_number(n)}>{cell}</td>" for cell, n in zip(rest, number[1:], strict=True))
        lines.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table class="{name}">'
        f"<caption>{caption}</caption><thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _number(is_number: bool) -> str:
    return ' class="number"' if is_number else ""
