"""Where a dump and an OUT may lie, and whether one path lies in another."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pipeline.refused import Refused
from pipeline.store_path import StorePath, path_of
from transforms import store
from transforms.text import clean_text

T = TypeVar("T")


def dump_at(given: str) -> Path:
    """The dump that was named, if it can be read."""
    dump = path_of(given)
    if isinstance(dump, StorePath):
        if not answering(dump, dump.exists):
            raise Refused(
                f"{clean_text(given)}: nothing is there: no such bucket, no such object, and none below it. Check the "
                "path of the dump."
            )
        return dump
    if not dump.exists():
        raise Refused(f"{clean_text(given)}: no such file or folder. Check the path of the dump.")
    if not os.access(dump, os.R_OK | (os.X_OK if dump.is_dir() else 0)):
        raise Refused(f"{clean_text(given)}: may not be read. Change its permissions or run as its owner.")
    return followed(dump)


def answering(path: StorePath, question: Callable[[], T]) -> T:
    """What a store says of a path. Refused if it denies it or does not answer."""
    try:
        return question()
    except store.StoreUnknown as unknown:
        raise Refused(str(unknown)) from None
    except store.StoreLost as lost:
        raise Refused(f"{lost}. Check the address, the network and the credentials; behind -- goes what Beam needs to "
                      "know, as --s3_endpoint_url=URL.") from None  # fmt: skip
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}. Check the path and the credentials.") from None


def absolute(path: Path) -> str:
    """As run.json keeps it."""
    return str(path) if isinstance(path, StorePath) else os.path.abspath(path)


def followed(given: Path) -> Path:
    """What a person gave to be read: where it is a link, what it leads to. Links inside a dump are not followed."""
    return given.resolve() if given.is_symlink() else given


def must_be_utf8(out: Path) -> None:
    """Arrow opens no other paths."""
    try:
        absolute(out).encode()
    except UnicodeEncodeError:
        raise Refused(
            f"{out}: its path is not UTF-8, and tables cannot be written or read there. Choose an OUT whose whole path "
            "is; the dump may have any names."
        ) from None


def lies_in(path: Path, dump: Path) -> bool:
    """Whether a path, there or not yet, is the dump or lies in it, links followed."""
    if isinstance(path, StorePath) or isinstance(dump, StorePath):
        return isinstance(path, StorePath) and path.lies_in(dump)
    place, root = Path(os.path.realpath(path)), Path(os.path.realpath(dump))
    return any(one == root or _same(one, root) for one in (place, *place.parents))


def _same(one: Path, other: Path) -> bool:
    """One folder under two names, as a file system that ignores case or a second mount gives it."""
    try:
        return one.samefile(other)
    except OSError:
        return False
