"""Compound files: what was written is read, and no claim of a hostile one is believed."""

from __future__ import annotations

import struct
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.containers import compound as module
from transforms.containers.compound import open_compound
from transforms.limits import LIMITS, Limits
from transforms.model import ContainerError
from transforms.span import in_memory

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from outlook_file import Tree, compound


def opened(octets: bytes) -> module.Storage:
    return open_compound(in_memory(octets))


def with_number(octets: bytes, at: int, value: int) -> bytes:
    return octets[:at] + struct.pack("<I", value) + octets[at + 4 :]


def entry(octets: bytes, name: str) -> int:
    """Where the directory entry of this name begins."""
    return octets.index(name.encode("utf-16-le") + b"\0\0")


# ---- reading ------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.one_of(st.binary(max_size=200), st.integers(4_000, 9_000).map(lambda size: b"x" * size)),
        lambda inner: st.dictionaries(st.sampled_from("abcdefgh"), inner, max_size=5),
        max_leaves=12,
    ).filter(lambda tree: isinstance(tree, dict))
)
def test_a_tree_is_read_as_it_was_written(tree: Tree) -> None:
    def read(storage: module.Storage) -> dict[str, object]:
        return {
            name: read(inner) if (inner := storage.storage(name)) is not None else storage.stream(name)
            for name in storage.names()
        }

    assert read(opened(compound(tree))) == tree


def test_names_differ_without_regard_to_case() -> None:
    root = opened(compound({"__Substg1.0_007d001F": b"x"}))
    assert "__substg1.0_007D001F" in root and root.stream("__substg1.0_007D001F") == b"x"


def test_what_is_not_there_is_none() -> None:
    root = opened(compound({"a": b"x", "b": {}}))
    assert (root.stream("c"), root.storage("c"), root.storage("a"), root.stream("b")) == (None, None, None, None)


# ---- hostile ------------------------------------------------------------------------------------


@pytest.mark.parametrize("octets", [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\0" * 5_000], ids=["0", "8", "zeros"])
def test_what_is_none_is_refused(octets: bytes) -> None:
    with pytest.raises(ContainerError):
        opened(octets)


@pytest.mark.parametrize("at", [44, 64, 72], ids=["fat", "mini fat", "difat"])
def test_a_header_that_counts_more_sectors_than_there_are_is_refused(at: int) -> None:
    with pytest.raises(ContainerError, match="counts more sectors"):
        opened(with_number(compound({"a": b"x"}), at, 0x7FFFFFFF))


def test_small_streams_larger_than_the_file_are_refused() -> None:
    octets = compound({"a": b"x"})
    with pytest.raises(ContainerError) as error:
        opened(with_number(octets, entry(octets, "Root Entry") + 120, 0x7FFFFFFF))
    assert error.value.code == "container.damaged"


def test_a_stream_larger_than_the_file_is_not_read() -> None:
    octets = compound({"a": b"x" * 5_000})
    root = opened(with_number(octets, entry(octets, "a") + 120, 0x7FFFFFFF))
    with pytest.raises(ContainerError) as error:
        root.stream("a")
    assert error.value.code == "limit.ratio"


def test_many_streams_over_the_same_sectors_are_a_bomb() -> None:
    octets = compound({"a": b"x" * 60_000, **{f"n{number}": b"" for number in range(50)}})
    place = entry(octets, "a")
    for number in range(50):
        at = entry(octets, f"n{number}")
        octets = octets[: at + 116] + octets[place + 116 : place + 124] + octets[at + 124 :]
    root = opened(octets)
    with pytest.raises(ContainerError) as error:
        for number in range(50):
            root.stream(f"n{number}")
    assert error.value.code == "limit.ratio"


def test_a_chain_of_sectors_that_bites_its_tail_ends() -> None:
    octets = compound({"a": b"x" * 5_000})
    start = struct.unpack_from("<I", octets, entry(octets, "a") + 116)[0]
    (fat,) = struct.unpack_from("<I", octets, 76)
    tail = with_number(octets, 512 * (fat + 1) + 4 * (start + 3), start)
    assert opened(tail).stream("a") == b"x" * 5_000  # as much as it claims, and no more
    (directory,) = struct.unpack_from("<I", octets, 48)
    endless = with_number(octets, 512 * (fat + 1) + 4 * directory, directory)
    opened(endless)


def test_a_directory_entry_that_is_its_own_child_is_met_once() -> None:
    octets = compound({"a": {"b": b"x"}})
    at = entry(octets, "b")
    for side in (68, 72, 76):  # left, right, child
        root = opened(with_number(octets, at + side, 1))
        assert root.names() == ["a"]


def test_a_directory_deeper_than_python_goes_is_damaged() -> None:
    tree = {f"n{number:05}": b"" for number in range(2_000)}
    octets = bytearray(compound(tree))
    places = [entry(bytes(octets), name) for name in sorted(tree)]
    first = (places[0] - entry(bytes(octets), "Root Entry")) // 128
    struct.pack_into("<I", octets, entry(bytes(octets), "Root Entry") + 76, first)
    for number, at in enumerate(places):  # one long row
        following = first + number + 1 if number + 1 < len(places) else 0xFFFFFFFF
        struct.pack_into("<II", octets, at + 68, 0xFFFFFFFF, following)
    with pytest.raises(ContainerError) as error:
        opened(bytes(octets))
    assert error.value.code == "container.damaged"


def test_limits_are_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    octets = compound({f"n{number}": b"" for number in range(20)})
    monkeypatch.setattr(module, "LIMITS", Limits(compound_entries=10))
    with pytest.raises(ContainerError) as error:
        opened(octets)
    assert error.value.code == "limit.members"
    monkeypatch.setattr(module, "LIMITS", Limits(compound=len(octets) - 1))
    with pytest.raises(ContainerError) as error:
        opened(octets)
    assert error.value.code == "limit.compound"
    assert LIMITS.compound_entries > 100_000  # a mail to thousands has twenty streams for each of them


def test_memory_stays_with_the_size_of_the_file() -> None:
    octets = compound({"a": b"x" * 1_000_000})
    tracemalloc.start()
    assert len(opened(octets).stream("a") or b"") == 1_000_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000
