"""Keys: archives in every form that people keep them in, and the ones kept in OUT (DESIGN §4).

keys.csv, keys.jsonl                      domain,selector,record[,first_seen,last_seen,not_before,not_after,source]
SELECTOR._domainkey.DOMAIN[.txt]          the TXT record, a zone-file line, or what `dig` printed
a folder of these
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pipeline.evidence import write_whole
from transforms.auth.key import parse_record
from transforms.limits import LIMITS
from transforms.mail.address import a_label
from transforms.model import PublicKey
from transforms.text import clean_text

Keyring = Mapping[tuple[str, str], tuple[PublicKey, ...]]  # (domain, selector) -> all keys of that name

_COLUMNS = ("domain", "selector", "record")
_DATES = ("first_seen", "last_seen", "not_before", "not_after")
_MAX_FILE = 512 * 1024 * 1024  # octets of one archive
_NAME = re.compile(r"^(?P<selector>.+?)\._domainkey\.(?P<domain>.+?)(?:\.txt)?$", re.IGNORECASE)


class KeyFileError(Exception):
    """A key file cannot be used; the message names file and line."""


def read_keys(paths: Iterable[Path]) -> list[PublicKey]:
    """Keys of all files and folders given. KeyFileError names the file and line at fault."""
    return [key for path, shown in files_of(paths) for key in _read_file(path, shown)]


def files_of(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """The files that read_keys reads, each with the name it is shown by. KeyFileError for one that is missing."""
    for path in paths:
        if path.is_dir():
            for inside in sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith(".")):
                yield inside, inside.relative_to(path).as_posix()
        elif path.is_file():
            yield path, path.name
        else:
            raise KeyFileError(f"{path}: no such key file or folder. Name one that exists with --keys.")


def keep(out: Path, keys: Iterable[PublicKey]) -> None:
    """Add keys to those kept in OUT/keys; equal ones are kept once, in a fixed order."""
    records = {_line(key) for key in (*kept(out), *keys)}
    folder = out / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = "".join(f"{record}\n" for record in sorted(records))
    write_whole(folder / "keys.jsonl", lambda file: file.write(text.encode()))


def forget(out: Path) -> None:
    """Drop the keys kept in OUT/keys."""
    (out / "keys" / "keys.jsonl").unlink(missing_ok=True)


def kept(out: Path) -> list[PublicKey]:
    """Keys kept in OUT/keys, in a fixed order."""
    path = out / "keys" / "keys.jsonl"
    if not path.exists():
        return []
    try:
        lines = path.read_text("utf-8").split("\n")
        return [_from_line(line) for line in lines if line]
    except (ValueError, TypeError, KeyError):
        raise KeyFileError(
            f"{path}: damaged; the keys kept there cannot be read. Give the archives again: triage judge {out} "
            "--only-keys --keys FILE"
        ) from None


def keyring(keys: Iterable[PublicKey]) -> Keyring:
    """Keys by name."""
    ring: dict[tuple[str, str], list[PublicKey]] = {}
    for key in keys:
        ring.setdefault((key.domain, key.selector), []).append(key)
    return {name: tuple(group) for name, group in ring.items()}


def digest(out: Path) -> str:
    """SHA-256 of the kept key set, for run.json."""
    return hashlib.sha256("\n".join(map(_line, kept(out))).encode()).hexdigest()


def _read_file(path: Path, shown: str) -> Iterator[PublicKey]:
    octets = path.read_bytes() if path.stat().st_size <= _MAX_FILE else None
    if octets is None:
        raise KeyFileError(f"{path}: larger than {_MAX_FILE >> 20} MiB. Split the archive.")
    reference = f"{clean_text(shown)} sha256:{hashlib.sha256(octets).hexdigest()}"
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets[: error.start].count(b"\n") + 1
        raise KeyFileError(f"{path}, line {line}: not UTF-8 text. Key archives are CSV or JSON Lines.") from None
    named = _NAME.match(path.name)
    if named is not None:
        yield from _named_record(path, text, named, reference)
    elif path.suffix.lower() in (".jsonl", ".json", ".ndjson"):
        yield from _json_lines(path, text, reference)
    elif path.suffix.lower() in (".csv", ".tsv"):
        yield from _csv(path, text, reference)
    elif path.suffix.lower() not in (".md",):
        raise KeyFileError(f"{path}: not a key file. Use .csv, .jsonl, or a file named SELECTOR._domainkey.DOMAIN.txt.")


def _csv(path: Path, text: str, reference: str) -> Iterator[PublicKey]:
    rows = csv.DictReader(io.StringIO(text), delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise KeyFileError(f"{path}, line 1: no column {missing[0]!r}. Needed: domain,selector,record.")
    try:
        for row in rows:
            yield _key(path, rows.line_num, {k: v for k, v in row.items() if isinstance(k, str)}, reference)
    except csv.Error as error:
        raise KeyFileError(f"{path}, line {rows.line_num}: {error}. Repair this line.") from None


def _json_lines(path: Path, text: str, reference: str) -> Iterator[PublicKey]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise KeyFileError(f"{path}, line {number}: not JSON. One JSON object a line is needed.") from None
        if not isinstance(row, dict):
            raise KeyFileError(f"{path}, line {number}: not a JSON object. One object a line is needed.")
        yield _key(path, number, row, reference)


def _named_record(path: Path, text: str, named: re.Match[str], reference: str) -> Iterator[PublicKey]:
    """The record itself, a zone-file line, or dig's answer section."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(";")]
    zone = [line for line in lines if re.search(r"\bTXT\b", line)]
    source = {"domain": named["domain"], "selector": named["selector"]}
    for record in zone or (["".join(lines)] if lines else []):
        after = re.split(r"\bTXT\b", record, maxsplit=1)[-1] if zone else record
        yield _key(path, 1, {**source, "record": _unquoted(after), "source": "file"}, reference)


