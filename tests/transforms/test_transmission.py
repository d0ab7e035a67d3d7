"""What claims to have been transmitted as it stands, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from transforms.transmission import claims_one_reading, claims_transmission, container, same_instant

RECEIVED = {"received_count": 1, "intermediaries": [], "delivered_elsewhere": False, "status": "ok",
            "path": "inbox/1.eml", "author_known": True, "header_ambiguous": None}  # fmt: skip


def claims(**other: Any) -> bool:
    column = {name: [value] for name, value in (RECEIVED | other).items()}
    assert claims_one_reading(column, 0) <= claims_transmission(column, 0)
    return claims_one_reading(column, 0)


def test_a_received_message_claims_transmission() -> None:
    assert claims()


@pytest.mark.parametrize(
    "other",
    [
        {"received_count": 0},
        {"intermediaries": ["list-id"]},
        {"delivered_elsewhere": True},
        {"status": "partial"},
        {"path": "leak.zip!Sent Items/1.eml"},
        {"path": "Drafts/1.eml"},
        {"author_known": False},
        {"header_ambiguous": "junk_between_fields"},
    ],
)
def test_what_does_not(other: dict[str, Any]) -> None:
    assert not claims(**other)


def test_a_container_is_a_mailbox_or_the_folder_of_a_file() -> None:
    assert container("a/inbox.mbox", "a/inbox.mbox!@0") == "a/inbox.mbox"
    assert container("a/1.eml", "a/1.eml") == "a"


def test_an_instant_is_the_same_within_a_day_and_a_zone() -> None:
    noon = datetime(2017, 4, 24, 12, tzinfo=UTC)
    assert same_instant(noon, noon + timedelta(hours=26))
    assert not same_instant(noon, noon + timedelta(hours=27))
    assert not same_instant(noon, None)
