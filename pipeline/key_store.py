"""Keys: archives in every form that people keep them in, and the ones kept in OUT (DESIGN §4).

keys.csv, keys.jsonl                      domain,selector,record[,first_seen,last_seen,not_before,not_after,source]
*.json, *.jsonl                           what public key archives answer: auth/archive_json.py
SELECTOR._domainkey.DOMAIN[.txt]          the TXT record, zone-file lines, or what `dig` printed
*.asc, *.pgp, *.gpg                       OpenPGP certificates, kept under `openpgp` and the IDs of their keys
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
from functools import cached_property
from pathlib import Path
from shlex import quote

from pipeline import recovered
from pipeline.places import lies_in
from pipeline.refused import Refused
from pipeline.whole_file import write_whole
from transforms.auth import archive_json
from transforms.auth.archive_json import NEEDED, ArchiveError
from transforms.auth.key import parse_record
from transforms.auth.openpgp_key import OPENPGP, read_certificates
from transforms.auth.weakness import weaknesses
from transforms.auth.zone_text import txt_records
from transforms.limits import LIMITS
from transforms.mail.address import a_label
from transforms.model import PublicKey
from transforms.text import clean_text

Keyring = Mapping[tuple[str, str], tuple[PublicKey, ...]]  # (domain, selector) -> all keys of that name

_COLUMNS = ("domain", "selector", "record")
_DATES = ("first_seen", "last_seen", "not_before", "not_after")
_FIELDS = [field.name for field in dataclasses.fields(PublicKey)]
_OPENPGP_FILES = (".asc", ".pgp", ".gpg")
_MAX_FILE = 512 * 1024 * 1024  # octets of one archive
_NAME = re.compile(r"^(?P<selector>.+?)\._domainkey\.(?P<domain>.+?)(?:\.txt)?$", re.IGNORECASE)


class KeyFileError(Refused):
    """A key file cannot be used; the message names file and line."""


def read_keys(paths: Iterable[Path]) -> list[PublicKey]:
    """Keys of all files and folders given. KeyFileError names the file and line at fault."""
    return [key for path, shown in files_of(paths) for key in _read_file(path, shown)]


def files_of(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """The files that read_keys reads, each with the name it is shown by. KeyFileError for one that is missing."""
    for path in paths:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
            if not found:
                raise KeyFileError(f"{path}: an empty folder. Name one that holds key files with --keys.")
            for inside in found:
                yield inside, inside.relative_to(path).as_posix()
        elif path.is_file():
            yield path, path.name
        else:
            raise KeyFileError(f"{path}: no such key file or folder. Name one that exists with --keys.")


def keys_outside(keys: list[Path], dump: Path) -> None:
    """Refuse key files that lie in the dump, by whatever way: a folder above it, a link into it."""
    for path in (*keys, *(file for file, _ in files_of(keys))):
        if lies_in(path, dump):
            raise Refused(f"{path}: lies inside the dump. Keys from a leak prove nothing; give an archive of your own.")


def keep(out: Path, keys: Iterable[PublicKey]) -> None:
    """Add keys to those kept in OUT/keys; equal ones are kept once, in a fixed order.

    A new key may share a factor with an old one, so all of them are weighed again.
    """
    before = kept(out)
    known = {_unweighed(key) for key in before}
    new = set(map(_unweighed, keys)) - known
    folder = out / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    records = map(_line, weighed(known | new) if new else before)
    text = "".join(f"{record}\n" for record in sorted(records))
    write_whole(folder / "keys.jsonl", lambda file: file.write(text.encode()))


def weighed(keys: Iterable[PublicKey]) -> list[PublicKey]:
    """Keys with what is known against them, all compared with each other (VERDICT §1.5)."""
    modulus = {key: parse_record(key.record).n for key in keys}
    weak = weaknesses(n for n in modulus.values() if n)
    return [key if key.weakness == weak.get(n) else dataclasses.replace(key, weakness=weak.get(n))
            for key, n in modulus.items()]  # fmt: skip


def _unweighed(key: PublicKey) -> PublicKey:
    return key if key.weakness is None else dataclasses.replace(key, weakness=None)


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
            f"{path}: damaged; the keys kept there cannot be read. Give the archives again: "
            f"triage judge {quote(str(out))} --only-keys --keys FILE"
        ) from None


class Kept:
    """The keys kept in OUT, read once by each process that asks for them."""

    def __init__(self, out: Path) -> None:
        self.out = out

    def __reduce__(self) -> tuple[type, tuple[Path]]:
        return Kept, (self.out,)

    @cached_property
    def keys(self) -> list[PublicKey]:
        return kept(self.out)


def known(out: Path) -> list[PublicKey]:
    """Every key that signatures are tried on: those kept, then those recovered from the dump."""
    given = kept(out)
    return [*given, *weighed(recovered.keys(out, given))]


def keyring(keys: Iterable[PublicKey]) -> Keyring:
    """Keys by name."""
    ring: dict[tuple[str, str], list[PublicKey]] = {}
    for key in keys:
        ring.setdefault((key.domain, key.selector), []).append(key)
    return {name: tuple(group) for name, group in ring.items()}


def digest(out: Path) -> str:
    """SHA-256 of the key set, for run.json."""
    return hashlib.sha256("\n".join(map(_line, known(out))).encode()).hexdigest()


def _read_file(path: Path, shown: str) -> Iterator[PublicKey]:
    octets = path.read_bytes() if path.stat().st_size <= _MAX_FILE else None
    if octets is None:
        raise KeyFileError(f"{path}: larger than {_MAX_FILE >> 20} MiB. Split the archive.")
    reference = f"{clean_text(shown)} sha256:{hashlib.sha256(octets).hexdigest()}"
    if path.suffix.lower() in _OPENPGP_FILES:
        certificates = read_certificates(octets)
        if not certificates:
            raise KeyFileError(f"{path}: no OpenPGP certificate. Export it with `gpg --armor --export ADDRESS`.")
        yield from (PublicKey("", OPENPGP, one.name, one.record, "file", reference) for one in certificates)
        return
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets[: error.start].count(b"\n") + 1
        raise KeyFileError(f"{path}, line {line}: not UTF-8 text. Key archives are CSV or JSON Lines.") from None
    named = _NAME.match(path.name)
    try:
        if path.suffix.lower() in (".jsonl", ".json", ".ndjson"):
            for place, row in archive_json.rows(text):
                if row["record"] or row.get("source") != recovered.SOURCE:  # else a pair that gave no key
                    yield _key(place, row, reference)
        elif path.suffix.lower() in (".csv", ".tsv"):
            yield from _csv(text, reference)
        elif named is not None:
            for found in txt_records(text, named["domain"], named["selector"]):
                yield _key(f"line {found.line}", {**found._asdict(), "source": "file"}, reference)
        elif path.suffix.lower() not in (".md",):
            raise KeyFileError(
                f"{path}: not a key file. Use .csv, .jsonl, .json, or a file named SELECTOR._domainkey.DOMAIN.txt."
            )
    except ArchiveError as error:
        raise KeyFileError(f"{path}, {error.place}: {error}") from None


def _csv(text: str, reference: str) -> Iterator[PublicKey]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)  # spreadsheets write ; where the comma parts off decimals
    lines = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter, strict=True)
    begins = 1  # the line that a record begins in: a quote opened there may run on over many
    try:
        names = [archive_json.plain(name) for name in next(lines, [])]
        missing = archive_json.missing_column(names)
        if missing is not None:
            raise ArchiveError("line 1", f"no column {missing!r}. {NEEDED}")
        twice = next((name for name in names if name and names.count(name) > 1), None)
        if twice is not None:
            raise ArchiveError("line 1", f"two columns {twice!r}: which one counts? {NEEDED}")
        begins = lines.line_num + 1
        for line in lines:
            if any(value.strip() for value in line[len(names) :]):
                raise ArchiveError(f"line {lines.line_num}", 'more values than columns. Put the record between ".')
            given = dict(zip(names, line, strict=False))
            found = archive_json.read_row(given, {}) if line else []
            for row in [dict(given)] if found is None else found:
                yield _key(f"line {lines.line_num}", row, reference)
            begins = lines.line_num + 1
    except csv.Error as error:
        raise ArchiveError(
            f"line {begins}",
            f"{error}. A quoted value that begins here is not closed, or text stands behind its closing quote. "
            'Close it with ", and write a quote inside a value as "".',
        ) from None


def _key(place: str, row: Mapping[str, object], reference: str) -> PublicKey:
    values = {name: row.get(name) for name in _COLUMNS}
    for name, value in values.items():
        if not isinstance(value, str) or (not value.strip() and name != "record"):
            raise ArchiveError(place, f"{name} is missing. {NEEDED}")
    record = str(values["record"])
    if len(record) > LIMITS.key_record:
        raise ArchiveError(place, f"the record has more than {LIMITS.key_record} characters.")
    first_seen, last_seen, not_before, not_after = (_date(place, name, row.get(name)) for name in _DATES)
    return PublicKey(
        key_id=parse_record(record).key_id,
        domain=_name(str(values["domain"])),
        selector=_name(str(values["selector"])),
        record=clean_text(record),
        source=str(row.get("source") or "archive"),
        source_ref=reference,
        first_seen=first_seen,
        last_seen=last_seen,
        not_before=not_before,
        not_after=not_after,
    )


def _name(name: str) -> str:
    """A domain or selector as signatures are looked up: lower case, no final dot, A-labels."""
    return clean_text(a_label(name.strip()))


def _date(place: str, column: str, value: object) -> datetime | None:
    """A moment in ISO 8601, or in seconds or milliseconds since 1970."""
    if value is None or value == "":
        return None
    text = str(value).strip()
    try:
        if text.isdecimal() and len(text) in (9, 10, 13):
            return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ArchiveError(
            place, f"{column} {clean_text(text, 40)!r} is no date. Write 2017-04-24 or 2017-04-24T12:00:00Z."
        ) from None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # "since ever" and "for ever", in some zone
        return (datetime.min if moment.year == 1 else datetime.max).replace(tzinfo=UTC)


def _line(key: PublicKey) -> str:
    record = {name: getattr(key, name) for name in _FIELDS}
    for name in _DATES:
        record[name] = record[name].isoformat() if record[name] else None
    return json.dumps(record, sort_keys=True, ensure_ascii=False)


def _from_line(line: str) -> PublicKey:
    record = json.loads(line)
    for name in _DATES:
        record[name] = datetime.fromisoformat(record[name]) if record[name] else None
    return PublicKey(**record)
