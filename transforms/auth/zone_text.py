"""TXT records as people keep them: the record alone, zone-file lines, what `dig` prints (RFC 1035 §5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from transforms.limits import LIMITS

# owner [TTL] [class] type data; an empty owner stands for the one above.
_ENTRY = re.compile(
    r"(?P<owner>\S*+)(?:\s++(?:\d++[smhdw]?+|IN|CH|HS)(?=\s))*+\s++(?P<type>TXT|CNAME)\s++(?P<data>.*+)", re.IGNORECASE
)
_ORIGIN = re.compile(r"\$ORIGIN\s++(\S++)", re.IGNORECASE)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)"?')
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)"?|([();]|\\.|[^"();\\]++|\\)')
_ESCAPE = re.compile(r"\\(\d{3}|.)")
_BEGINS = re.compile(r'\s*+"?v\s*+=\s*+DKIM1', re.IGNORECASE)  # the first line of a record without an owner
_HOST_NAME = re.compile(r"\s*+[A-Za-z0-9._-]++(?<=\.)\s*+")
_LABEL = "._domainkey"
_CHAIN = 16  # CNAMEs in a row that are followed, and names that may lead to one record


class TxtRecord(NamedTuple):
    """One TXT record, its strings joined as the DNS joins them (RFC 6376 §3.6.2.2)."""

    domain: str
    selector: str
    record: str
    line: int  # of the text, from 1


def txt_records(text: str, domain: str, selector: str) -> Iterator[TxtRecord]:
    """The records of a text about SELECTOR._domainkey.DOMAIN, in order. Never raises.

    A record belongs to the name that it stands under, and to every name whose CNAMEs lead there;
    one that stands under none, or under a name that is no key's, belongs to domain and selector.
    """
    lines = [line.rstrip("\r") for line in text.split("\n")]
    entries = list(_entries(lines, domain))
    if not entries:
        for line, record in _without_owner(lines):
            yield TxtRecord(domain, selector, record, line)
        return
    leading = _leading({owner: data for owner, kind, data, _ in entries if kind == "CNAME"})
    for owner, kind, record, line in entries:
        if kind == "TXT":
            names = [name for name in map(split_name, (owner, *leading.get(owner, ()))) if name is not None]
            for own_selector, own_domain in names or [(selector, domain)]:
                yield TxtRecord(own_domain, own_selector, record, line)


def split_name(name: str) -> tuple[str, str] | None:
    """SELECTOR._domainkey.DOMAIN as (selector, domain), None for any other name."""
    selector, label, domain = name.removesuffix(".").lower().partition(f"{_LABEL}.")
    return (selector, domain) if label and selector and domain else None


def unquoted(record: str) -> str:
    """Quoted character-strings joined (RFC 1035 §3.3.14); other text as it is."""
    strings = _STRING.findall(record)
    return _unescaped("".join(strings)) if strings else record.strip()


def _entries(lines: Sequence[str], domain: str) -> Iterator[tuple[str, str, str, int]]:
    """(owner, type, data, line) of each TXT and CNAME; owners absolute, lower case, without a final dot."""
    origin, owner = "", ""
    rest = iter(enumerate(lines, 1))
    for number, line in rest:
        directive = _ORIGIN.match(line)
        if directive is not None:
            origin = directive[1].strip(".").lower()
        found = _ENTRY.match(line)
        if found is None or found["owner"].startswith(";"):
            continue
        owner = _absolute(found["owner"], origin, domain) if found["owner"] else owner
        data = found["data"].strip()
        if found["type"].upper() == "CNAME":
            yield owner, "CNAME", _absolute(data.partition(" ")[0], origin, domain), number
        else:
            yield owner, "TXT", _data(data, rest), number


def _absolute(name: str, origin: str, domain: str) -> str:
    lower = name.lower()
    if lower.endswith("."):
        return lower[:-1]
    if lower.endswith(_LABEL):  # relative to a zone that the text does not name
        return f"{lower}.{origin or domain}"
    if not origin or lower == origin or lower.endswith(f".{origin}"):
        return lower
    return origin if lower == "@" else f"{lower}.{origin}"


def _data(first: str, rest: Iterator[tuple[int, str]]) -> str:
    """The data of one entry: its strings joined, comments left out, over more lines if in parentheses.

    Data without any quotes is taken as it stands, semicolons and all.
    """
    quoted: list[str] = []
    plain: list[str] = []
    line, size, is_open = first, 0, False
    while True:
        for string, token in _TOKEN.findall(line):
            if not token:
                quoted.append(string)
            elif token in "()":
                is_open = token == "("
            elif token == ";" and quoted:
                break
            else:
                plain.append(token)
        size += len(line)
        following = next(rest, None) if is_open and size <= 2 * LIMITS.key_record else None
        if following is None:
            return _unescaped("".join(quoted)) if quoted else "".join(plain).strip()
        line = following[1].strip()


def _leading(aliases: dict[str, str]) -> dict[str, list[str]]:
    """By name, the names whose CNAMEs lead to it."""
    found: dict[str, list[str]] = {}
    for start in aliases:
        name, steps = start, 0
        while name in aliases and steps < _CHAIN:
            name, steps = aliases[name], steps + 1
            if len(found.setdefault(name, [])) < _CHAIN:
                found[name].append(start)
    return found


def _without_owner(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Records of a text that names no owner: each begins with v=DKIM1, or there is one only."""
    kept = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith(";")]
    if any("=" in line for _, line in kept):  # `dig +short` prints the target of a CNAME first
        kept = [(n, line) for n, line in kept if not _HOST_NAME.fullmatch(line)]
    starts = [at for at, (_, line) in enumerate(kept) if at == 0 or _BEGINS.match(line)]
    for start, end in pairwise((*starts, len(kept))):
        joined = "".join(line for _, line in kept[start:end])
        yield kept[start][0], unquoted(joined) if joined.lstrip().startswith('"') else joined.strip().strip("()")


def _unescaped(text: str) -> str:
    """RFC 1035 §5.1: a backslash before three digits is an octet, before anything else nothing."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: chr(int(found[1])) if len(found[1]) == 3 else found[1], text)
