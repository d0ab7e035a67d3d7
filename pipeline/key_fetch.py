"""triage keys fetch: ask the DNS for missing keys, with the consent of whoever runs it.

The only module that sends a packet, and the only one that imports dnspython. What was asked, when
and with what outcome is kept in OUT/keys/look-ups.jsonl; the keys found are an archive like any
other, dated with the moment of the look-up: the DNS of today is no witness of the past (VERDICT §1.5).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

import dns.exception
import dns.resolver

from pipeline import key_commands, key_store, wanted
from pipeline.options import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE
from pipeline.out_folder import locked
from pipeline.places import lies_in
from pipeline.refused import Refused
from pipeline.store_path import path_of
from pipeline.whole_file import write_whole
from transforms import wording
from transforms.auth.key import parse_record
from transforms.limits import LIMITS
from transforms.text import clean_text

LOOK_UPS = "look-ups.jsonl"
_TRY_SECONDS, _NAME_SECONDS = 2.0, 6.0  # one try, and all tries of one name
# Letters, digits, hyphens (RFC 6376 §3.1); underscores are in use. Nothing else is worth a packet.
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NAME_OCTETS = 253  # RFC 1035 §2.3.4


class Answer(NamedTuple):
    """What the DNS said about one name; outcome is a code of wording.LOOK_UPS."""

    name: wanted.Wanted
    outcome: str
    detail: str
    records: tuple[str, ...]
    asked: datetime


def run(parsed: argparse.Namespace, record: dict[str, Any]) -> int:
    """The command: list, explain, ask for consent, look up, keep, report."""
    archive = _archive(parsed, record)
    asked_before = {(row["domain"], row["selector"]) for row in _log(parsed.out)}
    names = [name for name in wanted.names(parsed.out) if _can_be_asked(name.name)]
    names.sort(key=lambda name: (name.domain, name.selector) in asked_before)  # new ones first
    if not names:
        print("No key is missing that the DNS could be asked for. Nothing was sent.")
        return EXIT_OK
    chosen, left = names[: LIMITS.look_ups], len(names[LIMITS.look_ups :])
    resolver = _resolver(parsed.resolver)
    _explain(chosen, left, resolver)
    if not parsed.yes and not _consent():
        print("Nothing was sent.")
        return EXIT_OK
    with locked(parsed.out):
        answers: list[Answer] = []
        stopped = EXIT_OK
        try:
            for answer in look_up(resolver, chosen):
                answers.append(answer)
        except KeyboardInterrupt:
            stopped = EXIT_INTERRUPTED
        _keep(parsed.out, archive, answers)
    _report(parsed.out, archive, answers, len(chosen))
    return stopped or (EXIT_INCOMPLETE if len(answers) < len(chosen) else EXIT_OK)


def look_up(resolver: dns.resolver.Resolver, names: Iterable[wanted.Wanted]) -> Iterator[Answer]:
    """The answer for each name in turn; ends early where the resolver answers nothing any more."""
    silent = 0
    for name in names:
        answer = _ask(resolver, name)
        yield answer
        silent = silent + 1 if answer.outcome == "error" else 0
        if silent == LIMITS.look_up_failures:
            print(f"triage: {silent} names in a row without an answer; the rest was not asked.", file=sys.stderr)
            return


def _ask(resolver: dns.resolver.Resolver, name: wanted.Wanted) -> Answer:
    records: tuple[str, ...] = ()
    detail = ""
    try:
        found = resolver.resolve(f"{name.name}.", "TXT", search=False, lifetime=_NAME_SECONDS)
        texts = (b"".join(data.strings).decode("utf-8", "backslashreplace") for data in found)
        records = tuple(sorted(clean_text(text) for text in texts if _is_key_record(text)))
        outcome = "found" if records else "no_key"
    except dns.resolver.NXDOMAIN:
        outcome = "nxdomain"
    except dns.resolver.NoAnswer:
        outcome = "no_key"
    except (dns.exception.DNSException, OSError) as error:
        outcome, detail = "error", clean_text(" ".join(str(error).split()), 200)
    return Answer(name, outcome, detail, records, datetime.now(UTC).replace(microsecond=0))


def _is_key_record(text: str) -> bool:
    """Whether a TXT record is meant as a key, sound or not; a wildcard answers with anything."""
    return len(text) <= LIMITS.key_record and (parse_record(text).status != "unparsable" or "DKIM1" in text)


def _can_be_asked(name: str) -> bool:
    """Whether a name can stand in the DNS at all; signatures may claim anything."""
    return len(name) <= _NAME_OCTETS and _NAME.fullmatch(name) is not None


def _resolver(at: tuple[str, int] | None) -> dns.resolver.Resolver:
    try:
        resolver = dns.resolver.Resolver(configure=at is None)
    except dns.resolver.NoResolverConfiguration:
        raise Refused("this machine names no resolver. Name one with --resolver IP.") from None
    if at is not None:
        resolver.nameservers = [at[0]]
        resolver.port = at[1]
    resolver.timeout = _TRY_SECONDS
    return resolver


# ---- before -----------------------------------------------------------------------------------


def _archive(parsed: argparse.Namespace, record: dict[str, Any]) -> Path:
    if parsed.output is None:
        archive: Path = parsed.out / "keys" / f"dns-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl"
        return archive
    if lies_in(parsed.output, path_of(record["arguments"]["dump"])):
        raise Refused(f"{parsed.output}: lies inside the dump, which is never written to. Name another file with -o.")
    if parsed.output.exists():
        raise Refused(f"{parsed.output}: exists already. Name a new file with -o.")
    if not parsed.output.parent.is_dir():
        raise Refused(f"{parsed.output.parent}: no such folder. Name a file in one that exists with -o.")
    if parsed.output.suffix.lower() != ".jsonl":
        raise Refused(f"{parsed.output}: the archive is JSON Lines. Name a file that ends in .jsonl with -o.")
    return Path(parsed.output)


def _explain(names: Sequence[wanted.Wanted], left: int, resolver: dns.resolver.Resolver) -> None:
    print(f"The DNS would be asked for {len(names)} names:\n", file=sys.stderr)
    for name in names:
        print(f"  {key_commands.in_words(name)}", file=sys.stderr)
    if left:
        print(f"  and {left} more the next time: {LIMITS.look_ups} are asked at once.", file=sys.stderr)
    servers = ", ".join(clean_text(str(server)) for server in resolver.nameservers)
    print(f"\n{wording.LOOK_UP_REVEALS.format(servers=servers)}", file=sys.stderr)


def _consent() -> bool:
    """Whether somebody at a terminal agrees; nobody there is no consent."""
    if not sys.stdin.isatty():
        raise Refused("nobody is there to agree, so nothing was sent. Add --yes to ask the DNS.", EXIT_USAGE)
    print("Ask the DNS now? Type yes: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


# ---- after ------------------------------------------------------------------------------------


def _keep(out: Path, archive: Path, answers: Sequence[Answer]) -> None:
    """Write the archive, add it to the keys of OUT, and record every look-up."""
    rows = [_row(answer, record) for answer in answers for record in answer.records]
    if rows:
        _write(archive, sorted(rows))
        key_store.keep(out, key_store.read_keys([archive]))
    _write(out / "keys" / LOOK_UPS, [*map(_json, _log(out)), *map(_logged, answers)])


def _row(answer: Answer, record: str) -> str:
    seen = answer.asked.isoformat()
    return _json({
        "domain": answer.name.domain, "selector": answer.name.selector, "record": record,
        "first_seen": seen, "last_seen": seen, "source": "dns",
    })  # fmt: skip


def _logged(answer: Answer) -> str:
    return _json({
        "asked": answer.asked.isoformat(), "domain": answer.name.domain, "selector": answer.name.selector,
        "outcome": answer.outcome, "detail": answer.detail, "records": len(answer.records),
    })  # fmt: skip


def _log(out: Path) -> list[dict[str, Any]]:
    path = out / "keys" / LOOK_UPS
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def _write(path: Path, lines: Iterable[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_whole(path, lambda file: file.write(text.encode()))


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row)


def _report(out: Path, archive: Path, answers: Sequence[Answer], chosen: int) -> None:
    print(f"asked {len(answers)} of {chosen} names: {key_commands.outcomes(Counter(a.outcome for a in answers))}")
    for answer in answers:
        if answer.outcome == "error":
            print(f"  {clean_text(answer.name.name)}: {answer.detail}")
    revoked = sum(parse_record(record).status == "revoked" for answer in answers for record in answer.records)
    if revoked:
        print(f"{revoked} of the records found are withdrawn: they name no key.")
    if any(answer.records for answer in answers):
        print(f"kept in {clean_text(str(out))}, and as an archive in {clean_text(str(archive))}")
        print(f"Now: triage judge {clean_text(quote(str(out)))}")
