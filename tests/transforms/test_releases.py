"""Versions of programs and the days before which nobody had them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from transforms.releases import available_from


@pytest.mark.parametrize(
    ("application", "version", "day"),
    [
        ("Microsoft Office Word", "16.0000", datetime(2015, 1, 1, tzinfo=UTC)),
        ("Microsoft Macintosh Word", "14.0000", datetime(2009, 5, 1, tzinfo=UTC)),
        ("LibreOffice", "5.2.3.3$Linux_X86_64", datetime(2014, 12, 1, tzinfo=UTC)),
        ("Microsoft Office Word", "1.6", None),
        ("Microsoft Office Word", "160.0", None),
        ("Autre", "16.0000", None),
        ("", "", None),
    ],
)
def test_a_version(application: str, version: str, day: datetime | None) -> None:
    assert available_from(application, version) == day
