"""Key archives in JSON: lines of our own, answers of public key archives, of passive DNS and of resolvers.

Whatever the form, a row is an object with a record, and a domain and selector that stand in it, in
an object beside or around it, or in the full DNS name. Names may be written in any style:
firstSeenAt, first_seen_at and first-seen-at are one.

    {"domain", "selector", "record", "first_seen" ...}                          one a line, or in a list
    {"domain", "selector", "value", "firstSeenAt", "lastSeenAt", "observations"}    archive.prove.email
    {"domainSelectorPair": {"domain", "selector"}, "value" ...}                 the same from its database
    {"rrname", "rrtype", "rdata", "time_first", "time_last"}                    passive DNS, common output format
    {"Question": [...], "Answer": [{"name", "type", "data"}]}                   DNS over HTTPS
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from transforms.auth.zone_text import split_name, unquoted

Row = dict[str, object]  # column of DESIGN §4 -> value as it stands

_SPACE = re.compile(r"[ \t\r\n]*+")
_RECORD = ("record", "value", "txt", "txtrecord", "dkimrecord", "rdata", "data")
_KEY_ALONE = ("p", "publickey")
_FULL_NAME = ("rrname", "name", "hostname", "host", "fqdn", "dnsname")
_TYPE = ("rrtype", "type")
_COLUMNS = {
    "first_seen": ("firstseen", "firstseenat", "timefirst"),
    "last_seen": ("lastseen", "lastseenat", "timelast"),
    "not_before": ("notbefore",),
    "not_after": ("notafter",),
}
_OBSERVED = ("timestamp", "observedat")  # one moment, first and last
NEEDED = "Needed: domain, selector, record."


class ArchiveError(ValueError):
    """A text is no key archive; place is the line, and the entry of it where a line holds many."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(what)
        self.place = place


def rows(text: str) -> Iterator[tuple[str, Row]]:
    """(place, row) of each record in one or more JSON documents. ArchiveError names the place at fault."""
    for line, document in _documents(text):
        yield from _of_document(f"line {line}", document)


def plain(name: str) -> str:
    """A name without its style: firstSeenAt and first_seen_at are the same."""
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()


def missing_column(names: Collection[str]) -> str | None:
    """What a table with columns of these plain names lacks to hold keys, None if nothing."""
    if not {*_RECORD, *_KEY_ALONE} & set(names):
        return "record"
    if set(_FULL_NAME) & set(names):
        return None
    return next((name for name in ("domain", "selector") if name not in names), None)


def read_row(given: Mapping[str, Any], around: Mapping[str, str]) -> list[Row] | None:
    """The rows of one object, whose names are plain; None if it holds no record.

    around are domain and selector of the objects around it. What is missing is left out of a row.
    """
    records = _records(given)
    if records is None:
        return None
    row: Row = {**around, **_own_name(given)}
    for column, names in _COLUMNS.items():
        row[column] = next((given[name] for name in names if given.get(name) is not None), None)
    seen = next((given[name] for name in _OBSERVED if given.get(name) is not None), None)
    row["first_seen"] = seen if row["first_seen"] is None else row["first_seen"]
    row["last_seen"] = seen if row["last_seen"] is None else row["last_seen"]
    row["source"] = _source(given.get("source"))
    if isinstance(given.get("observations"), list):
        row |= _observed(given["observations"])
    return [{**row, "record": record} for record in records]


# ---- documents --------------------------------------------------------------------------------


def _documents(text: str) -> Iterator[tuple[int, Any]]:
    """Each JSON document of a text, with the line on which it begins."""
    decoder = json.JSONDecoder(object_pairs_hook=_object)
    at, line, counted = 0, 1, 0
    while True:
        space = _SPACE.match(text, at)
        at = space.end() if space is not None else at
        if at == len(text):
            return
        line += text.count("\n", counted, at)
        counted = at
        try:
            document, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            seen = f" (line {error.lineno})" if error.lineno != line else ""
            raise ArchiveError(f"line {line}", f"not JSON: {error.msg}{seen}. Needed: an object or a list.") from None
        except _Twice as error:
            raise ArchiveError(f"line {line}", f"the name {error} stands twice in one object.") from None
        except (ValueError, RecursionError):  # digits without end, brackets without end
            raise ArchiveError(f"line {line}", "not JSON that can be read. Needed: an object or a list.") from None
        yield line, document


class _Twice(Exception):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object under plain names; which of two equal names counts is for nobody to guess (RFC 8259 §4)."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        key = plain(name)
        if key in found and found[key] != value:
            raise _Twice(repr(name[:40]))
        found[key] = value
    return found


