"""What is told of a member that is not opened."""

from __future__ import annotations

import pytest

from transforms.containers.listing import dos_time, listed


def test_what_the_archive_does_not_claim_is_left_out() -> None:
    assert listed(12, None, "") == "container.listed: 12 octets"
    assert listed(0, 0xAB, "2017-04-24 10:00:00") == (
        "container.listed: 0 octets, CRC-32 000000ab, modified 2017-04-24 10:00:00"
    )


@pytest.mark.parametrize(
    ("date", "time", "shown"),
    [
        (37 << 9 | 4 << 5 | 24, 10 << 11 | 5 << 5 | 15, "2017-04-24 10:05:30"),
        (1 << 5 | 1, 0, "1980-01-01 00:00:00"),
        (0, 0, ""),
        (0xFFFF, 0xFFFF, "2107-15-31 31:63:62"),  # no such moment: shown as it is
    ],
)
def test_a_time_of_dos_is_shown_as_it_is(date: int, time: int, shown: str) -> None:
    assert dos_time(date << 16 | time) == shown
