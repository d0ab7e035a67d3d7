"""The path grammar: unique, printable, reversible."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from transforms.path_spec import StepNamer, escape_step, file_path, item_id, join, offset_step, unescape_step


def test_reserved_characters_are_percent_escaped() -> None:
    assert escape_step(b"50% off!.eml") == "50%25 off%21.eml"


def test_octets_that_are_not_utf8_are_percent_escaped() -> None:
    assert escape_step(b"caf\xe9.txt") == "caf%E9.txt"


def test_bidi_and_control_characters_are_percent_escaped() -> None:
    assert escape_step("a\u202etxt.exe".encode()) == "a%E2%80%AEtxt.exe"
    assert escape_step(b"a\x1b[2J\n") == "a%1B[2J%0A"


def test_a_leading_at_or_hash_is_escaped_and_an_empty_name_is_not_empty() -> None:
    assert escape_step(b"@5") == "%405"
    assert escape_step(b"#2") == "%232"
    assert escape_step(b"") == "%"


def test_file_paths_keep_their_slashes() -> None:
    assert file_path(b"mail/in box/1!.eml") == "mail/in box/1%21.eml"


def test_steps_join_with_an_exclamation_mark() -> None:
    assert join(join("inbox.mbox", offset_step(5312)), "2.1") == "inbox.mbox!@5312!2.1"


def test_repeats_of_a_name_are_numbered() -> None:
    namer = StepNamer()
    assert [namer.step(b"a"), namer.step(b"b"), namer.step(b"a"), namer.step(b"a")] == ["a", "b", "a#2", "a#3"]


def test_item_id_is_the_start_of_the_sha256_of_the_path() -> None:
    assert item_id("a.eml") == hashlib.sha256(b"a.eml").hexdigest()[:32]


@given(st.binary(max_size=40))
def test_any_name_becomes_a_printable_step_and_back(name: bytes) -> None:
    step = escape_step(name)
    step.encode("utf-8")
    assert "!" not in step and step and step[0] not in "@#"
    assert unescape_step(step) == name


@given(st.lists(st.sampled_from([b"a", b"a#2", b"a#3", b"", b"#2", b"b", b"a#2#2"]), max_size=30))
def test_steps_of_one_container_are_unique(names: list[bytes]) -> None:
    namer = StepNamer()
    steps = [namer.step(name) for name in names]
    assert len(set(steps)) == len(steps)
