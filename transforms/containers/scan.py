"""Where a mark lies in a span, each octet read once or twice, in windows that grow."""

from __future__ import annotations

from collections.abc import Iterator

from transforms.limits import LIMITS
from transforms.span import Span

_FIRST_WINDOW = 4 * 1024  # octets; a mark that lies near costs no large read


def occurrences(span: Span, mark: bytes, start: int, stop: int) -> Iterator[int]:
    """Offsets in start..stop at which mark begins and wholly lies, in order; overlapping ones too."""
    size = _FIRST_WINDOW
    while start < stop:
        window = span.read(start, min(start + size + len(mark) - 1, stop))
        at = window.find(mark)
        while at >= 0:
            yield start + at
            at = window.find(mark, at + 1)
        start += size
        size = min(4 * size, LIMITS.chunk)
