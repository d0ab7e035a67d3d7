"""The sample leak judged with two domains named, and a page that its readers would have."""

from __future__ import annotations

import base64
import json
import re
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline import cli
from pipeline.report.page import page

DOMAINS = ("horizon-commun.example", "lavigie.example")


@pytest.fixture(scope="session")
def named(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OUT of the sample leak with its two organisations named; not to be written to."""
    out = Path(shutil.copytree(finished, tmp_path_factory.mktemp("named") / "out"))
    protect = [word for domain in DOMAINS for word in ("--protect", domain)]
    assert cli.run(["judge", str(out), "-q", *protect]) == 0
    return out


@pytest.fixture(scope="session")
def html(named: Path) -> str:
    """Its page."""
    return page(named)


@pytest.fixture
def block() -> Callable[[str, str], Any]:
    """What a block of a page holds, by the block's name."""

    def read(html: str, name: str) -> Any:
        found = re.search(rf'<script type="application/octet-stream" id="{name}">([^<]*)</script>', html)
        assert found is not None
        return json.loads(zlib.decompress(base64.b64decode(found[1])))

    return read
