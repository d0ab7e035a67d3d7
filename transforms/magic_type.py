"""libmagic's opinion on what the sniffer leaves over; the wheel pylibmagic where the system has none."""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_HEAD = 4096  # octets shown to it; it takes milliseconds for more
_LIBRARY = "libmagic.so.1"


def media_type(head: bytes) -> str | None:
    """Media type by libmagic of the first octets of a file; None where there is no libmagic."""
    magic = _magic()
    if magic is None:
        return None
    try:
        return str(magic.from_buffer(head[:_HEAD]))
    except Exception:  # libmagic's own error class, known only where it loads
        return None


def version() -> str:
    """libmagic's version for run.json, such as "544" for 5.44; "none" where there is none."""
    if _magic() is None:
        return "none"
    import magic

    number: Any = magic.version
    try:
        return str(number())
    except NotImplementedError:  # before 5.13
        return "unknown"


@cache
def _magic() -> Any:
    """python-magic's reader, made on first use in each process: it cannot be pickled."""
    try:
        try:
            import magic
        except ImportError:
            return _bundled()
        return magic.Magic(mime=True)
    except Exception:  # no usable database; the run goes on without libmagic
        return None


def _bundled() -> Any:
    """The copy that pylibmagic brings, with its own database: never one's code on another's data."""
    spec = find_spec("pylibmagic")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0])
    if (folder / _LIBRARY).exists():  # the loader finds it again by its name
        ctypes.CDLL(str(folder / _LIBRARY), mode=ctypes.RTLD_GLOBAL)
    else:
        import pylibmagic  # noqa: F401
    import magic

    return magic.Magic(mime=True, magic_file=str(folder / "magic.mgc"))
