"""The files of a dump, opened: on this machine, or in a store (store.py). Are they still what was planned?"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from transforms import store
from transforms.model import FileEntry
from transforms.span import FileSpan, SourceChanged, StoreSpan


class LocalFile:
    """A regular file of this machine, which is no link, open until its block ends. OSError if it is none."""

    def __init__(self, folder: bytes, name: bytes, planned: FileEntry | None = None) -> None:
        self._fd = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if planned is not None:
                self.must_be(planned)
            self.span = FileSpan(self._fd, 0, planned.size if planned is not None else os.fstat(self._fd).st_size)
        except BaseException:
            os.close(self._fd)
            raise

    def must_be(self, planned: FileEntry) -> None:
        """SourceChanged if it is no longer the file that was planned."""
        now = os.fstat(self._fd)
        if not stat.S_ISREG(now.st_mode) or (now.st_size, now.st_mtime_ns) != (planned.size, planned.mtime_ns):
            raise _changed()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._fd)


class StoredFile:
    """An object of a store. Its octets are asked for as they are read, so a look at the end tells all."""

    def __init__(self, folder: bytes, name: bytes, planned: FileEntry | None = None) -> None:
        self._url = _text(folder + b"/" + name)
        size = planned.size if planned is not None else store.look(self._url).size
        self._ranges = store.Ranges(self._url, size)
        self.span = StoreSpan(self._ranges, 0, size)

    def must_be(self, planned: FileEntry) -> None:
        """SourceChanged if it is no longer the object that was planned; StoreLost if its octets were not to be had."""
        if self._ranges.lost is not None:
            raise self._ranges.lost
        now = store.look(self._url)
        if (now.size, now.mtime_ns) != (planned.size, planned.mtime_ns):
            raise _changed()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ranges.close()


Open = Callable[..., LocalFile | StoredFile]  # of a name, and the entry that was planned where there is one


def opener(root: bytes) -> Open:
    """What opens the files of a dump by their names."""
    return partial(StoredFile if store.in_store(root) else LocalFile, folder(root))


def folder(root: bytes) -> bytes:
    """Where the entries of a dump are named from: itself, or where it lies if it is one file."""
    if store.in_store(root):
        root = root.rstrip(b"/")
        return root if store.is_folder(_text(root)) else root.rpartition(b"/")[0]
    return root if os.path.isdir(root) else os.path.dirname(root)


def _changed() -> SourceChanged:
    return SourceChanged("size or time of modification differ from the plan")


def _text(url: bytes) -> str:
    return url.decode("utf-8", "surrogateescape")
