"""triage keys: the keys at hand in words, those wanted, adding some."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from shlex import quote
from typing import Any

from pipeline import key_store, out_tables, wanted
from pipeline.key_store import keys_outside
from pipeline.options import EXIT_OK
from pipeline.out_folder import locked
from pipeline.showing import json_line
from pipeline.store_path import path_of
from transforms import wording
from transforms.auth.key import parse_record
from transforms.auth.openpgp_key import OPENPGP
from transforms.text import clean_text


def run(parsed: argparse.Namespace, record: dict[str, Any]) -> int:
    """list, wanted or add, on a finished OUT whose run.json is record."""
    if parsed.action == "add":
        return _add(parsed.out, parsed.files, path_of(record["arguments"]["dump"]))
    if parsed.action == "list":
        rows = out_tables.read_table(parsed.out, "keys").to_pylist()
        lines = listed(rows)
    else:
        names = wanted.names(parsed.out)
        rows = [name._asdict() for name in names]
        lines = [in_words(name) for name in names] or ["No further key would decide anything."]
    for line in map(json_line, rows) if parsed.json else lines:
        print(line)
    return EXIT_OK


def _add(out: Path, files: list[Path], dump: Path) -> int:
    keys_outside(files, dump)
    given = key_store.read_keys(files)
    with locked(out):
        before = len(key_store.kept(out))
        key_store.keep(out, given)
        print(f"{len(key_store.kept(out)) - before} keys added. Now: triage judge {clean_text(quote(str(out)))}")
    return EXIT_OK


def in_words(name: wanted.Wanted) -> str:
    """A wanted name and what its key would decide."""
    when = f", {name.first:%Y-%m-%d} to {name.last:%Y-%m-%d}" if name.first and name.last else ""
    only = f", only a {name.at_hand} record at hand" if name.at_hand != "missing" else ""
    return clean_text(
        f"{name.name}  would decide {name.decides} of {name.messages} mails"
        f", {name.body_intact} with the body intact{when}{only}"
    )


def listed(rows: list[dict[str, Any]]) -> list[str]:
    """The keys of keys.parquet, one a line, with what is known against each."""
    domains: dict[str, set[str]] = {}
    for row in rows:
        domains.setdefault(row["key_id"], set()).add(row["domain"])
    return [_in_words(row, len(domains[row["key_id"]]) - 1 if row["key_id"] else 0) for row in rows]


def _in_words(row: dict[str, Any], elsewhere: int) -> str:
    seen = [f"{row[name]:%Y-%m-%d}" for name in ("first_seen", "last_seen") if row[name] is not None]
    parts = [
        f"OpenPGP key {row['selector']} of {row['record'].partition(' ')[2] or 'no name'}"
        if row["domain"] == OPENPGP
        else f"{row['selector']}._domainkey.{row['domain']}",
        f"{row['bits'] or '-'} bits",
        row["source"] + (f", seen {' to '.join(dict.fromkeys(seen))}" if seen else ""),
        f"confirmed {row['n_verified']}, not confirmed {row['n_failed']}",
    ]
    if row["anchored_by"]:
        parts.append(f"the same as {row['anchored_by']}")
    if row["weakness"]:
        parts.append(f"{row['weakness']}: {wording.KEY_WEAKNESS[row['weakness']]}")
    elif parse_record(row["record"]).e == 3:
        parts.append("exponent 3: sound here, because the whole padded block is compared")
    if elsewhere:
        parts.append(f"the same key is published by {elsewhere} other {'domain' if elsewhere == 1 else 'domains'}")
    return clean_text("  ".join(parts))


def outcomes(found: Counter[str]) -> str:
    """Look-ups by their outcome, in words."""
    return ", ".join(f"{found[code]} {words}" for code, words in wording.LOOK_UPS.items() if found[code])
