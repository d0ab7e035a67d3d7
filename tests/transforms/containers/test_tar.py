"""tar by header block: formats of different writers, hostile headers, cuts, and any damage at all."""

from __future__ import annotations

import io
import os
import random
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.containers import tar
from transforms.model import ContainerError, Entry
from transforms.span import FileSpan, in_memory

Found = list[tuple[str, bytes | None, bytes | None, str | None]]  # form, name, content or target, error_code


def archive(*members: tuple[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, encoding="utf-8", errors="surrogateescape") as writer:
        for name, octets in members:
            info = tarfile.TarInfo(name)
            info.size = len(octets)
            writer.addfile(info, io.BytesIO(octets))
    return out.getvalue()


def header(name: bytes = b"a", kind: bytes = b"0", size: bytes = b"0", rest: bytes = b"") -> bytes:
    """A header block with a checksum that holds; rest begins at the link name."""
    fields = name.ljust(100, b"\0") + b"0000644\0" * 3 + size.ljust(12, b"\0") + b"0" * 12
    block = fields + b" " * 8 + kind + rest.ljust(355, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def in_file(octets: bytes) -> Found:
    found: Found = []
    _collect(found, tar.entries(in_memory(octets)), octets)
    return found


def streamed(octets: bytes, size: int = 700) -> Found:
    found: Found = []
    chunks = (octets[at : at + size] for at in range(0, len(octets), size))
    _collect(found, tar.stream_entries(chunks), octets)
    return found


def _collect(found: Found, entries: Iterator[Entry], octets: bytes) -> None:
    try:
        for entry in entries:
            if entry.start is not None and entry.length is not None:
                content: bytes | None = octets[entry.start : entry.start + entry.length]
            elif entry.content is not None:
                pieces: list[bytes] = []
                try:
                    pieces.extend(entry.content())
                except ContainerError as error:
                    found.append((entry.form, entry.name, None, error.code))
                    continue
                content = b"".join(pieces)
            else:
                content = entry.target
            found.append((entry.form, entry.name, content, entry.error_code))
    except ContainerError as error:
        found.append(("", None, None, error.code))


BOTH = pytest.mark.parametrize("read", [in_file, streamed])
MEMBERS = [("mail/a.eml", b"Subject: a\r\n\r\nb"), ("b", b""), ("c", b"x" * 5000)]


@BOTH
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_come_in_order_with_their_content(read, form) -> None:  # type: ignore[no-untyped-def]
    expected = [("member", name.encode(), octets, None) for name, octets in MEMBERS]
    assert read(archive(*MEMBERS, form=form)) == expected


@BOTH
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("name", ["d" * 80 + "/" + "n" * 90, "../../etc/x", "/abs", "a\udc82b"])
def test_names_stay_the_octets_they_are(read, form, name) -> None:  # type: ignore[no-untyped-def]
    raw = name.encode("utf-8", "surrogateescape")
    assert read(archive((name, b"1"), form=form)) == [("member", raw, b"1", None)]


@BOTH
def test_long_names_of_pax_and_gnu_replace_the_short_ones(read) -> None:  # type: ignore[no-untyped-def]
    name = "ü" * 900 + ".eml"
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        assert read(archive((name, b"1"), ("b", b"2"), form=form)) == [
            ("member", name.encode(), b"1", None),
            ("member", b"b", b"2", None),
        ]


@BOTH
def test_links_devices_and_directories(read) -> None:  # type: ignore[no-untyped-def]
    octets = (
        header(b"d/", b"5")
        + header(b"s", b"2", rest=b"../out")
        + header(b"h", b"1", b"77", b"a")  # its size is that of the file it links to
        + header(b"f", b"6")
        + header(b"old/", b"\0")
        + header(b"a", b"\0", b"3") + b"abc".ljust(512, b"\0")
    )  # fmt: skip
    assert read(octets + bytes(1024)) == [
        ("link", b"s", b"../out", None),
        ("link", b"h", b"a", None),
        ("special", b"f", None, None),
        ("member", b"a", b"abc", None),
    ]


@BOTH
def test_equal_and_empty_names_are_members_like_others(read) -> None:  # type: ignore[no-untyped-def]
    octets = archive(("a", b"1"), ("a", b"2"))[:2048] + header(b"", size=b"1") + b"3".ljust(512, b"\0")
    assert [(name, content) for _, name, content, _ in read(octets)] == [(b"a", b"1"), (b"a", b"2"), (b"", b"3")]


@BOTH
def test_a_second_archive_behind_the_end_marks_is_read(read) -> None:  # type: ignore[no-untyped-def]
    found = read(archive(("a", b"1")) + archive(("b", b"2")))
    assert [name for _, name, _, _ in found] == [b"a", b"b"]


@BOTH
def test_a_damaged_header_is_said_and_not_taken_for_the_end(read) -> None:  # type: ignore[no-untyped-def]
    octets = bytearray(archive(*MEMBERS, form=tarfile.USTAR_FORMAT))
    octets[1024] ^= 1  # of the second header
    assert read(bytes(octets)) == [
        ("member", b"mail/a.eml", MEMBERS[0][1], None),
        ("gap", None, bytes(octets[1024:]), None),
        ("", None, None, "container.damaged"),
    ]


@BOTH
@pytest.mark.parametrize("size", [512 + 1, 1024 + 200, 512 * 3 + 512 + 4999])
def test_a_cut_is_said(read, size) -> None:  # type: ignore[no-untyped-def]
    found = read(archive(*MEMBERS, form=tarfile.USTAR_FORMAT)[:size])
    assert found[-1][3] == "container.truncated"
    assert {code for _, _, content, code in found if content is None} == {"container.truncated"}


@BOTH
def test_missing_end_marks_and_padding_are_no_fault(read) -> None:  # type: ignore[no-untyped-def]
    octets = header(size=b"3") + b"abc"
    assert read(octets) == [("member", b"a", b"abc", None)]


@BOTH
@pytest.mark.parametrize("zeros", [0, 1, 512, 513, 1024, 5_000, 3_000_000, 3_000_320])
def test_zeros_are_passed_over_however_many(read, zeros) -> None:  # type: ignore[no-untyped-def]
    member = header(b"b", size=b"1") + b"b".ljust(512, b"\0")
    padding = bytes(-zeros % 512)
    octets = header() + bytes(zeros) + padding + member + bytes(zeros)
    assert read(octets) == [("member", b"a", b"", None), ("member", b"b", b"b", None)]
    assert read(octets + padding + b"more")[2:] == [
        ("gap", None, b"more", None), ("", None, None, "container.truncated"),
    ]  # fmt: skip


def test_gigabytes_of_zeros_are_read_with_signs_of_life(tmp_path: Path) -> None:
    path = tmp_path / "half.tar"
    path.write_bytes(header())
    os.truncate(path, 256 << 20)
    with path.open("rb") as file:
        seen: list[int] = []
        span = FileSpan(file.fileno(), 0, 256 << 20)
        assert len(list(tar.entries(span, alive=lambda: seen.append(1)))) == 1
        assert 256 < len(seen) < 300


@BOTH
def test_sparse_members_are_named_and_passed_over(read) -> None:  # type: ignore[no-untyped-def]
    gnu = bytearray(header(b"hole", b"S", b"1000", b"\0" * 325 + b"\1"))
    gnu[148:156] = b"%06o\0 " % sum(bytes(gnu[:148]) + b" " * 8 + bytes(gnu[156:]))
    assert gnu[482] == 1
    more = bytes(504) + b"\1" + bytes(7) + bytes(512)
    data = b"x" * 512
    octets = bytes(gnu) + more + data + header(b"b", size=b"1") + b"y".ljust(512, b"\0")
    octets += (
        header(b"p", b"x", b"41") + b"22 GNU.sparse.major=1\n11 path=aa\n".ljust(512, b"\0") + header(size=b"2") + b"zz"
    )
    assert read(octets) == [
        ("member", b"hole", None, "container.sparse"),
        ("member", b"b", b"y", None),
        ("member", b"aa", None, "container.sparse"),
    ]


@BOTH
def test_pax_size_counts_before_the_header_s(read) -> None:  # type: ignore[no-untyped-def]
    octets = header(b"p", b"x", b"12") + b"10 size=3\n".ljust(512, b"\0") + header(size=b"0") + b"abc".ljust(512, b"\0")
    assert read(octets) == [("member", b"a", b"abc", None)]


@BOTH
def test_base_256_sizes_beyond_the_archive_are_truncated(read) -> None:  # type: ignore[no-untyped-def]
    found = read(header(size=b"\x80" + b"\xff" * 11) + b"abc")
    assert found == [("member", b"a", None, "container.truncated"), ("", None, None, "container.truncated")]
    block = header(size=b"\xff" * 12)
    assert read(block) == [("gap", None, block, None), ("", None, None, "container.damaged")]


@BOTH
@pytest.mark.parametrize(
    "records", [b"9999 path=x\n", b"0 path=x\n", b"x", b"11 path=aab", b"-1 a=b\n", b"5 a=b\n\0\0"]
)
def test_damaged_pax_records_do_not_stop_the_reading(read, records) -> None:  # type: ignore[no-untyped-def]
    size = b"%o" % len(records)
    octets = header(b"p", b"x", size) + records.ljust(512, b"\0") + header(size=b"1") + b"1"
    assert read(octets)[0][2] == b"1"


def test_damaged_pax_records_are_said() -> None:
    octets = header(b"p", b"x", b"1") + b"x".ljust(512, b"\0") + header()
    (entry,) = tar.entries(in_memory(octets))
    assert entry.defects == ("container.tar_extended_header",)


@BOTH
def test_a_long_run_of_extended_headers_takes_linear_time(read) -> None:  # type: ignore[no-untyped-def]
    one = header(b"p", b"x", b"13") + b"11 path=aa\n".ljust(512, b"\0")
    found = read(one * 3000)
    assert found == [("", None, None, "container.truncated")]


def test_an_extended_header_of_gigabytes_is_not_held() -> None:
    def chunks() -> Iterator[bytes]:
        yield header(b"p", b"x", b"%o" % (50 * 2**20))
        for _ in range(50):
            yield bytes(2**20)
        yield header(size=b"1") + b"1"

    (entry,) = tar.stream_entries(chunks())
    assert entry.defects == ("container.tar_extended_header",)


def test_content_not_asked_for_is_passed_over() -> None:
    octets = archive(*MEMBERS)
    assert [entry.name for entry in tar.stream_entries([octets])] == [b"mail/a.eml", b"b", b"c"]


def test_content_half_read_is_passed_over() -> None:
    names = []
    for entry in tar.stream_entries(archive(*MEMBERS)[n : n + 100] for n in range(0, 10240, 100)):
        names.append(entry.name)
        assert entry.content is not None
        next(iter(entry.content()), None)
    assert names == [b"mail/a.eml", b"b", b"c"]


def test_begins_knows_old_headers_by_their_checksum() -> None:
    assert tar.begins(header())
    assert tar.begins(archive(("a", b"")))
    assert not tar.begins(header()[:511])
    assert not tar.begins(bytes(512))
    assert not tar.begins(b"text\n" * 200)


def test_begins_knows_checksums_over_signed_octets() -> None:
    block = header("é".encode("latin-1"))
    signed = sum(octet - 256 * (octet > 127) for octet in block[:148] + b" " * 8 + block[156:])
    assert tar.begins(block[:148] + b"%06o\0 " % signed + block[156:])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=6), st.integers(0, 20_000))
