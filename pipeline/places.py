"""Where a dump and an OUT may lie, and whether one path lies in another."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.refused import Refused
from transforms.text import clean_text


def dump_at(given: str) -> Path:
    """The dump that was named, if it can be read."""
    if "://" in given:
        raise Refused(f"{given}: only local paths are read by this version. Copy or mount the dump first.")
    dump = Path(given)
    if not dump.exists():
        raise Refused(f"{clean_text(given)}: no such file or folder. Check the path of the dump.")
    if not os.access(dump, os.R_OK | (os.X_OK if dump.is_dir() else 0)):
        raise Refused(f"{clean_text(given)}: may not be read. Change its permissions or run as its owner.")
    return followed(dump)


def followed(given: Path) -> Path:
    """What a person gave to be read: where it is a link, what it leads to. Links inside a dump are not followed."""
    return given.resolve() if given.is_symlink() else given


def must_be_utf8(out: Path) -> None:
    """Arrow opens no other paths."""
    try:
        os.path.abspath(out).encode()
    except UnicodeEncodeError:
        raise Refused(
            f"{out}: its path is not UTF-8, and tables cannot be written or read there. Choose an OUT whose whole path "
            "is; the dump may have any names."
        ) from None


def lies_in(path: Path, dump: Path) -> bool:
    """Whether a path, there or not yet, is the dump or lies in it, links followed."""
    place, root = Path(os.path.realpath(path)), Path(os.path.realpath(dump))
    return any(one == root or _same(one, root) for one in (place, *place.parents))


def _same(one: Path, other: Path) -> bool:
    """One folder under two names, as a file system that ignores case or a second mount gives it."""
    try:
        return one.samefile(other)
    except OSError:
        return False
