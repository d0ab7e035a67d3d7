"""Does an item claim to have been transmitted as it stands? What it would take to contradict it (VERDICT §5.1)."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

_ZONES = timedelta(hours=26)  # a time of day that lost its zone on the way
# The columns that claims_transmission and claims_one_reading read.
CLAIMING = ("received_count", "intermediaries", "delivered_elsewhere", "status", "path", "notes",
            "author_known", "header_ambiguous")  # fmt: skip


def claims_transmission(column: Mapping[str, Sequence[Any]], row: int) -> bool:
    """Whether a difference would be a contradiction: received, by no list, forwarder or resender.

    column are lists of the columns of items.
    """
    return was_received(column, row) and not column["delivered_elsewhere"][row]


def was_received(column: Mapping[str, Sequence[Any]], row: int) -> bool:
    """The same, also of a message that lies with somebody to whom it is not addressed: blind copies do."""
    return (
        column["received_count"][row] > 0
        and not column["intermediaries"][row]
        and column["status"][row] == "ok"
        and not _kept_by_author(column["path"][row], tuple(column["notes"][row]))
    )


def claims_one_reading(column: Mapping[str, Sequence[Any]], row: int) -> bool:
    """The same, of a message whose header section also tells one author and reads in one way."""
    return (
        claims_transmission(column, row)
        and column["author_known"][row] is True
        and column["header_ambiguous"][row] is None
    )


@lru_cache(maxsize=32_768)  # several joins ask of each message of a stretch
def _kept_by_author(path: str, notes: tuple[str, ...]) -> bool:
    """Whether a message lies among sent mail, drafts and what waits to be sent, by its path or by Gmail's labels."""
    if any(map(_is_own, _STEP.findall(path))):
        return True
    labels = next((note.partition(_LABELS)[2] for note in notes if _LABELS in note), "")
    return any(map(_is_own, labels.split(",")))


_STEP = re.compile("[^/!]+")
_LABELS = ", labels "  # of the note that mail/exporter.py makes


@lru_cache(maxsize=4096)
def _is_own(name: str) -> bool:
    return _own_folders()[1].search(_folded(name)) is not None


@cache
def _own_folders() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns of the folders of sent mail, and of all that hold what their owner wrote, in folded names."""
    text = files("transforms.data").joinpath("own_folders.txt").read_text("utf-8")
    sent, waiting = text.partition("[sent]\n")[2].split("[waiting]\n")
    names = [_folded(name) for name in sent.splitlines()], [_folded(name) for name in waiting.splitlines()]
    beginnings = "|".join(map(re.escape, names[0])), "|".join(map(re.escape, (*names[0], *names[1])))
    return (
        re.compile(rf"(?:.{{0,40}}[ _.-])?(?:{beginnings[0]})"),
        re.compile(rf"(?<![^\W_])(?:{beginnings[1]})"),
    )


def _folded(name: str) -> str:
    """A name in small letters without accents, those of IMAP folders decoded (RFC 3501 §5.1.3)."""
    shown = _SHIFTED.sub(_unshifted, name).casefold()
    if shown.isascii():
        return shown
    return "".join(c for c in unicodedata.normalize("NFKD", shown) if unicodedata.category(c) != "Mn")


_SHIFTED = re.compile("&([A-Za-z0-9+,]{2,200})-")


def _unshifted(match: re.Match[str]) -> str:
    digits = match[1].replace(",", "/")
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4)).decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError):
        return match[0]


def container(source_path: str, path: str) -> str:
    """What an exporter filled in one go: the mailbox or archive, or the folder of a loose message."""
    return source_path.rpartition("/")[0] if source_path == path else source_path


def sender_mailbox(path: str) -> str | None:
    """The folder or file in which a mailbox's sent mail lies: claire of claire/Sent.mbox!@0; None of other mail."""
    found = next((step for step in _STEP.finditer(path) if _is_sent(step.group())), None)
    return None if found is None else path[: found.start()].rstrip("/!")


@lru_cache(maxsize=4096)
def _is_sent(name: str) -> bool:
    return _own_folders()[0].match(_folded(name)) is not None


def same_instant(one: datetime | None, other: datetime | None) -> bool:
    """Whether two Date fields may be the same moment: some software reuses one Message-ID for years."""
    return one is not None and other is not None and abs(one - other) <= _ZONES
