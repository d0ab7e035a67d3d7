"""triage proof: a folder that shows a stranger, with openssl alone, what was signed, by which key, from where."""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

import pyarrow.compute as pc

from pipeline import lookup
from pipeline.lookup import Record
from pipeline.options import EXIT_OK
from pipeline.places import dump_at, lies_in
from pipeline.proof import readme
from pipeline.proof.exhibit import Exhibit, Inside
from pipeline.proof.octets import item_octets
from pipeline.proof.part import place_of
from pipeline.proof.signed import Signed, as_signed
from pipeline.refused import Refused
from pipeline.shown_signature import rests_on
from pipeline.whole_file import write_whole
from transforms.auth.chain import default_sealers
from transforms.auth.key import parse_record
from transforms.model import Kind, PublicKey
from transforms.text import clean_text

_KEY_FIELDS = ("key_id", "domain", "selector", "record", "source", "source_ref", "first_seen", "last_seen",
               "not_before", "not_after", "anchored_by")  # fmt: skip
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}")


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
        write_whole(parsed.output / name, lambda file, octets=octets: file.write(octets))  # type: ignore[misc]
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
    sealers = default_sealers() | frozenset(record["arguments"]["trusted_sealer"])
    shown = rests_on(carrier, lookup.of_items(out, "signatures", [carrier["item_id"]]), sealers)
    in_mailbox = any(one["kind"] == Kind.MAILBOX for one in chain[:-1])
    found = []
    for row, prefix in zip(shown, ("", "seal."), strict=False):
        name = row["domain"], row["selector"]
        same = lookup.rows(out, "keys", ["key_id"], lambda keys, row=row: pc.equal(keys["key_id"], row["key_id"]))  # type: ignore[misc]
        keys = [key for key in same if (key["domain"], key["selector"]) == name]
        signed = as_signed(octets, in_mailbox, row["seq"], list(map(public_key, keys)), carrier["date_utc"])
        if signed is not None:
            found.append(Exhibit(prefix, row, keys[0], signed))
    if not shown or len(found) < len(shown):
        raise Refused(
            f"{carrier['path']}: the keys kept in OUT do not confirm its signature, though the tables say so. Check "
            f"them: triage verify {quote(str(out))}"
        )
    return found


def public_key(key: Record) -> PublicKey:
    """A row of keys.parquet as what signatures are tried on."""
    return PublicKey(**{name: key[name] for name in _KEY_FIELDS})


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
    for twin in (item, *lookup.find(out, item["sha256"])):  # a loose file equals what lies in its carrier
        chain = lookup.around(out, twin["path"])
        below = below_carrier(chain, carrier)
        if not below:
            continue
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


def below_carrier(chain: Sequence[Record], carrier: Record) -> Sequence[Record]:
    """What a chain goes through inside a message, the part first; empty if the message is not on its way."""
    ids = [one["item_id"] for one in chain]
    return chain[ids.index(carrier["item_id"]) + 1 :] if carrier["item_id"] in ids else ()
