"""triage proof: a folder that shows a stranger, with openssl alone, what was signed, by which key, from where."""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline import commit, evidence, lookup
from pipeline.lookup import Record
from pipeline.options import EXIT_OK
from pipeline.proof import readme
from pipeline.proof.octets import item_octets
from pipeline.proof.part import PartPlace, place_of
from pipeline.proof.signed import Signed, as_signed
from pipeline.running import Refused, dump_at, lies_in
from transforms.auth.arc import MESSAGE_SIGNATURE, SEAL
from transforms.auth.chain import default_sealers
from transforms.auth.key import parse_record
from transforms.model import Kind, PublicKey
from transforms.text import clean_text

_KEY_FIELDS = ("key_id", "domain", "selector", "record", "source", "source_ref", "first_seen", "last_seen",
               "not_before", "not_after", "anchored_by")  # fmt: skip
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}")


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


def run(parsed: argparse.Namespace, record: dict[str, Any], found: Sequence[Record]) -> int:
    """Write the bundle of the verified one of the items found. Refused says why there is none."""
    dump = dump_at(str(parsed.dump))
    if lies_in(parsed.output, dump):
        raise Refused(f"{parsed.output}: lies inside the dump, which is never written to. Choose another folder.")
    if parsed.output.exists() and (not parsed.output.is_dir() or any(parsed.output.iterdir())):
        raise Refused(f"{parsed.output}: is there already. Name a new or empty folder with -o.")
    item = _one(clean_text(parsed.item, 200), found)
    files = bundle(parsed.out, item, dump, record)
    parsed.output.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, octets in files.items():
        evidence.write_whole(parsed.output / name, lambda file, octets=octets: file.write(octets))  # type: ignore[misc]
    print(
        f"{clean_text(str(parsed.output))}: {len(files)} files. Begin with README.txt; it gives the openssl commands."
    )
    return EXIT_OK


def _one(name: str, found: Sequence[Record]) -> Record:
    verified = [item for item in found if item["verdict"] == "verified"]
    if not verified:
        raise Refused(f"{name}: {found[0]['verdict']}, so there is no proof to hand on. {found[0]['headline']}")
    if len({item["sha256"] for item in verified}) > 1:
        paths = ", ".join(clean_text(item["path"]) for item in verified[:5])
        raise Refused(f"{name}: names {len(verified)} verified items that differ. Name one by its path: {paths}")
    return verified[0]