def test_any_damage_ends_in_entries_or_an_error_code(changes: list[tuple[int, int]], size: int) -> None:
    octets = bytearray(archive(("n" * 150, b"1"), *MEMBERS, form=tarfile.GNU_FORMAT))
    for at, value in changes:
        octets[at] = value
    broken = bytes(octets[:size])
    assert in_file(broken)[-1:] == streamed(broken)[-1:]


def test_random_octets_behind_sound_headers_are_survived() -> None:
    draw = random.Random(5)
    for _ in range(200):
        kinds = draw.choices(b"0123456xgLKSVMDX\0", k=5)
        blocks = [
            header(draw.randbytes(9), bytes([kind]), b"%o" % draw.randrange(1500), draw.randbytes(355))
            for kind in kinds
        ]
        octets = b"".join(block + draw.randbytes(512) * draw.randrange(3) for block in blocks)
        assert len(in_file(octets)) < 20
        assert len(streamed(octets)) < 20


@BOTH
def test_octets_outside_of_every_member_are_gaps(read) -> None:  # type: ignore[no-untyped-def]
    padded = header(size=b"4") + b"long" + b"hidden in the padding".ljust(508, b"\0")
    named = header(b"p", b"x", b"12") + b"10 size=3\n".ljust(40, b"\0").ljust(512, b"!")
    whole = archive(*MEMBERS[:1], form=tarfile.USTAR_FORMAT)
    assert read(padded + named + header() + b"abc".ljust(512, b"\0") + bytes(1024)) == [
        ("member", b"a", b"long", None),
        ("gap", None, padded[516:], None),
        ("gap", None, named[522:], None),
        ("member", b"a", b"abc", None),
    ]
    for behind, code in ((b"text of the leak", "truncated"), (b"text".ljust(2000, b"\0") + b"more", "damaged")):
        assert read(whole + behind) == [
            ("member", b"mail/a.eml", MEMBERS[0][1], None),
            ("gap", None, behind, None),
            ("", None, None, f"container.{code}"),
        ]


def test_gaps_of_a_tar_are_told_by_their_place() -> None:
    octets = archive(*MEMBERS[:1]) + b"text"
    for entries in (tar.entries(in_memory(octets)), tar.stream_entries([octets])):
        next(entries)
        gap = next(entries)
        assert (gap.form, gap.offset, gap.name) == ("gap", len(octets) - 4, None)
