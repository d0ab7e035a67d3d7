"""A store for tests, disk://bucket/name, which Beam knows as it knows s3://: objects are files in DISK_STORE.

Every request is noted in DISK_STORE/log, `verb octets name`. A name in DISK_STORE/denied is denied; where there is
DISK_STORE/silent, nothing is answered.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

from apache_beam.io.filesystem import BeamIOError, FileMetadata, FileSystem

PREFIX = "disk://"


class Denied(Exception):
    code = 403


def objects() -> Path:
    return Path(os.environ["DISK_STORE"]) / "objects"


def path_of(url: str) -> Path:
    name = quote_from_bytes(url.removeprefix(PREFIX).encode("utf-8", "surrogateescape"), safe="")
    return objects() / name


def put(url: str, octets: bytes, seconds: int = 1_500_000_000) -> None:
    """As if another program did."""
    objects().mkdir(parents=True, exist_ok=True)
    path_of(url).write_bytes(octets)
    os.utime(path_of(url), (seconds, seconds))


def names() -> list[str]:
    objects().mkdir(parents=True, exist_ok=True)
    found = (unquote_to_bytes(path.name) for path in objects().iterdir())
    return sorted(PREFIX + name.decode("utf-8", "surrogateescape") for name in found)


def asked() -> list[tuple[str, int, str]]:
    """Every request so far: verb, octets, name."""
    lines = (objects().parent / "log").read_text("utf-8").splitlines()
    return [(verb, int(octets), name) for verb, octets, name in (line.split(" ", 2) for line in lines)]


def _note(verb: str, octets: int, url: str) -> None:
    objects().mkdir(parents=True, exist_ok=True)
    while (objects().parent / "silent").exists():
        time.sleep(0.05)
    with (objects().parent / "log").open("a", encoding="utf-8") as log:
        log.write(f"{verb} {octets} {url!a}\n")
    denied = objects().parent / "denied"
    if denied.exists() and any(name in url for name in denied.read_text().split()):
        raise Denied(f"Access Denied: {url}")


class _Reading(io.RawIOBase):
    """An object as a client reads it: each read is a request for its octets."""

    def __init__(self, url: str) -> None:
        self._url, self._file = url, path_of(url).open("rb")

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        return self._file.seek(offset, whence)

    def readinto(self, buffer: Any) -> int:
        got = os.pread(self._file.fileno(), len(buffer), self._file.tell())
        self._file.seek(len(got), io.SEEK_CUR)
        _note("get", len(got), self._url)
        buffer[: len(got)] = got
        return len(got)


class _Writing(io.BytesIO):
    """An object on its way: it is there when it is closed."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def close(self) -> None:
        if not self.closed:
            _note("put", len(self.getvalue()), self._url)
            put(self._url, self.getvalue(), int(time.time()))
        super().close()


class DiskFileSystem(FileSystem):  # type: ignore[misc]
    @classmethod
    def scheme(cls) -> str:
        return "disk"

    def has_dirs(self) -> bool:
        return False

    def join(self, basepath: str, *paths: str) -> str:
        return "/".join((basepath, *paths))

    def split(self, path: str) -> tuple[str, str]:
        head, _, tail = path.rpartition("/")
        return head, tail

    def mkdirs(self, path: str) -> None:
        raise AssertionError("a store has no folders")

    def _list(self, dir_or_prefix: str) -> Iterator[FileMetadata]:
        _note("list", 0, dir_or_prefix)
        yield from (self.metadata(url, "listed") for url in reversed(names()) if url.startswith(dir_or_prefix))

    def metadata(self, path: str, verb: str = "look") -> FileMetadata:
        if verb != "listed":
            _note(verb, 0, path)
        try:
            status = path_of(path).stat()
        except FileNotFoundError as error:
            raise BeamIOError("Metadata operation failed", {path: error}) from error
        return FileMetadata(path, status.st_size, status.st_mtime)

    def open(self, path: str, mime_type: str = "", compression_type: str = "auto") -> Any:
        assert compression_type == "uncompressed"
        _note("open", 0, path)
        return io.BufferedReader(_Reading(path), 16 << 20)

    def create(self, path: str, mime_type: str = "", compression_type: str = "auto") -> Any:
        assert compression_type == "uncompressed"
        _note("create", 0, path)
        return _Writing(path)

    def rename(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        for source, target in zip(source_file_names, destination_file_names, strict=True):
            _note("rename", 0, source)
            path_of(source).replace(path_of(target))

    def delete(self, paths: list[str]) -> None:
        for path in paths:
            _note("delete", 0, path)
            path_of(path).unlink(missing_ok=True)

    def exists(self, path: str) -> bool:
        return path_of(path).exists()

    def copy(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        raise NotImplementedError

    def size(self, path: str) -> int:
        raise NotImplementedError

    def last_updated(self, path: str) -> float:
        raise NotImplementedError
