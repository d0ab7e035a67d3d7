"""Documentation that is made from the code, or names files, agrees with it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _pages() -> dict[str, object]:
    spec = importlib.util.spec_from_file_location("docs_make", ROOT / "docs" / "make.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.PAGES)


@pytest.mark.parametrize("name", ["columns.md", "findings.md"])
def test_made_pages_are_up_to_date(name: str) -> None:
    make = _pages()[name]
    assert callable(make)
    assert (ROOT / "docs" / name).read_text("utf-8") == make(), "run: python docs/make.py"


def test_files_named_in_contributing_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    table = text[text.index("## Question -> file") : text.index("## Adding things")]
    files = re.findall(r"`([\w/]+\.py)`", table)
    assert len(files) >= 10
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_no_page_has_a_placeholder_left() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        assert re.findall(r"^\{\w+\}$", page.read_text("utf-8"), re.MULTILINE) == [], page.name


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "sample_dump" / "README.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_opens_with_two_lines_that_set_everything_up() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    assert [block.count("\n") for block in blocks[:2]] == [1, 1]
    assert "triage run sample_dump/leak" in blocks[0] and "pytest" in blocks[1]
