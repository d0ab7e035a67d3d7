"""The command line: what may be asked, and what it means (DESIGN §4)."""

from __future__ import annotations

import argparse
import ipaddress
import re
from pathlib import Path
from typing import NoReturn

from pipeline.store_path import path_of
from transforms.mail.address import a_label
from transforms.store import in_store
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

_OUT = "folder that `triage run` wrote"
_ITEM = "an item: its path as the report shows it, the first 8 letters of its item_id or more, Message-ID, or SHA-256"

_EPILOG = """\
begin with: triage run DUMP -o OUT --keys KEYS
then:       triage report OUT   ·   triage explain OUT ITEM   ·   triage keys wanted OUT

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

    run = _command(commands, "run", "read a leak, judge every item in it, and write the tables")
    run.add_argument("dump", metavar="DUMP", type=_named, help="folder or file of the leak; never written to")
    run.add_argument("-o", "--out", metavar="OUT", type=_place, required=True, help="folder for the tables")
    _judging(run)
    run.add_argument("--workers", metavar="N", type=_count, help="worker processes (default: one per core)")
    run.add_argument(
        "--also-hash", metavar="sha1,md5", type=_hashes, default=(),
        help="write these digests as well, to match with other databases",
    )  # fmt: skip
    again = run.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on where an earlier run into OUT stopped")
    again.add_argument("--force", action="store_true", help="start afresh in an OUT that holds an earlier run")
    run.add_argument("--dry-run", action="store_true", help="say what would be read, and write nothing")
    _output(run)

    judge = _command(commands, "judge", "judge again, with more keys or domains, without the dump")
    judge.add_argument("out", metavar="OUT", type=path_of, help=_OUT)
    _judging(judge, ". Given here, they replace those of the run: name all of them")
    judge.add_argument("--only-keys", action="store_true", help="forget the keys kept in OUT, use --keys alone")
    _output(judge)

    summary = _command(commands, "summary", "what was found, in short")
    summary.add_argument("out", metavar="OUT", type=path_of, help=_OUT)
    summary.add_argument("--json", action="store_true", help="one JSON object")

    report = _command(commands, "report", "write one HTML page: what came out, what contradicts, every item")
    report.add_argument("out", metavar="OUT", type=path_of, help=_OUT)
    report.add_argument(
        "-o", "--output", metavar="FILE", type=_path, default=Path("report.html"),
        help="the page to write (default: report.html)",
    )  # fmt: skip

    explain = _command(commands, "explain", "say why an item has its verdict, and what would change it")
    explain.add_argument("out", metavar="OUT", type=path_of, help=_OUT)
    explain.add_argument("item", metavar="ITEM", help=_ITEM)
    explain.add_argument("--json", action="store_true", help="one JSON object a line")

    query = _command(commands, "query", "ask the tables a question that has a name, or one in SQL")
    query.add_argument("out", metavar="OUT", type=path_of, help=_OUT)
    query.add_argument(
        "question", metavar="SQL|NAME", nargs="?", help="a name or a statement; without it, the names are listed"
    )
    form = query.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="comma-separated, safe for spreadsheets")
    form.add_argument("--json", action="store_true", help="one JSON object a row")

    export = _command(commands, "export", "write the items in a format of other programs")
    export.add_argument("out", metavar="OUT", type=path_of, help=_OUT)
    export.add_argument(
        "--to", choices=tuple(EXPORTS), required=True,
        help="csv and xlsx for spreadsheets, sqlite with full-text search, jsonl, ftm for Aleph, datashare tags, or a "
        "list of files for sha256sum -c",
    )  # fmt: skip
    export.add_argument("-o", "--output", metavar="FILE", type=_path, required=True, help="new file")

    proof = _command(
        commands, "proof", "write a folder with which a stranger checks a verified item, with openssl alone"
    )
    proof.add_argument("out", metavar="OUT", type=path_of, help=_OUT)
    proof.add_argument("item", metavar="ITEM", help=_ITEM)
    proof.add_argument("--dump", metavar="DUMP", required=True, type=_named, help="the dump that was read")
    proof.add_argument("-o", "--output", metavar="DIR", type=_path, required=True, help="new or empty folder")

    diff = _command(commands, "diff", "say what changed between two runs, or two sets of keys")
    diff.add_argument("before", metavar="OUT1", type=path_of)
    diff.add_argument("after", metavar="OUT2", type=path_of)
    diff.add_argument("--json", action="store_true", help="one JSON object a line: arguments, keys, items")

    check = _command(commands, "check", "judge single mails by themselves; nothing is written")
    check.add_argument("messages", metavar="MESSAGE", type=Path, nargs="+", help="mail, as .eml or mailbox")
    _judging(check)
    check.add_argument("--json", action="store_true", help="one JSON object a line")

    keys = _command(commands, "keys", "list the keys at hand and those still wanted, and add some")
    actions = keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, text in (
        ("list", "keys kept in OUT, and what they confirmed"),
        ("wanted", "names without a key, those first that would decide most mails"),
    ):
        action = _command(actions, name, text)
        action.add_argument("out", metavar="OUT", type=path_of, help=_OUT)
        action.add_argument("--json", action="store_true", help="one JSON object a line")
    fetch = _command(actions, "fetch", "ask the DNS for the keys wanted: the only command that sends anything")
    fetch.add_argument("out", metavar="OUT", type=path_of, help=_OUT)
    fetch.add_argument("--yes", action="store_true", help="do not ask for consent; for scripts")
    fetch.add_argument("-o", "--output", metavar="FILE", type=Path, help="archive to write (default: in OUT/keys)")
    fetch.add_argument(
        "--resolver", metavar="IP[:PORT]", type=_resolver,
        help="whom to ask, and so who learns the names (default: the resolver of this machine)",
    )  # fmt: skip
    add = _command(actions, "add", "keep the keys of a file in OUT; `triage judge OUT` then uses them")
    add.add_argument("out", metavar="OUT", type=path_of, help=_OUT)
    add.add_argument(
        "files", metavar="FILE", type=Path, nargs="+", help="key archives, as --keys of `triage run` takes"
    )

    verify = _command(
        commands, "verify", "see whether OUT is as it was written, and whether other code confirms its verified items"
    )
    verify.add_argument("out", metavar="OUT", type=path_of, help=_OUT)
    verify.add_argument(
        "--against", metavar="DUMP",
        help="read the dump again as well: hash its files, and have dkimpy check its verified mail",
    )  # fmt: skip
    return top


def split_beam(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Our arguments, and Beam's after the first `--`; for a command without Beam, `--` ends the options as usual.

    Where such a command is given a path in a store, Beam is what opens it.
    """
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    if arguments[:1] not in (["run"], ["judge"]) and not any(map(in_store, arguments[:at])):
        return arguments, []
    return arguments[:at], arguments[at + 1 :]


