"""Imports run down the floors only; what reads hostile octets knows neither Beam nor the network."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Floor of each module or package of transforms/; a module imports its own floor or lower ones.
FLOORS = {
    "model": 0, "path_spec": 0, "limits": 0, "span": 0, "text": 0, "watch": 0, "scratch": 0, "arrow_bytes": 0,
    "arrow_values": 0, "data": 0, "listing": 0, "store": 0, "marking": 0,
    "transmission": 0, "releases": 0, "spelling": 0, "difference": 1, "quotation": 1, "sketch": 1,
    "markup": 1, "xmp": 1, "pdf_text": 1, "pdf_objects": 1, "pdf_changes": 1,
    "containers": 1, "mail": 1, "clocks": 1, "documents": 1, "sniff": 1, "concealed": 1, "magic_type": 1, "plan": 1,
    "dump": 1,
    "auth": 2, "shard": 2, "lookalike": 2, "case": 2,
    "inheritance": 3, "tampering": 3, "checks": 3, "joins": 3, "linked": 3,
    "verdict": 4, "wording": 4, "calibration": 4,
    "unpack": 5, "unit": 5, "again": 5, "taken_out": 5, "joined": 5, "item_views": 5,
    "judged": 5, "judgement": 5,
    "walk": 6, "examine": 6, "prove": 6, "connect": 6, "relate": 6, "calibrate": 6, "judge": 6, "survey": 6,
}  # fmt: skip

BEAM = {"walk", "examine", "prove", "connect", "relate", "calibrate", "judge", "store", "survey"}
NETWORK = {"socket", "ssl", "http", "requests", "httplib2", "asyncio", "smtplib", "dns", "ftplib"}
MODULES = sorted((ROOT / "transforms").rglob("*.py"))


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room(path: Path) -> str:
    inside = path.relative_to(ROOT / "transforms")
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_run_down_the_floors_only(path: Path) -> None:
    own = room(path)
    if own == "__init__":
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "transforms" and len(parts) > 1 and parts[1] in FLOORS:
            assert FLOORS[parts[1]] <= FLOORS[own], f"{path.name} on floor {FLOORS[own]} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_module_has_a_floor(path: Path) -> None:
    assert room(path) in FLOORS or room(path) == "__init__"


def test_contributing_shows_every_room_on_its_floor() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    shown = {
        room.rstrip("/"): int(floor)
        for floor, rooms in re.findall(r"^\| ([0-9]) \| `([^`]+)` \|", text, re.MULTILINE)
        for room in rooms.split()
    }
    assert shown == FLOORS


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_transforms_import_neither_pipeline_nor_network_and_beam_only_as_wiring(path: Path) -> None:
    tops = {name.split(".")[0] for name in imports(path)}
    assert "pipeline" not in tops
    assert not tops & NETWORK
    assert "apache_beam" not in tops or room(path) in BEAM


def test_beam_is_imported_in_the_pipeline_by_graph_and_engines_only() -> None:
    users = {path.name for path in (ROOT / "pipeline").rglob("*.py") if any("apache_beam" in n for n in imports(path))}
    assert users <= {"graph.py", "engines.py"}


def test_the_dns_is_known_to_one_module_which_one_command_imports() -> None:
    users = {
        path.name
        for path in (ROOT / "pipeline").rglob("*.py")
        if any(n.split(".")[0] in NETWORK for n in imports(path))
    }
    assert users == {"key_fetch.py"}
    importers = {path.name for path in (ROOT / "pipeline").rglob("*.py") if "pipeline.key_fetch" in imports(path)}
    assert importers == {"cli.py"}
    wiring = ast.parse((ROOT / "pipeline" / "cli.py").read_text("utf-8"))
    assert not any(isinstance(node, ast.ImportFrom) and "key_fetch" in ast.dump(node) for node in wiring.body)


def test_nothing_unpickles_or_evaluates_input() -> None:
    for path in (*MODULES, *(ROOT / "pipeline").rglob("*.py")):
        tops = {name.split(".")[0] for name in imports(path)}
        assert not tops & {"pickle", "marshal", "shelve"}, path
