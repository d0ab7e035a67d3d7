"""The command line: what may be asked, and what it means (DESIGN §4)."""

from __future__ import annotations

import argparse
import ipaddress
from pathlib import Path
from typing import NoReturn

from transforms.mail.address import a_label
from transforms.text import clean_text

EXIT_OK = 0
EXIT_USAGE = 2
EXIT_INPUT = 3
EXIT_INCOMPLETE = 4
EXIT_ACCOUNTING = 5
EXIT_INTERRUPTED = 130

# Formats of `export`, and the module of pipeline/export/ that writes each.
EXPORTS = {
    "csv": "comma_separated",
    "xlsx": "workbook",
    "sqlite": "database",
    "jsonl": "json_lines",
    "ftm": "follow_the_money",
    "datashare": "datashare_tags",
    "sha256sum": "manifest",
}

_EPILOG = """\
exit codes: 0 complete and accounted for · 2 usage · 3 input unusable, or OUT in use · 4 incomplete, can be resumed
            5 accounting or verification failed · 130 interrupted
Nothing leaves this machine, but for `keys fetch`, which says what it sends and asks first.
Behind `run` and `judge`, what follows `--` goes to Apache Beam unchanged. Elsewhere it is never taken for an option:
triage explain OUT -- -name-with-a-dash.eml"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong without repeating a control character of a file name."""

    def error(self, message: str) -> NoReturn:
        super().error(clean_text(message))


def parser() -> argparse.ArgumentParser:
    """The whole command line. Nothing is imported from Beam here."""
    top = _Parser(
        prog="triage",
        description="Mark each mail and file of a leak verified, unverifiable or suspected fake, with the evidence.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = _command(commands, "run", "examine a dump, judge it and write the tables")
    run.add_argument("dump", metavar="DUMP", type=_named, help="folder or file of the leak; never written to")
    run.add_argument("-o", "--out", metavar="OUT", type=_path, required=True, help="folder for the tables")
    _judging(run)
    run.add_argument("--workers", metavar="N", type=_count, help="worker processes (default: one per core)")
    run.add_argument("--also-hash", metavar="sha1,md5", type=_hashes, default=(), help="more digests, for joins")
    again = run.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on where an earlier run into OUT stopped")
    again.add_argument("--force", action="store_true", help="start afresh in an OUT that holds an earlier run")
    run.add_argument("--dry-run", action="store_true", help="say what would be read, and write nothing")
    _output(run)

    judge = _command(commands, "judge", "judge again from the evidence in OUT, without the dump")
    judge.add_argument("out", metavar="OUT", type=Path)
    _judging(judge, "; given here, they replace those of the run: name all of them")
    judge.add_argument("--only-keys", action="store_true", help="forget the keys kept in OUT, use --keys alone")
    _output(judge)

    summary = _command(commands, "summary", "what a run found, in short")
    summary.add_argument("out", metavar="OUT", type=Path)
    summary.add_argument("--json", action="store_true", help="one JSON object")

    report = _command(commands, "report", "one offline HTML page: what came out, what contradicts, every item")
    report.add_argument("out", metavar="OUT", type=Path)
    report.add_argument(
        "-o", "--output", metavar="FILE", type=_path, default=Path("report.html"),
        help="the page to write (default: report.html)",
    )  # fmt: skip

    explain = _command(commands, "explain", "why this verdict, and what would change it")
    explain.add_argument("out", metavar="OUT", type=Path)
    explain.add_argument("item", metavar="ITEM", help="path, start of an item_id, Message-ID or sha256")
    explain.add_argument("--json", action="store_true", help="one JSON object a line")

    query = _command(commands, "query", "ask the tables in SQL, or one of the questions that have a name")
    query.add_argument("out", metavar="OUT", type=Path)
    query.add_argument("question", metavar="SQL|NAME", nargs="?", help="without it, the names are listed")
    form = query.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="comma-separated, safe for spreadsheets")
    form.add_argument("--json", action="store_true", help="one JSON object a row")

    export = _command(commands, "export", "the items in a format of other programs")
    export.add_argument("out", metavar="OUT", type=Path)
    export.add_argument("--to", choices=tuple(EXPORTS), required=True, help="format")
    export.add_argument("-o", "--output", metavar="FILE", type=_path, required=True, help="new file")

    proof = _command(commands, "proof", "a folder that a stranger checks with openssl alone")
    proof.add_argument("out", metavar="OUT", type=Path)
    proof.add_argument("item", metavar="ITEM", help="path, start of an item_id, Message-ID or sha256")
    proof.add_argument("--dump", metavar="DUMP", required=True, type=_named, help="the dump that was read")
    proof.add_argument("-o", "--output", metavar="DIR", type=_path, required=True, help="new or empty folder")

    diff = _command(commands, "diff", "what changed between two runs, or two sets of keys")
    diff.add_argument("before", metavar="OUT1", type=Path)
    diff.add_argument("after", metavar="OUT2", type=Path)
    diff.add_argument("--json", action="store_true", help="one JSON object a line: arguments, keys, items")

    check = _command(commands, "check", "check single messages; nothing is written")
    check.add_argument("messages", metavar="MESSAGE", type=Path, nargs="+")
    _judging(check)
    check.add_argument("--json", action="store_true", help="one JSON object a line")

    keys = _command(commands, "keys", "the keys that signatures were tried on, and those still missing")
    actions = keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, text in (
        ("list", "keys kept in OUT, and what they confirmed"),
        ("wanted", "names without a key, most decisive first"),
    ):
        action = _command(actions, name, text)
        action.add_argument("out", metavar="OUT", type=Path)
        action.add_argument("--json", action="store_true", help="one JSON object a line")
    fetch = _command(actions, "fetch", "ask the DNS for the keys wanted: the only command that sends anything")
    fetch.add_argument("out", metavar="OUT", type=Path)
    fetch.add_argument("--yes", action="store_true", help="do not ask for consent; for scripts")
    fetch.add_argument("-o", "--output", metavar="FILE", type=Path, help="archive to write (default: in OUT/keys)")
    fetch.add_argument(
        "--resolver", metavar="IP[:PORT]", type=_resolver,
        help="whom to ask, and so who learns the names (default: the resolver of this machine)",
    )  # fmt: skip
    add = _command(actions, "add", "keep the keys of a file in OUT; `triage judge OUT` then uses them")
    add.add_argument("out", metavar="OUT", type=Path)
    add.add_argument("files", metavar="FILE", type=Path, nargs="+")

    verify = _command(commands, "verify", "check OUT against itself, its verified items by other code, and the dump")
    verify.add_argument("out", metavar="OUT", type=Path)
    verify.add_argument(
        "--against", metavar="DUMP", help="hash the files of the dump again, and have dkimpy judge the mail in it"
    )
    return top


