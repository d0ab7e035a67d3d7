"""The nouns of a proof: a signature with its key, and the place of an item in the message that it proves."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.lookup import Record
from pipeline.proof.part import PartPlace
from pipeline.proof.signed import Signed


class Exhibit(NamedTuple):
    """One signature with all that it takes to check it; prefix tells its files from another's."""

    prefix: str
    row: Record  # of signatures.parquet
    key: Record  # of keys.parquet
    signed: Signed

    @property
    def hash_name(self) -> str:
        return str(self.row["algorithm"].rpartition("-")[2])

    @property
    def is_ed25519(self) -> bool:
        return bool(self.row["algorithm"].startswith("ed25519"))


class Inside(NamedTuple):
    """How an item lies in the message that proves it."""

    place: PartPlace  # of the part that is the item, or holds it
    steps: tuple[str, ...]  # names of the members on the way from that part to the item
    octets: bytes  # of the item
    part_file: str
    item_file: str
