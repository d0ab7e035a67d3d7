"""What a second check found: how many items agree, for whom that had to be explained, and what is wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    agree: int = 0
    explained: Counter[str] = field(default_factory=Counter)  # they agree, once this is known
    left_out: Counter[str] = field(default_factory=Counter)  # they could not be checked in this way
    wrong: list[str] = field(default_factory=list)  # sentences

    def lines(self, how: str) -> list[str]:
        """In words; how says what was done."""
        found = [f"{how}: {self.agree + self.explained.total()} agree, {len(self.wrong)} do not"]
        found += [f"  {count} agree, though {why}" for why, count in self.explained.most_common()]
        return found + [f"  {count} not checked: {why}" for why, count in self.left_out.most_common()]