def split_beam(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Our arguments, and Beam's after the first `--`; for a command without Beam, `--` ends the options as usual."""
    if arguments[:1] not in (["run"], ["judge"]) or "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def _command(commands: argparse._SubParsersAction[_Parser], name: str, text: str) -> _Parser:
    return commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)


def _judging(command: argparse.ArgumentParser, instead: str = "") -> None:
    command.add_argument(
        "--keys", metavar="FILE|DIR", type=_path, action="append", default=[], help="DKIM key archive; may be repeated"
    )
    command.add_argument(
        "--protect", metavar="DOMAIN", type=str.lower, action="append", default=[],
        help="a domain of the organisation that this leak is about: its files are verified, its look-alikes suspected"
        + instead,
    )  # fmt: skip
    command.add_argument(
        "--trusted-sealer", metavar="DOMAIN", type=a_label, action="append", default=[],
        help="a receiver whose ARC seals are trusted, besides the large providers; may be repeated" + instead,
    )  # fmt: skip


def _output(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="the summary, and each line of progress, as JSON")
    loud = command.add_mutually_exclusive_group()
    loud.add_argument("-q", "--quiet", action="store_true", help="no progress")
    loud.add_argument("-v", "--verbose", action="store_true", help="a line on stderr for each phase")


def _named(text: str) -> str:
    if not text:  # an unset variable of a shell, which Path would take for the folder one is in
        raise argparse.ArgumentTypeError("an empty name is no file or folder")
    return text


def _path(text: str) -> Path:
    return Path(_named(text))


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes from 1 to 1024")
    return int(text)


def _resolver(text: str) -> tuple[str, int]:
    """Address and port: 192.0.2.1, 192.0.2.1:5353, 2001:db8::1, [2001:db8::1]:5353."""
    address, port = text, "53"
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        port = port.removeprefix(":") or "53"
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no IP address. Write 192.0.2.1 or 192.0.2.1:5353.") from None
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} names no port from 1 to 65535")
    return address, int(port)


def _hashes(text: str) -> tuple[str, ...]:
    names = tuple(sorted(set(text.split(","))))
    unknown = [name for name in names if name not in ("md5", "sha1")]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is neither sha1 nor md5")
    return names
