"""The command line: parse, dispatch, and one clear sentence for everything that goes wrong."""

from __future__ import annotations

import argparse
import errno
import io
import os
import shlex
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline import options
from pipeline.refused import Refused
from pipeline.store_path import path_of
from transforms import store
from transforms.text import clean_text


def run(arguments: list[str]) -> int:
    """Run a command line; answers the exit code."""
    for stream in (sys.stdout, sys.stderr):  # a terminal of another encoding shows escapes, and stops nothing
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    ours, beam = options.split_beam(arguments)
    try:
        parsed = options.parser().parse_args(ours)
    except SystemExit as stop:  # argparse has printed what is wrong
        return int(stop.code or 0)
    store.settle(tuple(beam))
    try:
        return _COMMANDS[parsed.command](parsed, beam)
    except Refused as refusal:
        print(f"triage: {clean_text(str(refusal))}", file=sys.stderr)
        return refusal.code
    except store.StoreLost as lost:
        print(f"triage: {clean_text(str(lost))}. Nothing is half written. Repeat the command.", file=sys.stderr)
        return options.EXIT_INCOMPLETE
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return options.EXIT_OK
    except KeyboardInterrupt:
        kept = " What was examined is kept; --resume goes on with it." if parsed.command == "run" else ""
        print(f"triage: interrupted.{kept}", file=sys.stderr)
        return options.EXIT_INTERRUPTED
    except Exception as error:
        return _stopped_by(error, getattr(parsed, "verbose", False))


# What else may stop a command through no fault of its files: there is no room, or the disk fails.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})


def _stopped_by(error: Exception, verbose: bool) -> int:
    """One sentence for what nothing above foresaw; where it happened, for those who ask."""
    if verbose or os.environ.get("TRIAGE_TRACEBACK"):
        traceback.print_exc()
    if isinstance(error, OSError):
        place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, (str, bytes)) else ""
        what = clean_text(f"{place}{error.strerror or error}", 400)
        if error.errno in _NO_ROOM:
            print(f"triage: {what}. Nothing is half written. Make room, then repeat the command.", file=sys.stderr)
            return options.EXIT_INCOMPLETE
        print(f"triage: {what}. It is needed here. Check that it exists and may be read.", file=sys.stderr)
        return options.EXIT_INPUT
    what = clean_text(f"{type(error).__name__}: {error}", 400)
    print(
        f"triage: stopped by an error that was not foreseen ({what}). This is a fault of the program, or of a damaged "
        "OUT; nothing is half written. Repeat with TRIAGE_TRACEBACK=1 set to see where, and report it.",
        file=sys.stderr,
    )
    return options.EXIT_INCOMPLETE


def _run(parsed: argparse.Namespace, beam: list[str]) -> int:
    from pipeline import running

    return running.run(parsed, beam)


def _judge(parsed: argparse.Namespace, beam: list[str]) -> int:
    from pipeline import running

    return running.judge(parsed, beam)


def _summary(parsed: argparse.Namespace, _: list[str]) -> int:
    from pipeline import summary

    _with_tables(parsed.out)
    print(summary.as_json(parsed.out) if parsed.json else summary.as_text(parsed.out))
    return options.EXIT_OK


def _report(parsed: argparse.Namespace, _: list[str]) -> int:
    from pipeline.places import lies_in
    from pipeline.whole_file import write_whole

    record, target = _with_tables(parsed.out), parsed.output
    if target.is_dir():
        named = shlex.join(("triage", "report", str(parsed.out), "-o", str(target / "report.html")))
        raise Refused(f"{target}: is a folder. Name the file: {named}")
    if lies_in(target, path_of(record["arguments"]["dump"])):
        raise Refused(f"{target}: lies in the dump, which is never written to. Name another place with -o.")
    if lies_in(target, parsed.out):
        raise Refused(f"{target}: lies in OUT, where only runs write. Name another place with -o.")
    from pipeline.report.page import is_page, page

    if target.exists() and not is_page(target):
        raise Refused(f"{target}: is there already, and is no report. Name another file with -o.")
    octets = page(parsed.out).encode("utf-8")
    write_whole(target, lambda file: file.write(octets))
    print(
        f"{clean_text(str(target))}: {len(octets) / 1e6:.1f} MB. Open it in a browser: it asks nothing of any network. "
        "It holds content of the leak; keep it as you keep the dump."
    )
    return options.EXIT_OK