def _of_document(line: str, document: Any) -> Iterator[tuple[str, Row]]:
    if not isinstance(document, (dict, list)):
        raise ArchiveError(line, f"not a JSON object. {NEEDED}")
    many = isinstance(document, list)
    entry = 0
    open_nodes: list[tuple[Any, dict[str, str], int]] = [(document, {}, 0)]
    while open_nodes:
        node, around, depth = open_nodes.pop()
        if isinstance(node, list):
            open_nodes += [(child, around, depth + 1) for child in reversed(node)]
            continue
        on_top = depth <= many  # the document itself, or a member of the list that it is
        if not isinstance(node, dict):
            if on_top:
                raise ArchiveError(f"{line}, entry {entry + 1}", f"not a JSON object. {NEEDED}")
            continue
        found = read_row(node, around)
        inside = [value for value in node.values() if isinstance(value, (dict, list))]
        if found is None and inside:
            here = {**around, **_asked(node), **_own_name(node)}
            open_nodes += [(value, here, depth + 1) for value in reversed(inside)]
            continue
        if found is None and not (on_top or {"domain", "selector"} <= node.keys()):
            continue  # a page count, a licence: whatever stands beside the rows
        entry += 1
        place = f"{line}, entry {entry}" if many or depth else line
        missing = next((name for name in ("domain", "selector", "record") if not _given(found, node, name)), None)
        if missing is not None:
            raise ArchiveError(place, f"{missing} is missing. {NEEDED}")
        for row in found or ():
            yield place, row


def _given(found: list[Row] | None, node: Mapping[str, Any], name: str) -> bool:
    """Whether a column has a value; rows of other DNS types need none."""
    if found is None:
        return name != "record" and isinstance(node.get(name), str)
    return all(isinstance(row.get(name), str) and (row[name] or name == "record") for row in found)


# ---- one object -------------------------------------------------------------------------------


def _own_name(given: Mapping[str, Any]) -> dict[str, str]:
    """Domain and selector as an object gives them, or the object beside them."""
    pair = given.get("domainselectorpair")
    found = {
        name: value
        for source in (pair, given)
        if isinstance(source, dict)
        for name in ("domain", "selector")
        if isinstance(value := source.get(name), str) and value.strip()
    }
    if len(found) < 2:
        for name in _FULL_NAME:
            split = split_name(given[name]) if isinstance(given.get(name), str) else None
            if split is not None:
                return {"selector": split[0], "domain": split[1]}
    return found


def _asked(given: Mapping[str, Any]) -> dict[str, str]:
    """The name that a resolver was asked for: its answer may stand under another one, behind a CNAME."""
    question = given.get("question")
    first = question[0] if isinstance(question, list) and question else question
    return _own_name(first) if isinstance(first, dict) else {}


def _records(given: Mapping[str, Any]) -> list[str] | None:
    """The TXT records of an object, [] for a DNS record of another type, None if it has none."""
    kind = next((given[name] for name in _TYPE if name in given), None)
    in_dns = any(isinstance(given.get(name), str) for name in _FULL_NAME) and kind is not None
    if in_dns and str(kind).upper() not in ("TXT", "16"):  # RFC 1035 §3.2.2
        return []
    for name in _RECORD:
        value = given.get(name)
        if isinstance(value, str):
            return [unquoted(value) if value.lstrip().startswith('"') else value]
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            return [unquoted(one) if one.lstrip().startswith('"') else one for one in value]
    for name in _KEY_ALONE:
        value = given.get(name)
        if isinstance(value, str):
            return [f"v=DKIM1; k={_key_type(given)}; p={value}"]
    return [] if in_dns else None


def _key_type(given: Mapping[str, Any]) -> str:
    kind = given.get("k", given.get("keytype"))
    return kind.lower() if isinstance(kind, str) and kind else "rsa"


def _source(named: object) -> str:
    """archive | file | dns | recovered, as a row names its own origin."""
    text = named.lower() if isinstance(named, str) else ""
    if "recover" in text or "gcd" in text:
        return "recovered"
    return text if text in ("file", "dns") else "archive"


def _observed(observations: list[Any]) -> Row:
    """What an archive that names its channels saw itself, in the DNS.

    A key that it only computed from mail is a recovered one, like those that we compute
    (VERDICT §4), and the dates of that mail are no observation.
    """
    channels = [one for one in observations if isinstance(one, dict)]
    seen = next((one for one in channels if _source(one.get("source")) != "recovered"), None)
    window: Row = {}
    for column in ("first_seen", "last_seen"):
        window[column] = next((seen[name] for name in _COLUMNS[column] if seen.get(name)), None) if seen else None
    if channels and seen is None:
        window["source"] = "recovered"
    return window
