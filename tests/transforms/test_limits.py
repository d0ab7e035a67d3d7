"""Each limit that decides a row is silent at n - 1 and at n, and speaks at n + 1; what lies beside is read as ever."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pytest

from transforms.limits import LIMITS, Limits
from transforms.model import Status

FROM = b"From: a@press.example\r\n"
SIBLING = FROM + b"\r\nIt is read all the same.\r\n"


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, octets in members:
            archive.writestr(zipfile.ZipInfo(name), octets, method)
    return out.getvalue()


def fields(number: int) -> bytes:
    return b"X: x\r\n" * (number - 1) + SIBLING


def header_section(size: int) -> bytes:
    return FROM + b"X: " + b"x" * (size - len(FROM) - 5) + b"\r\n\r\nwords\r\n"


def parts(number: int) -> bytes:
    """The message itself is one of them."""
    head = FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    return head + b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n" * (number - 1) + b"--b--\r\n"


def multiparts(depth: int) -> bytes:
    nested = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    return FROM + b"".join(nested) + b"Content-Type: image/png\r\n\r\nx\r\n"


def nested(depth: int) -> bytes:
    """A zip, and so many zips below it."""
    octets = zipped(("a.txt", b"words"))
    for _ in range(depth):
        octets = zipped(("a.zip", octets))
    return octets


class Case(NamedTuple):
    n: int
    make: Callable[[int], bytes]
    code: str
    limits: Limits = LIMITS
    suffix: str = ".eml"


def archive(n: int, make: Callable[[int], bytes], code: str, **limits: int) -> Case:
    return Case(n, make, code, replace(LIMITS, **limits), ".zip")


CASES = {
    "header_fields": Case(LIMITS.header_fields, fields, "limit.header"),
    "header_section": Case(LIMITS.header_section, header_section, "limit.header"),
    "mime_parts": Case(LIMITS.mime_parts, parts, "limit.parts"),
    "mime_depth": Case(LIMITS.mime_depth, multiparts, "limit.mime_depth"),
    "depth": archive(LIMITS.depth, nested, "limit.depth"),
    "name": archive(LIMITS.name, lambda n: zipped(("x" * n, b"x")), "limit.name"),
    "members": archive(5, lambda n: zipped(*((str(at), b"x") for at in range(n))), "limit.members", members=5),
    "member": archive(100, lambda n: zipped(("a", b"x" * n)), "limit.member", member=100),
    "ratio_from": archive(5_000, lambda n: zipped(("a", b"x" * n)), "limit.ratio", ratio=2, ratio_from=5_000),
    "source_output": archive(
        1_000, lambda n: zipped(("a", b"x" * (n - 9)), ("b", b"x" * 9)), "limit.source_output", source_output=1_000
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_limit_speaks_at_one_more_and_not_before(examine, name: str) -> None:  # type: ignore[no-untyped-def]
    n, make, code, limits, suffix = CASES[name]
    files = {f"{number}{suffix}": make(number) for number in (n - 1, n, n + 1)}
    found = examine({**files, "sibling.eml": SIBLING}, limits=limits)
    seen: dict[str, set[str]] = {file: set() for file in (*files, "sibling.eml")}
    for item in found.items.values():
        seen[item.source_path] |= {item.error_code, *item.notes} if item.status is not Status.OK else set()
    assert seen[f"{n - 1}{suffix}"] == seen[f"{n}{suffix}"] == seen["sibling.eml"] == set()
    assert code in seen[f"{n + 1}{suffix}"]
    for file, octets in files.items():
        (source,) = found.sources[file]
        assert source.size == len(octets) and found.items[file].sha256
        assert source.counts_members or source.octets_in_items + source.octets_outside == len(octets)


def test_what_no_longer_fits_in_memory_is_read_as_before(examine) -> None:  # type: ignore[no-untyped-def]
    octets = zipped(("a.eml", SIBLING), ("b.eml", SIBLING + b"x"))
    rows = []
    for n in (len(SIBLING) - 1, len(SIBLING), len(SIBLING) + 1):
        found = examine({"a.zip": octets}, limits=replace(LIMITS, in_memory=n))
        rows.append(list(found.items.values()))
    assert rows[0] == rows[1] == rows[2] and len(rows[0]) == 3
