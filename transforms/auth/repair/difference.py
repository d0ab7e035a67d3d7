"""What a repair changed, in few words: the octets that differ, as shown and as signed."""

from __future__ import annotations

from transforms.text import clean_text

_SHOWN = 400  # characters of either side


def difference(shown: bytes, signed: bytes) -> tuple[str, str]:
    """The lines between the first and the last that differ, of either; "" where one has none there."""
    start = _common(shown, signed)
    start = max(shown.rfind(b"\n", 0, start), signed.rfind(b"\n", 0, start)) + 1
    gone, kept = shown[start:], signed[start:]
    end = _common(gone[::-1], kept[::-1])
    if any(at and side[at - 1 : at] != b"\n" for side in (gone, kept) for at in (len(side) - end,)):
        # Whole lines only: what is common begins behind the next line end.
        line = gone.find(b"\n", len(gone) - end)
        end = len(gone) - line - 1 if line >= 0 else 0
    gone, kept = gone[: len(gone) - end], kept[: len(kept) - end]
    return _words(gone), _words(kept)


def _common(one: bytes, other: bytes) -> int:
    """Octets that two texts have in common at their start; compared in halves."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _words(octets: bytes) -> str:
    lines = octets[: 4 * _SHOWN].removesuffix(b"\r\n").split(b"\r\n") if octets else []
    return clean_text(" | ".join(clean_text(line) or "(empty line)" for line in lines), _SHOWN)