def bundle(out: Path, item: Record, dump: Path, record: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of the bundle, by name. Refused if the dump no longer gives them."""
    carrier = item
    if item["inherits_from"] is not None:
        (carrier,) = lookup.of_items(out, "items", [item["inherits_from"]])
    chain = lookup.around(out, carrier["path"])
    octets = item_octets(dump, chain)
    if octets is None:
        raise Refused(
            f"{carrier['path']}: its octets cannot be read again as they were examined: the dump has changed, or they "
            "lie in a form that has to be taken apart whole. See what changed: triage verify OUT --against DUMP"
        )
    exhibits = _exhibits(out, carrier, chain, octets, record)
    inside = _inside(out, item, carrier, exhibits[0].signed, dump) if carrier is not item else None
    files = {"message.eml": octets}
    for exhibit in exhibits:
        files |= _files(exhibit)
    if inside is not None:
        files[inside.part_file] = inside.place.octets
        files[inside.item_file] = inside.octets
    files["README.txt"] = readme.text(item, carrier, exhibits, inside, files).encode()
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return files | {"SHA256SUMS": sums.encode()}


# ---- signatures ---------------------------------------------------------------------------------


def _exhibits(
    out: Path, carrier: Record, chain: Sequence[Record], octets: bytes, record: Mapping[str, Any]
) -> list[Exhibit]:
    """The signature that the verdict rests on; of a receiver's, its seal as well."""
    rows = [row for row in lookup.of_items(out, "signatures", [carrier["item_id"]]) if row["result"] == "pass"]
    if carrier["basis"] == "receiver_seal":
        sealers = default_sealers() | frozenset(record["arguments"]["trusted_sealer"])
        sealed = [row for row in rows if row["type"] == MESSAGE_SIGNATURE and row["domain"] in sealers]
        pairs = ((one, row) for one in sealed for row in rows if row["type"] == SEAL)
        shown = next(([one, row] for one, row in pairs if one["instance"] == row["instance"]), [])
    else:
        own = [row for row in rows if row["type"] == "dkim" and row["domain"] == carrier["dkim_domain"]]
        own = [row for row in own if row["selector"] == carrier["dkim_selector"]]
        shown = sorted(own, key=lambda row: (row["repairs"] or None) != carrier["repairs"])[:1]
    in_mailbox = any(one["kind"] == Kind.MAILBOX for one in chain[:-1])
    found = []
    for row, prefix in zip(shown, ("", "seal."), strict=False):
        keys = [
            key for key in commit.read_table(out, "keys").to_pylist()
            if (key["key_id"], key["domain"], key["selector"]) == (row["key_id"], row["domain"], row["selector"])
        ]  # fmt: skip
        ring = [PublicKey(**{name: key[name] for name in _KEY_FIELDS}) for key in keys]
        signed = as_signed(octets, in_mailbox, row["seq"], ring, carrier["date_utc"])
        if signed is not None:
            found.append(Exhibit(prefix, row, keys[0], signed))
    if not shown or len(found) < len(shown):
        raise Refused(
            f"{carrier['path']}: the keys kept in OUT do not confirm its signature, though the tables say so. Check "
            f"them: triage verify {out}"
        )
    return found


def _files(one: Exhibit) -> dict[str, bytes]:
    spki = parse_record(one.key["record"]).spki
    lines = base64.encodebytes(spki).decode().replace("\n", "")
    wrapped = "\n".join(lines[at : at + 64] for at in range(0, len(lines), 64))
    files = {
        f"{one.prefix}headers.canonical": one.signed.header,
        f"{one.prefix}signature.bin": one.signed.prepared.signature,
        f"{one.prefix}key.pem": f"-----BEGIN PUBLIC KEY-----\n{wrapped}\n-----END PUBLIC KEY-----\n".encode(),
        f"{one.prefix}key-record.txt": f"{one.key['record']}\n".encode(),
    }
    if one.signed.body is not None:
        files[f"{one.prefix}body.canonical"] = one.signed.body
    return files


# ---- documents ------------------------------------------------------------------------------------


def _inside(out: Path, item: Record, carrier: Record, signed: Signed, dump: Path) -> Inside:
    """The place of an inherited item in the message that proves it."""
    for twin in _twins(out, item, carrier):
        chain = lookup.around(out, twin["path"])
        below = [one for one in chain if one["path"].startswith(f"{carrier['path']}!")]
        place = place_of(signed, below[0]["sha256"])
        octets = item_octets(dump, chain)
        if place is not None and octets is not None:
            ending = _ENDING.fullmatch(os.path.splitext(item["file_name"] or "")[1])
            name = f"item{ending[0] if ending else '.bin'}"
            steps = tuple(one["path"].rpartition("!")[2] for one in below[1:])
            return Inside(place, steps, octets, "part.bin" if steps else name, name)
    raise Refused(
        f"{item['path']}: its octets are not found in the message that carries it, or cannot be read again. See what "
        "changed: triage verify OUT --against DUMP"
    )


def _twins(out: Path, item: Record, carrier: Record) -> Iterator[Record]:
    """The item where it lies in its carrier: itself, or of a loose file the equal octets there."""
    inside = f"{carrier['path']}!"
    if item["path"].startswith(inside):
        yield item
    else:
        yield from (one for one in lookup.find(out, item["sha256"]) if one["path"].startswith(inside))
