"""A folder or file in a store, as the pathlib.Path that the run takes every place for.

What a store cannot do it does not pretend to: a path of it has no name on this machine, so whatever asks for one fails.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PosixPath
from types import SimpleNamespace
from typing import IO, Any, Self

from transforms import store
from transforms.span import SpanFile, StoreSpan


def path_of(given: str) -> Path:
    """A path as a person wrote it: of this machine, or of the store that its scheme names."""
    return StorePath(given) if store.in_store(given) else Path(given)


class StorePath(PosixPath):
    """scheme://bucket/name ... below which objects may lie."""

    def __str__(self) -> str:
        text = super().__str__()  # with one slash, as pathlib writes it
        scheme, _, rest = text.partition("/")
        return f"{scheme}//{rest}" if scheme.endswith(":") else text

    def __fspath__(self) -> str:
        raise TypeError(f"{self} lies in a store and has no name on this machine")

    def __bytes__(self) -> bytes:
        return str(self).encode("utf-8", "surrogateescape")

    def absolute(self) -> Self:
        return self

    def resolve(self, strict: bool = False) -> Self:
        return self

    def is_symlink(self) -> bool:
        return False

    def exists(self, **_: Any) -> bool:
        return self.is_file() or self.is_dir()

    def is_file(self) -> bool:
        try:
            store.look(str(self))
        except FileNotFoundError:
            return False
        return True

    def is_dir(self) -> bool:
        return next(store.listed(str(self)), None) is not None

    def stat(self, **_: Any) -> Any:
        """Size and time of modification, which are all that a store tells."""
        now = store.look(str(self))
        return SimpleNamespace(st_size=now.size, st_mtime_ns=now.mtime_ns, st_mtime=now.mtime_ns / 1e9)

    def iterdir(self) -> Generator[Self, None, None]:
        """What lies one step below, each once."""
        depth = len(self.parts)
        seen = set()
        for one in store.listed(str(self)):
            name = type(self)(one.url).parts[depth]
            if name not in seen:
                seen.add(name)
                yield self / name

    def rglob(self, pattern: str) -> Generator[Self, None, None]:
        return (path for path in self.files() if fnmatchcase(path.name, pattern))

    def glob(self, pattern: str) -> Generator[Self, None, None]:
        """Objects whose path below this one has as many steps as the pattern, and matches it."""
        depth, steps = len(self.parts), pattern.split("/")
        for path in self.files():
            below = path.parts[depth:]
            if len(below) == len(steps) and all(map(fnmatchcase, below, steps)):
                yield path

    def files(self) -> Iterator[Self]:
        """Every object below."""
        return (type(self)(one.url) for one in store.listed(str(self)))

    def open(self, mode: str = "r", *_: Any, encoding: str | None = None, **__: Any) -> IO[Any]:  # type: ignore[override]
        """For reading, ranges as they are asked for; an object is written by put() alone."""
        if mode not in ("r", "rb"):
            raise io.UnsupportedOperation(f"{self}: objects of a store are put whole, not opened for writing")
        size = self.stat().st_size
        file = io.BufferedReader(SpanFile(StoreSpan(store.Ranges(str(self), size), 0, size)), 1 << 20)
        return file if mode == "rb" else io.TextIOWrapper(file, encoding=encoding)

    def read_bytes(self) -> bytes:
        with self.open("rb") as file:
            return file.read()  # type: ignore[no-any-return]

    def read_text(self, encoding: str | None = None, errors: str | None = None, **_: Any) -> str:
        return self.read_bytes().decode(encoding or "utf-8", errors or "strict")

    def write_text(
        self, data: str, encoding: str | None = None, errors: str | None = None, newline: str | None = None
    ) -> int:
        self.put(io.BytesIO(data.encode(encoding or "utf-8", errors or "strict")))
        return len(data)

    def put(self, content: IO[bytes]) -> None:
        """Store a file under this name, whole or not at all; one without octets is none, as Beam's S3 puts no such."""
        if content.seek(0, io.SEEK_END):
            store.put(str(self), content)
        else:
            self.unlink(missing_ok=True)

    def replace(self, target: Path) -> Self:  # type: ignore[override]
        store.move(str(self), str(target))
        return type(self)(str(target))

    def unlink(self, missing_ok: bool = False) -> None:
        if not missing_ok:
            store.look(str(self))
        store.delete([str(self)])

    def mkdir(self, *_: Any, **__: Any) -> None:
        """A store has no folders: they are there as soon as something lies in them."""

    def remove(self) -> None:
        """Delete every object below."""
        store.delete([str(path) for path in self.files()])

    def lies_in(self, folder: Path) -> bool:
        return isinstance(folder, StorePath) and (folder == self or folder in self.parents)
