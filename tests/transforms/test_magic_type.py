"""libmagic for leftovers, and its absence."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec

import pytest

from transforms import magic_type


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    magic_type._magic.cache_clear()
    yield
    magic_type._magic.cache_clear()


def without_system_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "magic", None)


def test_media_type_of_what_the_sniffer_leaves_over() -> None:
    pytest.importorskip("magic")
    assert magic_type.media_type(b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0") == "audio/x-wav"
    assert magic_type.version().isdigit()


def test_any_octets_have_a_type_or_none() -> None:
    for head in (b"", b"\0", bytes(range(256)) * 100):
        answer = magic_type.media_type(head)
        assert answer is None or "/" in answer


def test_without_any_libmagic_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    without_system_library(monkeypatch)
    monkeypatch.setattr(magic_type, "find_spec", lambda _: None)
    assert magic_type.media_type(b"\x7fELF") is None
    assert magic_type.version() == "none"


def test_an_unusable_bundled_library_counts_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    without_system_library(monkeypatch)
    spec = ModuleSpec("pylibmagic", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    (tmp_path / "libmagic.so.1").write_bytes(b"not a library")
    monkeypatch.setattr(magic_type, "find_spec", lambda _: spec)
    assert magic_type.media_type(b"\x7fELF") is None


def test_the_bundled_copy_answers_where_the_system_has_none() -> None:
    """In a process of its own: a loaded library stays loaded."""
    pytest.importorskip("pylibmagic")
    import subprocess

    code = (
        "import ctypes.util; ctypes.util.find_library = lambda name: None\n"
        "from transforms import magic_type\n"
        "magic = magic_type._bundled()\n"
        "print(magic.from_buffer(b'RIFF\\x24\\0\\0\\0WAVEfmt \\x10\\0\\0\\0\\1\\0\\1\\0'))"
    )
    path = [entry for entry in sys.path if entry]
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}\n{code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == "audio/x-wav\n", run.stderr