def _explain(parsed: argparse.Namespace, _: list[str]) -> int:
    from pipeline import lookup, showing

    _with_tables(parsed.out)
    found = lookup.find(parsed.out, parsed.item, showing.COLUMNS)
    if not found:
        raise _no_such_item(parsed.out, parsed.item)
    for number, item in enumerate(showing.details(parsed.out, found)):
        if parsed.json:
            print(showing.as_json(item))
        else:
            print(("\n" if number else "") + showing.as_text(item))
    return options.EXIT_OK


def _query(parsed: argparse.Namespace, _: list[str]) -> int:
    from pipeline import query

    _with_tables(parsed.out)
    return query.run(parsed)


def _export(parsed: argparse.Namespace, _: list[str]) -> int:
    from pipeline import exporting

    return exporting.run(parsed, _with_tables(parsed.out))


def _proof(parsed: argparse.Namespace, _: list[str]) -> int:
    from pipeline import lookup
    from pipeline.proof import bundle

    record = _with_tables(parsed.out)
    found = lookup.find(parsed.out, parsed.item)
    if not found:
        raise _no_such_item(parsed.out, parsed.item)
    return bundle.run(parsed, record, found)


def _diff(parsed: argparse.Namespace, _: list[str]) -> int:
    from pipeline import comparing

    for out in (parsed.before, parsed.after):
        _with_tables(out)
    return comparing.run(parsed.before, parsed.after, parsed.json)


def _check(parsed: argparse.Namespace, _: list[str]) -> int:
    from pipeline import checking, key_store, showing
    from transforms.auth.chain import default_sealers

    for message in parsed.messages:
        key_store.keys_outside(parsed.keys, message)
    ring = key_store.keyring(key_store.weighed(key_store.read_keys(parsed.keys)))
    sealers = default_sealers() | frozenset(parsed.trusted_sealer)
    for message in parsed.messages:
        if not message.is_file():
            raise Refused(f"{clean_text(str(message))}: no such file. `check` takes single files.")
    for message in parsed.messages:
        for item in checking.check(message, ring, frozenset(parsed.protect), sealers):
            print(showing.as_json(item) if parsed.json else showing.as_text(item) + "\n")
    return options.EXIT_OK


def _keys(parsed: argparse.Namespace, _: list[str]) -> int:
    from pipeline import key_commands, out_tables

    record = out_tables.finished(parsed.out) if parsed.action == "add" else _with_tables(parsed.out)
    if parsed.action == "fetch":
        from pipeline import key_fetch  # the one module that knows the DNS

        return key_fetch.run(parsed, record)
    return key_commands.run(parsed, record)


def _verify(parsed: argparse.Namespace, _: list[str]) -> int:
    from pipeline import out_tables, places, verifying

    record = out_tables.finished(parsed.out)
    against = places.dump_at(parsed.against) if parsed.against is not None else None
    return verifying.run(parsed.out, against, record)


def _no_such_item(out: Path, wanted: str) -> Exception:
    return Refused(
        f"{clean_text(wanted, 200)}: no such item in {out}. Give a path as in items.parquet, 8 or more characters of "
        "an item_id, a Message-ID or a sha256."
    )


def _with_tables(out: Path) -> dict[str, Any]:
    from pipeline import out_tables

    record = out_tables.finished(out)
    name = out_tables.unreadable(out, record)
    if name is not None:
        raise Refused(
            f"{out}: {name} is missing or damaged. The evidence is kept apart from it, so the tables can be written "
            f"again: triage judge {shlex.quote(str(out))}"
        )
    return record


_COMMANDS: dict[str, Callable[[argparse.Namespace, list[str]], int]] = {
    "run": _run,
    "judge": _judge,
    "summary": _summary,
    "report": _report,
    "explain": _explain,
    "query": _query,
    "export": _export,
    "proof": _proof,
    "diff": _diff,
    "check": _check,
    "keys": _keys,
    "verify": _verify,
}
