"""gzip, bzip2, xz, zstd: joined streams, cuts, junk behind, bombs, and any damage at all."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
from collections.abc import Callable

import pytest
import zstandard

from transforms.containers import compressed
from transforms.limits import LIMITS
from transforms.model import ContainerError
from transforms.span import in_memory

CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda octets: gzip.compress(octets, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
}
FORMS = pytest.mark.parametrize("form", CODERS)
OCTETS = random.Random(1).randbytes(3000) * 100


def read(octets: bytes, form: str) -> tuple[bytes, str | None]:
    """What came out, and the code of the error at the end."""
    out = b""
    try:
        for chunk in compressed.decompressed(in_memory(octets), form):
            assert len(chunk) <= LIMITS.chunk
            out += chunk
    except ContainerError as error:
        return out, error.code
    return out, None


@FORMS
def test_content_comes_out_whole(form: str) -> None:
    assert read(CODERS[form](OCTETS), form) == (OCTETS, None)
    assert read(CODERS[form](b""), form) == (b"", None)


@FORMS
def test_streams_that_follow_each_other_are_joined(form: str) -> None:
    code = CODERS[form]
    assert read(code(OCTETS) + code(b"") + code(b"end"), form) == (OCTETS + b"end", None)


@FORMS
def test_zeros_behind_are_padding(form: str) -> None:
    assert read(CODERS[form](OCTETS) + b"\0" * 40_000, form) == (OCTETS, None)


@FORMS
@pytest.mark.parametrize("junk", [b"\n", b"junk" * 10, b"\0\0\0x"])
def test_junk_behind_is_said_after_the_content(form: str, junk: bytes) -> None:
    assert read(CODERS[form](OCTETS) + junk, form) == (OCTETS, "container.trailing")


@FORMS
def test_a_cut_is_said_after_what_was_good(form: str) -> None:
    octets = CODERS[form](OCTETS)
    for size in (1, 6, len(octets) // 2, len(octets) - 1):
        out, code = read(octets[:size], form)
        assert OCTETS.startswith(out)
        assert code == "container.truncated" or (size == 1 and code == "container.damaged")
    out, code = read(octets + octets[:-3], form)
    assert out.startswith(OCTETS) and code == "container.truncated"


@FORMS
def test_a_checksum_that_differs_is_said(form: str) -> None:
    octets = bytearray(CODERS[form](OCTETS))
    octets[{"gzip": -6, "bzip2": -4, "xz": -26, "zstd": -2}[form]] ^= 0x10
    assert read(bytes(octets), form) == (OCTETS, "container.damaged")


@FORMS
@pytest.mark.parametrize("size", [70, 1000, 100_000])
def test_all_that_comes_before_damage_is_kept(form: str, size: int) -> None:
    text = b"".join(b"%d %s\r\n" % (n, hex(n * n).encode()) for n in range(size // 10))
    coded = CODERS[form](text)
    out, code = read(coded[:-5], form)
    assert code == "container.truncated" and (out == text or form in ("bzip2", "zstd"))
    broken = bytearray(coded)
    broken[len(coded) * 3 // 4] ^= 0x55
    out, code = read(bytes(broken), form)
    assert code in ("container.damaged", "container.truncated")
    same = next((n for n, (a, b) in enumerate(zip(out, text, strict=False)) if a != b), len(out))
    if form in ("gzip", "xz") and size > 100:  # the others give whole blocks
        assert same > len(text) // 2


@FORMS
def test_any_damage_ends_in_content_or_an_error_code(form: str) -> None:
    draw = random.Random(2)
    octets = CODERS[form](OCTETS[:20_000])
    for _ in range(60):
        broken = bytearray(octets[: draw.randrange(len(octets) + 1)])
        for _ in range(draw.randrange(4)):
            if broken:
                broken[draw.randrange(min(len(broken), draw.choice((30, len(broken)))))] = draw.randrange(256)
        out, code = read(bytes(broken), form)
        assert code is None or code.startswith("container.")
        assert len(out) < 200_000_000


@FORMS
def test_a_bomb_comes_in_bounded_chunks(form: str) -> None:
    octets = CODERS[form](b"\0" * 30_000_000)
    sizes = [len(chunk) for chunk in compressed.decompressed(in_memory(octets), form)]
    assert sum(sizes) == 30_000_000
    assert max(sizes) <= LIMITS.chunk


def test_a_zstd_window_beyond_the_limit_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=28)
    writer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    octets = writer.compress(b"a" * 100) + writer.flush()
    assert read(octets, "zstd") == (b"", "container.damaged")


def test_skippable_zstd_frames_are_passed_over() -> None:
    skipped = b"\x50\x2a\x4d\x18\x05\0\0\0abcde"
    frame = CODERS["zstd"](OCTETS)
    assert read(frame + skipped + frame, "zstd") == (OCTETS * 2, None)
    assert read(skipped[:-1], "zstd") == (b"", "container.truncated")


def test_many_small_members_take_linear_time() -> None:
    member = CODERS["gzip"](b"")
    assert read(member * 30_000, "gzip") == (b"", None)


@FORMS
def test_holds_tar_looks_at_one_block(form: str) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("a.eml"), io.BytesIO())
    code = CODERS[form]
    assert compressed.holds_tar(in_memory(code(archive.getvalue())), form)
    assert not compressed.holds_tar(in_memory(code(OCTETS)), form)
    assert not compressed.holds_tar(in_memory(b"junk"), form)
