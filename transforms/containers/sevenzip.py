"""7z: its members in their order, by py7zr (the `archives` extra).

Members are pressed together in blocks: one can only be had by way of those before it. So each is decoded when it
is asked for, in bounded chunks; what comes behind a damage or a limit in the same block is listed and not opened.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from transforms.containers.listing import listed
from transforms.limits import LIMITS
from transforms.model import ContainerError, Entry
from transforms.span import Span, SpanFile

_SIGNATURE_HEADER = 32  # octets; place and size of the directory, counted from its end, stand in it (7zFormat.txt)
_READS = 64  # how often the octets of a file may be read over


def entries(span: Span, alive: Callable[[], None]) -> Iterator[Entry]:
    """Members in directory order. ContainerError: it cannot be opened, or the extra is missing."""
    try:
        import py7zr
    except ImportError:
        raise ContainerError("container.needs_archives_extra", "pip install 'leak-triage[archives]'") from None
    file = SpanFile(span, alive, _READS * span.size)
    if sum(struct.unpack("<2Q", span.read(12, 28).ljust(16, b"\0"))) > span.size - _SIGNATURE_HEADER:
        raise ContainerError("container.truncated", "7z: the archive ends before its directory")
    try:
        archive = py7zr.SevenZipFile(file)
    except py7zr.PasswordRequired:
        raise ContainerError("container.encrypted", "7z: the directory itself is encrypted") from None
    except MemoryError:
        raise ContainerError("limit.memory", "7z: not enough memory for the directory") from None
    except Exception as error:  # of damaged files it raises whatever comes up
        raise ContainerError("container.damaged", f"7z: {type(error).__name__}: {error}") from None
    return _entries(archive, file)


def _entries(archive: Any, file: SpanFile) -> Iterator[Entry]:
    blocks: dict[int, _Block] = {}
    for member in _guarded(lambda: list(archive.files)):
        name, size, folder, is_folder = _guarded(
            lambda m=member: (m.filename, m.uncompressed, m.folder, m.is_directory)
        )
        if is_folder:
            continue
        octets = name.encode("utf-8", "surrogateescape")
        if folder is None:
            yield Entry(octets, content=partial(iter, ()))
            continue
        block = blocks.get(id(folder))
        if block is None:
            block = blocks[id(folder)] = _guarded(partial(_Block, archive, folder, file))
        crc = member.crc32
        note = listed(size, crc, _modified(member))
        if block.error_code is not None:
            yield Entry(octets, declared_size=size, error_code=block.error_code, defects=(note,))
            continue
        at = block.claim(size)
        target = _target(block, at, size, crc) if _guarded(lambda m=member: m.is_symlink) else None
        if target is not None:
            yield Entry(octets, form="link", target=target)
        else:
            yield Entry(
                octets,
                content=partial(block.content, at, size, crc),
                stored_size=block.stored,
                declared_size=size,
            )


class _Block:
    """Members pressed together, decoded once from front to back."""

    def __init__(self, archive: Any, folder: Any, file: SpanFile) -> None:
        from py7zr.compressor import SupportedMethods

        streams = archive.header.main_streams
        number = next(n for n, one in enumerate(streams.unpackinfo.folders) if one is folder)
        positions = streams.packinfo.packpositions
        first = sum(len(one.packed_indices) for one in streams.unpackinfo.folders[:number])
        last = first + len(folder.packed_indices)
        self._file = file
        self._place = archive.afterheader + positions[first]
        self.stored = positions[last] - positions[first]
        self.error_code = "container.encrypted" if SupportedMethods.needs_password(folder.coders) else None
        self._folder = folder
        self._decoder: Any = None
        self._at = 0  # octets decoded
        self._claimed = 0  # octets of the members so far

    def claim(self, size: int) -> int:
        """Where the next member begins in the decoded octets."""
        start = self._claimed
        self._claimed += size
        return start

    def content(self, start: int, size: int, crc: int | None) -> Iterator[bytes]:
        """A member's octets; none of those behind it can be had once this raises or is left."""
        whole = False
        try:
            if start - self._at > max(LIMITS.ratio_from, LIMITS.ratio * self.stored):
                raise ContainerError("limit.ratio", "7z: too much lies before this member in its block")
            for _ in self._pieces(start):
                yield b""
            tally = 0
            for chunk in self._pieces(start + size):
                tally = zlib.crc32(chunk, tally)
                yield chunk
            whole = True
            if crc is not None and tally != crc:
                raise ContainerError("container.checksum", "7z: the CRC-32 differs")
        except ContainerError as error:
            if not whole:
                self.error_code = error.code
            raise

    def _pieces(self, to: int) -> Iterator[bytes]:
        """Decoded octets up to a place."""
        if self._decoder is None and self._at < to:
            self._decoder = _guarded(self._folder.get_decompressor, self.stored)
            self._file.seek(self._place)
        idle = 0
        while self._at < to:
            before = self._file.tell()
            chunk = bytes(_guarded(self._decoder.decompress, self._file, min(to - self._at, LIMITS.chunk)))
            if chunk:
                idle = 0
            elif self._file.tell() == before:
                idle += 1
                if idle > 2:
                    raise ContainerError("container.truncated", "7z: a block ends early")
            self._at += len(chunk)
            yield chunk


def _target(block: _Block, at: int, size: int, crc: int | None) -> bytes | None:
    """What a link leads to; None where that cannot be read, or is no name."""
    if size > LIMITS.name:
        return None
    try:
        return b"".join(block.content(at, size, crc))
    except ContainerError:
        return None


def _modified(member: Any) -> str:
    try:
        return f"{member.lastwritetime.as_datetime():%Y-%m-%d %H:%M:%S}" if member.lastwritetime else ""
    except (ValueError, OverflowError, OSError, TypeError):
        return ""


def _guarded(read: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return read(*arguments)
    except MemoryError:
        raise ContainerError("limit.memory", "7z: not enough memory") from None
    except Exception as error:
        unknown = type(error).__name__ == "UnsupportedCompressionMethodError"
        code = "container.unsupported_method" if unknown else "container.damaged"
        raise ContainerError(code, f"7z: {type(error).__name__}: {error}") from None