_SECRET = ("secret", "token", "password", "access_key")


def without_secrets(beam_options: list[str]) -> list[str]:
    """Options of Beam as they may be kept and shown: what opens a store is not."""
    shown: list[str] = []
    for option in beam_options:
        name, is_set, _ = option.partition("=")
        if shown and shown[-1].startswith("--") and "=" not in shown[-1] and _is_secret(shown[-1]):
            shown.append("***")
        else:
            shown.append(f"{name}=***" if is_set and _is_secret(name) else option)
    return shown


def _is_secret(name: str) -> bool:
    return any(word in name for word in _SECRET)


def _command(commands: argparse._SubParsersAction[_Parser], name: str, text: str) -> _Parser:
    return commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)


def _judging(command: argparse.ArgumentParser, instead: str = "") -> None:
    command.add_argument(
        "--keys", metavar="FILE|DIR", type=_place, action="append", default=[],
        help="DKIM keys from an archive of your own: CSV, JSON, what dig printed, or a folder of them; may be repeated",
    )  # fmt: skip
    command.add_argument(
        "--protect", metavar="DOMAIN", type=_domain, action="append", default=[],
        help="a domain of the organisation that this leak is about: senders that imitate it are suspected, and loose "
        "files are verified if it sent exactly them; may be repeated" + instead,
    )  # fmt: skip
    command.add_argument(
        "--trusted-sealer", metavar="DOMAIN", type=_domain, action="append", default=[],
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
    if text == "-":  # elsewhere standard input or output; a file of that name is ./-
        raise argparse.ArgumentTypeError("- is no file or folder here; name one")
    return text


def _path(text: str) -> Path:
    return Path(_named(text))


def _place(text: str) -> Path:
    return path_of(_named(text))


def _domain(text: str) -> str:
    """A domain as A-labels; a mistyped one would protect nothing, and say nothing of it."""
    domain = a_label(text.strip())
    if not _DOMAIN.fullmatch(domain):
        raise argparse.ArgumentTypeError(f"{text!r} is no domain such as campaign.example; repeat the option for more")
    return domain


_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"  # RFC 1035 §2.3.1, and underscores, which are in use
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


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