def _unquoted(record: str) -> str:
    """Quoted character-strings joined as in the DNS (RFC 1035 §3.3.14); other text as it is."""
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', record)
    joined = "".join(strings) if strings else record.strip().strip("()")
    return joined.replace("\\;", ";").strip()


def _key(path: Path, line: int, row: Mapping[str, object], reference: str) -> PublicKey:
    values = {name: row.get(name) for name in _COLUMNS}
    for name, value in values.items():
        if not isinstance(value, str) or (not value.strip() and name != "record"):
            raise KeyFileError(f"{path}, line {line}: {name} is missing. Needed: domain,selector,record.")
    record = str(values["record"])
    if len(record) > LIMITS.key_record:
        raise KeyFileError(f"{path}, line {line}: the record has more than {LIMITS.key_record} characters.")
    first_seen, last_seen, not_before, not_after = (_date(path, line, name, row.get(name)) for name in _DATES)
    source = "file" if row.get("source") == "file" else "archive"
    return PublicKey(
        key_id=parse_record(record).key_id,
        domain=_name(str(values["domain"])),
        selector=_name(str(values["selector"])),
        record=clean_text(record),
        source=source,
        source_ref=reference,
        first_seen=first_seen,
        last_seen=last_seen,
        not_before=not_before,
        not_after=not_after,
    )


def _name(name: str) -> str:
    """A domain or selector as signatures are looked up: lower case, no final dot, A-labels."""
    return clean_text(a_label(name.strip()))


def _date(path: Path, line: int, column: str, value: object) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise KeyFileError(
            f"{path}, line {line}: {column} {clean_text(str(value), 40)!r} is no date. Write 2017-04-24 or "
            "2017-04-24T12:00:00Z."
        ) from None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # "since ever" and "for ever", in some zone
        return (datetime.min if moment.year == 1 else datetime.max).replace(tzinfo=UTC)


def _line(key: PublicKey) -> str:
    record = dataclasses.asdict(key)
    for name in _DATES:
        record[name] = record[name].isoformat() if record[name] else None
    return json.dumps(record, sort_keys=True, ensure_ascii=False)


def _from_line(line: str) -> PublicKey:
    record = json.loads(line)
    for name in _DATES:
        record[name] = datetime.fromisoformat(record[name]) if record[name] else None
    return PublicKey(**record)
